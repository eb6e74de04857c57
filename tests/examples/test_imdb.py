"""Reviews in every form in which they come."""

from __future__ import annotations

import lzma
import shutil
import tarfile
from pathlib import Path

import keras
import numpy as np
import pytest

from fastnlp.examples import imdb


@pytest.fixture
def archive(reviews: Path, tmp_path: Path) -> Path:
    """The same reviews as the original archive holds them, with files that are none."""
    for part, (texts, labels) in zip(("train", "test"), imdb.load(reviews), strict=True):
        for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
            path = tmp_path / "aclImdb" / part / ("neg", "pos")[label] / f"{number // 2}_{1 + 9 * label}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (tmp_path / "aclImdb" / part / "urls_neg.txt").write_text("http://")
    (tmp_path / "aclImdb/train/unsup").mkdir()
    (tmp_path / "aclImdb/train/unsup/0_0.txt").write_text("no label")
    with tarfile.open(tmp_path / imdb.ARCHIVE, "w:gz") as file:
        file.add(tmp_path / "aclImdb", "aclImdb")
    return tmp_path / imdb.ARCHIVE


def assert_same(found: tuple[imdb.Reviews, imdb.Reviews], expected: tuple[imdb.Reviews, imdb.Reviews]) -> None:
    for part, expected_part in zip(found, expected, strict=True):
        assert part.texts == expected_part.texts
        np.testing.assert_array_equal(part.labels, expected_part.labels)
        assert part.labels.dtype == np.int32


def test_every_form_holds_the_same(reviews: Path, archive: Path, tmp_path: Path) -> None:
    expected = imdb.load(reviews)
    assert expected[0].labels[:4].tolist() == [0, 1, 0, 1]
    assert_same(imdb.load(archive), expected)
    assert_same(imdb.load(archive.parent), expected)
    archive.unlink()
    assert_same(imdb.load(archive.parent), expected)
    assert_same(imdb.load(tmp_path / "aclImdb"), expected)


@pytest.mark.parametrize("form", ["json", "archive"])
def test_limit(reviews: Path, archive: Path, form: str) -> None:
    train, test = imdb.load(reviews if form == "json" else archive, limit=5)
    expected = imdb.load(reviews)
    assert (train.texts, test.texts) == tuple(part.texts[:5] for part in expected)
    assert train.labels.tolist() == [0, 1, 0, 1, 0]


def test_download(archive: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def get_file(**options: str) -> str:
        asked.update(options)
        return str(archive)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    assert_same(imdb.load(), imdb.load(reviews))
    assert asked == {"origin": imdb.URL, "file_hash": imdb.SHA256}


def test_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(imdb, "URL", "http://127.0.0.1:9/aclImdb_v1.tar.gz")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(ConnectionError, match="cannot be downloaded; pass a folder that holds the reviews as `data`"):
        imdb.load()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_bad_input(reviews: Path, archive: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    for folder in (empty, tmp_path / "missing"):
        with pytest.raises(FileNotFoundError, match=r"`data` must hold imdb-train.jsonl.xz .*; '.*' does not"):
            imdb.load(folder)
        empty.mkdir(exist_ok=True)

    shutil.copytree(reviews, tmp_path / "part")
    (tmp_path / "part/imdb-test.jsonl.xz").unlink()
    with pytest.raises(FileNotFoundError, match="imdb-test"):
        imdb.load(tmp_path / "part")

    packed = (reviews / "imdb-test.jsonl.xz").read_bytes()
    for content in (packed[:-20], b"text", lzma.compress(b"{"), lzma.compress(b'{"text": "no label"}')):
        (tmp_path / "part/imdb-test.jsonl.xz").write_bytes(content)
        with pytest.raises(ValueError, match=r"imdb-test.jsonl.xz' is damaged: "):
            imdb.load(tmp_path / "part")

    whole = archive.read_bytes()
    for content in (whole[: len(whole) // 2], b"text"):
        archive.write_bytes(content)
        with pytest.raises(ValueError, match=r"aclImdb_v1.tar.gz' is damaged: "):
            imdb.load(archive)
