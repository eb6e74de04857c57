"""Batches for Keras, on any backend."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import keras

from fastnlp.data.batches import Batches

AHEAD = 2  # batches a thread


class PyDataset(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """The batches of some steps, in order, read ahead by threads; see `Batches.as_py_dataset`.

    Item `i` is the batch of step `first_step + i`, always. It has no state that
    `fit()` could lose: Keras takes a batch to build a model, and then begins
    again with the first one, but its own workers would go on with the second.
    Hence the threads here in place of them.

    Args:
        batches: where they come from.
        first_step: the first step.
        end: the step to end before; None for never.
        num_threads: how many threads read ahead; 0 for none.
    """

    def __init__(self, batches: Batches, first_step: int, end: int | None, num_threads: int) -> None:
        super().__init__()
        self.batches = batches
        self.first_step = first_step
        self.end = end
        self.num_threads = num_threads
        self._futures: dict[int, Future[Any]] = {}  # by step
        self._begin_reading()

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None where there is no end."""
        return None if self.end is None else self.end - self.first_step

    def __getitem__(self, index: int) -> Any:
        """A batch."""
        step = self.first_step + index
        if index < 0 or (self.end is not None and step >= self.end):
            raise IndexError(f"batch {index} is out of range for {self.num_batches} batches")
        if self.num_threads == 0:
            return self.batches[step]
        with self._lock:
            if self._process != os.getpid():  # after a fork, which threads do not survive
                self._begin_reading()
            batch = self._futures.pop(step, None)
            stop = step + 1 + AHEAD * self.num_threads
            stop = stop if self.end is None else min(stop, self.end)
            self._futures = {
                ahead: self._futures.get(ahead) or self._executor.submit(self.batches.__getitem__, ahead)
                for ahead in range(step + 1, stop)
            }
        return self.batches[step] if batch is None else batch.result()

    def _begin_reading(self) -> None:
        self._process = os.getpid()
        self._lock = Lock()
        self._executor = ThreadPoolExecutor(max(self.num_threads, 1), "fastnlp.data")
        self._futures = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return PyDataset, (self.batches, self.first_step, self.end, self.num_threads)
