"""Lines of a text."""

from __future__ import annotations


def split_lines(text: bytes, delimiter: bytes) -> list[bytes]:
    """The lines of `text`, each of which ends with `delimiter`, a byte that belongs to none.

    The last line may lack its end; behind a last delimiter there is no line. Where the delimiter is a line feed, one
    carriage return before it is dropped too.
    """
    *lines, last = text.split(delimiter)
    if delimiter == b"\n":
        lines = [line.removesuffix(b"\r") for line in lines]
    return [*lines, last] if last else lines
