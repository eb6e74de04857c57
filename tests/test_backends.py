"""Layers and models on Keras's other backends, each in a process of its own: a backend is chosen once a process.

`KERAS_BACKEND=jax pytest tests/layers tests/models` runs one of them alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

TESTS = Path(__file__).parent
PLACES = ("layers", "models", "oracles/test_layers_oracle.py", "oracles/test_models_oracle.py")


@pytest.mark.parametrize("backend", sorted({"jax", "tensorflow", "torch"} - {keras.backend.backend()}))
def test_backend(backend: str) -> None:
    pytest.importorskip(backend)
    # JAX compiles far longer than it computes here.
    options = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    arguments = ["-q", "-p", "no:cacheprovider", "-o", "timeout=300", "-o", "faulthandler_timeout=400"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, *(str(TESTS / place) for place in PLACES)],
        env={**os.environ, **options},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
