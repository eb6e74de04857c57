"""The C++ tests of the core, under sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_core(sanitizers: str, tmp_path: Path) -> None:
    configure = [
        "cmake",
        *("-S", str(ROOT), "-B", str(tmp_path), "-DCMAKE_BUILD_TYPE=RelWithDebInfo"),
        *("-DFASTNLP_BUILD_PYTHON=OFF", "-DFASTNLP_BUILD_TESTS=ON", "-DFASTNLP_WERROR=ON"),
        f"-DFASTNLP_SANITIZE={sanitizers}",
    ]
    for command in (
        configure,
        ["cmake", "--build", str(tmp_path), "--parallel", "2"],
        [str(tmp_path / "csrc/tests/fastnlp_tests")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "all tests passed\n"
