"""How often each word comes in a corpus: what a vocabulary is learned from."""

from __future__ import annotations

from collections.abc import Iterable

from fastnlp.reference.text import TextRules, decode_utf8, words


def count_words(texts: Iterable[bytes], rules: TextRules) -> dict[str, int]:
    """The number of times that each word comes in the texts, in the order in which the words first came.

    An empty word counts too. It never becomes a token, but its count is one of those between which the learner looks
    for a threshold.
    """
    counts: dict[str, int] = {}
    for text in texts:
        for word in words(decode_utf8(text), rules):
            counts[word.text] = counts.get(word.text, 0) + 1
    return counts
