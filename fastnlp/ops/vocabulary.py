"""Vocabularies: read from a file or taken from a list, checked, and written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from fastnlp.files import staged_file


def as_vocabulary(vocabulary: str | os.PathLike[str] | Iterable[str]) -> tuple[str, ...]:
    """The tokens of a vocabulary, by token id.

    Args:
        vocabulary: the path of a UTF-8 text file with one token a line, or
            the tokens themselves. Lines end with a line feed, before which
            one carriage return is dropped; all other white space belongs to
            the token.

    Raises:
        FileNotFoundError, IsADirectoryError: where the path is no file.
        TypeError: where a token is not a str.
        ValueError: where the vocabulary is empty, holds an empty token or
            one token twice, or is not UTF-8.
    """
    if isinstance(vocabulary, (str, os.PathLike)):
        path = Path(vocabulary)
        return _check(_read(path), str(path))
    if isinstance(vocabulary, bytes) or not isinstance(vocabulary, Iterable):
        raise TypeError(f"`vocabulary` must be a path or an iterable of str; received {vocabulary!r:.100}.")
    return _check(list(vocabulary), None)


def write_vocabulary(path: str | os.PathLike[str], tokens: Iterable[str]) -> None:
    """Write tokens to a UTF-8 text file, one a line, or leave everything as it was.

    Raises:
        ValueError: where a token would not read back as it is; names it.
        OSError: where the file cannot be written; names it.
    """
    lines = []
    for token in tokens:
        if "\n" in token or token.endswith("\r"):
            raise ValueError(f"A token in a vocabulary file must not hold the end of a line; received {token!r}.")
        lines.append(f"{token}\n".encode())
    with staged_file(Path(path)) as file:
        file.writelines(lines)


def _read(path: Path) -> list[str]:
    if path.is_dir():
        raise IsADirectoryError(f"`vocabulary` must be a file; {str(path)!r} is a folder.")
    if not path.exists():
        raise FileNotFoundError(f"`vocabulary` names no file: {str(path)!r}.")
    lines = path.read_bytes().split(b"\n")
    if not lines[-1]:
        lines.pop()
    tokens = []
    for number, line in enumerate(lines, 1):
        try:
            tokens.append(line.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError:
            raise ValueError(f"`vocabulary` {str(path)!r}, line {number}: not UTF-8: {line!r:.100}.") from None
    return tokens


def _check(tokens: list[str], path: str | None) -> tuple[str, ...]:
    def place(token_id: int) -> str:
        return f"`vocabulary` {path!r}, line {token_id + 1}" if path else f"`vocabulary`, token {token_id}"

    if not tokens:
        raise ValueError(f"`vocabulary`{f' {path!r}' if path else ''} holds no token.")
    seen: dict[str, int] = {}
    for token_id, token in enumerate(tokens):
        if not isinstance(token, str):
            raise TypeError(f"{place(token_id)}: a token must be a str; received {token!r:.100}.")
        if not token:
            raise ValueError(
                f"{place(token_id)}: a token must not be empty. Where ids count on its place, fill it with a name."
            )
        try:
            token.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{place(token_id)}: {token!r} holds a lone surrogate.") from None
        if token in seen:
            first = f"line {seen[token] + 1}" if path else f"token {seen[token]}"
            raise ValueError(f"{place(token_id)}: {token!r} is there already, as {first}.")
        seen[token] = token_id
    return tuple(tokens)
