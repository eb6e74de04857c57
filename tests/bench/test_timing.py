"""Rounds under a clock."""

from __future__ import annotations

import time

import pytest

from fastnlp.bench.contest import count_different, first_bytes
from fastnlp.bench.timing import Timing, time_rounds


def test_timing_of_rounds():
    timing = Timing.of([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (timing.best, timing.median) == (1.0, 3.0)
    assert timing.spread == pytest.approx(2 / 3)
    assert Timing.of([2.0]) == Timing(2.0, 2.0, 0.0)


def test_functions_take_turns():
    calls = []
    timings = time_rounds(
        {"a": lambda: calls.append("a"), "b": lambda: time.sleep(0.002)},
        3,
        setup={"a": lambda: (time.sleep(0.01), calls.append("setup"))},
    )
    assert calls == ["setup", "a"] * 4  # one round is not counted
    assert timings["a"].median < 0.005  # the setup is outside the time
    assert timings["b"].best >= 0.002


def test_first_bytes():
    texts = ["ab", "é", "abc"]
    assert first_bytes(texts, 7) == texts
    assert first_bytes(texts, 6) == ["ab", "é"]
    assert first_bytes(texts, 1) == ["ab"]


def test_count_different():
    assert count_different([[1, 2], [3], []], [[1, 2], [4], [5]]) == 2
