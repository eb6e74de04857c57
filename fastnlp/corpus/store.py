"""Read a token store."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, SupportsIndex, overload

import numpy as np

from fastnlp.corpus.manifest import Manifest, read_manifest, restore_encoder
from fastnlp.corpus.megatron import map_tokens
from fastnlp.ops import WordPiece
from fastnlp.ragged import Ragged


class Corpus:
    """A token store: the token ids of many documents, mapped into memory.

    Opening one takes no time and no memory, however large it is. It may be
    used from any number of threads, after a fork, and pickled: it pickles into
    its path.

    Args:
        path: the folder that `fastnlp.corpus.build` made.

    Attributes:
        path: the folder's absolute `Path`.
        manifest: how it was made: inputs, options, versions.

    Raises:
        FileNotFoundError: where `path` is missing or no token store.
        ValueError: where its files are damaged or do not belong together.

    Example:

    >>> corpus = fastnlp.corpus.open("reviews.tokens")
    >>> len(corpus), corpus.num_tokens, corpus.dtype
    (25000, 7793201, dtype('uint16'))
    >>> corpus[0]
    array([7592, 2088], dtype=uint16)
    >>> corpus[:2].row_lengths()
    array([2, 1])
    >>> corpus.decode(0)
    'hello world'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(path))
        self.manifest: Manifest = read_manifest(self.path)
        self._ids, self._lengths, self._offsets = map_tokens(self.path)
        found = (len(self._lengths), len(self._ids), self._ids.dtype.name)
        expected = (self.manifest.documents, self.manifest.tokens, self.manifest.dtype)
        if found != expected:
            raise ValueError(
                f"`path` {str(self.path)!r} is damaged: its files hold (documents, tokens, dtype) {found}, "
                f"its corpus.json says {expected}."
            )

    @property
    def num_tokens(self) -> int:
        """The number of tokens of all documents."""
        return len(self._ids)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the ids: uint16 or int32."""
        return self._ids.dtype

    @cached_property
    def encoder(self) -> WordPiece:
        """The encoder that the store was made with.

        Raises:
            FileNotFoundError, ValueError: where its files were changed.
        """
        return restore_encoder(self.path, self.manifest.encoder)

    def decode(self, index: SupportsIndex | slice) -> Any:
        """The text that the ids of a document stand for, a str; or those of a slice, a list of str."""
        return self.encoder.decode(self[index])

    def __len__(self) -> int:
        return len(self._lengths)

    @overload
    def __getitem__(self, index: SupportsIndex) -> np.ndarray: ...
    @overload
    def __getitem__(self, index: slice) -> Ragged: ...
    def __getitem__(self, index: SupportsIndex | slice) -> np.ndarray | Ragged:
        """The ids of document `index`, or a `Ragged` of the documents of a slice.

        Both are read-only views of the file; only a slice with a step copies.
        """
        if isinstance(index, slice):
            return self._slice(index)
        row = operator.index(index)
        if not -len(self) <= row < len(self):
            raise IndexError(f"document {row} is out of range for {len(self)} documents")
        start = int(self._offsets[row]) // self.dtype.itemsize
        return self._ids[start : start + int(self._lengths[row])]

    def _slice(self, index: slice) -> Ragged:
        start, stop, step = index.indices(len(self))
        if step != 1:
            rows = range(start, stop, step)
            if not rows:
                return self._slice(slice(0, 0))
            first, last = min(rows[0], rows[-1]), max(rows[0], rows[-1])
            stepped: Ragged = self._slice(slice(first, last + 1))[::step]
            return stepped
        row_splits = np.zeros(max(stop - start, 0) + 1, np.int64)
        np.cumsum(self._lengths[start:stop], out=row_splits[1:])
        first_id = int(self._offsets[start]) // self.dtype.itemsize if start < stop else 0
        return Ragged(self._ids[first_id : first_id + int(row_splits[-1])], row_splits)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[row] for row in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Corpus, (self.path,)

    def __repr__(self) -> str:
        return f"Corpus({str(self.path)!r}, documents={len(self)}, tokens={self.num_tokens}, dtype={self.dtype})"


def open(path: str | os.PathLike[str]) -> Corpus:
    """Open a token store; see `Corpus`."""
    return Corpus(path)
