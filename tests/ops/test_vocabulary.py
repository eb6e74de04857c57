from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.ops.vocabulary import as_vocabulary, write_vocabulary

TOKENS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1)


@given(st.lists(TOKENS, min_size=1, unique=True))
def test_what_is_written_reads_back(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.txt"
    write_vocabulary(path, tokens)
    assert list(as_vocabulary(path)) == tokens


def test_bytes_of_the_file(tmp_path):
    write_vocabulary(str(tmp_path / "vocabulary.txt"), ["[UNK]", "é", " "])
    assert (tmp_path / "vocabulary.txt").read_bytes() == "[UNK]\né\n \n".encode()


@pytest.mark.parametrize("token", ["a\nb", "\n", "a\r"])
def test_a_token_that_is_no_line(tmp_path, token):
    with pytest.raises(ValueError, match="must not hold the end of a line"):
        write_vocabulary(tmp_path / "vocabulary.txt", ["a", token])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device: '.*vocabulary.txt'"),
        (KeyboardInterrupt(), None),
    ],
)
def test_a_failure_leaves_everything_as_it_was(tmp_path, monkeypatch, error, message):
    def fail(descriptor):
        raise error

    path = tmp_path / "vocabulary.txt"
    path.write_text("old\n")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error), match=message):
        write_vocabulary(path, ["new"])
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old\n"


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="folder"):
        write_vocabulary(tmp_path / "folder", ["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_lines_end_with_a_line_feed_and_nothing_else(tmp_path):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes("a\r\nb \r\n\u2028\n\x85\nlast".encode())
    assert as_vocabulary(path) == ("a", "b ", "\u2028", "\x85", "last")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no token"),
        (b"a\nb\na\n", r"line 3: 'a' is there already, as line 1\."),
        (b"a\n\nb\n", r"line 2: a token must not be empty"),
        (b"a\n\n", r"line 2: a token must not be empty"),
        (b"a\nb\xff\n", r"line 2: not UTF-8: b'b\\xff'"),
    ],
)
def test_files_that_hold_no_vocabulary(tmp_path, content, message):
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"`vocabulary` '.*vocab\.txt'.*{message}"):
        as_vocabulary(path)


def test_paths_that_are_no_file(tmp_path, ordinary_user):
    with pytest.raises(FileNotFoundError, match=r"`vocabulary` names no file: '.*missing\.txt'\."):
        as_vocabulary(tmp_path / "missing.txt")
    with pytest.raises(IsADirectoryError, match=r"`vocabulary` must be a file; '.*' is a folder"):
        as_vocabulary(tmp_path)
    path = tmp_path / "closed.txt"
    path.write_text("a")
    path.chmod(0)
    with ordinary_user(), pytest.raises(PermissionError, match=r"closed\.txt"):
        as_vocabulary(path)
