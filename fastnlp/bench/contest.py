"""One implementation at one task, timed, and its answer compared with the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from fastnlp.bench.names import ENCODE, FASTNLP, FASTNLP_COLD
from fastnlp.bench.rows import Row
from fastnlp.bench.timing import time_rounds
from fastnlp.ops import WordPiece
from fastnlp.ragged import Ragged

ROUNDS, SLOW_ROUNDS = 7, 3
SLOW_BYTES = 2_000_000  # of text for who is slow

Prepared: TypeAlias = tuple[Callable[[], Any], Callable[[], Ragged]]  # what is timed, and what gives the ids


@dataclass(frozen=True)
class Contestant:
    """One implementation at one task.

    Attributes:
        task: what goes in and what comes out.
        implementation: a name, and after a space which part of it.
        rules: the rules for text that it follows, or is nearest to.
        prepare: makes its work of texts and a number of threads.
        setup: runs before every round, outside the time.
        is_slow: gets only the first `SLOW_BYTES` of the text.
    """

    task: str
    implementation: str
    rules: str
    prepare: Callable[[list[str], int], Prepared]
    setup: Callable[[], Any] | None = None
    is_slow: bool = False


def own_contestant(vocabulary: Sequence[str], rules: str, lowercase: bool, *, is_cold: bool) -> Contestant:
    """fastnlp on a list of str. Its cache outlives calls: cold, every round has a new encoder."""
    encoder: WordPiece

    def renew() -> None:
        nonlocal encoder
        encoder = WordPiece(vocabulary, rules=rules, lowercase=lowercase)
        encoder.encode("")  # the vocabulary is laid out at first use

    def prepare(texts: list[str], threads: int) -> Prepared:
        renew()

        def work() -> Ragged:
            return encode(encoder, texts, threads)

        return work, work

    name = FASTNLP_COLD if is_cold else FASTNLP
    return Contestant(ENCODE, name, rules, prepare, setup=renew if is_cold else None)


def measure_contestant(contestant: Contestant, texts: list[str], threads: Sequence[int], right: Ragged) -> Row:
    """Time a contestant with each number of threads.

    Args:
        contestant: who.
        texts: what is encoded.
        threads: how many, one after another.
        right: the ids that are right.
    """
    if contestant.is_slow:
        texts = first_bytes(texts, SLOW_BYTES)
    row = Row(contestant.task, contestant.implementation, contestant.rules, len(texts), count_bytes(texts) / 1e6, 0)
    for count in threads:
        work, ids = contestant.prepare(texts, count)
        setup = {"work": contestant.setup} if contestant.setup else None
        rounds = SLOW_ROUNDS if contestant.is_slow else ROUNDS
        row.timings[count] = time_rounds({"work": work}, rounds, setup=setup)["work"]
        row.different = max(row.different, count_different(ids(), right[: len(texts)]))
    return row


def encode(encoder: WordPiece, texts: Any, threads: int) -> Ragged:
    """The ids of a batch of texts."""
    ids = encoder.encode(texts, num_threads=threads)
    assert isinstance(ids, Ragged)  # an array only for one text, or with a `sequence_length`
    return ids


def count_bytes(texts: Iterable[str]) -> int:
    """Of UTF-8."""
    return sum(len(text.encode()) for text in texts)


def first_bytes(texts: Sequence[str], limit: int) -> list[str]:
    """The first texts, of `limit` bytes together at most; one at least."""
    ends = np.cumsum([len(text.encode()) for text in texts])
    return list(texts[: max(int(np.searchsorted(ends, limit, side="right")), 1)])


def count_different(rows: Iterable[Any], right: Iterable[Any]) -> int:
    """How many rows are not the right ones."""
    return sum(not np.array_equal(row, expected) for row, expected in zip(rows, right, strict=True))
