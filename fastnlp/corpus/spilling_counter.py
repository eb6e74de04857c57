"""Count words in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from fastnlp.ops.word_counter import FlatCounts, WordCounter, WordTable

LOG2_PARTITIONS = 10
NUM_PARTITIONS = 1 << LOG2_PARTITIONS
# Tables double when they grow, and to take the counts out of them needs as much again.
MEMORY_PER_TABLE = 4


class SpillingCounter:
    """Counts words; what would take too much memory goes to disk, and is added up at the end.

    What is counted when memory is full is written to disk as a run: its words grouped by partition, some bits of their
    hash, so that equal words of all runs are in one partition. At the end, as many partitions at a time as memory holds
    are added up. Each word then goes to the run in which it came first; and the words of one run after another,
    brought back into order, are the result.

    The files have no name, and vanish with the process however it ends.

    Args:
        counter: counts what is in memory.
        max_memory: how much the counts may take, in bytes, about.
    """

    def __init__(self, counter: WordCounter, max_memory: int) -> None:
        self.counter = counter
        self._max_bytes = max(max_memory // MEMORY_PER_TABLE, 1)
        self._file: _WordFile | None = None
        self._runs: list[_Run] = []

    def __enter__(self) -> SpillingCounter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, texts: Any) -> None:
        """Count the words of texts."""
        self.counter.add(texts)
        if self.counter.memory() > self._max_bytes:
            self._spill()

    def finish(self) -> Iterator[FlatCounts]:
        """Give the words in the order in which they first came, and their counts, a part of them at a time."""
        if self._file is None:
            return iter([self.counter.take()])
        self._spill()
        return self._merge(self._file)

    def _merge(self, runs: _WordFile) -> Iterator[FlatCounts]:
        with closing(_WordFile()) as merged:
            for blocks in filter(None, self._add_up(runs, merged)):
                words, firsts = zip(*(merged.read(block, 0, block.size) for block in blocks), strict=True)
                yield FlatCounts.concatenate(words).take(np.argsort(np.concatenate(firsts)))

    def _spill(self) -> None:
        words = self.counter.take()
        self._file = self._file or _WordFile()
        partitions = words.partitions(LOG2_PARTITIONS)
        order = np.argsort(partitions, kind="stable")
        block = self._file.append(words.take(order), order)
        self._runs.append(_Run(block, np.searchsorted(partitions[order], np.arange(NUM_PARTITIONS + 1))))

    def _add_up(self, runs: _WordFile, merged: _WordFile) -> list[list[_Block]]:
        """Write every word once to `merged`; where they are, by the run in which they came first."""
        first_in: list[list[_Block]] = [[] for _ in self._runs]
        step = max(NUM_PARTITIONS * self._max_bytes // runs.num_bytes, 1)
        for begin in range(0, NUM_PARTITIONS, step):
            table = WordTable()
            ends = []
            for run in self._runs:
                rows = run.bounds[begin], run.bounds[min(begin + step, NUM_PARTITIONS)]
                table.add(*runs.read(run.block, *rows))
                ends.append(len(table))
            words, firsts = table.take()
            for blocks, start, end in zip(first_in, [0, *ends], ends, strict=False):
                if start < end:
                    blocks.append(merged.append(words[start:end], firsts[start:end]))
        return first_in


class _Block(NamedTuple):
    offset: int
    size: int  # words


class _Run(NamedTuple):
    block: _Block
    bounds: np.ndarray  # where in it each partition begins, and the end


class _WordFile:
    """A file without a name that holds blocks of words."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.num_bytes = 0

    def close(self) -> None:
        self._file.close()

    def append(self, words: FlatCounts, firsts: np.ndarray) -> _Block:
        """Write words, and where in their run each of them stands."""
        block = _Block(self.num_bytes, len(words))
        self._file.seek(block.offset)
        for column in (words.counts, firsts, words.splits, words.text):
            self.num_bytes += self._file.write(column.data)
        return block

    def read(self, block: _Block, begin: int, end: int) -> tuple[FlatCounts, np.ndarray]:
        """Words `begin` up to `end` of a block."""
        counts_at = block.offset
        firsts_at = counts_at + 8 * block.size
        splits_at = firsts_at + 8 * block.size
        bytes_at = splits_at + 8 * (block.size + 1)
        splits = self._read(splits_at + 8 * begin, end + 1 - begin, np.int64)
        text = self._read(bytes_at + int(splits[0]), int(splits[-1] - splits[0]), np.uint8)
        counts = self._read(counts_at + 8 * begin, end - begin, np.int64)
        firsts = self._read(firsts_at + 8 * begin, end - begin, np.int64)
        return FlatCounts(text, splits - splits[0], counts), firsts

    def _read(self, offset: int, size: int, dtype: type[np.generic]) -> np.ndarray:
        self._file.seek(offset)
        return np.frombuffer(self._file.read(size * np.dtype(dtype).itemsize), dtype)
