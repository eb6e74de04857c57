"""Packing on tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fastnlp import ops
from fastnlp._dispatch import Packing
from fastnlp.ops.packing_options import ROUND_ROBIN, Tokens, as_packing, as_places, check_fit, check_same, with_dtype
from fastnlp.ragged import Ragged
from fastnlp.tf._library import ops_in_use, run_in_python


class PackedSegments(NamedTuple):
    """As `fastnlp.ops.PackedSegments`, of tensors: `token_ids`, `segment_ids`, `padding_mask`."""

    token_ids: tf.Tensor
    segment_ids: tf.Tensor
    padding_mask: tf.Tensor


class PackedTokens(NamedTuple):
    """As `fastnlp.ops.PackedTokens`, of tensors: `token_ids`, `padding_mask`."""

    token_ids: tf.Tensor
    padding_mask: tf.Tensor


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
) -> PackedSegments:
    """Pack segments of tokens, with special tokens around them, into rows of one length.

    The same as `fastnlp.ops.pack_segments`, on tensors.

    Args:
        segments: a tuple of segments; anything else is one segment. A segment
            is a batch of rows (a tensor or `tf.RaggedTensor` of rank 2), or a
            single row (a tensor of rank 1), or Python or NumPy data like them.
            Tokens are integers or strings, all of one dtype.
            Tokens other than int32 take a few times as long.
        sequence_length: the length of a row: an int, no tensor.
        start_value: what stands before the first segment: a token, or several.
        end_value: what stands behind the last segment.
        sep_value: what stands between two segments; the end tokens where None.
        pad_value: what fills the row; 0 or "" where None.
        truncate: `"round_robin"` or `"waterfall"`.
        padding_side: `"right"` or `"left"`.

    Returns:
        A `PackedSegments` of tensors `[rows, sequence_length]`, or
        `[sequence_length]` where the segments are single rows: token ids in the
        dtype of the segments, segment ids int32, padding mask bool.

    Raises:
        TypeError: where tokens are neither integers nor strings, or of two
            kinds.
        ValueError: where an argument is out of range, the special tokens do not
            fit into a row, or the segments differ in rank, rows or dtype.
        tf.errors.InvalidArgumentError: where the segments differ in rows and
            only the call shows it.

    Example:

    >>> packed = pack_segments(([5, 6, 7], [8, 9]), 8, start_value=1, end_value=2)
    >>> packed.token_ids
    <tf.Tensor: shape=(8,), dtype=int32, numpy=array([1, 5, 6, 7, 2, 8, 9, 2], dtype=int32)>
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
    if not isinstance(segments, tuple):
        segments = (segments,)
    with tf.name_scope("pack_segments"), tf.device("cpu"):
        return PackedSegments(*_pack(segments, packing, return_segment_ids=True))


def pack_start_end(
    tokens: Any,
    sequence_length: int,
    *,
    start_value: Tokens = None,
    end_value: Tokens = None,
    pad_value: int | str | None = None,
    padding_side: str = "right",
) -> PackedTokens:
    """Put special tokens around rows of tokens, and cut and pad them to one length.

    The same as `fastnlp.ops.pack_start_end`, on tensors.

    Args:
        tokens: a batch of rows, or a single row, as a segment of
            `pack_segments`.
        sequence_length: the length of a row: an int, no tensor.
        start_value: what stands before the tokens: a token, or several.
        end_value: what stands behind them.
        pad_value: what fills the row; 0 or "" where None.
        padding_side: `"right"` or `"left"`.

    Returns:
        A `PackedTokens` of tensors `[rows, sequence_length]`, or
        `[sequence_length]` for a single row: token ids in the dtype of the
        tokens, padding mask bool.

    Raises:
        TypeError, ValueError: as `pack_segments`.

    Example:

    >>> pack_start_end(tf.ragged.constant([[5, 6, 7], [8]]), 4, start_value=1, end_value=2).token_ids
    <tf.Tensor: shape=(2, 4), dtype=int32, numpy=
    array([[1, 5, 6, 2],
           [1, 8, 2, 0]], dtype=int32)>
    """
    packing = as_packing(
        sequence_length,
        start_value=start_value,
        end_value=end_value,
        pad_value=pad_value,
        padding_side=padding_side,
    )
    with tf.name_scope("pack_start_end"), tf.device("cpu"):
        return PackedTokens(*_pack((tokens,), packing, return_segment_ids=False))


def _pack(segments: tuple[Any, ...], packing: Packing, return_segment_ids: bool) -> list[tf.Tensor]:
    """The tokens, the segment ids where asked for, and the padding mask."""
    if not segments:
        raise ValueError("`segments` must hold at least one segment; received an empty tuple.")
    tensors = [_as_tensor(segment) for segment in segments]
    ranks = [tensor.shape.rank for tensor in tensors]
    rows = [tensor.shape[0] if tensor.shape.rank == 2 else 1 for tensor in tensors]
    check_same(ranks, rows)
    check_fit(packing, len(tensors))
    dtypes = list(dict.fromkeys(tensor.dtype for tensor in tensors))
    if len(dtypes) > 1:
        raise ValueError(f"`segments` must have the same dtype; received {[dtype.name for dtype in dtypes]}.")
    dtype = dtypes[0]
    if not dtype.is_integer and dtype != tf.string:
        raise TypeError(f"`segments` must hold integers or strings; received dtype {dtype.name}.")
    packing = with_dtype(packing, np.dtype(dtype.as_numpy_dtype))
    values, row_splits = zip(*map(_as_rows, tensors), strict=True)
    if dtype == tf.int32:
        packed = _pack_int32(values, row_splits, packing, return_segment_ids)
    else:
        special, packing = as_places(packing)
        table = tf.concat([tf.constant(special, dtype), *values], axis=0)
        places, start = [], len(special)
        for segment in values:
            end = start + tf.size(segment)
            places.append(tf.range(start, end))
            start = end
        packed = _pack_int32(places, row_splits, packing, return_segment_ids)
        packed = [tf.gather(table, packed[0]), *packed[1:]]
    known = next((size for size in rows if size is not None), None)
    shape = [packing.sequence_length] if ranks[0] == 1 else [-1 if known is None else known, packing.sequence_length]
    return [tf.reshape(part, shape) for part in packed]


def _as_tensor(segment: Any) -> tf.Tensor | tf.RaggedTensor:
    if isinstance(segment, tf.RaggedTensor):
        return segment
    if isinstance(segment, (list, tuple)) and any(isinstance(row, (tf.Tensor, tf.RaggedTensor)) for row in segment):
        return tf.ragged.stack(list(segment))
    if isinstance(segment, Ragged):
        return tf.RaggedTensor.from_nested_row_splits(segment.flat_values, segment.nested_row_splits)
    if isinstance(segment, list) and any(isinstance(row, (list, tuple, np.ndarray)) for row in segment):
        dtype = None if any(len(row) for row in segment) else tf.int32
        return tf.ragged.constant(segment, dtype, ragged_rank=1, row_splits_dtype=tf.int64)
    tensor = tf.convert_to_tensor(segment, dtype_hint=tf.int32)
    if tensor.shape.rank is None:
        raise ValueError("`segments` must be of a known rank; give them one with `tf.ensure_shape`.")
    return tensor


def _as_rows(tensor: tf.Tensor | tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Values and int64 row splits of a tensor of rank 1 or 2."""
    if isinstance(tensor, tf.RaggedTensor):
        return tensor.values, tf.cast(tensor.row_splits, tf.int64)
    if tensor.shape.rank == 1:
        return tensor, tf.stack([tf.constant(0, tf.int64), tf.size(tensor, tf.int64)])
    shape = tf.shape(tensor, tf.int64)
    return tf.reshape(tensor, [-1]), tf.range(shape[0] + 1) * shape[1]


def _pack_int32(values: Any, row_splits: Any, packing: Packing, return_segment_ids: bool) -> list[tf.Tensor]:
    """The packed tokens, flat or not."""
    library = ops_in_use()
    common: dict[str, Any] = {
        "sequence_length": packing.sequence_length,
        "start_value": packing.start_value,
        "end_value": packing.end_value,
        "pad_value": packing.pad_value,
        "padding_side": packing.padding_side,
    }
    several: dict[str, Any] = {"sep_value": packing.sep_value, "truncate": packing.truncate}
    if library is not None:
        if return_segment_ids:
            return list(library.fastnlp_pack_segments(list(values), list(row_splits), **common, **several))
        return list(library.fastnlp_pack_start_end(values[0], row_splits[0], **common))

    def pack_numpy(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        middle = len(arrays) // 2
        segments = tuple(map(Ragged, arrays[:middle], arrays[middle:]))
        if return_segment_ids:
            return ops.pack_segments(segments, **common, **several, num_threads=1)
        return ops.pack_start_end(segments[0], **common, num_threads=1)

    dtypes = [tf.int32, tf.int32, tf.bool] if return_segment_ids else [tf.int32, tf.bool]
    return list(run_in_python(pack_numpy, [*values, *row_splits], dtypes))
