"""Rounds under a clock."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Name = TypeVar("Name")


@dataclass(frozen=True)
class Timing:
    """What rounds took.

    Attributes:
        best: seconds of the shortest round: what the code costs where nothing disturbs it.
        median: seconds of the round in the middle: what to expect.
        spread: the interquartile range by the median: how much else went on.
    """

    best: float
    median: float
    spread: float

    @classmethod
    def of(cls, seconds: list[float]) -> Timing:
        """Of all rounds."""
        median = statistics.median(seconds)
        if len(seconds) == 1:
            return cls(median, median, 0.0)
        lower, _, upper = statistics.quantiles(seconds, n=4, method="inclusive")
        return cls(min(seconds), median, (upper - lower) / median)


def time_rounds(
    functions: Mapping[Name, Callable[[], Any]],
    rounds: int,
    *,
    setup: Mapping[Name, Callable[[], Any]] | None = None,
) -> dict[Name, Timing]:
    """Time functions in turn, so that a slow moment of the machine meets all of them.

    Args:
        functions: what is timed; each runs once more before, which is not.
        rounds: how often each is timed.
        setup: what runs before every round of a function, outside the time.
    """
    setup = setup or {}
    seconds: dict[Name, list[float]] = {name: [] for name in functions}
    gc.collect()
    gc.freeze()  # what lives now is not looked at again while the clock runs
    try:
        for number in range(rounds + 1):
            for name, function in functions.items():
                if name in setup:
                    setup[name]()
                start = time.perf_counter()
                function()
                taken = time.perf_counter() - start
                if number > 0:
                    seconds[name].append(taken)
    finally:
        gc.unfreeze()
    return {name: Timing.of(taken) for name, taken in seconds.items()}
