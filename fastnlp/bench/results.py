"""All that `fastnlp bench` measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastnlp._dispatch import use_target
from fastnlp.bench.contest import count_bytes
from fastnlp.bench.entrances import Entrance, measure_entrances, measure_small_batch
from fastnlp.bench.ladder import Ladder, measure_ladder
from fastnlp.bench.machine import describe_machine, describe_software
from fastnlp.bench.peers import Comparison, compare
from fastnlp.bench.rows import Row
from fastnlp.bench.targets import measure_targets
from fastnlp.bench.timing import Timing
from fastnlp.ops import WordPiece


@dataclass(frozen=True)
class Results:
    """What was measured, where, with what, and on what.

    Attributes:
        machine: the processor.
        software: fastnlp and its peers.
        documents: how many texts.
        megabytes: of UTF-8, 10**6 bytes each.
        vocabulary_size: in tokens.
        rules: of the ladder, the targets and the entrances.
        lowercase: of everything.
        threads: how many, one after another.
        ladder: the steps.
        targets: every CPU target.
        entrances: every container.
        small_batch: one call with ten short str.
        comparison: fastnlp and its peers.
    """

    machine: str
    software: str
    documents: int
    megabytes: float
    vocabulary_size: int
    rules: str
    lowercase: bool
    threads: list[int]
    ladder: Ladder
    targets: list[Row]
    entrances: list[Entrance]
    small_batch: Timing
    comparison: Comparison


def measure(
    texts: Sequence[str],
    vocabulary: Sequence[str],
    *,
    rules: str,
    lowercase: bool,
    threads: Sequence[int],
    target: str,
    on_step: Callable[[str], Any] = lambda name: None,
) -> Results:
    """Measure everything.

    Args:
        texts: what is encoded.
        vocabulary: the tokens.
        rules: of the ladder, the targets and the entrances; peers have their own.
        lowercase: lower-case the text.
        threads: how many, one after another.
        target: the CPU target of all but the table of targets.
        on_step: is told what is measured next.
    """
    encoder = WordPiece(vocabulary, rules=rules, lowercase=lowercase)
    with use_target(target):
        on_step("ladder")
        ladder = measure_ladder(encoder, texts, target)
        targets = measure_targets(vocabulary, texts, rules=rules, lowercase=lowercase, threads=threads, on_row=on_step)
        on_step("entrances")
        entrances = measure_entrances(encoder, texts)
        small_batch = measure_small_batch(encoder)
        comparison = compare(vocabulary, texts, lowercase=lowercase, threads=threads, on_row=on_step)
        return Results(
            machine=describe_machine(),
            software=describe_software(),
            documents=len(texts),
            megabytes=count_bytes(texts) / 1e6,
            vocabulary_size=len(vocabulary),
            rules=rules,
            lowercase=lowercase,
            threads=list(threads),
            ladder=ladder,
            targets=targets,
            entrances=entrances,
            small_batch=small_batch,
            comparison=comparison,
        )
