"""`fastnlp bench`: how fast this machine encodes, and next to whom."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import click
import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from fastnlp.bench.contest import count_bytes, first_bytes
from fastnlp.bench.entrances import SMALL_BATCH
from fastnlp.bench.ladder import RUNGS, Ladder
from fastnlp.bench.names import OWN
from fastnlp.bench.results import Results, measure
from fastnlp.bench.rows import Row, format_number, format_threads
from fastnlp.bench.targets import native_targets
from fastnlp.cli import python_docs
from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.cli.vocab import learn_from_counts
from fastnlp.corpus.inputs import InputReader
from fastnlp.files import staged_file
from fastnlp.ops.vocabulary import as_vocabulary
from fastnlp.ops.vocabulary_learning import count_words

VOCABULARY_SIZE = 8000  # of the one that is learned
LEARNED_BYTES = 800_000  # of text, for the vocabulary
METHOD = (
    "A figure is the median of several rounds after one that is not counted; best is the shortest of them: what the "
    "code costs where nothing disturbs it. Noise is the interquartile range of the rounds by their median: above a "
    "tenth, other programs took their part, and ratios say more than speeds. MB are 10^6 bytes of UTF-8. Cold: every "
    "round has a new encoder with empty caches; warm: it has met the text before."
)


def run(
    *,
    inputs: Sequence[Path],
    vocabulary: Path | None,
    rules: str,
    lowercase: bool,
    num_threads: int | None,
    megabytes: float,
    target: str | None,
    json_file: Path | None,
    chart_file: Path | None,
) -> None:
    """Measure, print, and write what was asked for."""
    targets = native_targets()
    if not targets:
        raise click.ClickException("The extension is missing, so there is nothing to measure; see `fastnlp info`.")
    if target is not None and target not in targets:
        raise click.UsageError(f"`--target` must be one of {targets} on this machine; received {target!r}.")
    if chart_file is not None and find_spec("matplotlib") is None:
        raise click.UsageError("`--chart` needs matplotlib: pip install matplotlib")
    with progress_bars() as progress:
        with stage(progress, "read text"):
            texts = first_bytes(list(_texts(inputs, megabytes * 1e6)), int(megabytes * 1e6))
        if not any(texts):
            raise ValueError("`inputs` must hold text; there is none.")
        if vocabulary is not None:
            tokens: Sequence[str] = as_vocabulary(vocabulary)
        else:
            with stage(progress, "learn vocabulary") as report:
                tokens = _learn(texts, lowercase, report)
        task = progress.add_task("measure", total=None)
        results = measure(
            texts,
            tokens,
            rules=rules,
            lowercase=lowercase,
            threads=sorted({1, num_threads or len(os.sched_getaffinity(0))}),
            target=target or targets[0],
            on_step=lambda name: progress.update(task, description=f"measure {name}"),
        )
    text = ", ".join(path.name for path in inputs) if inputs else "Python's own documentation"
    if vocabulary is None:
        text += ", and a vocabulary learned from it"
    _print(results, text)
    if json_file is not None:
        with staged_file(json_file) as file:
            file.write(
                orjson.dumps({"text": text, **asdict(results)}, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
            )
    if chart_file is not None:
        from fastnlp.bench.chart import draw_encode  # noqa: PLC0415 - matplotlib is optional

        with staged_file(chart_file) as file:
            file.write(draw_encode(results.comparison.rows, f"{text}. {results.machine}"))


def _texts(inputs: Sequence[Path], limit: float) -> Iterator[str]:
    """The documents of some files, or Python's own documentation: not much more than `limit` bytes."""
    if not inputs:
        yield from python_docs.language_reference()
        yield from chain.from_iterable(map(python_docs.docstrings, python_docs.source_files()))
        return
    for batch in InputReader(inputs).batches():
        for document in batch:
            text = document.decode(errors="replace") if isinstance(document, bytes) else document
            # Lone surrogates, which JSON can hold, have no UTF-8.
            text = text if text.isascii() else text.encode(errors="surrogatepass").decode(errors="replace")
            limit -= len(text)
            yield text
            if limit < 0:
                return


def _learn(texts: Sequence[str], lowercase: bool, report: Report) -> list[str]:
    part = texts[:: -(-count_bytes(texts) // LEARNED_BYTES)]  # from all over the text
    counts = count_words(part, lowercase=lowercase, strip_accents=lowercase)
    vocabulary, *_ = learn_from_counts(counts, VOCABULARY_SIZE, report)
    return vocabulary


def _print(results: Results, text: str) -> None:
    """All tables."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"{results.machine}. {results.software}.", soft_wrap=True)
    console.print(
        f"{text}: {results.documents:,} documents, {results.megabytes:,.1f} MB; {results.vocabulary_size:,} tokens, "
        f"rules={results.rules!r}, lowercase={results.lowercase}.",
        soft_wrap=True,
        markup=False,
    )
    console.print(_ladder_table(results.ladder))
    ladder = results.ladder
    console.print(
        f"{ladder.pieces:,} pieces, {ladder.ids:,} ids; warm, {ladder.missed / max(ladder.pieces, 1):.1%} of the "
        "pieces are not in their line of the cache. The ladder's ids "
        f"{'are' if ladder.ids_equal else 'ARE NOT'} those of encode.",
        soft_wrap=True,
    )
    console.print(_rows_table("CPU targets", results.targets, results.threads))
    console.print(_entrances_table(results))
    comparison = results.comparison
    for task in dict.fromkeys(row.task for row in comparison.rows):
        console.print(_rows_table(task, [row for row in comparison.rows if row.task == task], results.threads))
    oracles = ", ".join(f"{oracle} under {rules!r}" for rules, oracle in comparison.oracles.items())
    console.print(f"Right are the ids of {oracles}.", soft_wrap=True, markup=False)
    if comparison.missing:
        console.print(f"Not installed: {', '.join(comparison.missing)}.", soft_wrap=True, markup=False)
    console.print(METHOD)


def _ladder_table(ladder: Ladder) -> Table:
    table = _table(f"Ladder, {ladder.target}, 1 thread", "GB/s", "best GB/s", "ns a piece", "share", "noise")
    for rung in ladder.rungs:
        timing = rung.timing
        table.add_row(
            RUNGS[rung.name],
            f"{ladder.bytes / timing.median / 1e9:.2f}",
            f"{ladder.bytes / timing.best / 1e9:.2f}",
            f"{timing.median / max(ladder.pieces, 1) * 1e9:.2f}",
            "" if rung.share is None else f"{rung.share:.0%}",
            f"{timing.spread:.0%}",
        )
    return table


def _rows_table(title: str, rows: Sequence[Row], threads: Sequence[int]) -> Table:
    columns = chain.from_iterable((format_threads(count), "best", "noise") for count in threads)
    table = _table(f"{title}, MB/s", "rules", "differ", *columns)
    for row in rows:
        cells = [row.implementation, row.rules, f"{row.different:,} of {row.documents:,}"]
        for count in threads:
            timing = row.timings[count]
            cells += [
                format_number(row.speed(count)),
                format_number(row.megabytes / timing.best),
                f"{timing.spread:.0%}",
            ]
        table.add_row(*cells, style="bold" if row.implementation in OWN else None)
    return table


def _entrances_table(results: Results) -> Table:
    table = _table("Containers, 1 thread, warm", "ids", "MB/s", "best", "noise")
    for entrance in results.entrances:
        timing = entrance.timing
        table.add_row(
            entrance.name,
            "equal" if entrance.ids_equal else "DIFFER",
            format_number(results.megabytes / timing.median),
            format_number(results.megabytes / timing.best),
            f"{timing.spread:.0%}",
        )
    small = results.small_batch
    table.add_row(
        f"{len(SMALL_BATCH)} short str, one call",
        "",
        f"{small.median * 1e6:.1f} µs",
        f"{small.best * 1e6:.1f} µs",
        f"{small.spread:.0%}",
    )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(title, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
