"""`Lines`: the texts of a file are those that Python's own splitting finds, for every op and every target."""

from __future__ import annotations

import gzip
import lzma
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnlp
from fastnlp.corpus.inputs import InputReader
from fastnlp.ops import Lines, WordPiece, count_words
from fastnlp.ragged import Ragged

TARGETS = fastnlp.show_config()["targets"]
ENCODER = WordPiece(["[UNK]", *"abc.\r", "中", "##a", "##中", "\ufffd"], rules="bert", split=False)

contents = st.lists(
    st.sampled_from(
        [b"a", b"b", b" ", b"\n", b"\r", b"\r\n", b"\x00", "中".encode(), b"\xff", b"\xef\xbb\xbf", b"ca" * 9]
    )
).map(b"".join)


def python_lines(content: bytes, delimiter: bytes) -> list[bytes]:
    lines = content.removeprefix(b"\xef\xbb\xbf").split(delimiter)
    last = lines.pop()
    if delimiter == b"\n":
        lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    return lines + [last] * bool(last)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that every generated example writes anew."""
    return tmp_path_factory.mktemp("lines") / "corpus.txt"


def write(path: Path, content: bytes) -> Path:
    """Replace the file, because one that is mapped must not change."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return path


@given(content=contents, delimiter=st.sampled_from(["\n", "\x00", "a"]), bytes_per_batch=st.integers(1, 30))
@settings(max_examples=400, deadline=None)
def test_lines_are_those_of_python(path, content, delimiter, bytes_per_batch):
    lines = Lines(write(path, content), delimiter=delimiter)
    expected = python_lines(content, delimiter.encode())
    assert list(lines) == expected
    assert len(lines) == len(expected)
    for target in TARGETS:
        with fastnlp.use_target(target):
            assert ENCODER.encode(lines) == ENCODER.encode(expected)
            assert count_words(lines) == count_words(expected)

    batches = list(lines.batches(bytes_per_batch))
    assert [line for batch in batches for line in batch] == expected
    assert sum(batch.nbytes for batch in batches) == lines.nbytes
    for batch in batches:
        assert batch.nbytes <= bytes_per_batch or len(batch) == 1
        assert ENCODER.encode(batch) == ENCODER.encode(list(batch))
    for batch, following in pairwise(batches):
        next_line = next(following.batches(1))
        assert batch.nbytes + next_line.nbytes > bytes_per_batch, "there was room for another line"


@given(content=contents)
@settings(max_examples=100, deadline=None)
def test_lines_are_the_documents_of_a_corpus(path, content):
    documents = [document for batch in InputReader(write(path, content)).batches() for document in batch]
    assert list(Lines(path)) == documents


def test_an_empty_file(path, target):
    for content in (b"", b"\xef\xbb\xbf"):
        lines = Lines(write(path, content))
        assert len(lines) == lines.nbytes == 0
        assert list(lines) == list(lines.batches()) == []
        assert ENCODER.encode(lines) == Ragged(np.zeros(0, np.int32), np.zeros(1, np.int64))


def test_a_file_outlives_its_name_and_its_lines(path, target):
    lines = Lines(write(path, b"a\r\nb\n"))
    batches = lines.batches(3)
    path.unlink()
    del lines
    assert [ENCODER.encode(batch).to_list() for batch in batches] == [[[1]], [[2]]]


def test_invalid_utf8_is_named_by_its_line(path):
    with pytest.raises(ValueError, match=r"`texts` row 1: invalid UTF-8 at byte 1 \(errors='strict'\)\."):
        ENCODER.encode(Lines(write(path, b"a\na\xff\n")), errors="strict")


def test_a_layer_takes_lines(path):
    from fastnlp.tokenizers import WordPieceTokenizer

    layer = WordPieceTokenizer(["[UNK]", "a", "b"])
    assert layer(Lines(write(path, b"a b\n\nb"))).to_list() == [[1, 2], [], [2]]


def test_refuses_what_is_no_text_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`path` names no file: '.*missing\.txt'\."):
        Lines(tmp_path / "missing.txt")
    with pytest.raises(IsADirectoryError, match=r"`path` must be a file; '.*' is a folder\."):
        Lines(tmp_path)
    (tmp_path / "a.txt").write_bytes(gzip.compress(b"a\n"))
    with pytest.raises(ValueError, match=r"`path` must be a file of plain text; '.*a\.txt' is compressed \(gzip\)\."):
        Lines(tmp_path / "a.txt")
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(b"a\n"))
    with pytest.raises(ValueError, match=r"is compressed \(xz\)\."):
        Lines(tmp_path / "a.txt.xz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_refuses_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"`path` must be a regular file; '.*pipe' is not\."):
        Lines(tmp_path / "pipe")


@pytest.mark.parametrize("delimiter", ["", "\n\n", "é", b"\n", None])
def test_refuses_a_delimiter(path, delimiter):
    with pytest.raises(ValueError, match="`delimiter` must be one ASCII character; received "):
        Lines(write(path, b"a\n"), delimiter=delimiter)


@pytest.mark.parametrize("bytes_per_batch", [0, 1.5, None])
def test_refuses_a_size_of_batches(path, bytes_per_batch):
    with pytest.raises(ValueError, match="`bytes_per_batch` must be at least 1; received "):
        Lines(write(path, b"a\n")).batches(bytes_per_batch)
