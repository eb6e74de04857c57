"""What CONTRIBUTING.md promises of the code, held by tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STANDARD = sys.stdlib_module_names

# Each layer, and what it may import beside the standard library and itself. Nothing else is allowed.
LAYERS = {
    "reference": set(),
    "ragged": {"numpy"},
    "files": set(),
    "_dispatch": {"numpy", "fastnlp.reference", "fastnlp._native"},
    "config": {"numpy", "fastnlp._dispatch", "fastnlp._version"},
    "ops": {"numpy", "fastnlp._dispatch", "fastnlp.files", "fastnlp.ragged"},
    "tf": {"numpy", "tensorflow", "fastnlp._dispatch", "fastnlp.ops", "fastnlp.ragged"},
    "layers": {"numpy", "keras", "fastnlp.ops", "fastnlp.tf", "fastnlp.ragged"},
    "presets": {
        *("numpy", "keras", "h5py", "safetensors", "huggingface_hub", "kagglehub", "requests"),
        *("fastnlp.files", "fastnlp._version"),
    },
    "tokenizers": {
        *("numpy", "keras", "fastnlp.layers", "fastnlp.ops", "fastnlp.presets", "fastnlp.tf", "fastnlp.ragged"),
    },
    "models": {"numpy", "keras", "fastnlp.data", "fastnlp.layers", "fastnlp.presets", "fastnlp.tokenizers"},
    "data": {"numpy", "keras", "tensorflow", "fastnlp.ops"},
    "corpus": {
        "numpy",
        "orjson",
        "pyarrow",
        "fastnlp.data",
        "fastnlp.files",
        "fastnlp.ops",
        "fastnlp.ragged",
        "fastnlp._version",
    },
    "bench": {
        *("numpy", "matplotlib", "fastnlp._dispatch", "fastnlp.config", "fastnlp.ops", "fastnlp.ragged"),
        "fastnlp.tokenizers",
    },
    "examples": {"numpy", "keras", "tensorflow", "gensim", "fastnlp"},  # what users of the package have
    "cli": {
        "click",
        "rich",
        "orjson",
        "keras",
        "fastnlp.bench",
        "fastnlp.config",
        "fastnlp.corpus",
        "fastnlp.examples",
        "fastnlp.files",
        "fastnlp.ops",
        "fastnlp._version",
    },
}
TABLE_OF_CONTENTS = {"__init__", "__main__", "_version"}


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere, by their full names; `from fastnlp import x` counts as fastnlp.x."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "fastnlp":
                found.update(f"fastnlp.{alias.name}" for alias in node.names)
            else:
                found.add(node.module)
    return found


def test_every_module_belongs_to_a_layer():
    found = {path.name.split(".")[0] for path in (ROOT / "fastnlp").iterdir()}
    assert {name for name in found if not name.startswith(("__pycache__", "_native", "_tf_ops", "py"))} == {
        *LAYERS,
        *TABLE_OF_CONTENTS,
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_arrows_run_one_way(layer):
    place = ROOT / "fastnlp" / layer
    for path in place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]:
        for module in imports(path):
            top = ".".join(module.split(".")[: 2 if module.startswith("fastnlp.") else 1])
            if top in STANDARD or top == f"fastnlp.{layer}":
                continue
            assert top in LAYERS[layer], f"{path.relative_to(ROOT)} imports {module}"


def test_core_is_free_of_its_hosts():
    for path in (ROOT / "csrc").rglob("*.[hc]*"):
        layer = path.relative_to(ROOT / "csrc").parts[0]
        for include in re.findall(r'^#include ["<]([^">]+)', path.read_text(), re.MULTILINE):
            allowed = {
                "core": r"(core/.+|unicode_table\.inc|immintrin\.h|arm_neon\.h|sys/mman\.h|[a-z0-9_]+)$",
                "bindings": r"(core/.+|bindings/.+|pybind11/.+|numpy/.+|Python\.h|[a-z0-9_]+)$",
                "tf_ops": r"(core/.+|tf_ops/.+|dlfcn\.h|windows\.h|[a-z0-9_]+)$",
                "tests": r"(core/.+|check\.h|[a-z0-9_]+)$",
            }[layer]
            assert re.match(allowed, include), f"{path.relative_to(ROOT)} includes {include}"


PARTS = {"philox"}  # what kernels are made of, and nobody calls
VARIANTS = {"learn_subtract_kept": "learn"}  # kernels that share the C++ of another
LEARNING = {"count_words", "learn"}  # kernels that make vocabularies
WITHOUT_TENSORS = {"encode_with_offsets"}  # kernels that graphs have no use for


def test_kernels_are_complete():
    """One stem names a kernel in all its places."""
    for path in (ROOT / "fastnlp/reference").glob("*/*.py"):
        family, kernel = path.parent.name, path.stem
        if family == "text" or kernel in {"__init__", "model"}:
            continue
        kernel = VARIANTS.get(kernel, kernel)
        for place in (f"csrc/core/{family}/{kernel}.h", f"csrc/core/{family}/{kernel}.cc"):
            assert (ROOT / place).is_file(), f"{family}.{kernel} lacks {place}"
        if kernel in PARTS:
            continue
        if kernel in LEARNING:
            places = [
                f"csrc/bindings/{kernel}.cc",
                "fastnlp/ops/vocabulary_learning.py",
                "tests/ops/test_vocabulary_learning.py",
                "bench/bench_vocabulary_learning.py",
            ]
        else:
            places = [
                f"csrc/bindings/{family}.cc",
                f"fastnlp/ops/{family}.py",
                f"tests/ops/test_{family}*.py",
                "bench/bench_*.py",
            ]
        if kernel not in WITHOUT_TENSORS | LEARNING:
            places += [f"csrc/tf_ops/{family}.cc", f"fastnlp/tf/{family}.py", f"tests/tf/test_{family}.py"]
        for place in places:
            text = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob(place))
            assert kernel in text, f"{family}.{kernel} is not in {place}"


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_ruff():
    run(sys.executable, "-m", "ruff", "check", ".")
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_mypy():
    run(sys.executable, "-m", "mypy")
    allowlist = "tools/stubtest_allowlist.txt"
    run(sys.executable, "-m", "mypy.stubtest", "fastnlp._native", "--ignore-disjoint-bases", "--allowlist", allowlist)


def test_clang_format():
    files = [str(path) for path in (ROOT / "csrc").rglob("*") if path.suffix in {".h", ".cc"}]
    assert files
    run(str(Path(sys.executable).with_name("clang-format")), "--dry-run", "--Werror", *files)
