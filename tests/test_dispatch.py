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


def test_forced_targets_agree_on_real_text(data):
    script = f"""
import hashlib, json, lzma, pathlib, tarfile
from fastnlp.ops import WordPiece

data = pathlib.Path({str(data)!r})
with lzma.open(data / "imdb-test.jsonl.xz") as lines:
    texts = [json.loads(line)["text"] for line, _ in zip(lines, range(100))]
with tarfile.open(data / "multilingual/tatoeba-v1.tar.xz") as archive:
    for member in archive.getmembers():
        if member.isfile():
            texts += archive.extractfile(member).read().split(b"\\n")[:5]
with tarfile.open(data / "vocab.tar.xz") as archive:
    name = next(name for name in archive.getnames() if name.endswith("bert-base-uncased-vocab.txt"))
    vocabulary = archive.extractfile(name).read().decode().split("\\n")[:-1]
digest = hashlib.sha256()
for rules in "keras", "bert":
    encoder = WordPiece(vocabulary, rules=rules, lowercase=True, strip_accents=True)
    ids = encoder.encode(texts, num_threads=2)
    digest.update(ids.flat_values.tobytes() + ids.row_splits.tobytes())
print(len(texts), digest.hexdigest())
"""
    results = {name: run(script, FASTNLP_TARGET=name) for name in fastnlp.show_config()["targets"]}
    assert len({done.stdout for done in results.values()}) == 1, results
    assert int(results["scalar"].stdout.split()[0]) > 1000


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
