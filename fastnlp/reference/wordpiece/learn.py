"""Learn a WordPiece vocabulary from word counts.

The algorithm is that of tensorflow-text's `wordpiece_tokenizer_learner_lib`, which KerasHub uses too, and it gives the
same vocabulary. That library counts every substring of every word, then goes from the longest to the shortest and takes
each substring's count from all its prefixes, whether or not the substring was kept. So by the time it looks at a
substring, the count has lost those of everything that goes on after it. What is left is the number of times that a word
*ends* with the substring there. The sums telescope, and nothing but whole suffixes need be counted: of every word, from
every place where a piece can start, the rest of the word.

(The guide of tensorflow-text says that only kept substrings are subtracted. The library does otherwise, see
https://github.com/tensorflow/text/issues/583, and vocabularies in use were learned by what it does.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Pieces by (number of characters without the suffix indicator, token). The number tells a word that itself begins with
# the suffix indicator from a suffix that has it put in front.
PieceCounts = Mapping[tuple[int, str], int]

# Counts the pieces of words, cut by some tokens, at a threshold. At first there are no tokens.
CountPieces = Callable[[Mapping[str, int], str, Mapping[str, int] | None, int], PieceCounts]


def learn(
    counts: Mapping[str, int],
    vocabulary_size: int,
    reserved_tokens: Sequence[str],
    suffix_indicator: str,
    **options: Any,
) -> list[str]:
    """The tokens of a vocabulary of at most `vocabulary_size`; see `fastnlp.ops.learn_vocabulary`.

    A token is kept where its count reaches a threshold, which `search` chooses; `options` are further arguments of it.
    """
    return search(_count_pieces, counts, vocabulary_size, reserved_tokens, suffix_indicator, **options)


def search(
    count_pieces: CountPieces,
    counts: Mapping[str, int],
    vocabulary_size: int,
    reserved_tokens: Sequence[str],
    suffix_indicator: str,
    *,
    upper_threshold: int = 10_000_000,
    lower_threshold: int = 10,
    num_iterations: int = 4,
    max_input_tokens: int = 5_000_000,
    max_token_length: int = 50,
    max_unique_characters: int = 1000,
    slack_ratio: float = 0.05,
    on_evaluate: Callable[[int, int], None] | None = None,
) -> list[str]:
    """The vocabulary at a threshold that a binary search chooses.

    The search ends with the first vocabulary that is at most `slack_ratio` smaller than asked for; where there is none
    it ends with the last one that it tried, which may be much smaller, or larger and is then cut.

    Raises:
        ValueError: where there is no room for the alphabet.
    """
    high = min(max(counts.values()), upper_threshold)
    low = max(min(counts.values()), lower_threshold)
    words = _select_words(counts, reserved_tokens, max_input_tokens, max_token_length, max_unique_characters)
    alphabet = sorted({character for word in words for character in word})
    num_characters = len(set(alphabet).difference(reserved_tokens))
    if len(reserved_tokens) + num_characters > vocabulary_size:
        raise ValueError(
            f"`vocabulary_size` must be at least {len(reserved_tokens) + num_characters}, for {len(reserved_tokens)} "
            f"reserved tokens and {num_characters} characters; received {vocabulary_size}."
        )

    while True:
        threshold = (low + high) // 2
        tokens = None
        for _ in range(num_iterations):
            pieces = count_pieces(words, suffix_indicator, tokens, threshold)
            tokens = _keep(pieces, threshold, alphabet, suffix_indicator)
        assert tokens is not None
        by_count = sorted(tokens, key=lambda token: (-tokens[token], token))
        vocabulary = list(dict.fromkeys([*reserved_tokens, *alphabet, *by_count]))

        size = len(vocabulary)
        if on_evaluate is not None:
            on_evaluate(threshold, size)
        fits = size <= vocabulary_size
        close = fits and vocabulary_size - size <= slack_ratio * vocabulary_size
        if close or low >= high or threshold <= 1:
            return vocabulary[:vocabulary_size]
        if fits:
            high = threshold - 1
        else:
            low = threshold + 1


def _select_words(
    counts: Mapping[str, int],
    reserved_tokens: Sequence[str],
    max_input_tokens: int,
    max_token_length: int,
    max_unique_characters: int,
) -> dict[str, int]:
    """The words to learn from, the most frequent first: not too long, not reserved, without rare characters."""
    words = {
        word: count for word, count in counts.items() if len(word) <= max_token_length and word not in reserved_tokens
    }
    characters: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            characters[character] += count
    by_count = sorted(characters, key=lambda character: (-characters[character], character))
    frequent = set(by_count[:max_unique_characters])
    selected = [word for word in sorted(words, key=words.__getitem__, reverse=True) if frequent.issuperset(word)]
    return {word: words[word] for word in selected[:max_input_tokens]}


def _count_pieces(
    words: Mapping[str, int], suffix_indicator: str, tokens: Mapping[str, int] | None, threshold: int
) -> PieceCounts:
    """How often each suffix comes that starts where a piece of its word does, whatever the threshold."""
    pieces: Counter[tuple[int, str]] = Counter()
    for word, count in words.items():
        for start in piece_starts(word, suffix_indicator, tokens):
            prefix = suffix_indicator if start else ""
            pieces[len(word) - start, prefix + word[start:]] += count
    return pieces


def _keep(pieces: PieceCounts, threshold: int, alphabet: Sequence[str], suffix_indicator: str) -> dict[str, int]:
    """The tokens and their counts: pieces that reach the threshold, and every character, so that all can be spelled."""
    # From the longest to the shortest: where one token stands for two pieces, the shorter one's count is taken.
    kept = sorted((piece for piece, count in pieces.items() if count >= threshold), reverse=True)
    tokens = {token: pieces[length, token] for length, token in kept}
    for character in alphabet:
        tokens.setdefault(character, 1)
        tokens.setdefault(suffix_indicator + character, 1)
    return tokens


def piece_starts(word: str, suffix_indicator: str, tokens: Mapping[str, int] | None) -> list[int]:
    """Where the pieces of a word start, cut greedily into the longest tokens; at first, before any tokens, anywhere."""
    if tokens is None:
        return list(range(len(word)))
    starts = []
    start = 0
    while start < len(word):
        starts.append(start)
        prefix = suffix_indicator if start else ""
        end = len(word)
        while prefix + word[start:end] not in tokens:
            end -= 1
        start = end
    return starts
