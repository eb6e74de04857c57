"""How well a vocabulary fits text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fastnlp.ops.vocabulary_learning import RESERVED_TOKENS
from fastnlp.ops.wordpiece import WordPiece
from fastnlp.ragged import Ragged

LONGEST_TOKENS = 10


@dataclass(frozen=True)
class Coverage:
    """What a text becomes under a vocabulary.

    Attributes:
        words: how many words the text has.
        different_words: how many of them are different.
        tokens: how many tokens the words become; an unknown word is one.
        unknown_words: how many of the words cannot be spelled, or are longer
            than `WordPiece` allows.
    """

    words: int
    different_words: int
    tokens: int
    unknown_words: int

    @property
    def tokens_per_word(self) -> float:
        """The mean number of tokens of a word."""
        return self.tokens / self.words

    @property
    def unknown_share(self) -> float:
        """The share of words that are unknown, from 0 to 1."""
        return self.unknown_words / self.words


@dataclass(frozen=True)
class VocabularyReport:
    """How a vocabulary came out.

    Attributes:
        size_asked: the size that was asked for.
        size: the number of tokens.
        threshold: the count that tokens had to reach.
        corpus: the fit to the text that it was learned from.
        held_out: the fit to other text, or None.
        longest_tokens: those with the most characters, the suffix indicator
            not counted, at most 10, the longest first; no reserved ones.
    """

    size_asked: int
    size: int
    threshold: int
    corpus: Coverage
    held_out: Coverage | None
    longest_tokens: tuple[str, ...]


def report_vocabulary(
    vocabulary: Sequence[str],
    word_counts: Mapping[str, int],
    *,
    size_asked: int,
    threshold: int,
    held_out: Mapping[str, int] | None = None,
    reserved_tokens: Sequence[str] = RESERVED_TOKENS,
    suffix_indicator: str = "##",
) -> VocabularyReport:
    """Report on a vocabulary that `learn_vocabulary` has learned.

    Args:
        vocabulary: the tokens, by token id.
        word_counts: how often each word comes in the text that it was learned
            from; see `count_words`.
        size_asked: the `vocabulary_size` that was asked for.
        threshold: the last one that `on_evaluate` was called with.
        held_out: how often each word comes in other text.
        reserved_tokens: what the vocabulary begins with.
        suffix_indicator: what begins the tokens that continue a word.

    Returns:
        A `VocabularyReport`.

    Raises:
        ValueError: where a text has no word, or the vocabulary is unusable.

    Example:

    >>> report = report_vocabulary(["a", "b", "##b"], {"ab": 6, "ba": 2}, size_asked=3, threshold=5)
    >>> report.corpus
    Coverage(words=8, different_words=2, tokens=14, unknown_words=2)
    """

    def length(token: str) -> int:
        return len(token.removeprefix(suffix_indicator))

    learned = [token for token in vocabulary if token not in reserved_tokens]
    return VocabularyReport(
        size_asked=size_asked,
        size=len(vocabulary),
        threshold=threshold,
        corpus=_cover("word_counts", vocabulary, word_counts, suffix_indicator),
        held_out=None if held_out is None else _cover("held_out", vocabulary, held_out, suffix_indicator),
        longest_tokens=tuple(sorted(learned, key=length, reverse=True)[:LONGEST_TOKENS]),
    )


def _cover(name: str, vocabulary: Sequence[str], word_counts: Mapping[str, int], suffix_indicator: str) -> Coverage:
    if not word_counts:
        raise ValueError(f"`{name}` must hold at least one word; received none.")
    # A token of its own stands for unknown words: the vocabulary need not have one, and a word may be spelled like it.
    unknown = "[UNK]"
    while unknown in vocabulary or unknown in word_counts:
        unknown = f"[{unknown}]"
    encoder = WordPiece([*vocabulary, unknown], split=False, suffix_indicator=suffix_indicator, oov_token=unknown)
    ids = encoder.encode(list(word_counts))
    assert isinstance(ids, Ragged)
    counts = np.fromiter(word_counts.values(), np.int64, len(word_counts))
    lengths = np.diff(ids.row_splits)
    is_unknown = ids.flat_values == len(vocabulary)
    return Coverage(
        words=int(counts.sum()),
        different_words=len(word_counts),
        tokens=int(counts @ lengths),
        unknown_words=int(np.repeat(counts, lengths)[is_unknown].sum()),  # an unknown word is one token
    )
