"""The Large Movie Review Dataset: 25,000 labelled reviews to train on, 25,000 to test on, and 50,000 without labels.

References:
    [Maas et al., 2011, Learning Word Vectors for Sentiment Analysis](https://aclanthology.org/P11-1015/)
"""

from __future__ import annotations

import json
import lzma
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
ARCHIVE = URL.rpartition("/")[2]
FOLDER = "aclImdb"
LABELS = {"neg": 0, "pos": 1}


class Reviews(NamedTuple):
    """Some reviews.

    Attributes:
        texts: the reviews.
        labels: int32 `[reviews]`: 0 for negative, 1 for positive.
    """

    texts: list[str]
    labels: np.ndarray


def load(data: str | os.PathLike[str] | None = None, limit: int | None = None) -> tuple[Reviews, Reviews]:
    """The reviews to train on, and those to test on; negative and positive ones alternate.

    Args:
        data: a folder with `imdb-train.jsonl.xz` and `imdb-test.jsonl.xz`
            (fields `text` and `label`), or with `aclImdb_v1.tar.gz`, or with
            what is in it; or this archive itself. None to download it,
            once, into Keras's cache.
        limit: take so many reviews of both at most.

    Raises:
        FileNotFoundError: where `data` holds no reviews.
        ConnectionError: where they must be downloaded and cannot.
        ValueError: where a file is damaged.
    """
    path = _download() if data is None else Path(data)
    if (path / "imdb-train.jsonl.xz").is_file():
        train, test = (_read_json_lines(path / f"imdb-{part}.jsonl.xz", limit) for part in ("train", "test"))
        return train, test
    if (path / ARCHIVE).is_file():
        path = path / ARCHIVE
    if path.is_file():
        files = _read_archive(path)
    else:
        path = path / FOLDER if (path / FOLDER).is_dir() else path
        files = _read_folder(path)
    found: dict[str, list[tuple[int, int, str]]] = {"train": [], "test": []}
    for name, text in files:
        part, label, number = _parse(name)
        found[part].append((number, LABELS[label], text))
    if not all(found.values()):
        raise FileNotFoundError(
            f"`data` must hold imdb-train.jsonl.xz and imdb-test.jsonl.xz, {ARCHIVE}, or its folders train and test; "
            f"{str(data)!r} does not."
        )
    train, test = (_reviews(sorted(rows), limit) for rows in found.values())
    return train, test


def _download() -> Path:
    try:
        return Path(keras.utils.get_file(origin=URL, file_hash=SHA256))
    except Exception as error:  # Keras raises no other
        raise ConnectionError(
            f"{URL} cannot be downloaded; pass a folder that holds the reviews as `data`. {error}"
        ) from error


def _read_json_lines(path: Path, limit: int | None) -> Reviews:
    rows = []
    try:
        with lzma.open(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file):
                if number == limit:
                    break
                review = json.loads(line)
                rows.append((number, int(review["label"]), str(review["text"])))
    except (EOFError, lzma.LZMAError, json.JSONDecodeError, KeyError) as error:
        raise ValueError(f"{str(path)!r} is damaged: {error!r}.") from error
    return _reviews(rows, limit)


NAME = re.compile(rf"(?:.*/)?(train|test)/({'|'.join(LABELS)})/(\d+)_\d+\.txt")  # train/neg/17_3.txt


def _parse(name: str) -> tuple[str, str, int]:
    match = NAME.fullmatch(name)
    assert match is not None
    return match[1], match[2], int(match[3])


def _read_folder(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.glob("*/*/*.txt"):
        if NAME.fullmatch(path.as_posix()):
            yield path.as_posix(), path.read_text(encoding="utf-8")


def _read_archive(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if NAME.fullmatch(member.name) else None
                if file is not None:
                    yield member.name, file.read().decode()
    except (EOFError, tarfile.TarError, OSError) as error:
        raise ValueError(f"{str(path)!r} is damaged: {error!r}.") from error


def _reviews(rows: Iterable[tuple[int, int, str]], limit: int | None) -> Reviews:
    rows = list(rows)[:limit]
    return Reviews([text for *_, text in rows], np.array([label for _, label, _ in rows], np.int32))
