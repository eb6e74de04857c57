"""TensorFlow, and an encoder."""

from __future__ import annotations

import pytest

pytest.importorskip("tensorflow")

from fastnlp import _dispatch
from fastnlp.ops import WordPiece

WORDS = ["the", "qu", "##ick", "brown", "fox", "##es", ".", ",", "é", "日", "##", "a", "##a", "b"]


@pytest.fixture(scope="session")
def encoder() -> WordPiece:
    return WordPiece(["[PAD]", "[UNK]", *WORDS], lowercase=True)


@pytest.fixture(scope="session")
def needs_library() -> None:
    """For what only the registered ops can do."""
    if _dispatch.target() == _dispatch.REFERENCE:
        pytest.skip("the reference is the target, and it runs in Python")
