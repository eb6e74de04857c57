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
