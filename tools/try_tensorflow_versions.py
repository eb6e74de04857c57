"""Try one built wheel with several releases of TensorFlow: its op library is compiled against none of them.

    python tools/try_tensorflow_versions.py dist/fastnlp-*.whl
    python tools/try_tensorflow_versions.py dist/fastnlp-*.whl 2.16.2 2.18.1 2.20.0

Every release gets a virtual environment in a temporary folder, and every check of check_tensorflow.py a process of its
own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import click

OLDEST_AND_NEWEST = ("2.16.2", "2.21.0")
CHECKS = ("eager", "dataset", "saved_model", "data_service")
SECONDS_PER_CHECK = 300


@click.command()
@click.argument("wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("versions", nargs=-1)
def main(wheel: Path, versions: tuple[str, ...]) -> None:
    """Check WHEEL with TensorFlow VERSIONS; with the oldest and the newest supported where none are given."""
    table: list[tuple[str, ...]] = [("tensorflow", "numpy", *CHECKS)]
    failures: list[str] = []
    for version in versions or OLDEST_AND_NEWEST:
        with tempfile.TemporaryDirectory(prefix=f"tensorflow-{version}-") as folder:
            numpy, outputs = try_version(wheel.resolve(), version, Path(folder))
        table.append((version, numpy, *("ok" if output is None else "FAILED" for output in outputs.values())))
        failures += [f"TensorFlow {version}, {name}:\n{output}" for name, output in outputs.items() if output]
    for row in table:
        click.echo("  ".join(f"{cell:<14}" for cell in row).rstrip())
    for failure in failures:
        click.echo(f"\n{failure}", err=True)
    sys.exit(1 if failures else 0)


def try_version(wheel: Path, version: str, folder: Path) -> tuple[str, dict[str, str | None]]:
    """The version of NumPy, and what every check wrote if it failed."""
    click.echo(f"TensorFlow {version} …", err=True)
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    installed = run([python, "-m", "pip", "install", "--quiet", f"tensorflow=={version}", str(wheel)], folder)
    if installed.returncode:
        click.echo(installed.stdout, err=True)
        return "-", dict.fromkeys(CHECKS, "not installed")
    numpy = run([python, "-c", "import numpy; print(numpy.__version__)"], folder).stdout.strip()
    outputs: dict[str, str | None] = {}
    for name in CHECKS:
        done = run([python, str(Path(__file__).with_name("check_tensorflow.py")), name], folder, SECONDS_PER_CHECK)
        outputs[name] = f"exit code {done.returncode}: {done.stdout}" if done.returncode else None
    return numpy, outputs


def run(command: list[str], folder: Path, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; what it writes to standard error is part of its output."""
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": "", "TF_CPP_MIN_LOG_LEVEL": "2"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, 1, f"not done after {timeout} s: {error.output}")


if __name__ == "__main__":
    main()
