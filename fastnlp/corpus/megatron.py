"""Megatron's indexed dataset: token ids in one file, where every document lies in another.

`tokens.bin` holds the ids of all documents, one after another. `tokens.idx` holds a header, then for each document its
length (int32), its byte offset in `tokens.bin` (int64), and the numbers of documents 0 to `documents` (int64): in
Megatron-LM a document may consist of several sequences; here it is one. All numbers are little-endian, nothing is
padded. The format is that of megatron/core/datasets/indexed_dataset.py.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

TOKENS = "tokens.bin"
INDEX = "tokens.idx"

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
HEADER = struct.Struct("<9sQBQQ")  # magic, version, dtype, sequences, documents + 1
DTYPE_CODES: dict[np.dtype[Any], int] = {np.dtype("<i4"): 4, np.dtype("<u2"): 8}
DTYPES = {code: dtype for dtype, code in DTYPE_CODES.items()}
LENGTH, OFFSET = np.dtype("<i4"), np.dtype("<i8")

MAX_DOCUMENT_TOKENS = 2**31 - 1  # lengths are int32
CHUNK = 1 << 20  # documents whose offsets are computed at once


def smallest_dtype(vocabulary_size: int) -> np.dtype[Any]:
    """The dtype that Megatron chooses for a vocabulary: uint16 below 65,500 tokens, else int32."""
    return np.dtype("<u2" if vocabulary_size < 65_500 else "<i4")


class TokenWriter:
    """Writes `tokens.bin` and `tokens.idx` into a folder, in memory that does not grow with the documents.

    A context manager: the files are whole, and synced, when it ends without an error.
    """

    def __init__(self, folder: Path, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.documents = 0
        self.tokens = 0
        self._tokens_file = (folder / TOKENS).open("xb")
        self._index_file = (folder / INDEX).open("x+b")
        self._index_file.write(bytes(HEADER.size))

    def append(self, ids: np.ndarray, lengths: np.ndarray) -> None:
        """Add documents: their ids, flat, and the length of each.

        Raises:
            ValueError: where a document is longer than the format allows.
        """
        longest = int(lengths.argmax()) if len(lengths) else 0
        if len(lengths) and lengths[longest] > MAX_DOCUMENT_TOKENS:
            raise ValueError(
                f"document {self.documents + longest} has {lengths[longest]} tokens; "
                f"the store takes up to {MAX_DOCUMENT_TOKENS} in one document."
            )
        self._tokens_file.write(ids.astype(self.dtype).data)
        self._index_file.write(lengths.astype(LENGTH).data)
        self.documents += len(lengths)
        self.tokens += len(ids)

    def __enter__(self) -> TokenWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._tokens_file, self._index_file:
            if error is None:
                self._finish_index()
                for file in (self._tokens_file, self._index_file):
                    file.flush()
                    os.fsync(file.fileno())

    def _finish_index(self) -> None:
        """Write what follows from the lengths, which are on disk and read back in chunks: offsets, numbers, header."""
        file = self._index_file
        offset = 0
        for start in range(0, self.documents, CHUNK):
            file.seek(HEADER.size + start * LENGTH.itemsize)
            lengths = np.frombuffer(file.read(min(CHUNK, self.documents - start) * LENGTH.itemsize), LENGTH)
            ends = offset + np.cumsum(lengths, dtype=OFFSET) * self.dtype.itemsize
            file.seek(0, os.SEEK_END)
            file.write((ends - lengths.astype(OFFSET) * self.dtype.itemsize).data)
            offset = int(ends[-1])
        for start in range(0, self.documents + 1, CHUNK):
            file.write(np.arange(start, min(start + CHUNK, self.documents + 1), dtype=OFFSET).data)
        file.seek(0)
        file.write(HEADER.pack(MAGIC, VERSION, DTYPE_CODES[self.dtype], self.documents, self.documents + 1))


class MappedTokens(NamedTuple):
    """The two files, mapped into memory."""

    ids: np.ndarray  # of all documents
    lengths: np.ndarray  # int32, by document
    offsets: np.ndarray  # int64, by document, in bytes from the begin of `tokens.bin`


def map_tokens(folder: Path) -> MappedTokens:
    """Map the files that a `TokenWriter` wrote.

    Raises:
        FileNotFoundError: where one of them is missing.
        ValueError: where one is damaged, or they do not belong together.
    """
    path = folder / INDEX
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise ValueError(f"{str(path)!r} is damaged: it does not begin as a Megatron index does.")
    _, version, dtype_code, documents, document_indices = HEADER.unpack(header)
    if version != VERSION or dtype_code not in DTYPES or document_indices != documents + 1:
        raise ValueError(
            f"{str(path)!r} is damaged, or no index of this kind: version {version}, dtype code {dtype_code}, "
            f"{documents} sequences, {document_indices} document indices."
        )
    first_offset = HEADER.size + documents * LENGTH.itemsize
    expected_size = first_offset + (2 * documents + 1) * OFFSET.itemsize
    if size != expected_size:
        raise ValueError(f"{str(path)!r} is damaged: {size} bytes where {documents} documents take {expected_size}.")
    lengths = _map(path, LENGTH, HEADER.size, documents)
    offsets = _map(path, OFFSET, first_offset, documents)

    path = folder / TOKENS
    dtype = DTYPES[dtype_code]
    size = path.stat().st_size
    expected_size = int(offsets[-1]) + int(lengths[-1]) * dtype.itemsize if documents else 0
    if size != expected_size:
        raise ValueError(f"{str(path)!r} is damaged: {size} bytes where {INDEX} says {expected_size}.")
    return MappedTokens(_map(path, dtype, 0, size // dtype.itemsize), lengths, offsets)


def _map(path: Path, dtype: np.dtype[Any], offset: int, count: int) -> np.ndarray:
    if count == 0:  # which mmap refuses
        return np.empty(0, dtype)
    return np.memmap(path, dtype, mode="r", offset=offset, shape=(count,)).view(np.ndarray)
