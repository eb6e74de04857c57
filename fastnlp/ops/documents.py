"""Documents of a token store into rows for a model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastnlp import _dispatch
from fastnlp._dispatch import Packing
from fastnlp.ops.masking import Masker

__all__ = ["PackedDocuments", "Packing", "pack_documents"]


class PackedDocuments(NamedTuple):
    """Rows of `sequence_length` tokens, one a document.

    Attributes:
        token_ids: int32 `[rows, sequence_length]`.
        padding_mask: bool, of the same shape; False where there is padding.
        mask_positions: int64 `[rows, mask_selection_length]`, as of
            `fastnlp.ops.MaskedTokens`; None where nothing is masked.
        mask_ids: int32, of the same shape; or None.
        mask_weights: float32, of the same shape; or None.
    """

    token_ids: np.ndarray
    padding_mask: np.ndarray
    mask_positions: np.ndarray | None = None
    mask_ids: np.ndarray | None = None
    mask_weights: np.ndarray | None = None


def pack_documents(
    ids: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    packing: Packing,
    *,
    masker: Masker | None = None,
    seed: int = 0,
    epoch: int = 0,
    index: np.ndarray,
    num_threads: int = 1,
) -> PackedDocuments:
    """Gather documents from one array, pack each into a row and mask it, in one pass.

    Gives what `pack_start_end` and then `Masker.mask_tokens` give.

    Args:
        ids: uint16 or int32, the token ids of all documents.
        starts: int64, where each of these documents begins.
        lengths: int64, the number of its tokens; what does not fit is cut off.
        packing: checked options, with int for tokens.
        masker: how rows are masked, with a `mask_selection_length`; None for
            no masks.
        seed: 0 to 2**63 - 1.
        epoch: how often the documents have been gone through before.
        index: int64, the number of each document in its data set.
        num_threads: the largest number of threads to use.

    Raises:
        ValueError: where a token id is not in the masker's vocabulary, and
            names its place.
    """
    dumped = None if masker is None else masker.dump()
    return PackedDocuments(
        *_dispatch.pack_documents((ids, starts, lengths), packing, dumped, seed, epoch, index, num_threads)
    )
