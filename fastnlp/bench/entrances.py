"""The containers that text can come in, and what a small batch costs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from fastnlp.bench.contest import encode
from fastnlp.bench.timing import Timing, time_rounds
from fastnlp.ops import Lines, WordPiece
from fastnlp.ragged import Ragged

ROUNDS = 7
SMALL_BATCH = [f"a short string, the {number}th of ten." for number in range(10)]
SMALL_CALLS = 1000


@dataclass(frozen=True)
class Entrance:
    """One container.

    Attributes:
        name: what it is.
        timing: of encoding it, on one thread.
        ids_equal: whether its ids are those of a list of str.
    """

    name: str
    timing: Timing
    ids_equal: bool


def measure_entrances(encoder: WordPiece, texts: Sequence[str], *, rounds: int = ROUNDS) -> list[Entrance]:
    """Time `encode` on every container of the same texts, warm, on one thread."""
    texts = list(texts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.txt")
        # The end of a line separates words, as a space does.
        path.write_text("".join(text.replace("\n", " ") + "\n" for text in texts), encoding="utf-8", newline="")
        containers = {**_containers(texts), "lines of a file": Lines(path)}
        works = {name: _work(encoder, container) for name, container in containers.items()}
        right = encode(encoder, texts, 1)
        timings = time_rounds(works, rounds)
        return [Entrance(name, timing, works[name]() == right) for name, timing in timings.items()]


def measure_small_batch(encoder: WordPiece, *, rounds: int = ROUNDS) -> Timing:
    """Time `encode` on ten short str, with as many threads as it wants."""

    def call_often() -> None:
        for _ in range(SMALL_CALLS):
            encoder.encode(SMALL_BATCH)

    timing = time_rounds({"call": call_often}, rounds)["call"]
    return Timing(timing.best / SMALL_CALLS, timing.median / SMALL_CALLS, timing.spread)


def _containers(texts: list[str]) -> dict[str, Any]:
    containers: dict[str, Any] = {
        "list of str": texts,
        "list of bytes": [text.encode() for text in texts],
        "NumPy array of object": np.array([*texts, None], dtype=object)[:-1],  # of rank 1 whatever it holds
    }
    with suppress(AttributeError):  # before NumPy 2
        containers["NumPy array of StringDType"] = np.array(texts, dtype=np.dtypes.StringDType())
    with suppress(ImportError):
        containers["Arrow column (pyarrow)"] = import_module("pyarrow").array(texts)
    return containers


def _work(encoder: WordPiece, container: Any) -> Callable[[], Ragged]:
    return lambda: encode(encoder, container, 1)
