"""`fastnlp example`: the workflows of KerasNLP's guide."""

from __future__ import annotations

import inspect
import math
import os
import sys
from contextlib import redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from fastnlp.examples import MODULES
from fastnlp.files import check_new_folder


def run(*, number: int, out: Path | None, backend: str | None, dtype: str | None, quiet: bool, **options: Any) -> None:
    """Run a workflow, and print how fast it was, and how good its model is."""
    backend = _start_keras(backend, dtype)
    module = import_module(f"fastnlp.examples.{MODULES[number]}")
    given = {name: value for name, value in {**options, "out": out}.items() if value not in (None, ())}
    known = inspect.signature(module.run).parameters
    for name in given.keys() - known.keys():
        raise click.UsageError(f"`--{name.replace('_', '-')}` is no option of example {number}.")
    if out is not None:
        check_new_folder(out)
    try:
        with redirect_stdout(sys.stderr):  # Keras's progress
            result = module.run(**given, verbose=_verbosity(quiet))
    except ImportError as error:  # what is optional says how to install it
        raise click.ClickException(str(error)) from error
    _print(result, backend, out)


def _start_keras(backend: str | None, dtype: str | None) -> str:
    """Import Keras on a backend, which cannot change afterwards."""
    for package in ("keras", backend):
        if package is not None and find_spec(package) is None:
            raise click.UsageError(f"{package} is not installed: pip install {package}")
    if backend is not None and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras  # noqa: PLC0415 - the backend is set before

    running: str = keras.backend.backend()
    if backend not in (None, running):
        raise click.UsageError(f"`--backend` must be {running!r} in this process, which runs on it already.")
    if dtype is not None:
        keras.config.set_dtype_policy(dtype)
    return running


def _verbosity(quiet: bool) -> int:
    """Of Keras: nothing, a bar, or a line an epoch."""
    if quiet:
        return 0
    return 1 if sys.stderr.isatty() else 2


def _print(result: Any, backend: str, out: Path | None) -> None:
    """What came out, and how fast."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column(backend, overflow="fold")
    for column in ("seconds", "examples/s", "loss", "accuracy", "in the guide"):
        table.add_column(column, justify="right", no_wrap=True)
    for measure in result.measures:
        table.add_row(
            measure.name,
            f"{measure.seconds:,.1f}",
            f"{measure.examples_per_second:,.1f}",
            f"{measure.loss:.4f}",
            f"{measure.accuracy:.4f}",
            "" if measure.guide is None else f"{measure.guide:.4f}",
        )
    console = Console()
    console.print(table)
    parameters, trainable = (
        sum(math.prod(variable.shape) for variable in variables)
        for variables in (result.model.weights, result.model.trainable_weights)
    )
    facts = [("parameters", f"{parameters:,}, {trainable:,} of them trainable"), *result.facts]
    if out is not None:
        facts.append(("saved in", str(out)))
    for name, value in facts:
        console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
