"""Learn a WordPiece vocabulary as the guide of tensorflow-text describes it, not as its library does it.

Every substring of every word is counted that starts where a piece does. From the longest to the shortest, a substring
is kept where its count reaches the threshold; then, and only then, its count is taken from all its prefixes. What is
left of a prefix's count is how often it comes where no longer token does. So `play` is learned from `playing`, `played`
and `player`, though no word ends with it; `learn`, which takes away the counts of all substrings, does not learn it.
See https://www.tensorflow.org/text/guide/subwords_tokenizer and https://github.com/tensorflow/text/issues/583.

All else is as in `learn`; so is what a threshold means: a count that reaches it is enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastnlp.reference.wordpiece.learn import PieceCounts, piece_starts, search


def learn_subtract_kept(
    counts: Mapping[str, int],
    vocabulary_size: int,
    reserved_tokens: Sequence[str],
    suffix_indicator: str,
    **options: Any,
) -> list[str]:
    """The tokens of a vocabulary of at most `vocabulary_size`; the arguments are those of `learn`."""
    return search(_count_pieces, counts, vocabulary_size, reserved_tokens, suffix_indicator, **options)


def _count_pieces(
    words: Mapping[str, int], suffix_indicator: str, tokens: Mapping[str, int] | None, threshold: int
) -> PieceCounts:
    """How often each substring comes that starts where a piece of its word does, less the kept ones that it begins."""
    pieces: Counter[tuple[int, str]] = Counter()
    for word, count in words.items():
        for start in piece_starts(word, suffix_indicator, tokens):
            prefix = suffix_indicator if start else ""
            for end in range(start + 1, len(word) + 1):
                pieces[end - start, prefix + word[start:end]] += count
    for length, token in sorted(pieces, reverse=True):
        if pieces[length, token] >= threshold:
            for cut in range(1, length):
                pieces[length - cut, token[:-cut]] -= pieces[length, token]
    return pieces
