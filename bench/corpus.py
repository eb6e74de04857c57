"""The text that is encoded: reviews of films, or the documentation of Python where those are not at hand."""

from __future__ import annotations

import ast
import json
import lzma
import os
import sysconfig
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydoc_data.topics import topics

from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary

VOCABULARY_SIZE = 8000  # of the vocabulary learned from Python's documentation


@dataclass(frozen=True)
class Corpus:
    """Texts and a vocabulary, and what the report calls them."""

    name: str
    texts: list[str]
    vocabulary: list[str]


def load(documents: int | None) -> Corpus:
    """The IMDB training reviews and BERT's uncased vocabulary; Python's own documentation where they are not there.

    Args:
        documents: how many of the texts to take; None for all.
    """
    folder = Path(os.environ.get("FASTNLP_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if folder.is_dir():
        with lzma.open(folder / "imdb-train.jsonl.xz") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        with tarfile.open(folder / "vocab.tar.xz") as archive:
            file = archive.extractfile("vocab/bert-base-uncased-vocab.txt")
            assert file is not None
            vocabulary = file.read().decode().removesuffix("\n").split("\n")
        return Corpus("the IMDB training reviews, BERT's uncased vocabulary", texts[:documents], vocabulary)
    counts = count_words(list(topics.values()), lowercase=True, strip_accents=True)
    return Corpus(
        "Python's own documentation and a vocabulary learned from it, as FASTNLP_DATA names no folder of real text",
        [*topics.values(), *docstrings()][:documents],
        learn_vocabulary(counts, VOCABULARY_SIZE),
    )


def docstrings() -> Iterator[str]:
    """The docstrings of Python's standard library, file by file."""
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        if {"site-packages", "test", "tests", "lib2to3"} & set(path.relative_to(library).parts):
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                docstring = ast.get_docstring(node)
                if docstring:
                    yield docstring
