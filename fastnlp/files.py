"""Files and folders that appear whole or not at all, and errors that say where they happened."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put `path` into an OSError that names no file, as those of reading, writing and syncing do."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def check_new_folder(path: Path) -> None:
    """Raise FileExistsError where `path` is anything but an empty folder."""
    if path.is_dir():
        if any(path.iterdir()):
            raise FileExistsError(f"`out` must be a new or an empty folder; {str(path)!r} is not empty.")
    elif path.exists():
        raise FileExistsError(f"`out` must be a new or an empty folder; {str(path)!r} is a file.")


@contextmanager
def staged_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into. Synced, it becomes `path` when the context ends; after an error it is gone."""
    staging = _staging(path)
    try:
        with naming(path):
            with staging.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            staging.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


@contextmanager
def staged_folder(path: Path) -> Iterator[Path]:
    """A folder to write synced files into. It becomes `path` when the context ends; after an error it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = _staging(path)
    staging.mkdir()
    try:
        with naming(path):
            yield staging
            _sync_folder(staging)
            staging.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file to the disk, not only to the system's cache."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _staging(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
