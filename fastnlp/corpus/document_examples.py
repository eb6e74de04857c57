"""The documents of a token store as examples for a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastnlp.ops import Masker
from fastnlp.ops.documents import Packing, pack_documents

if TYPE_CHECKING:
    from fastnlp.corpus.store import Corpus

GROUP = 8  # documents; of the examples of all others, none are counted when one is read
CHUNK = 1 << 20  # documents that are counted at once


class DocumentExamples:
    """Documents packed into rows of one length, and masked when they are read; see `Corpus.batches`.

    Args:
        corpus: the token store.
        packing: how they are packed; the special tokens leave room for a token.
        masker: how they are masked, with a `mask_selection_length`; None for no masks.
        split: whether a document that is too long becomes several examples; else it is cut.
    """

    def __init__(self, corpus: Corpus, packing: Packing, masker: Masker | None, split: bool) -> None:
        self.corpus = corpus
        self.packing = packing
        self.masker = masker
        self.split = split
        self._budget = packing.sequence_length - packing.num_special_tokens(1)
        self._group_starts = self._count_examples() if split else None

    def __len__(self) -> int:
        return len(self.corpus) if self._group_starts is None else int(self._group_starts[-1])

    def read(self, index: np.ndarray, *, seed: int, epoch: int) -> Any:
        """A batch: x, and with a masker also y and sample weights."""
        documents, first_tokens = self._find(index)
        starts, lengths = self.corpus.spans(documents)
        packed = pack_documents(
            self.corpus.ids,
            starts + first_tokens,
            np.minimum(lengths - first_tokens, self._budget),
            self.packing,
            masker=self.masker,
            seed=seed,
            epoch=epoch,
            index=index,
        )
        x = {
            "token_ids": packed.token_ids,
            "segment_ids": np.zeros_like(packed.token_ids),
            "padding_mask": packed.padding_mask,
        }
        if self.masker is None:
            return x
        return {**x, "mask_positions": packed.mask_positions}, packed.mask_ids, packed.mask_weights

    def _examples_of(self, lengths: np.ndarray) -> np.ndarray:
        """How many examples documents of these lengths become; one, where there is no token."""
        examples: np.ndarray = np.maximum(-(-lengths // self._budget), 1)
        return examples

    def _count_examples(self) -> np.ndarray:
        """The number of examples before each group, and of all: one byte of memory a document."""
        lengths = self.corpus.lengths
        counts = np.zeros(-(-len(lengths) // GROUP) + 1, np.int64)
        for start in range(0, len(lengths), CHUNK):
            examples = self._examples_of(lengths[start : start + CHUNK])
            groups = np.add.reduceat(examples, np.arange(0, len(examples), GROUP), dtype=np.int64)
            counts[start // GROUP + 1 : start // GROUP + 1 + len(groups)] = groups
        return np.cumsum(counts)

    def _find(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The documents that examples are of, and where in them they begin."""
        if self._group_starts is None:
            return index, np.zeros_like(index)
        groups = np.searchsorted(self._group_starts, index, side="right") - 1
        places = index - self._group_starts[groups]
        documents = groups * GROUP
        members = np.arange(GROUP)[:, None] + documents  # [GROUP, batch]
        ends = np.cumsum(self._examples_of(self.corpus.lengths.take(members, mode="clip")), axis=0)
        before = ends <= places
        return documents + before.sum(axis=0), (places - (ends * before).max(axis=0)) * self._budget
