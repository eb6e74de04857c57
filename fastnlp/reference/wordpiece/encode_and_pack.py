"""Texts into one row of token ids of a fixed length."""

from __future__ import annotations

from collections.abc import Sequence

from fastnlp.reference.packing import Packing, pack_segments
from fastnlp.reference.wordpiece.encode import encode
from fastnlp.reference.wordpiece.model import WordPieceModel


def encode_and_pack(
    texts: Sequence[bytes], model: WordPieceModel, packing: Packing
) -> tuple[list[int], list[int], list[bool]]:
    """The token ids, segment ids and padding mask of one row, whose segments are texts."""
    return pack_segments([encode(text, model) for text in texts], packing)
