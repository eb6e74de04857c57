"""English text that every machine with Python has: its language reference, and its standard library's docstrings."""

from __future__ import annotations

import ast
import os
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

# Packages of tests, of third parties, and of files that are no Python on purpose.
SKIPPED = {"__pycache__", "dist-packages", "idle_test", "lib2to3", "site-packages", "test", "tests"}


def language_reference() -> Iterator[str]:
    """The pages behind Python's `help()`, sorted by name."""
    return (text for _, text in sorted(topics.items()))


def source_files() -> list[Path]:
    """The source files of the standard library, sorted by name."""
    paths = []
    for folder, folders, files in os.walk(sysconfig.get_path("stdlib")):
        folders[:] = sorted(set(folders) - SKIPPED)
        paths += [Path(folder, name) for name in sorted(files) if name.endswith(".py")]
    return paths


def docstrings(path: Path) -> Iterator[str]:
    """The docstrings of a file's module, classes and functions. The file is parsed, not imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in strings that are none of ours
        return _docstrings(ast.parse(path.read_bytes()))


def _docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    text = ast.get_docstring(node)
    if text:
        yield text
    for child in node.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _docstrings(child)
