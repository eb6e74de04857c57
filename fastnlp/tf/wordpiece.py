"""WordPiece on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from fastnlp._dispatch import Packing
from fastnlp.ops import Masker, WordPiece
from fastnlp.ops.masking import as_seed
from fastnlp.ops.packing_options import ROUND_ROBIN, Tokens, as_packing, check_fit, check_same, with_dtype
from fastnlp.ops.texts import is_strict
from fastnlp.ops.wordpiece import check_masker
from fastnlp.ragged import Ragged
from fastnlp.tf._constants import as_constant
from fastnlp.tf._library import ops_in_use, run_in_python
from fastnlp.tf.masking import MaskedSegments, draw_seed, masking_model
from fastnlp.tf.packing import PackedSegments


def encode(
    encoder: WordPiece, texts: Any, *, errors: str = "replace", sequence_length: int | None = None
) -> tf.Tensor | tf.RaggedTensor:
    """Turn string tensors into token ids.

    Args:
        encoder: the encoder; graphs carry it inside.
        texts: string tensor of any rank, `tf.RaggedTensor` of strings, or what
            `tf.convert_to_tensor` makes a string tensor of. Strings are UTF-8.
        errors: what invalid UTF-8 does: `"replace"` puts U+FFFD for every
            maximal ill-formed subsequence, `"strict"` is an error.
        sequence_length: cut every row, and pad it with 0, to this length.

    Returns:
        For a scalar, an int32 tensor of rank 1. Otherwise an int32
        `tf.RaggedTensor` with int64 row splits, of the shape of `texts` and one
        ragged dimension more. With `sequence_length`, an int32 tensor of shape
        `[…, sequence_length]`, in which outer ragged dimensions are padded too.

    Raises:
        TypeError: where `texts` holds anything but strings.
        ValueError: where an argument is out of range, or the rank of `texts` is
            unknown and no `sequence_length` is given.
        tf.errors.InvalidArgumentError: where a text is not UTF-8 and
            `errors="strict"`; names row and byte.

    Example:

    >>> encoder = fastnlp.ops.WordPiece(["[UNK]", "the", "qu", "##ick", "fox", "."])
    >>> encode(encoder, ["the quick fox.", ""])
    <tf.RaggedTensor [[1, 2, 3, 4, 5], []]>
    >>> encode(encoder, "quick fox", sequence_length=4)
    <tf.Tensor: shape=(4,), dtype=int32, numpy=array([2, 3, 4, 0], dtype=int32)>
    """
    is_strict(errors)
    if sequence_length is not None and (not isinstance(sequence_length, int) or sequence_length < 1):
        raise ValueError(f"`sequence_length` must be at least 1, or None; received {sequence_length!r}.")
    if not isinstance(texts, tf.RaggedTensor):
        texts = tf.convert_to_tensor(texts, dtype_hint=tf.string)
    if texts.dtype != tf.string:
        raise TypeError(f"`texts` must be a string tensor; received dtype {texts.dtype.name}.")
    with tf.name_scope("wordpiece_encode"), tf.device("cpu"):
        if sequence_length is None:
            return _encode(encoder, texts, errors)
        if isinstance(texts, tf.RaggedTensor):
            return _to_dense(_encode(encoder, texts, errors), sequence_length)
        dense = _to_dense(_encode_flat(encoder, tf.reshape(texts, [-1]), errors), sequence_length)
        dense = tf.reshape(dense, tf.concat([tf.shape(texts), [sequence_length]], axis=0))
        return tf.ensure_shape(dense, texts.shape.concatenate(sequence_length))


def encode_and_pack(
    encoder: WordPiece,
    segments: Any,
    sequence_length: int,
    *,
    start_value: Tokens = None,
    end_value: Tokens = None,
    sep_value: Tokens = None,
    pad_value: int | None = None,
    truncate: str = ROUND_ROBIN,
    padding_side: str = "right",
    errors: str = "replace",
) -> PackedSegments:
    """Turn string tensors into packed rows of token ids, by one op.

    The same as `encode`, and then `fastnlp.tf.packing.pack_segments`. See
    `fastnlp.ops.WordPiece.encode_and_pack`.

    Args:
        encoder: the encoder; graphs carry it inside.
        segments: a tuple of segments; anything else is one segment. A segment
            is a string tensor of rank 1, or a scalar.
        sequence_length, start_value, end_value, sep_value, pad_value, truncate,
            padding_side: as for `pack_segments`, as token ids.
        errors: as for `encode`.

    Returns:
        A `PackedSegments` of tensors `[rows, sequence_length]`, or
        `[sequence_length]` where the segments are scalars.

    Raises:
        TypeError, ValueError, tf.errors.InvalidArgumentError: as `encode` and
            `pack_segments`.

    Example:

    >>> encoder = fastnlp.ops.WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "fox"])
    >>> encode_and_pack(encoder, (["the fox"], ["fox"]), 7, start_value=2, end_value=3).token_ids
    <tf.Tensor: shape=(1, 7), dtype=int32, numpy=array([[2, 4, 5, 3, 5, 3, 0]], dtype=int32)>
    """
    texts = _Segments(segments, errors)
    packing = texts.packing(
        sequence_length,
        start_value=start_value,
        end_value=end_value,
        sep_value=sep_value,
        pad_value=pad_value,
        truncate=truncate,
        padding_side=padding_side,
    )
    with tf.name_scope("wordpiece_encode_and_pack"), tf.device("cpu"):
        packed = _encode_and_pack(encoder, texts.flat(), packing, errors)
        return PackedSegments(*(texts.with_rows(part, sequence_length) for part in packed))


def encode_and_mask(
    encoder: WordPiece,
    segments: Any,
    sequence_length: int,
    masker: Masker,
    *,
    seed: int | None = None,
    index: Any = None,
    epoch: Any = 0,
    start_value: Tokens = None,
    end_value: Tokens = None,
    sep_value: Tokens = None,
    pad_value: int | None = None,
    truncate: str = ROUND_ROBIN,
    padding_side: str = "right",
    errors: str = "replace",
    weights_dtype: Any = "float32",
) -> MaskedSegments:
    """Turn string tensors into packed rows of token ids with masks, by one op.

    The same as `encode_and_pack`, and then `fastnlp.tf.masking.mask_tokens` on
    its token ids. See `fastnlp.ops.WordPiece.encode_and_mask`.

    Args:
        encoder: the encoder; graphs carry it inside.
        segments: as for `encode_and_pack`.
        sequence_length, start_value, end_value, sep_value, pad_value, truncate,
            padding_side: as for `pack_segments`, as token ids.
        masker: how tokens are selected and replaced; graphs carry it inside. It
            must have a `mask_selection_length`.
        seed, index, epoch: as for `fastnlp.tf.masking.mask_tokens`.
        errors: as for `encode`.
        weights_dtype: the dtype of `mask_weights`.

    Returns:
        A `MaskedSegments` of tensors `[rows, sequence_length]` and `[rows,
        mask_selection_length]`; without the first dimension where the segments
        are scalars.

    Raises:
        TypeError, ValueError, tf.errors.InvalidArgumentError: as
            `encode_and_pack` and `mask_tokens`; ValueError where the masker has
            no `mask_selection_length`, or a smaller vocabulary.

    Example:

    >>> encoder = fastnlp.ops.WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "fox"])
    >>> masker = fastnlp.ops.Masker(7, 0.5, 4, mask_selection_length=2, unselectable_token_ids=[0, 2, 3])
    >>> encode_and_mask(encoder, ["the fox the"], 7, masker, seed=1, start_value=2, end_value=3).mask_positions
    <tf.Tensor: shape=(1, 2), dtype=int64, numpy=array([[1, 2]])>
    """
    texts = _Segments(segments, errors)
    packing = texts.packing(
        sequence_length,
        start_value=start_value,
        end_value=end_value,
        sep_value=sep_value,
        pad_value=pad_value,
        truncate=truncate,
        padding_side=padding_side,
    )
    check_masker(masker, encoder, packing)
    with tf.name_scope("wordpiece_encode_and_mask"), tf.device("cpu"):
        flat = texts.flat()
        if index is None and seed is None:
            index = tf.range(tf.size(flat[0], tf.int64))
        numbers = [
            draw_seed() if seed is None else tf.constant([as_seed(seed)], tf.int64),
            tf.reshape(tf.cast(epoch, tf.int64), [-1]),
        ]
        indices = [] if index is None else [tf.reshape(tf.cast(index, tf.int64), [-1])]
        *masked, weights = _encode_and_mask(encoder, flat, packing, masker, numbers, indices, errors)
        masked.append(tf.cast(weights, weights_dtype))
        sizes = [sequence_length] * 3 + [masker.mask_selection_length] * 3
        return MaskedSegments(*(texts.with_rows(part, size) for part, size in zip(masked, sizes, strict=True)))


class _Segments:
    """Checked segments: tensors of strings of the same rank, 0 or 1, and with the same number of rows."""

    def __init__(self, segments: Any, errors: str) -> None:
        is_strict(errors)
        if not isinstance(segments, tuple):
            segments = (segments,)
        if not segments:
            raise ValueError("`segments` must hold at least one segment; received an empty tuple.")
        self.tensors = [tf.convert_to_tensor(texts, dtype_hint=tf.string) for texts in segments]
        for texts in self.tensors:
            if texts.dtype != tf.string:
                raise TypeError(f"`segments` must hold string tensors; received dtype {texts.dtype.name}.")
            if texts.shape.rank is None:
                raise ValueError("`segments` must be of a known rank; give them one with `tf.ensure_shape`.")
        rows = [texts.shape[0] if texts.shape.rank else 1 for texts in self.tensors]
        check_same([texts.shape.rank + 1 for texts in self.tensors], rows)  # with the dimension of tokens
        known = next((size for size in rows if size is not None), -1)
        self.leading = [known] if self.tensors[0].shape.rank else []

    def packing(self, sequence_length: int, **options: Any) -> Packing:
        """Checked options for these segments' token ids."""
        packing = as_packing(sequence_length, **options)
        check_fit(packing, len(self.tensors))
        return with_dtype(packing, np.dtype(np.int32))

    def flat(self) -> list[tf.Tensor]:
        """The segments, of rank 1."""
        return [tf.reshape(texts, [-1]) for texts in self.tensors]

    def with_rows(self, values: tf.Tensor, size: int | None) -> tf.Tensor:
        """Values as a row of `size` for each row of the segments."""
        return tf.reshape(values, [*self.leading, size])


def _encode_and_pack(encoder: WordPiece, texts: list[tf.Tensor], packing: Packing, errors: str) -> Any:
    """Packed rows of texts of rank 1, flat or not."""
    ops = ops_in_use()
    if ops is not None:
        return ops.fastnlp_wordpiece_encode_and_pack(_model(encoder), texts, errors=errors, **packing._asdict())

    def encode_and_pack_numpy(*texts: np.ndarray) -> Any:
        return encoder.encode_and_pack(texts, **packing._asdict(), num_threads=1, errors=errors)

    return run_in_python(encode_and_pack_numpy, texts, [tf.int32, tf.int32, tf.bool])


def _encode_and_mask(
    encoder: WordPiece,
    texts: list[tf.Tensor],
    packing: Packing,
    masker: Masker,
    numbers: list[tf.Tensor],
    indices: list[tf.Tensor],
    errors: str,
) -> Any:
    """Packed and masked rows of texts of rank 1, flat or not; `numbers` are the seed and the epochs."""
    ops = ops_in_use()
    if ops is not None:
        return ops.fastnlp_wordpiece_encode_and_mask(
            _model(encoder), masking_model(masker), *numbers, indices, texts, errors=errors, **packing._asdict()
        )

    def encode_and_mask_numpy(seed: np.ndarray, epoch: np.ndarray, *rest: np.ndarray) -> Any:
        return encoder.encode_and_mask(
            rest[len(indices) :],
            masker=masker,
            seed=int(seed[0]),
            index=rest[0] if indices else None,
            epoch=epoch,
            **packing._asdict(),
            num_threads=1,
            errors=errors,
        )

    dtypes = [tf.int32, tf.int32, tf.bool, tf.int64, tf.int32, tf.float32]
    return run_in_python(encode_and_mask_numpy, [*numbers, *indices, *texts], dtypes)


def decode(encoder: WordPiece, ids: Any) -> tf.Tensor | tf.RaggedTensor:
    """Turn token ids into text.

    Tokens that begin with the suffix indicator are joined to the token before;
    words are joined by one space. No token is left out.

    Args:
        encoder: the encoder; graphs carry it inside.
        ids: integer tensor of rank 1 or more, or `tf.RaggedTensor` of integers.

    Returns:
        Strings, of the shape of `ids` without its last dimension: a string
        tensor, or a `tf.RaggedTensor` where a ragged dimension is left.

    Raises:
        TypeError: where `ids` are no integers.
        ValueError: where `ids` is a scalar, or its rank is unknown.
        tf.errors.InvalidArgumentError: where an id is not in the vocabulary;
            names its place.

    Example:

    >>> encoder = fastnlp.ops.WordPiece(["[UNK]", "the", "qu", "##ick", "fox", "."])
    >>> decode(encoder, tf.ragged.constant([[1, 2, 3, 4], []])).numpy().tolist()
    [b'the quick fox', b'']
    """
    if not isinstance(ids, tf.RaggedTensor):
        ids = tf.convert_to_tensor(ids, dtype_hint=tf.int32)
    if not ids.dtype.is_integer:
        raise TypeError(f"`ids` must be integers; received dtype {ids.dtype.name}.")
    if ids.shape.rank in (None, 0):
        raise ValueError(f"`ids` must be of a known rank of 1 or more; received shape {ids.shape}.")
    with tf.name_scope("wordpiece_decode"), tf.device("cpu"):
        return _decode(encoder, ids)


def _encode(encoder: WordPiece, texts: tf.Tensor | tf.RaggedTensor, errors: str) -> tf.Tensor | tf.RaggedTensor:
    """Token ids in the shape in which the texts came."""
    rank = texts.shape.rank
    if rank is None:
        raise ValueError(f"`texts` must be of a known rank, or `sequence_length` given; received {texts}.")
    if rank == 0:
        return _encode_flat(encoder, tf.reshape(texts, [1]), errors).values
    if rank == 1:
        return _encode_flat(encoder, texts, errors)
    if not isinstance(texts, tf.RaggedTensor):
        texts = tf.RaggedTensor.from_tensor(texts, ragged_rank=rank - 1)
    texts = texts.with_row_splits_dtype(tf.int64)
    return texts.with_flat_values(_encode(encoder, texts.flat_values, errors))


def _encode_flat(encoder: WordPiece, texts: tf.Tensor, errors: str) -> tf.RaggedTensor:
    """Token ids of texts of rank 1."""
    ops = ops_in_use()
    if ops is not None:
        values, row_splits = ops.fastnlp_wordpiece_encode(_model(encoder), texts, errors=errors)
    else:

        def encode_numpy(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            ids = encoder.encode(texts, num_threads=1, errors=errors)
            assert isinstance(ids, Ragged)
            return ids.flat_values, ids.row_splits

        values, row_splits = run_in_python(encode_numpy, [texts], [tf.int32, tf.int64])
        rows = texts.shape[0]
        values = tf.ensure_shape(values, [None])
        row_splits = tf.ensure_shape(row_splits, [None if rows is None else rows + 1])
    return tf.RaggedTensor.from_row_splits(values, row_splits, validate=False)


def _to_dense(ids: tf.RaggedTensor, sequence_length: int) -> tf.Tensor:
    return ids.to_tensor(shape=[None] * (ids.shape.rank - 1) + [sequence_length])


def _decode(encoder: WordPiece, ids: tf.Tensor | tf.RaggedTensor) -> tf.Tensor | tf.RaggedTensor:
    """The texts of ids, in the shape in which the ids came."""
    if isinstance(ids, tf.RaggedTensor):
        if ids.values.shape.rank == 1:
            return _decode_flat(encoder, ids.values, ids.row_splits)
        return ids.with_values(_decode(encoder, ids.values))
    shape = tf.shape(ids, tf.int64)
    row_splits = tf.range(tf.reduce_prod(shape[:-1]) + 1) * shape[-1]
    texts = _decode_flat(encoder, tf.reshape(ids, [-1]), row_splits)
    return tf.ensure_shape(tf.reshape(texts, shape[:-1]), ids.shape[:-1])


def _decode_flat(encoder: WordPiece, values: tf.Tensor, row_splits: tf.Tensor) -> tf.Tensor:
    """The text of every row of ids."""
    # What int32 cannot hold is no id, and must not wrap round to one. (tf.saturate_cast lacks uint32 and uint64.)
    if values.dtype.max > tf.int32.max:
        values = tf.minimum(values, tf.constant(tf.int32.max, values.dtype))
    if values.dtype.min < tf.int32.min:
        values = tf.maximum(values, tf.constant(tf.int32.min, values.dtype))
    values = tf.cast(values, tf.int32)
    row_splits = tf.cast(row_splits, tf.int64)
    ops = ops_in_use()
    if ops is not None:
        return ops.fastnlp_wordpiece_decode(_model(encoder), values, row_splits)

    def decode_numpy(values: np.ndarray, row_splits: np.ndarray) -> np.ndarray:
        return np.array([text.encode() for text in encoder.decode(Ragged(values, row_splits))], dtype=object)

    texts = run_in_python(decode_numpy, [values, row_splits], tf.string)
    splits = row_splits.shape[0]
    return tf.ensure_shape(texts, [None if splits is None else splits - 1])


def token_table(encoder: WordPiece) -> tf.Tensor:
    """The tokens, by token id, as a constant of strings."""
    return as_constant(encoder, "wordpiece_tokens", lambda: list(encoder.vocabulary))


def _model(encoder: WordPiece) -> tf.Tensor:
    """The encoder's canonical form as a constant of uint8."""
    return as_constant(encoder, "wordpiece_model", lambda: np.frombuffer(encoder.dump(), np.uint8))
