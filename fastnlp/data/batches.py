"""Batches of a data set, numbered from the first step of training to the last."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fastnlp.data.permutation import Permutation
from fastnlp.ops.masking import as_seed

if TYPE_CHECKING:
    import tensorflow as tf

    from fastnlp.data.py_dataset import PyDataset


class Examples(Protocol):
    """A data set: a number of examples, of which any can be read."""

    def __len__(self) -> int:
        """The number of examples."""

    def read(self, index: np.ndarray, *, seed: int, epoch: int) -> Any:
        """A batch of these examples.

        Args:
            index: int64, the numbers of the examples.
            seed: what is random in them follows from `seed`, `epoch` and
                their numbers.
            epoch: how often the data set has been gone through before.

        Returns:
            What Keras takes: x, or a tuple of x, y and sample weights.
        """


class Batches:
    """The batches of a data set, epoch after epoch, each a function of its step.

    `batches[step]` is the batch of a step of training. Steps count from 0 over
    all epochs, without end. Every epoch has an order and masks of its own.
    Both follow from the seed, so that a training that stopped after `step`
    steps goes on with `batches[step]`, and gets what it would have got.
    An example's mask depends neither on the order nor on the size of a batch.

    The order is computed and not stored: it takes no memory, whatever the
    number of examples. A pickle holds the examples and these arguments.
    `as_py_dataset()` and `as_tf_dataset()` feed Keras.

    Args:
        examples: a `fastnlp.data.TextExamples`, the documents of a token
            store, or anything else that is an `Examples`.
        batch_size: number of examples a batch.
        seed: 0 to 2**63 - 1.
        shuffle: whether every epoch has a random order; else it is the order
            of the examples.
        drop_remainder: whether to leave out an epoch's last batch where it is
            smaller than the others.
        shard: `(i, n)` for worker i of n, which takes every n-th example of
            the order. All workers take as many: up to n - 1 examples are left
            out, others in every epoch.

    Raises:
        TypeError, ValueError: where an argument is unusable, or an epoch would
            have no batch.

    Example:

    >>> examples = fastnlp.data.TextExamples(np.array(["a b", "c", "d e f"]), preprocess=np.char.str_len)
    >>> batches = fastnlp.data.Batches(examples, batch_size=2, seed=7)
    >>> len(batches)
    2
    >>> [batches[step].tolist() for step in range(4)]
    [[3, 5], [1], [5, 1], [3]]
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        drop_remainder: bool = False,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        self.examples = examples
        self.batch_size = _as_int("batch_size", batch_size, 1)
        self.seed = as_seed(seed)
        self.shuffle = shuffle
        self.drop_remainder = drop_remainder
        self.shard = _as_shard(shard)
        self._examples_per_epoch = len(examples) // self.shard[1]
        if len(self) == 0:
            raise ValueError(
                f"`examples` must be enough for a batch; received {len(examples)}, with batch_size={batch_size}, "
                f"drop_remainder={drop_remainder} and shard={shard}."
            )

    def __len__(self) -> int:
        """The number of batches of an epoch."""
        whole, rest = divmod(self._examples_per_epoch, self.batch_size)
        return whole if self.drop_remainder else whole + (rest > 0)

    def __getitem__(self, step: int) -> Any:
        """The batch of a step: 0 is the first of training.

        Raises:
            IndexError: where `step` is negative.
        """
        number = operator.index(step)
        if number < 0:
            raise IndexError(f"`step` must not be negative; received {number}.")
        epoch, index = self.index(number)
        return self.examples.read(index, seed=self.seed, epoch=epoch)

    def __iter__(self) -> Iterator[Any]:
        """All batches from the first on, without end."""
        return map(self.__getitem__, count())

    def index(self, step: int) -> tuple[int, np.ndarray]:
        """The epoch of a step, and the numbers of its examples."""
        epoch, batch = divmod(step, len(self))
        first = batch * self.batch_size
        places = np.arange(first, min(first + self.batch_size, self._examples_per_epoch))
        worker, workers = self.shard
        places = places * workers + worker
        return epoch, order_of(len(self.examples), (self.seed, epoch))(places) if self.shuffle else places

    def as_py_dataset(self, *, epochs: int | None = None, first_step: int = 0, num_threads: int = 1) -> PyDataset:
        """The batches as a `keras.utils.PyDataset`, on every backend, with no TensorFlow installed.

        Args:
            epochs: how many epochs to stop after, counted from step 0; None
                for never; `fit()` then needs `steps_per_epoch`. Pass
                `shuffle=False` to `fit()`: it would take the batches of a
                dataset that ends in an order of its own.
            first_step: the step to begin with: the number of steps that a
                training had made when it was stopped.
            num_threads: how many threads read batches ahead, two each; 0 to
                read each one when it is asked for.

        Raises:
            TypeError, ValueError: where an argument is unusable.

        Example:

        >>> model.fit(batches.as_py_dataset(), steps_per_epoch=len(batches), epochs=3, shuffle=False)
        """
        from fastnlp.data.py_dataset import PyDataset  # noqa: PLC0415 - imports Keras

        return PyDataset(self, first_step, self.end(epochs, first_step), _as_int("num_threads", num_threads, 0))

    def as_tf_dataset(
        self, *, epochs: int | None = None, first_step: int = 0, num_parallel_calls: int | None = None
    ) -> tf.data.Dataset:
        """The same batches as a `tf.data.Dataset`.

        It calls Python, so it runs only in the process that made it.

        Args:
            epochs: as of `as_py_dataset`.
            first_step: as of `as_py_dataset`.
            num_parallel_calls: as of `tf.data.Dataset.map`; None for AUTOTUNE.

        Raises:
            TypeError, ValueError: where an argument is unusable, or batches
                hold something other than arrays.

        Example:

        >>> model.fit(batches.as_tf_dataset(), steps_per_epoch=len(batches), epochs=3, shuffle=False)
        """
        from fastnlp.data.tf_dataset import tf_dataset  # noqa: PLC0415 - imports TensorFlow

        return tf_dataset(self, first_step, self.end(epochs, first_step), num_parallel_calls)

    def end(self, epochs: int | None, first_step: int) -> int | None:
        """The step that a data set of `epochs` epochs ends before; None for never."""
        _as_int("first_step", first_step, 0)
        if epochs is None:
            return None
        end = _as_int("epochs", epochs, 1) * len(self)
        if first_step >= end:
            raise ValueError(
                f"`first_step` must be below {end}, the steps of {epochs} epoch(s); received {first_step}."
            )
        return end


order_of = lru_cache(maxsize=16)(Permutation)


def _as_int(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"`{name}` must be an integer; received {value!r}.")
    if value < low:
        raise ValueError(f"`{name}` must be at least {low}; received {value}.")
    return int(value)


def _as_shard(shard: Any) -> tuple[int, int]:
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        raise TypeError(f"`shard` must be a tuple (i, n); received {shard!r}.")
    worker, workers = _as_int("shard", shard[0], 0), _as_int("shard", shard[1], 1)
    if worker >= workers:
        raise ValueError(f"`shard` must be (i, n) with i below n; received {shard!r}.")
    return worker, workers
