"""How tokens are selected and replaced, and its canonical form in bytes."""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"fnlp.masking\x01\n"
HEADER = struct.Struct("<4I3d9I")
SELECTIONS = ("fixed", "bernoulli", "whole_word", "span")
UNSELECTABLE, CONTINUATION = 1, 2
MAX_LISTED = 8


class MaskingModel(NamedTuple):
    """How tokens are selected and replaced."""

    selection: str  # one of SELECTIONS
    vocabulary_size: int
    mask_token_id: int
    selection_length: int | None  # the largest number of tokens that is selected in a row
    selection_rate: float
    mask_token_rate: float
    random_token_rate: float
    unselectable_token_ids: frozenset[int]
    continuation_token_ids: frozenset[int]  # of the tokens that continue the word of the token before them


def dump(model: MaskingModel) -> bytes:
    """The canonical form of a model: what is pickled, put into graphs and read by both twins.

    The magic line; the first seven fields in their order (four numbers of 32 bits, three of double precision,
    little-endian; no length is 0); the number of unselectable tokens and their ids in order, where they are at most
    eight, filled up with 0; and for every token id one byte of flags, where there is anything left to say.
    """
    listed = sorted(model.unselectable_token_ids) if len(model.unselectable_token_ids) <= MAX_LISTED else []
    flagged = model.unselectable_token_ids.difference(listed)
    flags = bytearray(model.vocabulary_size if flagged or model.continuation_token_ids else 0)
    for flag, token_ids in ((UNSELECTABLE, flagged), (CONTINUATION, model.continuation_token_ids)):
        for token_id in token_ids:
            flags[token_id] |= flag
    header = HEADER.pack(
        SELECTIONS.index(model.selection),
        model.vocabulary_size,
        model.mask_token_id,
        model.selection_length or 0,
        model.selection_rate,
        model.mask_token_rate,
        model.random_token_rate,
        len(listed),
        *listed,
        *[0] * (MAX_LISTED - len(listed)),
    )
    return MAGIC + header + flags


def load(dumped: bytes) -> MaskingModel:
    """The inverse of `dump`."""
    if not dumped.startswith(MAGIC):
        raise ValueError("not a masking model of this version of fastnlp")
    fields = HEADER.unpack_from(dumped, len(MAGIC))
    selection, vocabulary_size, mask_token_id, length = fields[:4]
    selection_rate, mask_token_rate, random_token_rate = fields[4:7]
    listed_count, *listed = fields[7:]
    flags = dumped[len(MAGIC) + HEADER.size :]
    unselectable, continuation = (
        frozenset(token_id for token_id, token_flags in enumerate(flags) if token_flags & flag)
        for flag in (UNSELECTABLE, CONTINUATION)
    )
    return MaskingModel(
        SELECTIONS[selection],
        vocabulary_size,
        mask_token_id,
        length or None,
        selection_rate,
        mask_token_rate,
        random_token_rate,
        frozenset(listed[:listed_count]) or unselectable,
        continuation,
    )
