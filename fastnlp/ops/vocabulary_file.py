"""Write a vocabulary file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_vocabulary(path: str | os.PathLike[str], tokens: Iterable[str]) -> None:
    """Write tokens to a UTF-8 text file, one a line, or leave everything as it was.

    The file is written under another name next to its place, synced to disk, and renamed.

    Raises:
        ValueError: where a token would not read back as it is; names it.
        OSError: where the file cannot be written; names it.
    """
    path = Path(path)
    lines = []
    for token in tokens:
        if "\n" in token or token.endswith("\r"):
            raise ValueError(f"A token in a vocabulary file must not hold the end of a line; received {token!r}.")
        lines.append(f"{token}\n".encode())
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # as where the disk is full
        raise
