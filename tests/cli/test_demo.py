"""`fastnlp demo`, and the text that it uses."""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path

import pytest

from fastnlp import corpus
from fastnlp.cli import python_docs

SOURCE = r'''
"""A module."""

def function():
    """A function.

        Indented, with a \d.
    """
    def inner():
        "Inner."
    "not a docstring"

class Class:
    """A class."""
    async def method(self):
        """A method."""
    def other(self): pass
'''


@pytest.fixture
def little_text(monkeypatch):
    sources = python_docs.source_files()[:20]
    pages = list(python_docs.language_reference())[:5]
    monkeypatch.setattr(python_docs, "source_files", lambda: sources)
    monkeypatch.setattr(python_docs, "language_reference", lambda: pages)


def test_docstrings(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(SOURCE)
    assert list(python_docs.docstrings(path)) == [
        "A module.",
        "A function.\n\nIndented, with a \\d.",
        "Inner.",
        "A class.",
        "A method.",
    ]


def test_sources_are_the_standard_library_without_tests():
    sources = python_docs.source_files()
    names = [path.name for path in sources if path.parent == Path(ast.__file__).parent]
    assert names == sorted(names)
    assert {"argparse.py", "ast.py"} <= set(names)
    assert len(sources) > 300
    assert not [path for path in sources if {"test", "tests", "site-packages"}.intersection(path.parts)]


def test_every_source_can_be_read():
    texts = [text for path in python_docs.source_files()[::7] for text in python_docs.docstrings(path)]
    assert len(texts) > 300
    assert all(texts)


def test_language_reference():
    texts = list(python_docs.language_reference())
    assert len(texts) > 50
    assert all(len(text) > 100 for text in texts)


def test_demo(fastnlp, little_text, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    status, out, err = fastnlp("demo", "--size", "1000", "--lowercase")
    assert (status, err) == (0, "")
    for name in ("documents", "words", "tokens", "tokens per word", "vocabulary", "MB/s", "decoded"):
        assert name in out
    for stage in ("collect text", "count words", "learn vocabulary", "build token store", "read and decode"):
        assert stage in out
    assert list(tmp_path.iterdir()) == []


def test_demo_on_own_text(fastnlp, tmp_path):
    texts = [f"the quick [/fox] number {number} jumps [bold] over the lazy dog, and again." for number in range(200)]
    (tmp_path / "a.txt").write_text("\n".join(texts))
    status, out, err = fastnlp("demo", "a.txt", "--size", "100", "--out", "tokens")
    assert (status, err) == (0, "")
    assert "collect text" not in out
    store = corpus.open("tokens")
    assert len(store) == 200
    assert f"{store.num_tokens:,}" in out
    assert store.decode(7) == "the quick [ / fox ] number 7 jumps [ bold ] over the lazy dog , and again ."
    shown = " ".join(out.split())
    assert "the quick [/fox] number 0" in shown  # which is no markup
    assert "the quick [ / fox ] number 0" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.txt"], "`inputs`: 'missing.txt' does not exist."),
        (["--out", "full"], "`out` must be a new or an empty folder; 'full' is not empty."),
        (["empty.txt"], "`word_counts` must hold at least one word; received none."),
    ],
)
def test_errors(fastnlp, tmp_path, arguments, message):
    (tmp_path / "full/kept").mkdir(parents=True)
    (tmp_path / "empty.txt").touch()
    status, out, err = fastnlp("demo", *arguments)
    assert (status, out, err) == (1, "", f"error: {message}\n")
