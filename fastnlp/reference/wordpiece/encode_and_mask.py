"""Texts into one row of token ids of a fixed length, with tokens masked."""

from __future__ import annotations

from collections.abc import Sequence

from fastnlp.reference.masking import MaskedRow, MaskingModel, mask_tokens
from fastnlp.reference.packing import Packing
from fastnlp.reference.wordpiece.encode_and_pack import encode_and_pack
from fastnlp.reference.wordpiece.model import WordPieceModel


def encode_and_mask(
    texts: Sequence[bytes],
    model: WordPieceModel,
    packing: Packing,
    masking: MaskingModel,
    *,
    seed: int,
    epoch: int,
    example: int | None,
) -> tuple[MaskedRow, list[int], list[bool]]:
    """The masked row, segment ids and padding mask of one row, whose segments are texts."""
    token_ids, segment_ids, padding_mask = encode_and_pack(texts, model, packing)
    masked = mask_tokens(token_ids, masking, seed=seed, epoch=epoch, example=example)
    return masked, segment_ids, padding_mask
