"""Encoders and files for the tests of token stores."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from fastnlp.ops import WordPiece

PACK = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


@pytest.fixture(scope="session")
def encoder() -> WordPiece:
    return WordPiece(["[UNK]", "the", "qu", "##ick", "br", "##own", "fox", ".", "é"], lowercase=True)


@pytest.fixture
def write(tmp_path: Path):
    """Write a file into a folder of inputs, packed as its name says."""
    folder = tmp_path / "inputs"

    def write_file(name: str, content: bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = path.suffix.lower()
        path.write_bytes(PACK.get(suffix, bytes)(content))
        return path

    return write_file
