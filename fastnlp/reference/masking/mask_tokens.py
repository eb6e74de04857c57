"""Select tokens of a row and replace them."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from fastnlp.reference.masking.model import MaskingModel
from fastnlp.reference.masking.philox import Draws, Purpose

# SpanBERT: geometric with p = 1/5, cut off behind 10. The weight of a length, times 5**10.
SPAN_WEIGHTS = [4 ** (length - 1) * 5 ** (10 - length) for length in range(1, 11)]
SPAN_LIMITS = [(weight << 32) // sum(SPAN_WEIGHTS) for weight in accumulate(SPAN_WEIGHTS)]

HASH_LANES = 8
HASH_START, HASH_PRIME = 0xCBF29CE484222325, 0x100000001B3  # of FNV-1a
MIX_PRIMES = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # of SplitMix64
WORD64 = 0xFFFFFFFFFFFFFFFF


class MaskedRow(NamedTuple):
    """A row with tokens replaced, and which tokens were selected."""

    token_ids: list[int]
    positions: list[int]  # of the selected tokens, in increasing order
    ids: list[int]  # the tokens that stood there


def mask_tokens(
    token_ids: Sequence[int],
    model: MaskingModel,
    *,
    seed: int,
    epoch: int,
    example: int | None,
    special_tokens_mask: Sequence[bool] | None = None,
) -> MaskedRow:
    """Select tokens of a row and replace them by the mask token, by random tokens, or not at all.

    What is drawn depends on the seed, on the epoch, and on the example's number; where that is None, on the selectable
    tokens in its stead. Places are counted among the selectable tokens alone, so that padding changes nothing.
    """
    candidates = [
        position
        for position, token_id in enumerate(token_ids)
        if token_id not in model.unselectable_token_ids and not (special_tokens_mask and special_tokens_mask[position])
    ]
    if example is None:
        example = hash_of([token_ids[position] for position in candidates])
    draws = Draws(seed, epoch, example)
    selected = select(token_ids, candidates, model, draws)

    masked = list(token_ids)
    random_tokens = 0
    for rank in sorted(selected):
        chance = draws.word(Purpose.REPLACEMENT, selected[rank])
        if chance < threshold(model.mask_token_rate):
            masked[candidates[rank]] = model.mask_token_id
        elif chance < threshold(model.mask_token_rate + model.random_token_rate):
            masked[candidates[rank]] = draws.below(model.vocabulary_size, Purpose.RANDOM_TOKEN, random_tokens)
            random_tokens += 1
    positions = [candidates[rank] for rank in sorted(selected)]
    return MaskedRow(masked, positions, [token_ids[position] for position in positions])


def select(token_ids: Sequence[int], candidates: list[int], model: MaskingModel, draws: Draws) -> dict[int, int]:
    """The places of the selected tokens among the candidates, and the number of the draw that replaces each.

    Each token has a draw of its own but in spans, whose tokens share one.
    """
    count = count_of(len(candidates), model)
    if model.selection == "whole_word":
        chosen = select_words(words_of(token_ids, candidates, model), count, draws)
    elif model.selection == "span":
        return select_spans(words_of(token_ids, candidates, model), candidates, count, draws)
    elif model.selection == "bernoulli":
        chosen = select_bernoulli(len(candidates), model, draws)
    else:
        chosen = sample(len(candidates), count, Purpose.SELECTION, draws)
    return {rank: number for number, rank in enumerate(sorted(chosen))}


def count_of(selectable: int, model: MaskingModel) -> int:
    """How many tokens are selected: the rate times their number, in single precision and rounded up.

    So do KerasHub and tensorflow-text: 16 of 100 at a rate of 0.15, because 0.15 is a little more in single precision.
    """
    count = math.ceil(single(single(selectable) * single(model.selection_rate)))
    return min(count, selectable, model.selection_length or selectable)


def single(value: float) -> float:
    """The nearest number of single precision."""
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def threshold(rate: float) -> int:
    """What part `rate` of the numbers of 32 bits lie below."""
    return int(rate * 2**32)


def sample(size: int, count: int, purpose: Purpose, draws: Draws) -> set[int]:
    """`count` of the numbers below `size`, every set of them equally likely.

    Floyd's algorithm: Bentley and Floyd, "A sample of brilliance", Communications of the ACM 30 (9), 1987.
    """
    chosen: set[int] = set()
    for index, last in enumerate(range(size - count, size)):
        number = draws.below(last + 1, purpose, index)
        chosen.add(last if number in chosen else number)
    return chosen


def select_bernoulli(selectable: int, model: MaskingModel, draws: Draws) -> set[int]:
    """Every token by a draw of its own; of too many, any set that is small enough."""
    limit = threshold(model.selection_rate)
    chosen = [rank for rank in range(selectable) if draws.word(Purpose.SELECTION, rank) < limit]
    kept = min(len(chosen), model.selection_length or selectable)
    if kept == len(chosen):
        return set(chosen)
    return {chosen[index] for index in sample(len(chosen), kept, Purpose.REDUCTION, draws)}


def words_of(token_ids: Sequence[int], candidates: list[int], model: MaskingModel) -> list[range]:
    """The words of a row as ranges of candidates; a token that cannot be selected ends a word."""
    starts = [
        rank
        for rank, position in enumerate(candidates)
        if rank == 0 or candidates[rank - 1] != position - 1 or token_ids[position] not in model.continuation_token_ids
    ]
    return [range(start, end) for start, end in pairwise([*starts, len(candidates)])]


def shuffled(size: int, draws: Draws) -> Iterator[int]:
    """The numbers below `size` in random order (Fisher and Yates), made as far as they are asked for."""
    order = list(range(size))
    for index in range(size):
        other = index + draws.below(size - index, Purpose.SELECTION, index)
        order[index], order[other] = order[other], order[index]
        yield order[index]


def select_words(words: list[range], count: int, draws: Draws) -> set[int]:
    """Words in random order as long as there is room; one that is too long is passed over, as in Google's BERT."""
    chosen: set[int] = set()
    for number in shuffled(len(words), draws):
        if len(chosen) == count:
            break
        if len(words[number]) <= count - len(chosen):
            chosen.update(words[number])
    return chosen


def select_spans(words: list[range], candidates: list[int], count: int, draws: Draws) -> dict[int, int]:
    """Spans of whole words until `count` tokens are selected; the last span is cut there.

    Joshi et al., "SpanBERT: Improving pre-training by representing and predicting spans" (2020). A span begins with
    any word that is not selected yet, ends before a token that cannot be selected, and may run into another span.
    """
    spans: dict[int, int] = {}
    number = 0
    for index, first in enumerate(shuffled(len(words), draws)):
        if len(spans) == count:
            break
        if words[first][0] in spans:
            continue
        length = span_length(draws.word(Purpose.SPAN_LENGTH, index))
        for word in words[first : first + length]:
            if word[0] > words[first][0] and candidates[word[0] - 1] != candidates[word[0]] - 1:
                break
            for rank in word:
                if len(spans) < count:
                    spans.setdefault(rank, number)
        number += 1
    return spans


def span_length(chance: int) -> int:
    """The length of a span in words for a number of 32 bits."""
    return next(length for length, limit in enumerate(SPAN_LIMITS, 1) if chance < limit)


def hash_of(token_ids: Sequence[int]) -> int:
    """64 bits that stand for a row: eight lanes of FNV-1a, mixed as by SplitMix64."""
    lanes = [HASH_START] * HASH_LANES
    for index, token_id in enumerate(token_ids):
        lane = index % HASH_LANES
        lanes[lane] = (lanes[lane] ^ token_id) * HASH_PRIME & WORD64
    mixed = len(token_ids)
    for state in lanes:
        mixed ^= state
        mixed = (mixed ^ mixed >> 30) * MIX_PRIMES[0] & WORD64
        mixed = (mixed ^ mixed >> 27) * MIX_PRIMES[1] & WORD64
        mixed ^= mixed >> 31
    return mixed
