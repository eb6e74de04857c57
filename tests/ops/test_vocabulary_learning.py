from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.ops import vocabulary_learning
from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary

COUNTS = {"lower": 40, "low": 70, "newer": 30, "new": 60, "wider": 20}


def test_examples():
    assert doctest.testmod(vocabulary_learning).failed == 0


@pytest.mark.parametrize(
    "texts",
    [
        ["a b", "b", "é"],
        ("a b", b"b", "é".encode()),
        [["a b"], ["b", "é"]],
        np.array(["a b", "b", "é"]),
        np.array([["a b", "b", "é"]], dtype=object),
        np.array([text.encode() for text in ["a b", "b", "é"]]),
        "a b b é",
    ],
)
def test_counts_words_in_every_container(texts):
    assert count_words(texts) == {"a": 1, "b": 2, "é": 1}


def test_accents_follow_case_under_the_rules_of_bert():
    assert count_words("Á", rules="bert", lowercase=True) == {"a": 1}
    assert count_words("Á", rules="bert", lowercase=True, strip_accents=False) == {"á": 1}
    assert count_words("Á", rules="keras", lowercase=True) == {"á": 1}


def test_no_text_has_no_words():
    assert count_words([]) == {}


@given(
    st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=5), st.integers(1, 99), max_size=9), min_size=1),
    st.integers(1, 60),
)
def test_parts_of_a_corpus_add_up(parts, vocabulary_size):
    parts.append(COUNTS)
    total: dict[str, int] = {}
    for part in parts:
        for word, count in part.items():
            total[word] = total.get(word, 0) + count
    assert learn_vocabulary(iter(parts), vocabulary_size) == learn_vocabulary(total, vocabulary_size)


@pytest.mark.parametrize(
    "option",
    [
        {"reserved_tokens": ["[UNK]"]},
        {"suffix_indicator": "@@"},
        {"upper_threshold": 15},
        {"lower_threshold": 60},
        {"num_iterations": 1},
        {"max_input_tokens": 1},
        {"max_token_length": 3},
        {"max_unique_characters": 5},
        {"slack_ratio": 1.0},
    ],
)
def test_every_option_reaches_the_learner(option):
    def learn(**options):
        evaluated = []
        tokens = learn_vocabulary(
            COUNTS, 30, on_evaluate=lambda threshold, size: evaluated.append((threshold, size)), **options
        )
        return tokens, evaluated

    assert learn(**option) != learn()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"word_counts": {}}, ValueError, "`word_counts` must hold at least one word; received none."),
        ({"word_counts": []}, ValueError, "`word_counts` must hold at least one word; received none."),
        ({"word_counts": [{}, {}]}, ValueError, "`word_counts` must hold at least one word; received none."),
        ({"word_counts": ["a b"]}, TypeError, "`word_counts` must map words to counts; received 'a b'."),
        ({"word_counts": {"a": 0}}, ValueError, "`word_counts` must be at least 1; received 0 for 'a'."),
        ({"word_counts": {"a": 1.5}}, TypeError, "`word_counts` must map str to int; received 'a': 1.5."),
        ({"word_counts": {b"a": 1}}, TypeError, "`word_counts` must map str to int; received b'a': 1."),
        ({"vocabulary_size": 0}, ValueError, "`vocabulary_size` must be at least 1; received 0."),
        ({"vocabulary_size": "9"}, TypeError, "`vocabulary_size` must be an int; received '9'."),
        ({"upper_threshold": 0}, ValueError, "`upper_threshold` must be at least 1; received 0."),
        ({"lower_threshold": 0}, ValueError, "`lower_threshold` must be at least 1; received 0."),
        ({"num_iterations": 0}, ValueError, "`num_iterations` must be at least 1; received 0."),
        ({"max_input_tokens": -1}, ValueError, "`max_input_tokens` must be at least 1; received -1."),
        ({"max_token_length": None}, TypeError, "`max_token_length` must be an int; received None."),
        ({"max_unique_characters": 0}, ValueError, "`max_unique_characters` must be at least 1; received 0."),
        ({"slack_ratio": -0.1}, ValueError, "`slack_ratio` must be in [0, 1]; received -0.1."),
        ({"suffix_indicator": None}, TypeError, "`suffix_indicator` must be a str; received None."),
        ({"reserved_tokens": "[UNK]"}, TypeError, "`reserved_tokens` must be a list of str; received '[UNK]'."),
        ({"reserved_tokens": None}, TypeError, "`reserved_tokens` must be a list of str; received None."),
        ({"reserved_tokens": [1]}, TypeError, "`reserved_tokens` must hold str; received 1."),
        ({"reserved_tokens": [""]}, ValueError, "`reserved_tokens` must hold no empty token; received ''."),
        (
            {"reserved_tokens": ["a", "b", "a"]},
            ValueError,
            "`reserved_tokens` must hold every token once; received 'a' twice.",
        ),
    ],
)
def test_unusable_arguments(arguments, error, message):
    with pytest.raises(error) as raised:
        learn_vocabulary(**{"word_counts": COUNTS, "vocabulary_size": 30, **arguments})
    assert str(raised.value) == message


def test_arguments_are_checked_before_a_corpus_is_read():
    def corpus():
        raise AssertionError("read")
        yield {}

    with pytest.raises(ValueError, match="`vocabulary_size`"):
        learn_vocabulary(corpus(), 0)


def test_unusable_texts():
    with pytest.raises(ValueError, match="`rules` must be 'keras' or 'bert'; received 'gpt'"):
        count_words(["a"], rules="gpt")
    with pytest.raises(TypeError, match="text 1 is int: 3"):
        count_words(["a", 3])
