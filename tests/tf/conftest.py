"""TensorFlow, an encoder, and processes to run code in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

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


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """Run code in a fresh Python process; its standard output."""

    def run(code: str, *arguments: object, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, *map(str, arguments)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
