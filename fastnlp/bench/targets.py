"""Every CPU target of this machine at the same text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fastnlp import _dispatch
from fastnlp.bench.contest import encode, measure_contestant, own_contestant
from fastnlp.bench.rows import Row
from fastnlp.ops import WordPiece


def native_targets() -> list[str]:
    """The targets of the C++ kernels here, best first."""
    return [name for name in _dispatch.available_targets() if name != _dispatch.REFERENCE]


def measure_targets(
    vocabulary: Sequence[str],
    texts: Sequence[str],
    *,
    rules: str,
    lowercase: bool,
    threads: Sequence[int],
    on_row: Callable[[str], Any] = lambda name: None,
) -> list[Row]:
    """Time `encode` of a list of str on every target, warm and cold; the ids of the first target are the right ones."""
    texts = list(texts)
    rows = []
    right = encode(WordPiece(vocabulary, rules=rules, lowercase=lowercase), texts, max(threads))
    for target in native_targets():
        on_row(target)
        with _dispatch.use_target(target):
            for is_cold in (False, True):
                row = measure_contestant(
                    own_contestant(vocabulary, rules, lowercase, is_cold=is_cold), texts, threads, right
                )
                name, _, part = row.implementation.partition(" ")
                rows.append(replace(row, implementation=f"{name} {target} {part}".strip()))
    return rows
