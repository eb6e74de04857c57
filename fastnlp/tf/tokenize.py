"""Tokens in the shape and dtype that tokenizer layers give them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from fastnlp.ops import WordPiece
from fastnlp.tf import wordpiece


def tokenize(
    encoder: WordPiece,
    inputs: Any,
    *,
    dtype: str = "int32",
    sequence_length: int | None = None,
    merge_words: bool = False,
) -> tf.Tensor | tf.RaggedTensor:
    """Turn string tensors into token ids or tokens.

    Args:
        encoder: the encoder; graphs carry it inside.
        inputs: string tensor of any known rank, or `tf.RaggedTensor` of strings.
        dtype: an integer type for token ids, `"string"` for tokens.
        sequence_length: cut every row, and pad it with 0 or `""`, to this length.
        merge_words: the last dimension of `inputs` enumerates the words of one
            text; their tokens become one row.

    Returns:
        For a scalar, and for words of rank 1 that are merged, a tensor of rank
        1. Otherwise a `tf.RaggedTensor` with one ragged dimension more than the
        texts have. With `sequence_length`, a tensor whose last dimension has
        that length, in which outer ragged dimensions are padded too.

    Raises:
        TypeError: where `inputs` holds anything but strings.
        ValueError: where the rank of `inputs` is unknown.

    Example:

    >>> encoder = fastnlp.ops.WordPiece(["[UNK]", "the", "qu", "##ick", "fox", "."], split=False)
    >>> tokenize(encoder, tf.constant(["the", "quick"]), dtype="string", sequence_length=4, merge_words=True)
    <tf.Tensor: shape=(4,), dtype=string, numpy=array([b'the', b'qu', b'##ick', b''], dtype=object)>
    """
    if not isinstance(inputs, tf.RaggedTensor):
        inputs = tf.convert_to_tensor(inputs, dtype_hint=tf.string)
    if inputs.shape.rank is None:
        raise ValueError(f"`inputs` must be of a known rank; received {inputs}. Give it one with `tf.ensure_shape`.")
    with tf.name_scope("tokenize"), tf.device("cpu"):
        tokens = wordpiece.encode(encoder, inputs)
        texts_shape = inputs.shape
        if merge_words and isinstance(tokens, tf.RaggedTensor):
            tokens = tokens.merge_dims(-2, -1)
            texts_shape = texts_shape[:-1]
        if isinstance(tokens, tf.RaggedTensor):
            tokens = tokens.with_flat_values(_convert(encoder, tokens.flat_values, dtype))
        else:
            tokens = _convert(encoder, tokens, dtype)
        if sequence_length is None:
            return tokens
        if not isinstance(tokens, tf.RaggedTensor):
            tokens = tf.RaggedTensor.from_tensor(tokens[tf.newaxis])
        dense = tokens.to_tensor(shape=[None] * (tokens.shape.rank - 1) + [sequence_length])
        if not isinstance(inputs, tf.RaggedTensor):
            # A ragged tensor knows no lengths of dimensions inside one of length 0.
            dense = tf.reshape(dense, tf.concat([tf.shape(inputs)[: texts_shape.rank], [sequence_length]], axis=0))
        return tf.ensure_shape(dense, texts_shape.concatenate(sequence_length))


def _convert(encoder: WordPiece, ids: tf.Tensor, dtype: str) -> tf.Tensor:
    """Ids of rank 1 as another integer type, or as the tokens themselves."""
    if dtype == "string":
        return tf.gather(wordpiece.token_table(encoder), ids)
    return tf.cast(ids, dtype)
