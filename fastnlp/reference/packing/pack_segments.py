"""Segments of tokens, with special tokens around them, as one row of a fixed length.

The layout is BERT's (Devlin et al. 2018, https://arxiv.org/abs/1810.04805): start, segment 0, separator, segment 1,
separator, …, end, padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

ROUND_ROBIN = "round_robin"


class Packing(NamedTuple):
    """How rows are packed. The special tokens fit into `sequence_length`, which the caller has checked."""

    sequence_length: int
    start_value: tuple[Any, ...] = ()
    end_value: tuple[Any, ...] = ()
    sep_value: tuple[Any, ...] = ()
    pad_value: Any = 0
    truncate: str = ROUND_ROBIN  # or "waterfall"
    padding_side: str = "right"  # or "left"

    def num_special_tokens(self, num_segments: int) -> int:
        """How many tokens of a row are special."""
        return len(self.start_value) + (num_segments - 1) * len(self.sep_value) + len(self.end_value)


def pack_segments(segments: Sequence[Sequence[int]], packing: Packing) -> tuple[list[int], list[int], list[bool]]:
    """The token ids, segment ids and padding mask of one row; the mask is True where there is a token."""
    budget = packing.sequence_length - packing.num_special_tokens(len(segments))
    lengths = [len(segment) for segment in segments]
    kept = round_robin(lengths, budget) if packing.truncate == ROUND_ROBIN else waterfall(lengths, budget)
    token_ids = list(packing.start_value)
    segment_ids = [0] * len(token_ids)
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        token_ids += [*segment[: kept[index]], *(packing.end_value if is_last else packing.sep_value)]
        segment_ids += [index] * (len(token_ids) - len(segment_ids))
    mask = [True] * len(token_ids)
    padding = packing.sequence_length - len(token_ids)
    if packing.padding_side == "left":
        return [packing.pad_value] * padding + token_ids, [0] * padding + segment_ids, [False] * padding + mask
    return token_ids + [packing.pad_value] * padding, segment_ids + [0] * padding, mask + [False] * padding


def round_robin(lengths: Sequence[int], budget: int) -> list[int]:
    """How many tokens each segment keeps: places go round, one at a time, to the segments that still have a token."""
    kept = [0] * len(lengths)
    while budget > 0 and kept != list(lengths):
        for index, length in enumerate(lengths):
            if kept[index] < length and budget > 0:
                kept[index] += 1
                budget -= 1
    return kept


def waterfall(lengths: Sequence[int], budget: int) -> list[int]:
    """How many tokens each segment keeps: the first takes what it can, the second what is left, and so on."""
    kept = []
    for length in lengths:
        kept.append(min(length, budget))
        budget -= kept[-1]
    return kept
