"""How fast a model was trained or evaluated, and how well."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import keras


class Measure(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """A callback that takes the time of `fit()` or `evaluate()`, and keeps the last loss and accuracy.

    Args:
        name: what is measured.
        examples: number of examples an epoch.
        guide: the accuracy that KerasNLP's guide shows for it.

    Attributes:
        seconds: of the whole call, with compilation and validation.
        examples_per_second: without them: from the end of the first batch on.
        loss: of the validation data, where there are some.
        accuracy: as `loss`.
    """

    def __init__(self, name: str, examples: int, guide: float | None = None) -> None:
        super().__init__()
        self.name = name
        self.examples = examples
        self.guide = guide
        self.seconds = self.examples_per_second = self.loss = self.accuracy = float("nan")
        self._training = False
        self._batches = self._measured_batches = 0
        self._measured_seconds = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Training starts."""
        self._training = True
        self._begin = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """An epoch starts."""
        self._batches, self._start = 0, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Training made a step."""
        self._count()

    def on_test_begin(self, logs: Any = None) -> None:
        """Evaluation starts, at the end of an epoch or by itself."""
        if self._training:
            self._stop()
        else:
            self._begin = self._start = time.perf_counter()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Evaluation made a step."""
        if not self._training:
            self._count()

    def on_test_end(self, logs: Any = None) -> None:
        """Evaluation ends."""
        if not self._training:
            self._stop()
            self._finish(logs, "")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """An epoch ends."""
        self._stop()
        self._finish(logs, "val_" if "val_loss" in logs else "")

    def _count(self) -> None:
        if self._batches == 0 and self._measured_batches == 0:  # the first one of all: compilation
            self._start = time.perf_counter()
        else:
            self._measured_batches += 1
        self._batches += 1

    def _stop(self) -> None:
        if self._start:
            self._measured_seconds += time.perf_counter() - self._start
            self._start = 0.0

    def _finish(self, logs: Any, prefix: str) -> None:
        self.seconds = time.perf_counter() - self._begin
        if self._measured_batches:
            examples = self.examples / self._batches * self._measured_batches
            self.examples_per_second = examples / self._measured_seconds
        self.loss = float(logs[f"{prefix}loss"])
        self.accuracy = float(logs[f"{prefix}sparse_categorical_accuracy"])


class Result(NamedTuple):
    """What a workflow leaves.

    Attributes:
        model: the model.
        measures: how fast it was, and how well it did.
        facts: names and values of what else there is to say.
    """

    model: Any
    measures: list[Measure]
    facts: tuple[tuple[str, str], ...] = ()
