"""`fastnlp vocab`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastnlp.cli.output import print_facts
from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.corpus import count_words
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
    "num_threads",
}


def learn(
    *, inputs: Sequence[Path], out: Path, vocabulary_size: int, held_out: Path | None, quiet: bool, **options: Any
) -> None:
    """Learn a vocabulary from files, write it, and report on it."""
    if out.is_dir():
        raise IsADirectoryError(f"`out` must be a file; {str(out)!r} is a folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    learning = {name: options.pop(name) for name in LEARNING}
    with progress_bars(quiet=quiet) as progress:
        with stage(progress, "count words") as report:
            word_counts = count_words(inputs, progress=report, **options)
        held_out_counts = None
        if held_out is not None:
            with stage(progress, "count words held out") as report:
                held_out_counts = count_words(held_out, progress=report, **options)
        with stage(progress, "learn vocabulary") as report:
            tokens, threshold = learn_from_counts(word_counts, vocabulary_size, report, **learning)
    facts = report_vocabulary(
        tokens,
        word_counts,
        size_asked=vocabulary_size,
        threshold=threshold,
        held_out=held_out_counts,
        reserved_tokens=learning["reserved_tokens"],
        suffix_indicator=learning["suffix_indicator"],
    )
    write_vocabulary(out, tokens)
    print_facts(list(_facts(out, facts, learning["slack_ratio"])))


def learn_from_counts(
    word_counts: Mapping[str, int], vocabulary_size: int, report: Report, **options: Any
) -> tuple[list[str], int]:
    """`learn_vocabulary`, reporting its progress; the tokens and the threshold.

    Raises:
        ValueError: where the vocabulary is too small to be of use.
    """
    steps = max(word_counts.values(), default=1).bit_length()  # at most, of a binary search
    thresholds: list[int] = []

    def on_evaluate(threshold: int, size: int) -> None:
        thresholds.append(threshold)
        report(len(thresholds), steps)

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            tokens = learn_vocabulary(word_counts, vocabulary_size, on_evaluate=on_evaluate, **options)
        except UserWarning as warning:
            raise ValueError(str(warning)) from None
    return tokens, thresholds[-1]


def _facts(out: Path, report: VocabularyReport, slack_ratio: float) -> Iterator[tuple[str, str]]:
    yield "path", str(out)
    size = f"{report.size:,} of {report.size_asked:,} asked for"
    if report.size_asked - report.size > slack_ratio * report.size_asked:
        size += "; the search found no threshold that gives more"
    yield "tokens", size
    yield "threshold", f"{report.threshold:,}"
    for name, coverage in (("corpus", report.corpus), ("held out", report.held_out)):
        if coverage is not None:
            yield name, f"{coverage.words:,} words, {coverage.different_words:,} of them different"
            yield "", f"{coverage.tokens_per_word:.3f} tokens per word, {coverage.unknown_share:.3%} of words unknown"
    yield "longest tokens", " ".join(report.longest_tokens)
