"""Read a token store."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, SupportsIndex, overload

import numpy as np

from fastnlp.corpus.document_examples import DocumentExamples
from fastnlp.corpus.manifest import Manifest, read_manifest, restore_encoder
from fastnlp.corpus.megatron import map_tokens
from fastnlp.data import Batches
from fastnlp.data.text_examples import check_dense
from fastnlp.ops import Masker, WordPiece
from fastnlp.ops.packing_options import Tokens, as_packing, check_fit, with_dtype
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

    @property
    def ids(self) -> np.ndarray:
        """The ids of all documents, one after another: a read-only view of the file."""
        return self._ids

    @property
    def lengths(self) -> np.ndarray:
        """int32, the number of tokens of every document: a read-only view of the file."""
        return self._lengths

    def spans(self, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int64, where in `ids` documents begin, and their numbers of tokens."""
        return self._offsets[documents] // self.dtype.itemsize, self._lengths[documents].astype(np.int64)

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

    def batches(
        self,
        sequence_length: int,
        batch_size: int,
        *,
        masker: Masker | None = None,
        long_documents: str = "split",
        start_value: Tokens = None,
        end_value: Tokens = None,
        pad_value: int | str | None = None,
        padding_side: str = "right",
        seed: int = 0,
        shuffle: bool = True,
        drop_remainder: bool = False,
        shard: tuple[int, int] = (0, 1),
    ) -> Batches:
        """Batches for training: documents packed to one length, and masked as they are read.

        A batch is a dict of NumPy arrays `[batch, sequence_length]`: int32
        `"token_ids"`, int32 `"segment_ids"`, all 0, and bool `"padding_mask"`.
        With a masker it is a tuple of this dict, which then holds
        `"mask_positions"`, and of `mask_ids` and `mask_weights` (see
        `fastnlp.ops.MaskedTokens`): labels and sample weights, as
        `fastnlp.models.BertMaskedLM` takes them. An example's masks follow
        from its number, the epoch and the seed.

        Args:
            sequence_length: the length of a row.
            batch_size: number of examples a batch.
            masker: how tokens are masked, with a `mask_selection_length`; None
                for no masks.
            long_documents: `"split"` makes several examples of a document that
                does not fit into a row, so that all tokens are used; `"cut"`
                leaves out what does not fit, and example i is document i.
                An empty document is an example too.
            start_value: what stands before the tokens: an id or a token of
                the store's vocabulary, or several.
            end_value: what stands behind them.
            pad_value: what fills the row; 0 where None.
            padding_side: `"right"` or `"left"`.
            seed: of the order and of the masks, 0 to 2**63 - 1.
            shuffle: whether every epoch has a random order.
            drop_remainder: whether to leave out an epoch's last batch where it
                is smaller than the others.
            shard: `(i, n)` for worker i of n; see `fastnlp.data.Batches`.

        Returns:
            A `fastnlp.data.Batches`, whose `as_py_dataset()` and
            `as_tf_dataset()` feed Keras.

        Raises:
            TypeError, ValueError: where an argument is unusable.

        Example:

        >>> corpus = fastnlp.corpus.open("reviews.tokens")
        >>> mask_id = corpus.encoder.token_to_id("[MASK]")
        >>> masker = fastnlp.ops.Masker(
        ...     30522, 0.15, mask_id, mask_selection_length=39, unselectable_token_ids=[0, 101, 102, mask_id]
        ... )
        >>> batches = corpus.batches(256, 32, masker=masker, start_value="[CLS]", end_value="[SEP]")
        >>> masked_lm.fit(batches.as_py_dataset(), steps_per_epoch=len(batches), epochs=3, shuffle=False)
        """
        if long_documents not in ("split", "cut"):
            raise ValueError(f"`long_documents` must be 'split' or 'cut'; received {long_documents!r}.")
        if masker is not None:
            check_dense(masker)
        packing = as_packing(
            sequence_length,
            start_value=self._as_ids(start_value),
            end_value=self._as_ids(end_value),
            pad_value=self._as_ids(pad_value),
            padding_side=padding_side,
        )
        packing = with_dtype(packing, np.dtype(np.int32))
        check_fit(packing, 1)
        if packing.sequence_length == packing.num_special_tokens(1):
            raise ValueError(
                f"`sequence_length` must leave room for tokens; received {sequence_length}, for "
                f"{packing.num_special_tokens(1)} special tokens."
            )
        examples = DocumentExamples(self, packing, masker, long_documents == "split")
        return Batches(examples, batch_size, seed=seed, shuffle=shuffle, drop_remainder=drop_remainder, shard=shard)

    def _as_ids(self, tokens: Any) -> Any:
        """Tokens with ids in place of str."""
        if isinstance(tokens, (list, tuple)):
            return [self._as_ids(token) for token in tokens]
        return self.encoder.token_to_id(tokens) if isinstance(tokens, str) else tokens

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
