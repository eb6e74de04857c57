"""Batches as a `tf.data.Dataset`."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from fastnlp.data.batches import Batches


def tf_dataset(batches: Batches, first_step: int, end: int | None, num_parallel_calls: int | None) -> tf.data.Dataset:
    """The batches of steps `first_step` to `end`, in order; see `Batches.as_tf_dataset`."""
    first = batches[first_step]
    specs = [_spec(leaf, batches) for leaf in tf.nest.flatten(first)]

    def read(step: tf.Tensor) -> Any:
        leaves = tf.numpy_function(
            lambda step: [_encode(leaf) for leaf in tf.nest.flatten(batches[int(step)])],
            [step],
            [spec.dtype for spec in specs],
            stateful=False,
        )
        leaves = [tf.ensure_shape(leaf, spec.shape) for leaf, spec in zip(leaves, specs, strict=True)]
        return tf.nest.pack_sequence_as(first, leaves)

    parallel = tf.data.AUTOTUNE if num_parallel_calls is None else num_parallel_calls
    steps = tf.data.Dataset.range(first_step, tf.int64.max if end is None else end)
    return steps.map(read, num_parallel_calls=parallel, deterministic=True).prefetch(tf.data.AUTOTUNE)


def _encode(array: np.ndarray) -> np.ndarray:
    return np.char.encode(array, "utf-8") if array.dtype.kind == "U" else array


def _spec(leaf: Any, batches: Batches) -> tf.TensorSpec:
    if not isinstance(leaf, np.ndarray):
        raise TypeError(f"`examples` must give NumPy arrays for a `tf.data.Dataset`; received {type(leaf).__name__}.")
    dtype = tf.string if leaf.dtype.kind in "OSU" else tf.as_dtype(leaf.dtype)
    return tf.TensorSpec([batches.batch_size if batches.drop_remainder else None, *leaf.shape[1:]], dtype)
