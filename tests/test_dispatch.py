"""Which implementation runs is chosen at import, so every case runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import fastnlp

BLOCK_NATIVE = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "fastnlp._native":
            raise ImportError("blocked")
sys.meta_path.insert(0, Blocker())
"""
ENCODE = "from fastnlp.ops import WordPiece; print(WordPiece(['[UNK]', 'a']).encode(['a b']).to_list())"
SHOW = "import fastnlp; config = fastnlp.show_config(); print(config['target'], config['targets'])"


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "FASTNLP_TARGET"}
    return subprocess.run(
        [sys.executable, "-c", script], env={**clean, **environment}, capture_output=True, text=True, check=False
    )


def test_default_is_native():
    done = run(SHOW)
    assert done.stdout.split()[0] == fastnlp.show_config()["targets"][0] != "reference"
    assert done.stderr == ""


@pytest.mark.parametrize("name", fastnlp.show_config()["targets"])
def test_environment_names_the_target(name):
    done = run(f"{SHOW}; {ENCODE}", FASTNLP_TARGET=name)
    assert done.stdout.splitlines()[0].split()[0] == name
    assert done.stdout.splitlines()[1] == "[[1, 0]]"
    assert done.stderr == ""


def test_unknown_target_is_an_error():
    done = run(SHOW, FASTNLP_TARGET="avx1024")
    assert done.returncode != 0
    assert "`target` must be one of" in done.stderr
    assert "'avx1024'" in done.stderr
    with (
        pytest.raises(ValueError, match=r"`target` must be one of .* received 'avx1024'"),
        fastnlp.use_target("avx1024"),
    ):
        pass


def test_missing_extension_warns_once_and_works():
    done = run(f"{BLOCK_NATIVE}\n{ENCODE}; {ENCODE}")
    assert done.stdout.splitlines() == ["[[1, 0]]", "[[1, 0]]"]
    assert done.stderr.count("RuntimeWarning: fastnlp runs on its pure-Python reference") == 1
    assert "blocked" in done.stderr


def test_missing_extension_is_silent_when_asked_for():
    done = run(f"{BLOCK_NATIVE}\n{ENCODE}", FASTNLP_TARGET="reference")
    assert (done.stdout, done.stderr) == ("[[1, 0]]\n", "")


def test_missing_extension_cannot_be_asked_for():
    target = fastnlp.show_config()["targets"][0]
    done = run(f"{BLOCK_NATIVE}\n{ENCODE}", FASTNLP_TARGET=target)
    assert done.returncode != 0
    assert "The extension is missing: blocked." in done.stderr


def test_use_target_restores():
    before = fastnlp.show_config()["target"]
    with fastnlp.use_target("reference"):
        assert fastnlp.show_config()["target"] == "reference"
    assert fastnlp.show_config()["target"] == before


def test_import_costs_nothing_that_is_not_needed():
    heavy = ["numpy", "tensorflow", "keras", "rich", "click", "pyarrow", "orjson", "fastnlp.reference"]
    done = run(f"import fastnlp, sys; print([name for name in {heavy} if name in sys.modules])")
    assert done.stdout.strip() == "[]"
    done = run(f"import fastnlp.ops, sys; print([name for name in {heavy[1:-1]} if name in sys.modules])")
    assert done.stdout.strip() == "[]"
