"""`fastnlp vocab`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import click

from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.corpus import count_words
from fastnlp.ops.vocabulary import write_vocabulary
from fastnlp.ops.vocabulary_learning import learn_vocabulary


def learn(
    *,
    inputs: Sequence[Path],
    out: Path,
    vocabulary_size: int,
    suffix_indicator: str,
    reserved_tokens: Sequence[str],
    quiet: bool,
    **counting: Any,
) -> None:
    """Learn a vocabulary from files and write it."""
    if out.is_dir():
        raise IsADirectoryError(f"`out` must be a file; {str(out)!r} is a folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with progress_bars(quiet=quiet) as progress:
        with stage(progress, "count words") as report:
            word_counts = count_words(inputs, progress=report, **counting)
        with stage(progress, "learn vocabulary") as report:
            tokens = learn_from_counts(
                word_counts,
                vocabulary_size,
                report,
                suffix_indicator=suffix_indicator,
                reserved_tokens=reserved_tokens,
            )
    write_vocabulary(out, tokens)
    click.echo(
        f"{out}: {len(tokens):,} tokens, learned from {sum(word_counts.values()):,} words, "
        f"{len(word_counts):,} of them different"
    )


def learn_from_counts(
    word_counts: Mapping[str, int], vocabulary_size: int, report: Report, **options: Any
) -> list[str]:
    """`learn_vocabulary`, reporting its progress."""
    steps = max(word_counts.values(), default=1).bit_length()  # at most, of a binary search
    step = count(1)
    return learn_vocabulary(
        word_counts, vocabulary_size, on_evaluate=lambda threshold, size: report(next(step), steps), **options
    )
