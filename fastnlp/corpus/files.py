"""Files and folders that appear whole or not at all, and errors that say where they happened."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put `path` into an OSError that names no file, as those of reading, writing and syncing do."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def check_new_folder(path: Path) -> None:
    """Raise FileExistsError where `path` is anything but an empty folder."""
    if path.is_dir():
        if any(path.iterdir()):
            raise FileExistsError(f"`out` must be a new or an empty folder; {str(path)!r} is not empty.")
    else:
        check_new_file(path)


def check_new_file(path: Path) -> None:
    """Raise FileExistsError where `path` exists."""
    if path.exists():
        raise FileExistsError(f"`out` must not exist; {str(path)!r} does.")


@contextmanager
def staged_folder(path: Path) -> Iterator[Path]:
    """A folder to write synced files into. It becomes `path` when the context ends; after an error it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = _staging_name(path)
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
    """Write a new file to disk, not only to the page cache."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then give it its own."""
    staging = _staging_name(path)
    try:
        with naming(path):
            write_synced(staging, content)
            staging.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def _staging_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
