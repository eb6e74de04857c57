"""`fastnlp corpus`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from fastnlp import corpus
from fastnlp.cli.progress import progress_bars, stage
from fastnlp.corpus import Corpus
from fastnlp.ops import WordPiece


def build(
    *,
    inputs: Sequence[Path],
    out: Path,
    vocabulary: Path,
    rules: str,
    lowercase: bool,
    strip_accents: bool | None,
    split: bool,
    split_on_cjk: bool,
    suffix_indicator: str,
    oov_token: str,
    special_tokens: Sequence[str],
    quiet: bool,
    **building: Any,
) -> None:
    """Build a token store from files."""
    encoder = WordPiece(
        vocabulary,
        rules=rules,
        lowercase=lowercase,
        strip_accents=strip_accents,
        split=split,
        split_on_cjk=split_on_cjk,
        suffix_indicator=suffix_indicator,
        oov_token=oov_token,
        special_tokens=special_tokens,
        special_tokens_in_strings=bool(special_tokens),
    )
    start = time.perf_counter()
    with progress_bars(quiet=quiet) as progress, stage(progress, "build token store") as report:
        built = corpus.build(inputs, out, encoder, progress=report, **building)
    seconds = time.perf_counter() - start
    megabytes = text_bytes(built) / 1e6
    click.echo(
        f"{out}: {len(built):,} documents, {built.num_tokens:,} tokens; "
        f"{megabytes:.1f} MB of text in {seconds:.1f} s, {megabytes / seconds:.1f} MB/s"
    )


def show(*, path: Path, documents: Sequence[int]) -> None:
    """Print what a token store holds, or some of its documents."""
    opened = corpus.open(path)
    for index in documents:
        if not -len(opened) <= index < len(opened):
            raise ValueError(f"`--document` must be in [0, {len(opened) - 1}]; received {index}.")
    for index in documents:
        ids = opened[index].tolist()
        click.echo(f"document {index}, {len(ids)} tokens")
        click.echo(" ".join(map(str, ids)))
        click.echo(opened.decode(index))
    if not documents:
        Console().print(_summary(opened))


def _summary(opened: Corpus) -> Table:
    manifest = opened.manifest
    options = ", ".join(f"{name}={value!r}" for name, value in manifest.encoder["options"].items())
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("path", str(opened.path))
    table.add_row("documents", f"{len(opened):,}")
    table.add_row("tokens", f"{opened.num_tokens:,}, {opened.dtype.name}")
    table.add_row("vocabulary", f"{len(opened.encoder.vocabulary):,} tokens")
    table.add_row("encoder", options)
    table.add_row("inputs", f"{len(manifest.inputs):,} files, {text_bytes(opened) / 1e6:,.1f} MB of text")
    for record in manifest.inputs[:10]:
        table.add_row("", f"{record.path}: {record.documents:,} documents")
    if len(manifest.inputs) > 10:
        table.add_row("", f"and {len(manifest.inputs) - 10:,} more")
    table.add_row("fastnlp", manifest.fastnlp)
    return table


def text_bytes(opened: Corpus) -> int:
    """The uncompressed size of all inputs."""
    return sum(record.uncompressed_size for record in opened.manifest.inputs)
