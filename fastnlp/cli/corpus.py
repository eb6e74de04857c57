"""`fastnlp corpus`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from fastnlp import corpus
from fastnlp.cli.output import print_facts
from fastnlp.cli.progress import progress_bars, stage
from fastnlp.corpus import Corpus
from fastnlp.ops import WordPiece

INPUTS_SHOWN = 10


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
    try:
        rows = [opened[index].tolist() for index in documents]
    except IndexError as error:
        raise ValueError(f"`--document`: {error}.") from error
    for index, ids in zip(documents, rows, strict=True):
        click.echo(f"document {index}, {len(ids)} tokens")
        click.echo(" ".join(map(str, ids)))
        click.echo(opened.decode(index))
    if not documents:
        print_facts(list(_facts(opened)))


def _facts(opened: Corpus) -> Iterator[tuple[str, str]]:
    manifest = opened.manifest
    yield "path", str(opened.path)
    yield "documents", f"{len(opened):,}"
    yield "tokens", f"{opened.num_tokens:,}"
    yield "dtype", opened.dtype.name
    yield "text", f"{text_bytes(opened) / 1e6:,.1f} MB"
    yield "vocabulary", f"{len(opened.encoder.vocabulary):,}"
    yield "encoder", ", ".join(f"{name}={value!r}" for name, value in manifest.encoder["options"].items())
    yield "fastnlp", manifest.fastnlp
    yield "input files", f"{len(manifest.inputs):,}"
    for record in manifest.inputs[:INPUTS_SHOWN]:
        yield "", record.path
    if len(manifest.inputs) > INPUTS_SHOWN:
        yield "", "…"


def text_bytes(opened: Corpus) -> int:
    """The uncompressed size of all inputs."""
    return sum(record.uncompressed_size for record in opened.manifest.inputs)
