"""Presets that appear whole, or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from fastnlp._version import __version__
from fastnlp.files import staged_folder
from fastnlp.presets.preset import METADATA
from fastnlp.presets.serialized import serialize


@contextmanager
def staged_preset(path: str | os.PathLike[str], stale: Iterable[str] = ()) -> Iterator[Path]:
    """A folder to write a preset's files into.

    When the context ends, the files are synced. Where there is no folder at
    `path`, this one takes the place; else its files go there, one after
    another, and replace those of the same names. After an error it is gone.

    Args:
        path: the preset's folder.
        stale: patterns of files that must not stay from what was saved there
            before.

    Raises:
        NotADirectoryError: where there is something else at `path`.
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"A preset must be a folder; {str(folder)!r} is a file.")
    if not folder.exists():
        with staged_folder(folder) as staging:
            yield staging
            sync(staging)
        return
    staging = Path(tempfile.mkdtemp(prefix=".", suffix=".partial", dir=folder))  # there, to be on the same disk
    try:
        yield staging
        sync(staging)
        written = [file.relative_to(staging) for file in staging.rglob("*") if file.is_file()]
        for file in sorted(written, key=lambda file: file.suffix == ".json"):  # what names other files comes last
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (staging / file).replace(folder / file)
        for file in {file for pattern in stale for file in folder.glob(pattern)}:
            if file.relative_to(folder) not in written:
                file.unlink()
        sync(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(content, indent=4), encoding="utf-8")


def write_object(path: Path, instance: Any) -> None:
    """Write the configuration of a Keras object."""
    write_json(path, serialize(instance))


def write_metadata(folder: Path, model: Any, tasks: Iterable[str]) -> None:
    """Write what hubs show of a model.

    Args:
        folder: the preset's folder.
        model: the backbone.
        tasks: names of the kinds of task that the backbone serves.
    """
    write_json(
        folder / METADATA,
        {
            "keras_version": keras.version(),
            "fastnlp_version": __version__,
            "parameter_count": model.count_params(),
            "date_saved": dt.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
            "tasks": sorted(set(tasks)),
        },
    )


def sync(folder: Path) -> None:
    """See that the files below a folder are on the disk, not only in the system's cache."""
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
