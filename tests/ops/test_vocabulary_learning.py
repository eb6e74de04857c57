from __future__ import annotations

import doctest
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import learning_options, suffix_indicators, word_counts

import fastnlp
from fastnlp import _dispatch
from fastnlp.ops import vocabulary_learning
from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary

AFFIXES = [
    "un",
    "re",
    "play",
    "ing",
    "ed",
    "er",
    "s",
    "work",
    "able",
    "ness",
    "été",
    "中",
    "\U0001d4b3",
    "a",
    "aa",
    "#",
    "##",
    "ly",
]
PAIRS = [(left, right) for left in AFFIXES for right in AFFIXES]
COUNTS = {"lower": 40, "low": 70, "newer": 30, "new": 60, "wider": 20}

ALGORITHMS = ["subtract_all", "subtract_kept"]


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
    st.integers(16, 60),
)
def test_parts_of_a_corpus_add_up(parts, vocabulary_size):
    parts.append(COUNTS)
    total: dict[str, int] = {}
    for part in parts:
        for word, count in part.items():
            total[word] = total.get(word, 0) + count
    assert learn_vocabulary(iter(parts), vocabulary_size) == learn_vocabulary(total, vocabulary_size)


def learn_and_watch(counts, vocabulary_size, **options):
    """What is learned, or why nothing is, and the thresholds and sizes on the way."""
    evaluated = []

    def on_evaluate(threshold, size):
        evaluated.append((threshold, size))

    try:
        return learn_vocabulary(counts, vocabulary_size, on_evaluate=on_evaluate, **options), evaluated
    except ValueError as error:
        return str(error), evaluated


@settings(max_examples=300, deadline=None)
@given(
    counts=word_counts() | word_counts("ab#\u00e9\ud800\uffff\U00010000"),
    vocabulary_size=st.integers(1, 60) | st.integers(60, 400),
    reserved_tokens=st.lists(st.sampled_from(["[UNK]", "a", "ab", "##a", "##ab", "\ud800", "b"]), unique=True),
    suffix_indicator=suffix_indicators | st.text("ab#[\u4e2d\ud800", max_size=3),
    algorithm=st.sampled_from(ALGORITHMS),
    num_threads=st.integers(1, 5),
    options=learning_options,
)
def test_twins(counts, vocabulary_size, num_threads, **options):
    options |= options.pop("options")
    with fastnlp.use_target("reference"):
        expected = learn_and_watch(counts, vocabulary_size, **options)
    for target in _dispatch.available_targets():
        with fastnlp.use_target(target):
            assert learn_and_watch(counts, vocabulary_size, num_threads=num_threads, **options) == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("suffix_indicator", ["##", "", "a"])
def test_large_counts_and_many_words(algorithm, suffix_indicator, target):
    counts = {f"{left}{right}": 2**53 // (number + 1) for number, (left, right) in enumerate(PAIRS)}
    tokens, evaluated = learn_and_watch(
        counts, 1500, algorithm=algorithm, suffix_indicator=suffix_indicator, upper_threshold=2**53
    )
    assert len(evaluated) > 5
    assert len(tokens) == min(1500, evaluated[-1][1])
    with fastnlp.use_target("reference"):
        assert (tokens, evaluated) == learn_and_watch(
            counts, 1500, algorithm=algorithm, suffix_indicator=suffix_indicator, upper_threshold=2**53
        )


@pytest.mark.parametrize("stop", [RuntimeError("enough"), KeyboardInterrupt()])
def test_an_error_in_a_callback_ends_the_search(stop, target):
    def on_evaluate(threshold, size):
        evaluated.append(threshold)
        raise stop

    evaluated = []
    with pytest.raises(type(stop)) as raised:
        learn_vocabulary(COUNTS, 30, on_evaluate=on_evaluate)
    assert raised.value is stop
    assert len(evaluated) == 1


@pytest.fixture
def interruptible():
    """Processes that a shell starts in the background ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_search():
    # The signal comes while the first threshold is tried, and is seen before the second.
    def on_evaluate(threshold, size):
        evaluated.append(threshold)
        signal.raise_signal(signal.SIGINT)

    evaluated = []
    with pytest.raises(KeyboardInterrupt):
        learn_vocabulary(COUNTS, 30, on_evaluate=on_evaluate)
    assert len(evaluated) == 1


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
def test_every_option_reaches_the_learner(option, target):
    assert learn_and_watch(COUNTS, 30, **option) != learn_and_watch(COUNTS, 30)


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
        ({"vocabulary_size": 2**60}, ValueError, f"`vocabulary_size` must be at most 2**53; received {2**60}."),
        ({"algorithm": "bpe"}, ValueError, "`algorithm` must be 'subtract_all' or 'subtract_kept'; received 'bpe'."),
        ({"num_threads": 0}, ValueError, "`num_threads` must be at least 1, or None; received 0."),
        (
            {"word_counts": {"ab": 2**61, "c": 2**62}},
            ValueError,
            "`word_counts` must hold less than 2**63 characters in all; received 9223372036854775808.",
        ),
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


@pytest.mark.parametrize("size", [1, 3, 9])
def test_a_size_without_room_for_the_alphabet(size, target):
    with pytest.raises(ValueError, match="`vocabulary_size`") as raised:
        learn_vocabulary(COUNTS, size, reserved_tokens=["[UNK]", "[MASK]", "w"])
    assert str(raised.value) == (
        f"`vocabulary_size` must be at least 10, for 3 reserved tokens and 7 characters; received {size}."
    )


@pytest.mark.parametrize(("size", "tokens"), [(10, []), (13, ["##er", "low", "##d"])])
def test_a_size_without_room_for_all_tokens(size, tokens, target):
    message = rf"`vocabulary_size` is less than the 20 tokens that .*; received {size}\."
    with pytest.warns(UserWarning, match=message):
        learned = learn_vocabulary(COUNTS, size, reserved_tokens=["[UNK]", "[MASK]", "w"])
    assert learned == ["[UNK]", "[MASK]", "w", *"deilnor", *tokens]


@pytest.mark.parametrize("size", [30, 10**6])
def test_a_size_that_cannot_be_reached(size, target):
    message = rf"`vocabulary_size` is out of reach: .* nearer than 26 tokens; received {size}\."
    with pytest.warns(UserWarning, match=message):
        assert len(learn_vocabulary(COUNTS, size)) == 26


@pytest.mark.filterwarnings("error")
def test_a_size_that_is_nearly_reached(target):
    assert len(learn_vocabulary(COUNTS, 27)) == 26
    assert len(learn_vocabulary(COUNTS, 30, slack_ratio=0.2)) == 24


def test_arguments_are_checked_before_a_corpus_is_read():
    def corpus():
        raise AssertionError("read")
        yield {}

    with pytest.raises(ValueError, match="`vocabulary_size`"):
        learn_vocabulary(corpus(), 0)


def test_algorithms(target):
    counts = dict.fromkeys(["playing", "played", "player", "plays"], 50)
    assert "play" not in learn_vocabulary(counts, 100, algorithm="subtract_all", lower_threshold=150)
    assert "play" in learn_vocabulary(counts, 100, algorithm="subtract_kept", lower_threshold=150)


def test_unusable_texts():
    with pytest.raises(ValueError, match="`rules` must be 'keras' or 'bert'; received 'gpt'"):
        count_words(["a"], rules="gpt")
    with pytest.raises(TypeError, match="text 1 is int: 3"):
        count_words(["a", 3])
