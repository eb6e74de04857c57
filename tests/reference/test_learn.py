"""The learners meet other ways to compute the same.

`learn` counts whole suffixes only; the algorithm as it was published counts every substring. `learn_subtract_kept`
subtracts counts; here every place where a piece starts counts for the longest token that it goes on with.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import learning_options, suffix_indicators, word_counts

from fastnlp.reference.wordpiece import learn, learn_subtract_kept


def published_learn(
    count_pieces,
    counts,
    vocabulary_size,
    reserved_tokens,
    suffix_indicator,
    *,
    upper_threshold,
    lower_threshold,
    num_iterations,
    max_input_tokens,
    max_token_length,
    max_unique_characters,
    slack_ratio,
):
    """The learner of tensorflow-text, step by step; `count_pieces` counts the pieces that are kept."""
    characters = Counter()
    for word, count in counts.items():
        if len(word) <= max_token_length and word not in reserved_tokens:
            characters.update({character: count * word.count(character) for character in set(word)})
    allowed = sorted(characters, key=lambda character: (-characters[character], character))[:max_unique_characters]
    words = {}
    for word, count in sorted(counts.items(), key=lambda item: -item[1]):
        usable = len(word) <= max_token_length and word not in reserved_tokens and set(word) <= set(allowed)
        if usable and len(words) < max_input_tokens:
            words[word] = count

    def search(low, high):
        threshold = (low + high) // 2
        vocabulary = published_learn_with_threshold(
            count_pieces, words, threshold, reserved_tokens, suffix_indicator, num_iterations
        )
        missing = vocabulary_size - len(vocabulary)
        if 0 <= missing <= slack_ratio * vocabulary_size or low >= high or threshold <= 1:
            return vocabulary
        return search(threshold + 1, high) if missing < 0 else search(low, threshold - 1)

    low = max(min(counts.values()), lower_threshold)
    high = min(max(counts.values()), upper_threshold)
    return search(low, high)[:vocabulary_size]


def published_learn_with_threshold(count_pieces, words, threshold, reserved_tokens, suffix_indicator, num_iterations):
    alphabet = sorted(set("".join(words)))
    single = dict.fromkeys([*alphabet, *(suffix_indicator + character for character in alphabet)], 1)
    tokens = single
    for iteration in range(num_iterations):
        places = [
            (word, start)
            for word in words
            for start in (range(len(word)) if iteration == 0 else starts_of_pieces(word, tokens, suffix_indicator))
        ]
        tokens = count_pieces(words, places, threshold, suffix_indicator)
        tokens = single | tokens
    by_count = sorted(tokens, key=lambda token: (-tokens[token], token))
    return list(dict.fromkeys([*reserved_tokens, *alphabet, *by_count]))


def subtract_all(words, places, threshold, suffix_indicator):
    substrings = Counter()
    for word, start in places:
        prefix = suffix_indicator if start else ""
        for end in range(start + 1, len(word) + 1):
            substrings[end - start, prefix + word[start:end]] += words[word]
    tokens = {}
    for length, token in sorted(substrings, reverse=True):
        count = substrings[length, token]
        if count >= threshold:
            tokens[token] = count
        for cut in range(1, length):  # from every prefix, whether the token was kept or not
            substrings[length - cut, token[:-cut]] -= count
    return tokens


def subtract_kept(words, places, threshold, suffix_indicator):
    tokens = {}
    for length in range(max(map(len, words), default=0), 0, -1):
        places_of = defaultdict(list)
        for word, start in places:
            if start + length <= len(word):
                places_of[(suffix_indicator if start else "") + word[start : start + length]].append((word, start))
        for token, found in places_of.items():
            count = sum(words[word] for word, _ in found)
            if count >= threshold:
                tokens[token] = count
                places = [place for place in places if place not in found]
    return tokens


def starts_of_pieces(word, tokens, suffix_indicator):
    start = 0
    while start < len(word):
        yield start
        prefix = suffix_indicator if start else ""
        start = max(end for end in range(start + 1, len(word) + 1) if prefix + word[start:end] in tokens)


@pytest.mark.parametrize(("learner", "count_pieces"), [(learn, subtract_all), (learn_subtract_kept, subtract_kept)])
@given(
    counts=word_counts(),
    vocabulary_size=st.integers(11, 60),
    reserved_tokens=st.lists(st.sampled_from(["[UNK]", "a", "ab", "##a"]), unique=True),
    suffix_indicator=suffix_indicators,
    options=learning_options,
)
def test_learns_what_the_published_algorithm_learns(
    learner, count_pieces, counts, vocabulary_size, reserved_tokens, suffix_indicator, options
):
    arguments = (counts, vocabulary_size, reserved_tokens, suffix_indicator)
    assert learner(*arguments, **options) == published_learn(count_pieces, *arguments, **options)


@given(counts=word_counts(), vocabulary_size=st.integers(9, 80), suffix_indicator=suffix_indicators)
@example(counts={"": 3}, vocabulary_size=2, suffix_indicator="##")
def test_layout_of_the_vocabulary(counts, vocabulary_size, suffix_indicator):
    reserved_tokens = ["[UNK]", "ab"]
    evaluated = []
    tokens = learn(
        counts,
        vocabulary_size,
        reserved_tokens,
        suffix_indicator,
        on_evaluate=lambda threshold, size: evaluated.append((threshold, size)),
    )
    alphabet = sorted({character for word in counts if word not in reserved_tokens for character in word})
    head = [*reserved_tokens, *alphabet]
    assert len(tokens) == min(vocabulary_size, evaluated[-1][1])
    assert len(set(tokens)) == len(tokens)
    assert tokens[: len(head)] == head
    if evaluated[-1][1] <= vocabulary_size:
        # nothing was cut off: every word can be spelled
        assert {suffix_indicator + character for character in alphabet} <= set(tokens)
    assert len(evaluated) <= max(counts.values()).bit_length() + 1


@given(counts=word_counts(), vocabulary_size=st.integers(7, 80), data=st.data())
def test_order_of_the_words_does_not_matter(counts, vocabulary_size, data):
    shuffled = dict(data.draw(st.permutations(list(counts.items()))))
    assert learn(shuffled, vocabulary_size, [], "##") == learn(counts, vocabulary_size, [], "##")


def test_first_words_are_taken_among_equally_frequent_ones():
    counts = {"xa": 20, "ya": 20, "xb": 30}
    assert learn(counts, 9, [], "##", max_input_tokens=2) == ["a", "b", "x", "xb", "xa", "##a", "##b", "##x"]
    counts = {"ya": 20, "xa": 20, "xb": 30}
    assert learn(counts, 9, [], "##", max_input_tokens=2) == ["a", "b", "x", "y", "xb", "##a", "##b", "##x", "##y"]


def test_prefix_that_ends_no_word():
    counts = dict.fromkeys(["playing", "played", "player", "plays"], 50)
    # the threshold is 100, halfway between the two
    assert not {"play", "##play"} & set(learn(counts, 1000, [], "##", lower_threshold=150))
    assert "play" in learn({**counts, "play": 100}, 1000, [], "##", lower_threshold=100)
    assert "play" in learn_subtract_kept(counts, 1000, [], "##", lower_threshold=150)


def test_search_begins_between_the_rarest_and_the_most_frequent_word():
    evaluated = []
    learn(
        {"a" * 60: 1001, "[UNK]": 21, "b": 500},  # words that are left out count here too
        2,
        ["[UNK]"],
        "##",
        on_evaluate=lambda threshold, size: evaluated.append((threshold, size)),
    )
    assert evaluated[0] == ((1001 + 21) // 2, 3)
