"""Runs the command line in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastnlp.cli import main


@pytest.fixture
def fastnlp(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder; its exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def vocabulary(tmp_path: Path) -> Path:
    path = tmp_path / "vocab.txt"
    path.write_text("[UNK]\nthe\nquick\nfox\n[SEP]\n[\n]\nSEP\n", encoding="utf-8")
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("the quick fox\n\nThe fox [SEP]\n", encoding="utf-8")
    return path
