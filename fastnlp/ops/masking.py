"""Masking for masked language models, on Python and NumPy data."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from fastnlp import _dispatch
from fastnlp._dispatch import SELECTIONS, MaskingKernels, MaskingModel
from fastnlp.ops.threads import as_num_threads
from fastnlp.ragged import Ragged

MAX_SIZE = 2**31 - 1  # that int32 can hold
SEED_BITS = 63


class MaskedTokens(NamedTuple):
    """Rows with tokens replaced, and which tokens were selected.

    The last three have the same shape: `[rows, mask_selection_length]`, padded with
    0, or ragged where there is no `mask_selection_length`; without the first
    dimension for a single row.

    Attributes:
        token_ids: the rows after replacement, as they came: an array or a
            `Ragged`, in the dtype of the input.
        mask_positions: int64, where in their row the selected tokens stand, in
            increasing order.
        mask_ids: the tokens that stood there, in the dtype of the input.
        mask_weights: float32, 1 for a selected token, 0 for padding.
    """

    token_ids: Ragged | np.ndarray
    mask_positions: Ragged | np.ndarray
    mask_ids: Ragged | np.ndarray
    mask_weights: Ragged | np.ndarray


class MaskedSegments(NamedTuple):
    """Packed rows of `sequence_length` tokens with masks.

    The first three are `[rows, sequence_length]`, the others `[rows,
    mask_selection_length]` and padded with 0; without the first dimension for one
    row.

    Attributes:
        token_ids: int32, with tokens replaced.
        segment_ids: int32; see `PackedSegments`.
        padding_mask: bool, False where there is padding.
        mask_positions: int64, where in their row the selected tokens stand, in
            increasing order.
        mask_ids: int32, the tokens that stood there.
        mask_weights: float32, 1 for a selected token, 0 for padding.
    """

    token_ids: np.ndarray
    segment_ids: np.ndarray
    padding_mask: np.ndarray
    mask_positions: np.ndarray
    mask_ids: np.ndarray
    mask_weights: np.ndarray


class Masker:
    """Selects tokens and replaces them, as masked language models are trained on.

    Of the selected tokens, `mask_token_rate` become the mask token and
    `random_token_rate` become any token of the vocabulary, themselves and
    special tokens included; the rest stay. The rules are those of Devlin et
    al., "BERT" (2019), as KerasHub applies them in tf.data.

    One object may be used from any number of threads and after a fork. It
    pickles into its arguments, always the same bytes.

    Args:
        vocabulary_size: the number of token ids.
        mask_selection_rate: the part of the selectable tokens that is selected,
            0 to 1.
        mask_token_id: the id of the mask token.
        mask_selection_length: the largest number of tokens that is selected in a
            row; results are padded to it. None for no limit, and ragged
            results.
        unselectable_token_ids: ids of tokens that are never selected, such as
            padding and special tokens.
        mask_token_rate: the part of the selected tokens that becomes the mask
            token, 0 to 1.
        random_token_rate: the part that becomes random tokens, 0 to 1; both
            together at most 1.
        selection: how tokens are selected. With n selectable tokens in a row,
            `"fixed"` selects ceil(n * mask_selection_rate) of them (in float32, as
            KerasHub), every set of that size equally likely. `"bernoulli"`
            selects every token with probability `mask_selection_rate`.
            `"whole_word"` selects words in random order as long as their
            tokens fit into that number, as Google's BERT does. `"span"`
            selects spans of words until there are that many tokens, each of
            which is replaced as a whole: lengths are geometric with p = 0.2, at
            most 10, as in Joshi et al., "SpanBERT" (2020); the last span is cut.
        continuation_token_ids: ids of the tokens that continue the word of the
            token before them, such as those that begin with "##". Needed for
            `"whole_word"`; without them, `"span"` takes every token for a word.

    Raises:
        TypeError, ValueError: where an argument is unusable; the message names
            it and its value.

    Example:

    >>> masker = Masker(1000, 0.5, mask_token_id=4, mask_selection_length=3, unselectable_token_ids=[0, 2, 3])
    >>> masked = masker.mask_tokens([[2, 50, 51, 52, 53, 3, 0, 0], [2, 60, 61, 3, 0, 0, 0, 0]], seed=7)
    >>> masked.token_ids.to_list()
    [[2, 4, 51, 52, 4, 3, 0, 0], [2, 60, 4, 3, 0, 0, 0, 0]]
    >>> masked.mask_positions.tolist()
    [[1, 4, 0], [2, 0, 0]]
    >>> masked.mask_ids.tolist()
    [[50, 53, 0], [61, 0, 0]]
    >>> masked.mask_weights.tolist()
    [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        vocabulary_size: int,
        mask_selection_rate: float,
        mask_token_id: int,
        *,
        mask_selection_length: int | None = None,
        unselectable_token_ids: Iterable[int] = (0,),
        mask_token_rate: float = 0.8,
        random_token_rate: float = 0.1,
        selection: str = "fixed",
        continuation_token_ids: Iterable[int] | None = None,
    ) -> None:
        size = _as_int("vocabulary_size", vocabulary_size, 1, MAX_SIZE)
        if selection not in SELECTIONS:
            raise ValueError(f"`selection` must be one of {list(SELECTIONS)}; received {selection!r}.")
        if selection == "whole_word" and continuation_token_ids is None:
            raise ValueError("`selection='whole_word'` needs `continuation_token_ids`; received None.")
        if selection in ("fixed", "bernoulli") and continuation_token_ids is not None:
            raise ValueError(f"`continuation_token_ids` must be None with `selection={selection!r}`.")
        rates = [_as_rate("mask_token_rate", mask_token_rate), _as_rate("random_token_rate", random_token_rate)]
        if sum(rates) > 1:
            raise ValueError(
                f"`mask_token_rate` and `random_token_rate` must be at most 1 together; received {rates[0]} and "
                f"{rates[1]}."
            )
        model = MaskingModel(
            selection,
            size,
            _as_int("mask_token_id", mask_token_id, 0, size - 1),
            None
            if mask_selection_length is None
            else _as_int("mask_selection_length", mask_selection_length, 1, MAX_SIZE),
            _as_rate("mask_selection_rate", mask_selection_rate),
            rates[0],
            rates[1],
            _as_id_set("unselectable_token_ids", unselectable_token_ids, size),
            _as_id_set("continuation_token_ids", continuation_token_ids or (), size),
        )
        self._restore(_dispatch.dump_masking(model))

    @classmethod
    def _load(cls, dumped: bytes) -> Masker:
        masker = cls.__new__(cls)
        masker._restore(dumped)
        return masker

    def _restore(self, dumped: bytes) -> None:
        self._kernels = MaskingKernels(dumped)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._load, (self.dump(),)

    def __eq__(self, other: object) -> bool:
        return self.dump() == other.dump() if isinstance(other, Masker) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.dump())

    def __repr__(self) -> str:
        model = self._kernels.model
        return f"Masker({model.vocabulary_size}, {model.selection_rate}, {model.mask_token_id}, {model.selection!r})"

    def dump(self) -> bytes:
        """The masker's canonical form: equal maskers give equal bytes, in any process."""
        return self._kernels.dumped

    @property
    def kernels(self) -> MaskingKernels:
        """What does the work."""
        return self._kernels

    @property
    def vocabulary_size(self) -> int:
        """The number of token ids."""
        return self._kernels.model.vocabulary_size

    @property
    def mask_selection_length(self) -> int | None:
        """The length of the rows that results are padded to; None where they are ragged."""
        return self._kernels.model.selection_length

    def mask_tokens(
        self,
        token_ids: Any,
        *,
        seed: int | None = None,
        index: Any = None,
        epoch: Any = 0,
        special_tokens_mask: Any = None,
        num_threads: int | None = None,
    ) -> MaskedTokens:
        """Select tokens of every row and replace them.

        With a `seed`, what is drawn for a row is a function of `seed`, `epoch`
        and `index`, whatever the batch, the order and the number of threads.
        Without an `index`, the row's selectable tokens stand in for it: a
        text's mask is then a function of `seed`, `epoch` and the text, and
        equal texts have equal masks. Padding never changes a mask.

        Args:
            token_ids: a batch (a `Ragged`, an array of rank 2, a list of lists
                or of arrays), or a single row (an array of rank 1, a list).
            seed: 0 to 2**63 - 1. None draws a new one for every call from
                Python's `random`, and masks equal rows differently.
            index: the number of every row in its data set: an array or list of
                integers; for a single row, an integer.
            epoch: how often the data set has been gone through before: an
                integer, or one a row; counted modulo 2**32.
            special_tokens_mask: of the shape of `token_ids`; tokens whose
                place is not 0 are not selected.
            num_threads: the largest number of threads to use; None for one a
                core. The result does not depend on it.

        Raises:
            TypeError: where an argument has another type.
            ValueError: where a token id is not in the vocabulary, and names its
                place; where an argument is out of range or of another shape.
        """
        threads = as_num_threads(num_threads)
        rows = _as_rows("token_ids", token_ids)
        count = len(rows.splits) - 1
        special = np.empty(0, np.uint8)
        if special_tokens_mask is not None:
            mask_rows = _as_rows("special_tokens_mask", special_tokens_mask, kinds="iub")
            if mask_rows.rank != rows.rank or not np.array_equal(mask_rows.splits, rows.splits):
                raise ValueError("`special_tokens_mask` must have the shape of `token_ids`; it has another.")
            special = (mask_rows.values != 0).view(np.uint8)
        examples = np.empty(0, np.int64)
        if index is not None:
            examples = _as_row_numbers("index", index, count)
        elif seed is None:
            examples = np.arange(count, dtype=np.int64)
        masked, positions, ids, weights, splits = self._kernels.mask_tokens(
            self._as_int32(rows),
            rows.splits,
            special,
            draw_seed() if seed is None else as_seed(seed),
            examples,
            _as_row_numbers("epoch", epoch, None if np.ndim(epoch) == 0 else count),
            threads,
        )
        length, dtype = self.mask_selection_length, rows.dtype

        def shape(selected: np.ndarray) -> Ragged | np.ndarray:
            if rows.rank == 1:
                return selected
            return Ragged(selected, splits) if length is None else selected.reshape(count, length)

        return MaskedTokens(
            rows.like_input(masked.astype(dtype, copy=False)),
            shape(positions),
            shape(ids.astype(dtype, copy=False)),
            shape(weights),
        )

    def _as_int32(self, rows: _Rows) -> np.ndarray:
        """The token ids as int32; those that it cannot hold are found before they would become others."""
        values, size = rows.values, self._kernels.model.vocabulary_size
        if values.dtype != np.int32 and values.size and not 0 <= int(values.min()) <= int(values.max()) < size:
            place = int(np.flatnonzero((values < 0) | (values >= size))[0])
            row = int(np.searchsorted(rows.splits, place, side="right")) - 1
            raise ValueError(
                f"`token_ids` must be in [0, {size - 1}]; received {values[place]} in row {row}, position "
                f"{place - int(rows.splits[row])}."
            )
        return np.ascontiguousarray(values, np.int32)


def as_seed(seed: Any) -> int:
    """A checked seed."""
    return _as_int("seed", seed, 0, 2**SEED_BITS - 1)


def draw_seed() -> int:
    """A new seed, from Python's `random`."""
    return random.getrandbits(SEED_BITS)


def as_numbers(name: str, value: Any) -> np.ndarray:
    """Checked numbers of rows, int64: one or several."""
    numbers = np.asarray(value)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise TypeError(f"`{name}` must hold integers; received {value!r:.100}.")
    if numbers.ndim > 1:
        raise ValueError(f"`{name}` must hold one integer a row; received {value!r:.100}.")
    return np.atleast_1d(numbers).astype(np.int64)


class _Rows(NamedTuple):
    """Rows of integers, one after another."""

    values: np.ndarray
    splits: np.ndarray
    rank: int
    shape: tuple[int, ...] | None  # of an array; None for lists of lists and `Ragged`
    dtype: np.dtype[Any]  # of the result

    def like_input(self, values: np.ndarray) -> Ragged | np.ndarray:
        """Other values, in the shape in which these came."""
        return Ragged(values, self.splits) if self.shape is None else values.reshape(self.shape)


def _as_rows(name: str, value: Any, kinds: str = "iu") -> _Rows:
    """The rows of a batch, or the only one; their dtype is of one of the kinds."""
    is_list = isinstance(value, (list, tuple))
    if is_list and any(isinstance(row, (list, tuple)) or np.ndim(row) for row in value):
        try:
            value = Ragged.from_lists(value, dtype=None)
        except (TypeError, ValueError):
            raise ValueError(f"`{name}` must be nested equally deep; received {value!r:.100}.") from None
    shape = None
    if isinstance(value, Ragged):
        rank = len(value.nested_row_splits) + value.flat_values.ndim
        values, splits = value.flat_values, value.row_splits
    else:
        array = np.asarray(value)
        rank, shape, values = array.ndim, array.shape, array.reshape(-1)
        rows, length = shape if rank == 2 else (1, array.size)
        splits = np.arange(rows + 1, dtype=np.int64) * length
    if rank not in (1, 2):
        raise ValueError(f"`{name}` must be of rank 1, or 2 for a batch; received rank {rank}.")
    if values.size == 0 and is_list:
        values = values.astype(np.int32)
    if values.dtype.kind not in kinds:
        raise TypeError(f"`{name}` must hold integers; received dtype {values.dtype}.")
    return _Rows(values, splits, rank, shape, np.dtype(np.int32) if is_list else values.dtype)


def _as_row_numbers(name: str, value: Any, count: int | None) -> np.ndarray:
    """int64, one a row; or one, where `count` is None."""
    numbers = as_numbers(name, value)
    if numbers.size != (1 if count is None else count):
        raise ValueError(f"`{name}` must hold one integer a row; received {value!r:.100}.")
    return numbers


def _as_int(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"`{name}` must be an integer; received {value!r}.")
    if not low <= value <= high:
        raise ValueError(f"`{name}` must be in [{low}, {high}]; received {value}.")
    return int(value)


def _as_rate(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"`{name}` must be a number; received {value!r}.")
    if not 0 <= value <= 1:
        raise ValueError(f"`{name}` must be in [0, 1]; received {value}.")
    return float(value)


def _as_id_set(name: str, token_ids: Iterable[int], vocabulary_size: int) -> frozenset[int]:
    return frozenset(_as_int(name, token_id, 0, vocabulary_size - 1) for token_id in token_ids)
