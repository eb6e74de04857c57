"""`Ragged`: a batch of rows of different lengths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np


class Ragged:
    """Rows of different lengths, stored flat: the one variable-length batch type of fastnlp.

    The layout and the names are those of `tf.RaggedTensor`: row `i` is
    `values[row_splits[i]:row_splits[i + 1]]`. With more than one ragged
    dimension, `values` is itself a `Ragged`.

    Args:
        flat_values: NumPy array, all rows one after another along its first
            axis.
        *row_splits: one or more int64 arrays, the outermost dimension first.
            Each begins with 0, never decreases, and ends with the number of
            rows (or, the last one, of values) that it cuts.

    Raises:
        ValueError: where the row splits do not fit the values.

    Example:

    >>> ragged = Ragged(np.array([7, 8, 9], np.int32), np.array([0, 2, 2, 3]))
    >>> ragged.to_list()
    [[7, 8], [], [9]]
    >>> ragged.to_dense().tolist()
    [[7, 8], [0, 0], [9, 0]]
    """

    __slots__ = ("flat_values", "nested_row_splits")

    def __init__(self, flat_values: np.ndarray, *row_splits: np.ndarray) -> None:
        self.flat_values = np.asarray(flat_values)
        self.nested_row_splits = tuple(np.asarray(splits, dtype=np.int64) for splits in row_splits)
        if not row_splits:
            raise ValueError("`row_splits` must hold at least one array; received none.")
        sizes = [len(splits) - 1 for splits in self.nested_row_splits[1:]] + [len(self.flat_values)]
        for splits, size in zip(self.nested_row_splits, sizes, strict=True):
            if splits.ndim != 1 or len(splits) == 0 or splits[0] != 0 or splits[-1] != size:
                raise ValueError(
                    f"`row_splits` must be of rank 1, begin with 0 and end with {size}; received {splits!r}."
                )
            if (splits[1:] < splits[:-1]).any():
                raise ValueError(f"`row_splits` must not decrease; received {splits!r}.")

    @classmethod
    def _of_kernel(cls, flat_values: np.ndarray, *row_splits: np.ndarray) -> Ragged:
        """The same of arrays that fit, for a kernel made them: to look at all of them again takes time."""
        ragged = cls.__new__(cls)
        ragged.flat_values = flat_values
        ragged.nested_row_splits = row_splits
        return ragged

    @classmethod
    def from_lists(cls, rows: Sequence[Any], dtype: Any = np.int32) -> Ragged:
        """A `Ragged` of a list of lists (of lists …) of numbers.

        Args:
            rows: nested lists, every row nested equally deep.
            dtype: the dtype of the values.
        """
        row_splits: list[np.ndarray] = []
        while True:
            row_splits.append(np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)]))
            rows = list(chain.from_iterable(rows))
            if not any(isinstance(item, (list, tuple, np.ndarray)) for item in rows):
                return cls(np.array(rows, dtype=dtype), *row_splits)

    @property
    def row_splits(self) -> np.ndarray:
        """The splits of the outermost dimension, int64 `[len(self) + 1]`."""
        return self.nested_row_splits[0]

    @property
    def values(self) -> np.ndarray | Ragged:
        """What `row_splits` cuts: the flat values, or a `Ragged` with one dimension less."""
        if len(self.nested_row_splits) == 1:
            return self.flat_values
        return Ragged(self.flat_values, *self.nested_row_splits[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.flat_values.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The number of rows, None for every ragged dimension, then the shape of a value."""
        return (len(self), *(None for _ in self.nested_row_splits), *self.flat_values.shape[1:])

    @property
    def nbytes(self) -> int:
        """The bytes that values and row splits take."""
        return self.flat_values.nbytes + sum(splits.nbytes for splits in self.nested_row_splits)

    def row_lengths(self) -> np.ndarray:
        """The length of every row of the outermost dimension, int64 `[len(self)]`."""
        return np.diff(self.row_splits)

    def to_list(self) -> list[Any]:
        """The rows as nested Python lists."""
        rows: list[Any] = self.flat_values.tolist()
        for splits in reversed(self.nested_row_splits):
            bounds = splits.tolist()
            rows = [rows[start:end] for start, end in pairwise(bounds)]
        return rows

    tolist = to_list

    def to_dense(self, sequence_length: int | None = None, pad_value: Any = 0) -> np.ndarray:
        """A dense array, every innermost row cut and padded on the right.

        Args:
            sequence_length: the length of the last ragged dimension; the
                longest row's where None.
            pad_value: what fills the end of shorter rows.

        Returns:
            An array of shape `[rows, …, sequence_length]`, with the shape of a
            value behind it. Outer ragged dimensions are padded to their longest
            with rows of `pad_value`.
        """
        splits = self.nested_row_splits[-1]
        lengths = np.diff(splits)
        if sequence_length is None:
            sequence_length = int(lengths.max(initial=0))
        dense = np.full((len(lengths), sequence_length, *self.flat_values.shape[1:]), pad_value, dtype=self.dtype)
        columns = np.arange(sequence_length)
        kept = columns < lengths[:, None]
        dense[kept] = self.flat_values[(splits[:-1, None] + columns)[kept]]
        for outer in reversed(self.nested_row_splits[:-1]):
            lengths = np.diff(outer)
            shape = (len(lengths), int(lengths.max(initial=0)), *dense.shape[1:])
            padded = np.full(shape, pad_value, dtype=self.dtype)
            padded[np.arange(shape[1]) < lengths[:, None]] = dense
            dense = padded
        return dense

    def with_flat_values(self, flat_values: np.ndarray) -> Ragged:
        """The same rows, with other values in the place of each."""
        return Ragged(flat_values, *self.nested_row_splits)

    def merge_inner(self) -> np.ndarray | Ragged:
        """Join the two innermost dimensions: the flat values, where there is no other."""
        *outer, inner = self.nested_row_splits
        if not outer:
            return self.flat_values
        return Ragged(self.flat_values, *outer[:-1], inner[outer[-1]])

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    def __getitem__(self, index: int | slice) -> Any:
        """Row `index`, or a `Ragged` of the rows of a slice."""
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._cut(start, max(start, stop)) if step == 1 else self._take(range(start, stop, step))
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} is out of range for {len(self)} rows")
        index %= len(self)
        return self.values[int(self.row_splits[index]) : int(self.row_splits[index + 1])]

    def _cut(self, start: int, stop: int) -> Ragged:
        row_splits = []
        for splits in self.nested_row_splits:
            cut = splits[start : stop + 1]
            row_splits.append(cut - cut[0])
            start, stop = int(cut[0]), int(cut[-1])
        return Ragged(self.flat_values[start:stop], *row_splits)

    def _take(self, indices: range) -> Ragged:
        if not indices:
            return self._cut(0, 0)
        parts = [self._cut(index, index + 1) for index in indices]
        row_splits = []
        for level in range(len(self.nested_row_splits)):
            lengths = [np.diff(part.nested_row_splits[level]) for part in parts]
            row_splits.append(np.concatenate([[0], np.cumsum(np.concatenate(lengths))]))
        return Ragged(np.concatenate([part.flat_values for part in parts]), *row_splits)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether `other`, a `Ragged` or nested lists, holds the same rows."""
        if isinstance(other, Ragged):
            return (
                len(self.nested_row_splits) == len(other.nested_row_splits)
                and all(map(np.array_equal, self.nested_row_splits, other.nested_row_splits))
                and np.array_equal(self.flat_values, other.flat_values)
            )
        if isinstance(other, list):
            return self.to_list() == other
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Ragged, (self.flat_values, *self.nested_row_splits)

    def __repr__(self) -> str:
        shown = ", ".join(str(self[index].tolist()) for index in range(min(len(self), 5)))
        more = ", …" if len(self) > 5 else ""
        return f"Ragged([{shown}{more}], rows={len(self)}, values={len(self.flat_values)}, dtype={self.dtype})"
