"""The text that is encoded: reviews of films, or the documentation of Python where those are not at hand."""

from __future__ import annotations

import json
import lzma
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

from fastnlp.cli import python_docs
from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary

IMDB = "IMDB training reviews"
VOCABULARY_SIZE = 8000  # of the one that is learned


@dataclass(frozen=True)
class Corpus:
    """Texts and a vocabulary, and what the report calls them."""

    name: str
    texts: list[str]
    vocabulary: list[str]


def data_folder() -> Path:
    """Where the real text is, if it is anywhere."""
    return Path(os.environ.get("FASTNLP_DATA", Path(__file__).parents[2] / "shared" / "data"))


def read_vocabulary(folder: Path, name: str) -> list[str]:
    """One of BERT's vocabularies."""
    with tarfile.open(folder / "vocab.tar.xz") as archive:
        file = archive.extractfile(f"vocab/{name}-vocab.txt")
        assert file is not None
        tokens = file.read().decode().removesuffix("\n").split("\n")
    # One line of the multilingual one is empty.
    return [token or f"[line {number}]" for number, token in enumerate(tokens)]


def load(documents: int | None) -> Corpus:
    """The IMDB training reviews and BERT's uncased vocabulary; Python's own documentation where they are not there.

    Args:
        documents: how many of the texts to take; None for all.
    """
    folder = data_folder()
    if folder.is_dir():
        with lzma.open(folder / "imdb-train.jsonl.xz") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        vocabulary = read_vocabulary(folder, "bert-base-uncased")
        return Corpus(f"{IMDB}, BERT's uncased vocabulary", texts[:documents], vocabulary)
    texts = list(python_docs.language_reference())
    vocabulary = learn_vocabulary(count_words(texts, lowercase=True, strip_accents=True), VOCABULARY_SIZE)
    for path in python_docs.source_files():
        texts += python_docs.docstrings(path)
    return Corpus(
        "Python's own documentation and a vocabulary learned from it (there is no FASTNLP_DATA)",
        texts[:documents],
        vocabulary,
    )
