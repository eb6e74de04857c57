"""`fastnlp vocab`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.progress import Progress

from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.corpus import WordCounts, count_words, count_words_to_file
from fastnlp.corpus.word_counts import is_counts_file
from fastnlp.ops.vocabulary import write_vocabulary
from fastnlp.ops.vocabulary_learning import learn_vocabulary

BYTES_PER_MEGABYTE = 1 << 20
SIZE = "{size}"  # in the name of an output


def count(*, inputs: Sequence[Path], out: Path, max_megabytes: int, quiet: bool, **counting: Any) -> None:
    """Count the words of files and write a counts file."""
    if not is_counts_file(out):
        raise ValueError(f"`out` must be named *.parquet; received {str(out)!r}.")
    _prepare(out)
    with progress_bars(quiet=quiet) as progress, stage(progress, "count words") as report:
        counted = count_words_to_file(
            inputs, out, max_memory=max_megabytes * BYTES_PER_MEGABYTE, progress=report, **counting
        )
    replaced = f"; {counted.num_replaced:,} ill-formed sequences of bytes replaced" if counted.num_replaced else ""
    click.echo(f"{out}: {counted.num_words:,} words, {counted.num_different:,} of them different{replaced}")


def learn(
    *,
    inputs: Sequence[Path],
    out: Path,
    vocabulary_sizes: Sequence[int],
    suffix_indicator: str,
    reserved_tokens: Sequence[str],
    quiet: bool,
    **counting: Any,
) -> None:
    """Learn vocabularies from files and write them."""
    if len(set(vocabulary_sizes)) > 1 and SIZE not in out.name:
        raise ValueError(f"`out` must hold {SIZE} where several sizes are asked for; received {str(out)!r}.")
    outs = {size: out.with_name(out.name.replace(SIZE, str(size))) for size in vocabulary_sizes}
    for path in outs.values():
        _prepare(path)
    with progress_bars(quiet=quiet) as progress:
        word_counts = _read_counts(progress, inputs, **counting)
        vocabularies = {}
        for size in outs:
            with stage(progress, f"learn {size:,} tokens") as report:
                vocabularies[size] = learn_from_counts(
                    word_counts, size, report, suffix_indicator=suffix_indicator, reserved_tokens=reserved_tokens
                )
    for size, tokens in vocabularies.items():
        write_vocabulary(outs[size], tokens)
        click.echo(
            f"{outs[size]}: {len(tokens):,} tokens, learned from {word_counts.num_words:,} words, "
            f"{len(word_counts):,} of them different"
        )


def learn_from_counts(
    word_counts: Mapping[str, int], vocabulary_size: int, report: Report, **options: Any
) -> list[str]:
    """`learn_vocabulary`, reporting its progress."""
    steps = max(word_counts.values(), default=1).bit_length()  # at most, of a binary search
    step = itertools.count(1)
    return learn_vocabulary(
        word_counts, vocabulary_size, on_evaluate=lambda threshold, size: report(next(step), steps), **options
    )


def _prepare(out: Path) -> None:
    """Fail before the work, not after it."""
    if out.is_dir():
        raise IsADirectoryError(f"`out` must be a file; {str(out)!r} is a folder.")
    out.parent.mkdir(parents=True, exist_ok=True)


def _read_counts(progress: Progress, inputs: Sequence[Path], max_megabytes: int, **counting: Any) -> WordCounts:
    """The words of files of text, or those of counts files."""
    are_counts = [is_counts_file(path) for path in inputs]
    if not any(are_counts):
        with stage(progress, "count words") as report:
            return count_words(inputs, max_memory=max_megabytes * BYTES_PER_MEGABYTE, progress=report, **counting)
    if not all(are_counts):
        raise ValueError("`inputs` must be all text, or all counts files (*.parquet); received both.")
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
        if given and parameter.name in {*counting, "max_megabytes"} - {"num_threads"}:
            raise ValueError(f"`{parameter.opts[0]}` is for text; the words of counts files have been counted already.")
    with stage(progress, "read word counts"):
        return WordCounts.merge(map(WordCounts.load, inputs))
