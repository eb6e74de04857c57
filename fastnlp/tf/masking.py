"""Masking for masked language models, on tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fastnlp.ops import Masker
from fastnlp.ops.masking import SEED_BITS, as_seed
from fastnlp.ragged import Ragged
from fastnlp.tf._constants import as_constant
from fastnlp.tf._library import ops_in_use, run_in_python


class MaskedTokens(NamedTuple):
    """As `fastnlp.ops.MaskedTokens`, of tensors: dense, or `tf.RaggedTensor`."""

    token_ids: tf.Tensor | tf.RaggedTensor
    mask_positions: tf.Tensor | tf.RaggedTensor
    mask_ids: tf.Tensor | tf.RaggedTensor
    mask_weights: tf.Tensor | tf.RaggedTensor


class MaskedSegments(NamedTuple):
    """As `fastnlp.ops.MaskedSegments`, of tensors."""

    token_ids: tf.Tensor
    segment_ids: tf.Tensor
    padding_mask: tf.Tensor
    mask_positions: tf.Tensor
    mask_ids: tf.Tensor
    mask_weights: tf.Tensor


def mask_tokens(
    masker: Masker,
    token_ids: Any,
    *,
    seed: int | None = None,
    index: Any = None,
    epoch: Any = 0,
    special_tokens_mask: Any = None,
    weights_dtype: Any = "float32",
) -> MaskedTokens:
    """Select tokens of every row and replace them.

    The same as `fastnlp.ops.Masker.mask_tokens`, on tensors: equal arguments
    give equal masks.

    Args:
        masker: how tokens are selected and replaced; graphs carry it inside.
        token_ids: integers: a batch (a tensor of rank 2, or a
            `tf.RaggedTensor`), or a single row (a tensor of rank 1).
        seed: 0 to 2**63 - 1. None draws a new one for every call from
            TensorFlow's generator, and masks equal rows differently.
        index: integers `[rows]`, the number of every row in its data set; for a
            single row, a scalar. Without it, the row's selectable tokens stand
            in for it where a `seed` is given.
        epoch: how often the data set has been gone through before: a scalar,
            or integers `[rows]`. See `enumerate_epochs`.
        special_tokens_mask: of the shape of `token_ids`; tokens whose place is
            not 0 are not selected.
        weights_dtype: the dtype of `mask_weights`.

    Returns:
        A `MaskedTokens`: `token_ids` as they came, but for the replaced ones;
        `mask_positions` int64, `mask_ids` in the dtype of `token_ids`, and
        `mask_weights`, of shape `[rows, mask_selection_length]`, or
        `tf.RaggedTensor` where the masker has no `mask_selection_length`. Without
        their first dimension for a single row.

    Raises:
        TypeError: where tokens are no integers.
        ValueError: where an argument is out of range, or a rank is unknown.
        tf.errors.InvalidArgumentError: where a token id is not in the
            vocabulary, and names its place; where shapes do not fit each other.

    Example:

    >>> masker = fastnlp.ops.Masker(1000, 0.5, 4, mask_selection_length=3, unselectable_token_ids=[0, 2, 3])
    >>> mask_tokens(masker, tf.constant([2, 50, 51, 52, 53, 3]), seed=7).token_ids
    <tf.Tensor: shape=(6,), dtype=int32, numpy=array([ 2,  4, 51, 52,  4,  3], dtype=int32)>
    """
    token_ids = _as_tensor("token_ids", token_ids)
    with tf.name_scope("mask_tokens"), tf.device("cpu"):
        values, splits = _as_rows(token_ids)
        special = tf.zeros([0], tf.bool)
        if special_tokens_mask is not None:
            special_tokens_mask = _as_tensor("special_tokens_mask", special_tokens_mask)
            if special_tokens_mask.shape.rank != token_ids.shape.rank:
                raise ValueError("`special_tokens_mask` must have the shape of `token_ids`; it has another.")
            special, special_splits = _as_rows(special_tokens_mask)
            same = tf.debugging.assert_equal(
                special_splits, splits, "`special_tokens_mask` must have the shape of `token_ids`; it has another."
            )
            with tf.control_dependencies([] if same is None else [same]):
                special = tf.cast(special, tf.bool)
        if index is None and seed is None:
            index = tf.range(tf.size(splits, tf.int64) - 1)
        inputs = [
            _as_int32(values),
            splits,
            special,
            draw_seed() if seed is None else tf.constant([as_seed(seed)], tf.int64),
            tf.reshape(tf.cast(epoch, tf.int64), [-1]),
        ]
        indices = [] if index is None else [tf.reshape(tf.cast(index, tf.int64), [-1])]
        masked, *selected, selected_splits = _mask_flat(masker, inputs, indices)
        masked = tf.cast(masked, token_ids.dtype)
        selected[1:] = tf.cast(selected[1], token_ids.dtype), tf.cast(selected[2], weights_dtype)
        rows, length = splits.shape[0], masker.mask_selection_length
        if token_ids.shape.rank == 1:
            results = [tf.ensure_shape(part, [length]) for part in selected]
        elif length is not None:
            results = [tf.reshape(part, [-1 if rows is None else rows - 1, length]) for part in selected]
        else:
            selected_splits = tf.ensure_shape(selected_splits, [rows])
            results = [tf.RaggedTensor.from_row_splits(part, selected_splits, validate=False) for part in selected]
        if isinstance(token_ids, tf.RaggedTensor):
            return MaskedTokens(token_ids.with_flat_values(masked), *results)
        return MaskedTokens(tf.ensure_shape(tf.reshape(masked, tf.shape(token_ids)), token_ids.shape), *results)


def enumerate_epochs(dataset: tf.data.Dataset, epochs: int | None = None) -> tf.data.Dataset:
    """Repeat a dataset, and number its epochs and its elements.

    With both numbers and a seed, `mask_tokens` and the layers that mask draw
    anew in every epoch, and draw the same again when training is repeated or
    resumed. What comes behind (shuffling, batches, parallel maps) changes
    nothing in the masks; what stands before must always give its elements in
    the same order.

    Args:
        dataset: one element for every example, not shuffled, not in batches.
        epochs: how often it is gone through; None for without end.

    Returns:
        A dataset of `(epoch, index, element)`, the first two int64 scalars.

    Example:

    >>> dataset = tf.data.Dataset.from_tensor_slices([[5, 6, 7, 8], [9, 10, 11, 12]])
    >>> masker = fastnlp.layers.MaskedLMMaskGenerator(100, 0.5, mask_token_id=4, mask_selection_length=2, seed=1)
    >>> dataset = enumerate_epochs(dataset, epochs=3).shuffle(1000).batch(2)
    >>> dataset = dataset.map(lambda epoch, index, ids: masker(ids, epoch=epoch, index=index))
    """
    if epochs is not None and (not isinstance(epochs, int) or epochs < 0):
        raise ValueError(f"`epochs` must not be negative, or None; received {epochs!r}.")
    numbers = tf.data.Dataset.counter() if epochs is None else tf.data.Dataset.range(epochs)
    numbered = dataset.enumerate()
    return numbers.flat_map(lambda epoch: numbered.map(lambda index, element: (epoch, index, element)))


def draw_seed() -> tf.Tensor:
    """A new seed for every run, from TensorFlow's generator."""
    return tf.random.uniform([1], maxval=2**SEED_BITS - 1, dtype=tf.int64)


def masking_model(masker: Masker) -> tf.Tensor:
    """The masker's canonical form as a constant of uint8."""
    return as_constant(masker, "masking_model", lambda: np.frombuffer(masker.dump(), np.uint8))


def _as_tensor(name: str, value: Any) -> tf.Tensor | tf.RaggedTensor:
    if isinstance(value, Ragged):
        value = tf.RaggedTensor.from_nested_row_splits(value.flat_values, value.nested_row_splits)
    elif isinstance(value, (list, tuple)) and any(isinstance(row, (tf.Tensor, tf.RaggedTensor)) for row in value):
        value = tf.ragged.stack(list(value))
    elif isinstance(value, (list, tuple)) and any(isinstance(row, (list, tuple, np.ndarray)) for row in value):
        dtype = None if any(len(row) for row in value) else tf.int32
        value = tf.ragged.constant(value, dtype, ragged_rank=1, row_splits_dtype=tf.int64)
    elif not isinstance(value, tf.RaggedTensor):
        value = tf.convert_to_tensor(value, dtype_hint=tf.int32)
    if not value.dtype.is_integer and not (value.dtype.is_bool and name == "special_tokens_mask"):
        raise TypeError(f"`{name}` must hold integers; received dtype {value.dtype.name}.")
    if value.shape.rank not in (1, 2):
        raise ValueError(f"`{name}` must be of rank 1, or 2 for a batch; received shape {value.shape}.")
    return value


def _as_rows(tensor: tf.Tensor | tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Values and int64 row splits of a tensor of rank 1 or 2."""
    if isinstance(tensor, tf.RaggedTensor):
        return tensor.values, tf.cast(tensor.row_splits, tf.int64)
    if tensor.shape.rank == 1:
        return tensor, tf.stack([tf.constant(0, tf.int64), tf.size(tensor, tf.int64)])
    rows = tensor.shape[0]
    shape = tf.shape(tensor, tf.int64)
    splits = tf.range(shape[0] + 1) * shape[1]
    return tf.reshape(tensor, [-1]), tf.ensure_shape(splits, [None if rows is None else rows + 1])


def _as_int32(values: tf.Tensor) -> tf.Tensor:
    """Token ids as int32; those that it cannot hold become others that no vocabulary holds."""
    if values.dtype.max > tf.int32.max:
        values = tf.minimum(values, tf.constant(tf.int32.max, values.dtype))
    if values.dtype.min < tf.int32.min:
        values = tf.maximum(values, tf.constant(tf.int32.min, values.dtype))
    return tf.cast(values, tf.int32)


def _mask_flat(masker: Masker, inputs: list[tf.Tensor], indices: list[tf.Tensor]) -> list[tf.Tensor]:
    """The op's outputs: the masked ids; positions, ids and weights of the selected ones; their row splits."""
    library = ops_in_use()
    if library is not None:
        return list(library.fastnlp_mask_tokens(masking_model(masker), *inputs, indices))

    def mask_numpy(
        token_ids: np.ndarray,
        splits: np.ndarray,
        special: np.ndarray,
        seed: np.ndarray,
        epoch: np.ndarray,
        *index: np.ndarray,
    ) -> list[np.ndarray]:
        masked = masker.mask_tokens(
            Ragged(token_ids, splits),
            seed=int(seed[0]),
            index=index[0] if index else None,
            epoch=epoch[0] if len(epoch) == 1 else epoch,
            special_tokens_mask=Ragged(special, splits) if len(special) else None,
            num_threads=1,
        )
        flat = [part.flat_values if isinstance(part, Ragged) else part.reshape(-1) for part in masked]
        positions = masked.mask_positions
        return [*flat, positions.row_splits if isinstance(positions, Ragged) else np.empty(0, np.int64)]

    dtypes = [tf.int32, tf.int64, tf.int32, tf.float32, tf.int64]
    return [tf.ensure_shape(part, [None]) for part in run_in_python(mask_numpy, [*inputs, *indices], dtypes)]
