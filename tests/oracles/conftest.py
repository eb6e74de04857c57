"""The oracles that WordPiece is compared with, the text that they are compared on, and where they are known to differ.

"keras" is compared with KerasHub inside tf.data, "bert" with Hugging Face `tokenizers`. What both are given is the
same: a vocabulary, the options of `fastnlp.ops.WordPiece`, and texts.
"""

from __future__ import annotations

import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from fastnlp.ragged import Ragged

DIFFERENCES = Path(__file__).parents[2] / "docs" / "differences.md"

ANYWHERE = {"alone", "among letters", "among marks"}
NOT_ALONE = {"among letters", "among marks"}

# Every list of code points in docs/differences.md: the option under which it shows, if it needs one, and where.
SHOWS = {
    "keras-nul": (None, NOT_ALONE),
    "keras-punctuation": (None, NOT_ALONE),
    "keras-case-folding": ("lowercase", ANYWHERE),
    "keras-marks": ("strip_accents", ANYWHERE),
    "keras-order": ("lowercase", {"among marks"}),
    "bert-ideographs": (None, NOT_ALONE),
    "bert-punctuation": (None, NOT_ALONE),
    "bert-format": (None, ANYWHERE),
    "bert-marks": ("strip_accents", ANYWHERE),
    "bert-order": ("strip_accents", {"among marks"}),
}


class Oracle(Protocol):
    """Another implementation of WordPiece."""

    def set_options(self, *, lowercase: bool, strip_accents: bool) -> None:
        """Go on with other options, without building the vocabulary again."""

    def encode(self, texts: Sequence[str]) -> Ragged:
        """The token ids of every text."""


class KerasHub:
    """KerasHub's `WordPieceTokenizer`, inside tf.data."""

    def __init__(self, vocabulary: Sequence[str], *, split: bool = True, **options: Any) -> None:
        self.tf = pytest.importorskip("tensorflow")
        pytest.importorskip("tensorflow_text")
        keras_hub = pytest.importorskip("keras_hub")
        self.layer = keras_hub.tokenizers.WordPieceTokenizer(list(vocabulary), split=split, **options)
        self.split = split

    def set_options(self, *, lowercase: bool, strip_accents: bool) -> None:
        self.layer.lowercase = lowercase
        self.layer.strip_accents = strip_accents

    def encode(self, texts: Sequence[str]) -> Ragged:
        encoded = np.array([text.encode() for text in texts], dtype=object)
        if not self.split:  # without it, the last axis is that of the words of a text
            encoded = encoded[:, np.newaxis]
        batches = self.tf.data.Dataset.from_tensor_slices(encoded).batch(4096)
        rows = list(batches.map(self.layer, num_parallel_calls=self.tf.data.AUTOTUNE))
        return _ragged([row.flat_values.numpy() for row in rows], [row.row_lengths().numpy() for row in rows])


class HuggingFace:
    """`WordPiece` of Hugging Face's `tokenizers`, behind its `BertNormalizer` and `BertPreTokenizer`."""

    def __init__(
        self,
        vocabulary: Sequence[str],
        *,
        lowercase: bool = False,
        strip_accents: bool = False,
        split: bool = True,
        split_on_cjk: bool = True,
        suffix_indicator: str = "##",
        oov_token: str = "[UNK]",
        special_tokens: Sequence[str] = (),
        special_tokens_in_strings: bool = False,
    ) -> None:
        self.tokenizers = pytest.importorskip("tokenizers")
        model = self.tokenizers.models.WordPiece(
            {token: token_id for token_id, token in enumerate(vocabulary)},
            unk_token=oov_token,
            continuing_subword_prefix=suffix_indicator,
            max_input_chars_per_word=100,
        )
        self.tokenizer = self.tokenizers.Tokenizer(model)
        self.handle_chinese_chars = split and split_on_cjk
        if split:
            self.tokenizer.pre_tokenizer = self.tokenizers.pre_tokenizers.BertPreTokenizer()
        if special_tokens_in_strings:
            added = [self.tokenizers.AddedToken(token, special=True, normalized=False) for token in special_tokens]
            self.tokenizer.add_special_tokens(added)
        self.set_options(lowercase=lowercase, strip_accents=strip_accents)

    def set_options(self, *, lowercase: bool, strip_accents: bool) -> None:
        self.tokenizer.normalizer = self.tokenizers.normalizers.BertNormalizer(
            clean_text=True,
            handle_chinese_chars=self.handle_chinese_chars,
            strip_accents=strip_accents,
            lowercase=lowercase,
        )

    def encode(self, texts: Sequence[str]) -> Ragged:
        rows = [row.ids for row in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        return _ragged([np.array([token_id for row in rows for token_id in row])], [np.array(list(map(len, rows)))])


def _ragged(values: list[np.ndarray], lengths: list[np.ndarray]) -> Ragged:
    row_splits = np.cumsum(np.concatenate([[0], *lengths]), dtype=np.int64)
    return Ragged(np.concatenate(values).astype(np.int32), row_splits)


@pytest.fixture(scope="session")
def oracle() -> Callable[..., Oracle]:
    """Makes the oracle for `rules` from a vocabulary and options."""

    def make(rules: str, vocabulary: Sequence[str], **options: Any) -> Oracle:
        return {"keras": KerasHub, "bert": HuggingFace}[rules](vocabulary, **options)

    return make


@pytest.fixture(scope="session")
def differing_rows() -> Callable[[Ragged, Ragged], list[int]]:
    """Finds the rows in which two results differ."""

    def find(ours: Ragged, theirs: Ragged) -> list[int]:
        sizes, their_sizes = ours.row_lengths(), theirs.row_lengths()
        same_size = sizes == their_sizes
        rows = np.repeat(np.flatnonzero(same_size), sizes[same_size])
        pairs = ours.flat_values[np.repeat(same_size, sizes)], theirs.flat_values[np.repeat(same_size, their_sizes)]
        return sorted({*np.flatnonzero(~same_size).tolist(), *rows[pairs[0] != pairs[1]].tolist()})

    return find


@pytest.fixture(scope="session")
def known_differences() -> Callable[..., set[int]]:
    """The code points for which docs/differences.md says that we differ from the oracle for `rules`."""
    listed: dict[str, set[int]] = {}
    for name, ranges in re.findall(r"^```text ([\w-]+)$(.*?)^```$", DIFFERENCES.read_text("utf-8"), re.M | re.S):
        listed[name] = set()
        for item in ranges.split():
            first, _, last = item.partition("..")
            listed[name].update(range(int(first, 16), int(last or first, 16) + 1))
    assert listed.keys() == SHOWS.keys()

    def find(rules: str, *, lowercase: bool, strip_accents: bool, context: str | None = None) -> set[int]:
        options = {None, *["lowercase"] * lowercase, *["strip_accents"] * strip_accents}
        return {
            code_point
            for name, (option, contexts) in SHOWS.items()
            if name.startswith(rules) and option in options and (context is None or context in contexts)
            for code_point in listed[name]
        }

    return find


@pytest.fixture(scope="session")
def vocabularies(data: Path) -> dict[str, list[str]]:
    """The vocabularies of the published BERT models. The one empty token among them, which we refuse, gets a name."""
    with tarfile.open(data / "vocab.tar.xz") as archive:
        files = {Path(member.name).name: archive.extractfile(member) for member in archive if member.isfile()}
        return {
            name.removesuffix("-vocab.txt"): [token or "[EMPTY]" for token in file.read().decode().split("\n")[:-1]]
            for name, file in files.items()
            if name.startswith("bert-") and file is not None
        }


@pytest.fixture(scope="session")
def reviews(data: Path) -> list[str]:
    """The 25,000 labelled reviews of the IMDB training set."""
    with lzma.open(data / "imdb-train.jsonl.xz") as lines:
        return [json.loads(line)["text"] for line in lines]


@pytest.fixture(scope="session")
def multilingual(data: Path) -> dict[str, list[str]]:
    """Text in hundreds of languages: the lines of whole collections, and the first megabytes of long files."""
    folder = data / "multilingual"
    with tarfile.open(folder / "tatoeba-v1.tar.xz") as archive:
        members = [archive.extractfile(member) for member in archive if member.isfile()]
        found = {"tatoeba": b"".join(member.read() for member in members if member is not None)}
    with zipfile.ZipFile(folder / "udhr2.zip") as archive:
        found["udhr2"] = b"".join(archive.read(name) for name in archive.namelist())
    for name in ("kowiki-sample", "zh-reviews", "ar-openiti-0125AH", "ja-wagahai-neko"):
        with lzma.open(folder / f"{name}.txt.xz") as file:
            found[name] = file.read(2_000_000)
    return {name: text.decode(errors="replace").split("\n") for name, text in found.items()}
