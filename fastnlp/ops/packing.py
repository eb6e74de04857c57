"""Packing on Python and NumPy data."""

from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from fastnlp import _dispatch
from fastnlp._dispatch import Packing
from fastnlp.ops.packing_options import ROUND_ROBIN, Tokens, as_packing, as_places, check_fit, check_same, with_dtype
from fastnlp.ops.threads import as_num_threads
from fastnlp.ragged import Ragged

MAX_PLACES = 2**31  # that int32 can name


class PackedSegments(NamedTuple):
    """Rows of `sequence_length` tokens, `[rows, sequence_length]`, or `[sequence_length]` for one row.

    Attributes:
        token_ids: the tokens, in the dtype of the segments.
        segment_ids: int32, the number of the segment that each token is of.
            The start is of segment 0, a separator and the end are of the
            segment before them, and padding has 0.
        padding_mask: bool, False where there is padding.
    """

    token_ids: np.ndarray
    segment_ids: np.ndarray
    padding_mask: np.ndarray


class PackedTokens(NamedTuple):
    """Rows of `sequence_length` tokens, `[rows, sequence_length]`, or `[sequence_length]` for one row.

    Attributes:
        token_ids: the tokens, in the dtype in which they came.
        padding_mask: bool, False where there is padding.
    """

    token_ids: np.ndarray
    padding_mask: np.ndarray


def pack_segments(
    segments: Any,
    sequence_length: int,
    *,
    start_value: Tokens = None,
    end_value: Tokens = None,
    sep_value: Tokens = None,
    pad_value: int | str | None = None,
    truncate: str = ROUND_ROBIN,
    padding_side: str = "right",
    num_threads: int | None = None,
) -> PackedSegments:
    """Pack segments of tokens, with special tokens around them, into rows of one length.

    A row is the start tokens, segment 0, the separator, segment 1, the
    separator, …, the end tokens, and padding, as in BERT
    (https://arxiv.org/abs/1810.04805). Where the segments are too long, their
    ends are cut off.

    Args:
        segments: a tuple of segments; anything else is one segment. A segment
            is a batch of rows (`Ragged`, an array of rank 2, a list of lists or
            of arrays), or a single row (an array of rank 1, a list). Tokens are
            integers or str. Tokens other than int32 take a few times as long.
        sequence_length: the length of a row.
        start_value: what stands before the first segment: a token, or several.
        end_value: what stands behind the last segment.
        sep_value: what stands between two segments; the end tokens where None.
        pad_value: what fills the row; 0 or "" where None.
        truncate: `"round_robin"` gives the places of the row, one at a time, to
            the segments in turn; `"waterfall"` gives the first segment what it
            needs, the second what is left, and so on.
        padding_side: `"right"` or `"left"`.
        num_threads: the largest number of threads to use; None for one a core.
            The result does not depend on it.

    Returns:
        A `PackedSegments` of arrays `[rows, sequence_length]`, or
        `[sequence_length]` where the segments are single rows: token ids,
        segment ids and padding mask. Python's int give int32, str give object.

    Raises:
        TypeError: where tokens are neither integers nor str, or of two kinds.
        ValueError: where an argument is out of range, the special tokens do not
            fit into a row, or the segments differ in rank, rows or dtype.

    Example:

    >>> packed = pack_segments(([5, 6, 7], [8, 9]), 8, start_value=1, end_value=2)
    >>> packed.token_ids.tolist()
    [1, 5, 6, 7, 2, 8, 9, 2]
    >>> packed.segment_ids.tolist()
    [0, 0, 0, 0, 0, 1, 1, 1]
    >>> pack_segments(([5, 6, 7], [8, 9]), 6, start_value=1, end_value=2).token_ids.tolist()
    [1, 5, 6, 2, 8, 2]
    """
    packing = as_packing(
        sequence_length,
        start_value=start_value,
        end_value=end_value,
        sep_value=sep_value,
        pad_value=pad_value,
        truncate=truncate,
        padding_side=padding_side,
    )
    token_ids, segment_ids, padding_mask = _pack(
        segments if isinstance(segments, tuple) else (segments,), packing, True, as_num_threads(num_threads)
    )
    assert segment_ids is not None
    return PackedSegments(token_ids, segment_ids, padding_mask)


def pack_start_end(
    tokens: Any,
    sequence_length: int,
    *,
    start_value: Tokens = None,
    end_value: Tokens = None,
    pad_value: int | str | None = None,
    padding_side: str = "right",
    num_threads: int | None = None,
) -> PackedTokens:
    """Put special tokens around rows of tokens, and cut and pad them to one length.

    The same as `pack_segments` with one segment, without segment ids.

    Args:
        tokens: a batch of rows, or a single row, as a segment of
            `pack_segments`; a tuple counts as a list.
        sequence_length: the length of a row.
        start_value: what stands before the tokens: a token, or several.
        end_value: what stands behind them.
        pad_value: what fills the row; 0 or "" where None.
        padding_side: `"right"` or `"left"`.
        num_threads: the largest number of threads to use; None for one a core.

    Returns:
        A `PackedTokens` of arrays `[rows, sequence_length]`, or
        `[sequence_length]` for a single row: token ids and padding mask.

    Raises:
        TypeError, ValueError: as `pack_segments`.

    Example:

    >>> pack_start_end([[5, 6, 7], [8]], 4, start_value=1, end_value=2).token_ids.tolist()
    [[1, 5, 6, 2], [1, 8, 2, 0]]
    """
    packing = as_packing(
        sequence_length,
        start_value=start_value,
        end_value=end_value,
        pad_value=pad_value,
        padding_side=padding_side,
    )
    token_ids, _, padding_mask = _pack((tokens,), packing, False, as_num_threads(num_threads))
    return PackedTokens(token_ids, padding_mask)


def _pack(
    segments: tuple[Any, ...], packing: Packing, return_segment_ids: bool, num_threads: int
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    if not segments:
        raise ValueError("`segments` must hold at least one segment; received an empty tuple.")
    batches = [_as_rows(segment) for segment in segments]
    check_same([batch.rank for batch in batches], [len(batch.row_splits) - 1 for batch in batches])
    check_fit(packing, len(batches))
    dtype = _common_dtype(batches, packing)
    packing = with_dtype(packing, dtype)
    values = [_as_dtype(batch, dtype) for batch in batches]
    row_splits = [batch.row_splits for batch in batches]
    if dtype == np.int32:
        packed = _dispatch.pack_segments(
            list(zip(values, row_splits, strict=True)), packing, return_segment_ids, num_threads
        )
    else:
        table, packing = as_places(packing)
        ends = np.cumsum([len(table), *map(len, values)])
        if ends[-1] > MAX_PLACES:
            raise ValueError(
                f"`segments` of dtype {dtype.name} must hold fewer than {MAX_PLACES} tokens; received {ends[-1]}. "
                "Of int32 there may be more."
            )
        places = [np.arange(ends[i], ends[i + 1], dtype=np.int32) for i in range(len(values))]
        packed = _dispatch.pack_segments(
            list(zip(places, row_splits, strict=True)), packing, return_segment_ids, num_threads
        )
        packed = (np.concatenate([np.array(table, dtype), *values])[packed[0]], *packed[1:])
    if batches[0].rank == 1:
        token_ids, segment_ids, padding_mask = packed
        return token_ids[0], None if segment_ids is None else segment_ids[0], padding_mask[0]
    return packed


class _Rows(NamedTuple):
    """One segment of every row."""

    values: np.ndarray  # integers, or str as object
    row_splits: np.ndarray
    rank: int
    typed: bool  # Python lists take the dtype of the other segments


def _as_rows(segment: Any) -> _Rows:
    """The rows of a segment, whatever holds them."""
    if isinstance(segment, (list, tuple)):
        nested = [np.ndim(row) > 0 if hasattr(row, "ndim") else isinstance(row, (list, tuple)) for row in segment]
        if any(nested) and not all(nested):
            raise ValueError(f"`segments` must be nested equally deep; received {segment!r:.100}.")
        if not any(nested):
            return _Rows(_list_values(segment), np.array([0, len(segment)]), 1, typed=False)
        row_splits = np.concatenate([[0], np.cumsum([len(row) for row in segment])])
        if not all(isinstance(row, (list, tuple)) for row in segment):
            rows = [np.asarray(row) for row in segment]
            rank = 1 + max(row.ndim for row in rows)
            return _Rows(_array_values(np.concatenate(rows)), row_splits, rank, typed=True)
        flat = list(chain.from_iterable(segment))
        return _Rows(_list_values(flat), row_splits, 2, typed=False)
    if isinstance(segment, Ragged):
        rank = len(segment.nested_row_splits) + segment.flat_values.ndim
        return _Rows(_array_values(segment.flat_values), segment.row_splits, rank, typed=True)
    array = np.asarray(segment)
    rows, length = (1, array.size) if array.ndim < 2 else array.shape[:2]
    row_splits = np.arange(rows + 1, dtype=np.int64) * length
    return _Rows(
        _array_values(array.reshape(-1)) if array.ndim in (1, 2) else array, row_splits, array.ndim, typed=True
    )


def _list_values(tokens: Any) -> np.ndarray:
    """The tokens of a Python list: int64, or object for str."""
    if not tokens:
        return np.empty(0, np.int64)
    types = set(map(type, tokens))
    if types == {str}:
        return np.array(tokens, dtype=object)
    if types & {list, tuple, np.ndarray}:
        raise ValueError("`segments` must be of rank 1, or 2 for a batch; received lists in lists in lists.")
    for kind in types:
        if issubclass(kind, bool) or not issubclass(kind, (int, np.integer)):
            raise TypeError(f"`segments` must hold integers, or nothing but str; received {kind.__name__}.")
    try:
        return np.array(tokens, dtype=np.int64)
    except OverflowError:
        raise ValueError(f"`segments` must fit int64; received {max(tokens, key=abs)}.") from None


def _array_values(values: np.ndarray) -> np.ndarray:
    """The tokens of an array: as they are, or object for str."""
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind in "UT":
        return values.astype(object)
    if values.dtype.kind == "O" and all(isinstance(token, str) for token in values):
        return values
    raise TypeError(f"`segments` must hold integers or str; received dtype {values.dtype}.")


def _common_dtype(batches: list[_Rows], packing: Packing) -> np.dtype[Any]:
    """The dtype of all segments: an integer type, or object for str."""
    typed = list(dict.fromkeys(batch.values.dtype for batch in batches if batch.typed))
    if len(typed) > 1:
        raise ValueError(f"`segments` must have the same dtype; received {[dtype.name for dtype in typed]}.")
    if typed:
        return typed[0]
    special = (*packing.start_value, *packing.end_value, *packing.sep_value, packing.pad_value)
    is_string = any(batch.values.dtype.hasobject for batch in batches)
    if not any(batch.values.size for batch in batches):
        is_string = any(isinstance(token, str) for token in special)
    return np.dtype(object) if is_string else np.dtype(np.int32)


def _as_dtype(batch: _Rows, dtype: np.dtype[Any]) -> np.ndarray:
    values = batch.values
    if values.size and values.dtype.hasobject != dtype.hasobject:
        raise TypeError(f"`segments` must hold integers, or nothing but str; received {values[0]!r}.")
    if not dtype.hasobject and values.size and not batch.typed:
        limits = np.iinfo(dtype)
        for extreme in (int(values.min()), int(values.max())):
            if not limits.min <= extreme <= limits.max:
                raise ValueError(f"`segments` must fit {dtype.name}; received {extreme}.")
    return values.astype(dtype, copy=False)
