"""`fastnlp vocab`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.progress import Progress

from fastnlp.cli.output import print_facts
from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.corpus import WordCounts, count_words, count_words_to_file
from fastnlp.corpus.word_counts import is_counts_file
from fastnlp.ops.vocabulary import write_vocabulary
from fastnlp.ops.vocabulary_learning import learn_vocabulary
from fastnlp.ops.vocabulary_report import VocabularyReport, report_vocabulary

LEARNING = {
    "reserved_tokens",
    "suffix_indicator",
    "algorithm",
    "upper_threshold",
    "lower_threshold",
    "num_iterations",
    "max_input_tokens",
    "max_token_length",
    "max_unique_characters",
    "slack_ratio",
}
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
    held_out: Path | None,
    quiet: bool,
    num_threads: int | None,
    **options: Any,
) -> None:
    """Learn vocabularies from files, write them, and report on them."""
    if len(set(vocabulary_sizes)) > 1 and SIZE not in out.name:
        raise ValueError(f"`out` must hold {SIZE} where several sizes are asked for; received {str(out)!r}.")
    outs = {size: out.with_name(out.name.replace(SIZE, str(size))) for size in vocabulary_sizes}
    for path in outs.values():
        _prepare(path)
    learning = {name: options.pop(name) for name in LEARNING}
    facts = []
    with progress_bars(quiet=quiet) as progress:
        word_counts = _read_counts(progress, inputs, num_threads=num_threads, **options)
        held_out_counts = None
        if held_out is not None:
            rules = word_counts.rules._asdict()  # a counts file's are its own
            options |= {name: rules[name] for name in rules.keys() & options.keys()}
            held_out_counts = _read_held_out(progress, held_out, word_counts, num_threads=num_threads, **options)
        vocabularies = {}
        for size, path in outs.items():
            with stage(progress, f"learn {size:,} tokens") as report:
                tokens, threshold, found = learn_from_counts(
                    word_counts, size, report, num_threads=num_threads, **learning
                )
            vocabularies[size] = tokens
            result = report_vocabulary(
                tokens,
                word_counts,
                size_asked=size,
                threshold=threshold,
                held_out=held_out_counts,
                reserved_tokens=learning["reserved_tokens"],
                suffix_indicator=learning["suffix_indicator"],
            )
            facts.append(list(_facts(path, result, found, learning["slack_ratio"])))
    for size, tokens in vocabularies.items():
        write_vocabulary(outs[size], tokens)
    for lines in facts:
        print_facts(lines)


def learn_from_counts(
    word_counts: Mapping[str, int], vocabulary_size: int, report: Report, **options: Any
) -> tuple[list[str], int, int]:
    """`learn_vocabulary`, reporting its progress; the tokens, the threshold, and how many tokens it gave."""
    steps = max(word_counts.values(), default=1).bit_length()  # at most, of a binary search
    evaluated: list[tuple[int, int]] = []

    def on_evaluate(threshold: int, size: int) -> None:
        evaluated.append((threshold, size))
        report(len(evaluated), steps)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a size that does not fit, which the facts tell of
        tokens = learn_vocabulary(word_counts, vocabulary_size, on_evaluate=on_evaluate, **options)
    return (tokens, *evaluated[-1])


def _facts(out: Path, report: VocabularyReport, found: int, slack_ratio: float) -> Iterator[tuple[str, str]]:
    yield "path", str(out)
    size = f"{report.size:,} of {report.size_asked:,} asked for"
    if report.size_asked - report.size > slack_ratio * report.size_asked:
        size += "; the search found no threshold that comes nearer"
    elif found > report.size:
        size += (
            f"; {found - report.size:,} more, the rarest, are cut off: the search found no threshold that comes nearer"
        )
    yield "tokens", size
    yield "threshold", f"{report.threshold:,}"
    for name, coverage in (("corpus", report.corpus), ("held out", report.held_out)):
        if coverage is not None:
            yield name, f"{coverage.words:,} words, {coverage.different_words:,} of them different"
            yield "", f"{coverage.tokens_per_word:.3f} tokens per word, {coverage.unknown_share:.3%} of words unknown"
    yield "longest tokens", " ".join(report.longest_tokens)


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


def _read_held_out(
    progress: Progress, path: Path, corpus: WordCounts, max_megabytes: int, **counting: Any
) -> WordCounts:
    """The words of a text, or those of a counts file, which must follow the rules of the corpus."""
    with stage(progress, "read held-out words") as report:
        if not is_counts_file(path):
            return count_words([path], max_memory=max_megabytes * BYTES_PER_MEGABYTE, progress=report, **counting)
        counts = WordCounts.load(path)
    if counts.rules != corpus.rules:
        raise ValueError(
            f"`held_out` must be counted by the rules of the corpus, {corpus.rules}; received {str(path)!r}, "
            f"counted by {counts.rules}."
        )
    return counts
