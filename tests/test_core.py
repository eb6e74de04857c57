"""The C++ tests of the core: under sanitizers, and for 64-bit Arm in an emulator."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEON = "aarch64-linux-gnu-g++", "qemu-aarch64"


def run_tests(preset: str, build: Path, *emulator: str) -> None:
    """Build the C++ tests as a preset says, into a folder of their own, and run them."""
    for command in (
        ["cmake", "--preset", preset, "-S", str(ROOT), "-B", str(build)],
        ["cmake", "--build", str(build), "--parallel", "2"],
        [*emulator, str(build / "csrc/tests/fastnlp_tests")],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "all tests passed\n"


@pytest.mark.parametrize("preset", ["sanitize", "tsan"])
def test_core(preset: str, tmp_path: Path) -> None:
    run_tests(preset, tmp_path)


@pytest.mark.skipif(not all(map(shutil.which, NEON)), reason=f"needs {' and '.join(NEON)}")
def test_neon(tmp_path: Path) -> None:
    run_tests("neon", tmp_path, "qemu-aarch64")
