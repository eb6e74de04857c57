"""Which implementation runs: a CPU target of the C++ kernels, or the reference.

The target is chosen once, at import: `FASTNLP_TARGET` names it, else the best one that this machine has is taken.
An unavailable name is an error; running on the reference without having been asked to warns.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

from fastnlp.reference import wordpiece as reference_wordpiece
from fastnlp.reference.text import BERT, KERAS, TextRules, decode_utf8, split_lines

__all__ = [
    "BERT",
    "KERAS",
    "DelimitedText",
    "FlatCounts",
    "TextRules",
    "WordCounter",
    "WordPieceKernels",
    "WordTable",
    "available_targets",
    "native",
    "split_lines",
    "target",
    "use_target",
]

REFERENCE = "reference"

native: ModuleType | None
try:
    from fastnlp import _native as native
except ImportError as error:
    native = None
    native_error: str | None = str(error)
else:
    native_error = None


def available_targets() -> list[str]:
    """The targets that can be used here, best first; the reference is always the last."""
    return [*(native.targets() if native is not None else []), REFERENCE]


def target() -> str:
    """The target in use."""
    return _target


def _check_target(name: str) -> str:
    if name not in available_targets():
        reason = f" The extension is missing: {native_error}." if native is None else ""
        raise ValueError(f"`target` must be one of {available_targets()} on this machine; received {name!r}.{reason}")
    return name


@contextmanager
def use_target(name: str) -> Iterator[None]:
    """Run every kernel on one target while the context lasts, in all threads: for tests and measurements.

    Args:
        name: one of `fastnlp.show_config()["targets"]`.

    Raises:
        ValueError: where this machine or this build does not have it.
    """
    global _target  # noqa: PLW0603 - the one choice that all kernels share
    before, _target = _target, _check_target(name)
    _set_native_target()
    try:
        yield
    finally:
        _target = before
        _set_native_target()


def _set_native_target() -> None:
    if native is not None and _target != REFERENCE:
        native.use_target(_target)


def _choose_target() -> str:
    asked = os.environ.get("FASTNLP_TARGET")
    if asked:
        return _check_target(asked)
    if native is None:
        warnings.warn(
            f"fastnlp runs on its pure-Python reference, some hundred times slower, because its extension cannot be "
            f"imported: {native_error}. Reinstall fastnlp, or set FASTNLP_TARGET=reference to run without it.",
            RuntimeWarning,
            stacklevel=2,
        )
    return available_targets()[0]


_target = _choose_target()
_set_native_target()


@dataclass(frozen=True)
class DelimitedText:
    """A source whose texts are the lines of one buffer, as `split_lines` finds them."""

    buffer: memoryview
    delimiter: bytes


def _native_texts(source: Any) -> Any:
    """The texts of one source for the native kernels."""
    assert native is not None
    if isinstance(source, DelimitedText):
        return native.Texts(source.buffer, source.delimiter)
    return native.Texts(source)


def _reference_texts(source: Any) -> list[bytes]:
    """The texts of one source (see `fastnlp.ops.texts`) for the reference, which takes bytes one by one."""
    if isinstance(source, DelimitedText):
        return split_lines(bytes(source.buffer), source.delimiter)
    if isinstance(source, (list, tuple)):
        return [item if isinstance(item, bytes) else item.encode("utf-8", "surrogatepass") for item in source]
    if isinstance(source, np.ndarray):
        return _reference_texts(source.tolist())
    if native is None:
        raise TypeError(f"{type(source).__name__} holds Arrow data, which only the missing extension can read.")
    texts: list[bytes] = native.Texts(source).tolist()
    return texts


def _checked(texts: list[bytes], strict: bool) -> list[bytes]:
    """The same texts; with `strict`, all of them are UTF-8."""
    for row, text in enumerate(texts if strict else ()):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"`texts` row {row}: invalid UTF-8 at byte {error.start} (errors='strict').") from None
    return texts


class WordPieceKernels:
    """The kernels of WordPiece on one model, given in its canonical form."""

    def __init__(self, dumped: bytes) -> None:
        self.dumped = dumped

    @cached_property
    def _native(self) -> Any:
        assert native is not None
        return native.WordPieceModel(self.dumped)

    @cached_property
    def model(self) -> reference_wordpiece.WordPieceModel:
        """The model as the reference reads it."""
        return reference_wordpiece.load(self.dumped)

    def encode(self, source: Any, num_threads: int, strict: bool) -> tuple[np.ndarray, np.ndarray]:
        """Token ids and row splits of all texts of a source."""
        if _target != REFERENCE:
            values, row_splits = self._native.encode(_native_texts(source), num_threads, strict)
            return values, row_splits
        texts = _checked(_reference_texts(source), strict)
        rows = [reference_wordpiece.encode(text, self.model) for text in texts]
        lengths = np.array([0, *map(len, rows)], np.int64)
        return np.array([token_id for row in rows for token_id in row], np.int32), np.cumsum(lengths)

    def encode_with_offsets(self, source: Any, num_threads: int, strict: bool) -> tuple[np.ndarray, ...]:
        """Token ids, byte offsets `[tokens, 2]`, character offsets, word numbers and row splits of all texts."""
        if _target != REFERENCE:
            ids, byte_offsets, char_offsets, word_ids, row_splits = self._native.encode_with_offsets(
                _native_texts(source), num_threads, strict
            )
            return ids, byte_offsets.reshape(-1, 2), char_offsets.reshape(-1, 2), word_ids, row_splits
        texts = _checked(_reference_texts(source), strict)
        rows = [reference_wordpiece.encode_with_offsets(text, self.model) for text in texts]
        lengths = np.array([0, *map(len, rows)], np.int64)
        tokens = np.array([token for row in rows for token in row], np.int64).reshape(-1, 6)
        return tokens[:, 0].astype(np.int32), tokens[:, 1:3], tokens[:, 3:5], tokens[:, 5], np.cumsum(lengths)

    def decode(self, values: np.ndarray, row_splits: np.ndarray, num_threads: int) -> list[str]:
        """The text of every row of ids, which the caller has checked."""
        if _target != REFERENCE:
            texts: list[str] = self._native.decode(values, row_splits, num_threads)
            return texts
        bounds = row_splits.tolist()
        ids: Sequence[int] = values.tolist()
        return [reference_wordpiece.decode(ids[start:end], self.model) for start, end in pairwise(bounds)]


dump_wordpiece = reference_wordpiece.dump


@dataclass(frozen=True)
class FlatCounts:
    """Words and how often each came; word `i` is `text[splits[i] : splits[i + 1]]`, in UTF-8."""

    text: np.ndarray  # uint8
    splits: np.ndarray  # int64
    counts: np.ndarray  # int64

    @classmethod
    def from_dict(cls, counts: Mapping[str, int]) -> FlatCounts:
        return _flatten([word.encode() for word in counts], list(counts.values()))

    @classmethod
    def concatenate(cls, parts: Iterable[FlatCounts]) -> FlatCounts:
        """The words of all parts, one part after another."""
        parts = list(parts)
        starts = np.cumsum([0, *(part.text.size for part in parts)])
        return cls(
            np.concatenate([np.empty(0, np.uint8), *(part.text for part in parts)]),
            np.concatenate(
                [np.zeros(1, np.int64), *(part.splits[1:] + start for part, start in zip(parts, starts, strict=False))]
            ),
            np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)]),
        )

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, rows: slice) -> FlatCounts:
        begin, end, _ = rows.indices(len(self))
        splits = self.splits[begin : end + 1]
        return FlatCounts(self.text[splits[0] : splits[-1]], splits - splits[0], self.counts[begin:end])

    def words(self) -> list[bytes]:
        text = self.text.tobytes()
        return [text[begin:end] for begin, end in pairwise(self.splits.tolist())]

    def to_dict(self) -> dict[str, int]:
        if _target != REFERENCE:
            assert native is not None
            counts: dict[str, int] = native.word_counts_to_dict(self.text, self.splits, self.counts)
            return counts
        return dict(zip(map(bytes.decode, self.words()), self.counts.tolist(), strict=True))

    def take(self, indices: np.ndarray) -> FlatCounts:
        """Some of the words, in the order of `indices`."""
        if _target != REFERENCE:
            assert native is not None
            text, splits = native.take_words(self.text, self.splits, indices)
            return FlatCounts(text, splits, self.counts[indices])
        words = self.words()
        return _flatten([words[index] for index in indices.tolist()], self.counts[indices].tolist())

    def partitions(self, log2_partitions: int) -> np.ndarray:
        """A number below `2**log2_partitions` for each word, uint16: the same for equal words, else as if at random."""
        if _target != REFERENCE:
            assert native is not None
            numbers: np.ndarray = native.partition_words(self.text, self.splits, log2_partitions)
            return numbers
        return np.array([crc32(word) >> (32 - log2_partitions) for word in self.words()], np.uint16)


def _flatten(words: list[bytes], counts: list[int]) -> FlatCounts:
    splits = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return FlatCounts(np.frombuffer(b"".join(words), np.uint8), splits, np.array(counts, np.int64))


class WordCounter:
    """Counts the words of one batch of texts after another."""

    def __init__(self, rules: TextRules) -> None:
        self._rules = rules
        self._native: Any = None
        self._counts: dict[str, int] = {}
        self._replaced = 0
        if _target != REFERENCE:
            assert native is not None
            self._native = native.WordCounter(
                rules.rules == BERT, rules.lowercase, rules.strip_accents, rules.split, rules.split_on_cjk
            )

    def add(self, source: Any, num_threads: int, strict: bool) -> None:
        """Count the words of all texts of a source."""
        if self._native is not None:
            self._native.add(_native_texts(source), num_threads, strict)
            return
        texts = _checked(_reference_texts(source), strict)
        for word, count in reference_wordpiece.count_words(texts, self._rules).items():
            self._counts[word] = self._counts.get(word, 0) + count
        replacement = "\ufffd"
        self._replaced += sum(decode_utf8(text).count(replacement) - text.count(replacement.encode()) for text in texts)

    def memory(self) -> int:
        """What the counts take, in bytes, about."""
        return self._native.memory() if self._native is not None else 100 * len(self._counts)

    def take(self) -> tuple[FlatCounts, int]:
        """The words, in the order in which they first came, and the number of ill-formed sequences; and begin anew."""
        if self._native is not None:
            *words, replaced = self._native.take()
            return FlatCounts(*words), replaced
        counts, replaced = FlatCounts.from_dict(self._counts), self._replaced
        self._counts, self._replaced = {}, 0
        return counts, replaced


class WordTable:
    """Adds up the counts of equal words."""

    def __init__(self) -> None:
        self._native: Any = None
        self._words: dict[bytes, tuple[int, int]] = {}
        if _target != REFERENCE:
            assert native is not None
            self._native = native.WordTable()

    def __len__(self) -> int:
        return len(self._words if self._native is None else self._native)

    def add(self, words: FlatCounts, firsts: np.ndarray) -> None:
        """Add words; those that are new keep the numbers in `firsts`."""
        if self._native is not None:
            self._native.add(words.text, words.splits, words.counts, firsts)
            return
        for word, count, first in zip(words.words(), words.counts.tolist(), firsts.tolist(), strict=True):
            before, first_before = self._words.get(word, (0, first))
            self._words[word] = before + count, first_before

    def take(self) -> tuple[FlatCounts, np.ndarray]:
        """The words in the order in which they were added first, and their numbers; and begin anew."""
        if self._native is not None:
            *words, firsts = self._native.take()
            return FlatCounts(*words), firsts
        words = _flatten(list(self._words), [count for count, _ in self._words.values()])
        firsts = np.array([first for _, first in self._words.values()], np.int64)
        self._words = {}
        return words, firsts


learn = reference_wordpiece.learn
