"""`Lines`: text files of any size, seen as texts."""

from __future__ import annotations

import codecs
import mmap
import os
from collections.abc import Iterator
from copy import copy
from pathlib import Path

from fastnlp._dispatch import DelimitedText, split_lines

BATCH_BYTES = 64 << 20
READ_BYTES = 1 << 20  # copied at once by what goes through the lines in Python

# The first bytes of files that are no text, none of which UTF-8 can begin with.
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}


class Lines:
    """A text file as a batch of texts, one a line, that is never read into memory.

    Wherever an op takes `texts`, it takes this. The file is mapped: the kernels
    read from the operating system's cache, and nothing is copied. Lines are
    those of `fastnlp corpus build --document line`: an empty line is an empty
    text, a byte order mark at the start is dropped, and bytes that are not
    UTF-8 are left to the op.

    The file must not be written to while it is in use. Should it be cut short
    then, the operating system ends the process.

    Args:
        path: a file of text in UTF-8, which may be empty.
        delimiter: the ASCII character that ends a line; the last line may lack
            it. Before a line feed one carriage return is dropped too.

    Raises:
        FileNotFoundError, IsADirectoryError: where the path is no file.
        ValueError: where the file is a pipe or a device, or compressed, or
            `delimiter` is anything but one ASCII character.

    Example:

    >>> for batch in Lines("corpus.txt").batches():
    ...     ids = encoder.encode(batch)
    """

    def __init__(self, path: str | os.PathLike[str], *, delimiter: str = "\n") -> None:
        if not isinstance(delimiter, str) or len(delimiter) != 1 or not delimiter.isascii():
            raise ValueError(f"`delimiter` must be one ASCII character; received {delimiter!r}.")
        self._delimiter = delimiter.encode()
        self._file = _map(Path(path))
        self._start = len(codecs.BOM_UTF8) if self._file[:3] == codecs.BOM_UTF8 else 0
        self._stop = len(self._file)

    @property
    def nbytes(self) -> int:
        """The size of the lines in the file, with their ends."""
        return self._stop - self._start

    @property
    def source(self) -> DelimitedText:
        """What the kernels read."""
        return DelimitedText(memoryview(self._file)[self._start : self._stop], self._delimiter)

    def batches(self, bytes_per_batch: int = BATCH_BYTES) -> Iterator[Lines]:
        """Cut the file into batches, so that what is made of each fits into memory.

        Args:
            bytes_per_batch: how large a batch may be. A longer line is a batch
                of its own.

        Returns:
            An iterator over all lines in order. It finds the borders on the
            way and looks at nothing between them.
        """
        if not isinstance(bytes_per_batch, int) or bytes_per_batch < 1:
            raise ValueError(f"`bytes_per_batch` must be at least 1; received {bytes_per_batch!r}.")
        return self._batches(bytes_per_batch)

    def _batches(self, bytes_per_batch: int) -> Iterator[Lines]:
        start = self._start
        while start < self._stop:
            limit = start + bytes_per_batch
            end = self._stop
            if limit < end:
                last = self._file.rfind(self._delimiter, start, limit)
                if last < 0:
                    last = self._file.find(self._delimiter, limit, self._stop)
                if last >= 0:
                    end = last + 1
            batch = copy(self)
            batch._start, batch._stop = start, end
            yield batch
            start = end

    def __len__(self) -> int:
        """The number of lines, for which all of the file is read."""
        ends = sum(bytes(batch.source.buffer).count(self._delimiter) for batch in self.batches(READ_BYTES))
        return ends + (self.nbytes > 0 and self._file[self._stop - 1 : self._stop] != self._delimiter)

    def __iter__(self) -> Iterator[bytes]:
        """The lines, without their ends."""
        for batch in self.batches(READ_BYTES):
            yield from split_lines(bytes(batch.source.buffer), self._delimiter)


def _map(path: Path) -> mmap.mmap | bytes:
    if path.is_dir():
        raise IsADirectoryError(f"`path` must be a file; {str(path)!r} is a folder.")
    if not path.exists():
        raise FileNotFoundError(f"`path` names no file: {str(path)!r}.")
    if not path.is_file():
        raise ValueError(f"`path` must be a regular file; {str(path)!r} is not.")
    with path.open("rb") as file:
        first_bytes = file.read(max(map(len, _COMPRESSIONS)))
        for magic, compression in _COMPRESSIONS.items():
            if first_bytes.startswith(magic):
                raise ValueError(f"`path` must be a file of plain text; {str(path)!r} is compressed ({compression}).")
        # An empty file cannot be mapped.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if first_bytes else b""
