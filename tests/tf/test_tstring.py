"""The layout of string elements, which csrc/tf_ops/tstring.h falls back to, next to TensorFlow's own header."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import tensorflow as tf

SOURCE = Path(__file__).with_name("tstring_layout.cc")
CSRC = Path(__file__).parents[2] / "csrc"


def test_layout_is_tensorflows(tmp_path: Path) -> None:
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    flags = ["-std=c++20", f"-I{CSRC}", "-isystem", tf.sysconfig.get_include()]
    subprocess.run([compiler, *flags, str(SOURCE), "-o", str(tmp_path / "layout")], check=True)
    subprocess.run([str(tmp_path / "layout")], check=True)
