"""Raw examples on their way to a model: batches that are preprocessed when they are asked for."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from fastnlp.data.columns import map_columns, number_of_rows, take

DEFAULT_BATCH_SIZE = 32  # of Keras


class ArrayBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Batches of examples in memory.

    Args:
        arrays: tuple of x, y and sample weights: each None, an array or a
            list, or tuples and dicts of them.
        preprocess: called with x, y and sample weights of a batch.
        batch_size: number of examples a batch.
        shuffle: draw a new order of the examples for every epoch.
    """

    def __init__(
        self, arrays: tuple[Any, ...], preprocess: Callable[..., Any], batch_size: int | None, shuffle: bool
    ) -> None:
        super().__init__()
        self.arrays = map_columns(_as_array, arrays)
        self.preprocess = preprocess
        self.batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        self.shuffle = shuffle
        self.order = np.arange(number_of_rows(self.arrays))
        self.on_epoch_end()

    @property
    def num_batches(self) -> int:
        """The number of batches of an epoch; the last one may be smaller."""
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        """A batch, preprocessed."""
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.preprocess(*take(self.arrays, rows))

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        if self.shuffle:
            # `keras.utils.set_random_seed` seeds `random`.
            np.random.default_rng(random.getrandbits(64)).shuffle(self.order)


class PreprocessedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """The batches of another `keras.utils.PyDataset`, preprocessed by its own workers.

    Args:
        dataset: the dataset of raw batches.
        preprocess: called with x, y and sample weights of a batch.
    """

    def __init__(self, dataset: Any, preprocess: Callable[..., Any]) -> None:
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset = dataset
        self.preprocess = preprocess

    @property
    def num_batches(self) -> int | None:
        """The number of batches of an epoch; None where there is no end."""
        batches: int | None = self.dataset.num_batches
        return batches

    def __getitem__(self, index: int) -> Any:
        """A batch, preprocessed."""
        return self.preprocess(*keras.utils.unpack_x_y_sample_weight(self.dataset[index]))

    def on_epoch_begin(self) -> None:
        """Tell the dataset."""
        self.dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the dataset."""
        self.dataset.on_epoch_end()


def batches(
    x: Any,
    y: Any,
    sample_weight: Any,
    *,
    batch_size: int | None,
    preprocess: Callable[..., Any],
    shuffle: bool = False,
) -> Any:
    """Raw examples as a dataset of preprocessed batches, which Keras takes on every backend.

    Args:
        x: arrays or lists of examples, or tuples and dicts of them; or
            batches of examples: a `tf.data.Dataset`, a
            `keras.utils.PyDataset`, or an iterator.
        y: labels, in arrays or lists; None where `x` holds batches.
        sample_weight: as `y`.
        batch_size: number of examples a batch, None for 32; None where `x`
            holds batches.
        preprocess: called with x, y and sample weights of a batch; returns
            what `keras.utils.pack_x_y_sample_weight` does.
        shuffle: draw a new order of the examples for every epoch; batches
            keep theirs.

    Returns:
        A `tf.data.Dataset` for one, an iterator for one, else a
        `keras.utils.PyDataset`.

    Raises:
        ValueError: where `x` holds batches and something else is given with
            it, or where arrays differ in length.
    """
    if not (is_tf_dataset(x) or isinstance(x, (keras.utils.PyDataset, Iterator))):
        return ArrayBatches((x, y, sample_weight), preprocess, batch_size, shuffle)
    for name, value in (("y", y), ("sample_weight", sample_weight), ("batch_size", batch_size)):
        if value is not None:
            raise ValueError(f"`{name}` must be None where `x` is a {type(x).__name__}; received {value!r:.100}.")
    if is_tf_dataset(x):
        autotune = sys.modules["tensorflow"].data.AUTOTUNE
        return x.map(preprocess, num_parallel_calls=autotune).prefetch(autotune)
    if isinstance(x, keras.utils.PyDataset):
        return PreprocessedBatches(x, preprocess)
    return (preprocess(*keras.utils.unpack_x_y_sample_weight(batch)) for batch in x)


def split(arrays: tuple[Any, ...], validation_split: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The first examples for training, and the last for validation.

    Raises:
        ValueError: where one of the two would be empty.
    """
    arrays = map_columns(_as_array, arrays)
    rows = number_of_rows(arrays)
    training_rows = int(rows * (1 - validation_split))
    if not 0 < training_rows < rows:
        raise ValueError(
            f"`validation_split` must leave some of {rows} examples on both sides; received {validation_split}."
        )
    training = map_columns(lambda array: array[:training_rows], arrays)
    validation = map_columns(lambda array: array[training_rows:], arrays)
    return training, validation


def is_tf_dataset(value: Any) -> bool:
    """Whether `value` is a `tf.data.Dataset`; never imports TensorFlow."""
    tensorflow: Any = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(value, tensorflow.data.Dataset)


def _as_array(array: Any) -> Any:
    """A list of strings as it is, because NumPy would pad them to the longest; else an array of NumPy."""
    if isinstance(array, list) and array and isinstance(array[0], (str, bytes)):
        return array
    if keras.ops.is_tensor(array):
        array = keras.ops.convert_to_numpy(array)
    array = np.asarray(array)
    if array.ndim == 0:
        raise ValueError(f"`x`, `y` and `sample_weight` must hold one item an example; received {array.item()!r:.100}.")
    return array
