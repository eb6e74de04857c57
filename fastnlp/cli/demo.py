"""`fastnlp demo`: from raw text to a vocabulary, a token store, and back."""

from __future__ import annotations

import json
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from fastnlp import corpus
from fastnlp.cli import python_docs
from fastnlp.cli.corpus import text_bytes
from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.cli.vocab import learn_from_counts
from fastnlp.corpus import Corpus
from fastnlp.corpus.inputs import InputReader
from fastnlp.files import check_new_folder
from fastnlp.ops import WordPiece

DOCUMENTS_READ_AT_ONCE = 1024
SAMPLES = 4
SAMPLE_WIDTH = 80


def run(*, inputs: Sequence[Path], vocabulary_size: int, lowercase: bool, out: Path | None) -> None:
    """Run all stages, then print what came out and how fast."""
    if out is not None:
        check_new_folder(out)
    with tempfile.TemporaryDirectory() as temporary:
        with progress_bars() as progress:
            stages = Stages(progress)
            if not inputs:
                with stages.run("collect text") as report:
                    inputs = [collect(Path(temporary, "python.jsonl"), report)]
            with stages.run("count words") as report:
                word_counts = corpus.count_words(inputs, lowercase=lowercase, progress=report)
            with stages.run("learn vocabulary") as report:
                vocabulary, *_ = learn_from_counts(word_counts, vocabulary_size, report)
            with stages.run("build token store") as report:
                encoder = WordPiece(vocabulary, lowercase=lowercase)
                built = corpus.build(inputs, out or Path(temporary, "tokens"), encoder, progress=report)
            with stages.run("read and decode") as report:
                read(built, report)
        console = Console()
        console.print(figures(built, sum(word_counts.values()), stages.seconds))
        console.print(samples(inputs, built))


@dataclass
class Stages:
    """Runs stages under a progress bar and a clock."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def run(self, name: str) -> Iterator[Report]:
        """One stage."""
        start = time.perf_counter()
        with stage(self.progress, name) as report:
            yield report
        self.seconds[name] = time.perf_counter() - start


def collect(path: Path, report: Report) -> Path:
    """Write the documentation that Python carries to a JSON Lines file."""
    sources = python_docs.source_files()
    with path.open("w", encoding="ascii") as file:
        for text in python_docs.language_reference():
            _write(file, text)
        for done, source in enumerate(sources, 1):
            for text in python_docs.docstrings(source):
                _write(file, text)
            report(done, len(sources))
    return path


def _write(file: TextIO, text: str) -> None:
    file.write(json.dumps({"text": text}) + "\n")


def read(built: Corpus, report: Report) -> None:
    """Decode every document."""
    for start in range(0, len(built), DOCUMENTS_READ_AT_ONCE):
        texts = built.decode(slice(start, start + DOCUMENTS_READ_AT_ONCE))
        report(start + len(texts), len(built))


def figures(built: Corpus, words: int, seconds: dict[str, float]) -> Table:
    """What came out, and how fast."""
    megabytes = text_bytes(built) / 1e6
    table = Table(box=SIMPLE_HEAD)
    table.add_column("result", style="bold")
    table.add_column("", justify="right")
    table.add_column("stage", style="bold")
    table.add_column("seconds", justify="right")
    table.add_column("MB/s", justify="right")
    results = [
        ("documents", f"{len(built):,}"),
        ("MB of text", f"{megabytes:,.1f}"),
        ("words", f"{words:,}"),
        ("tokens", f"{built.num_tokens:,}"),
        ("tokens per word", f"{built.num_tokens / words:.2f}"),
        ("vocabulary", f"{len(built.encoder.vocabulary):,}"),
    ]
    stages = [(name, f"{taken:.2f}", f"{megabytes / taken:,.1f}") for name, taken in seconds.items()]
    for result, timing in zip_longest(results, stages, fillvalue=()):
        table.add_row(*result, *timing)
    return table


def samples(inputs: Sequence[Path], built: Corpus) -> Table:
    """A few documents, and what their ids decode to."""
    documents = next(InputReader(inputs).batches())
    short = [index for index, text in enumerate(documents) if SAMPLE_WIDTH / 2 <= len(text) <= SAMPLE_WIDTH]
    indices = short or list(range(len(documents)))
    table = Table(box=SIMPLE_HEAD)
    table.add_column("text", ratio=1)
    table.add_column("decoded from its token ids", ratio=1)
    for index in indices[:: -(-len(indices) // SAMPLES)]:
        document = documents[index]
        text = document if isinstance(document, str) else document.decode(errors="replace")
        table.add_row(_shorten(text), _shorten(built.decode(index)))
    return table


def _shorten(text: str) -> Text:
    return Text(textwrap.shorten(text, 2 * SAMPLE_WIDTH, placeholder=" …"))
