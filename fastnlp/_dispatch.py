"""Which implementation runs: a CPU target of the C++ kernels, or the reference.

The target is chosen once, at import: `FASTNLP_TARGET` names it, else the best one that this machine has is taken.
An unavailable name is an error; running on the reference without having been asked to warns.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from fastnlp.reference import wordpiece as reference_wordpiece
from fastnlp.reference.text import BERT, KERAS, TextRules, split_lines

__all__ = [
    "BERT",
    "KERAS",
    "SUBTRACT_ALL",
    "SUBTRACT_KEPT",
    "DelimitedText",
    "TextRules",
    "WordPieceKernels",
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


def count_words(source: Any, rules: TextRules) -> dict[str, int]:
    """The number of times that each word comes in the texts of a source."""
    return reference_wordpiece.count_words(_reference_texts(source), rules)


SUBTRACT_ALL = "subtract_all"
SUBTRACT_KEPT = "subtract_kept"


def learn(
    algorithm: str,
    counts: dict[str, int],
    vocabulary_size: int,
    reserved_tokens: list[str],
    suffix_indicator: str,
    *,
    num_threads: int,
    **options: Any,
) -> list[str]:
    """The tokens of the vocabulary that an algorithm learns from word counts; `options` as in the reference."""
    arguments = (counts, vocabulary_size, reserved_tokens, suffix_indicator)
    if _target != REFERENCE:
        assert native is not None
        subtract_kept = algorithm == SUBTRACT_KEPT
        tokens: list[str] = native.learn(*arguments, **options, subtract_kept=subtract_kept, num_threads=num_threads)
        return tokens
    kernels = {SUBTRACT_ALL: reference_wordpiece.learn, SUBTRACT_KEPT: reference_wordpiece.learn_subtract_kept}
    return kernels[algorithm](*arguments, **options)
