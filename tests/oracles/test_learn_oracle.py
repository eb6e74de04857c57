"""`compute_word_piece_vocabulary` gives what KerasHub's gives."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnlp
from fastnlp import _dispatch
from fastnlp.ops.vocabulary_learning import learn_vocabulary
from fastnlp.tokenizers import compute_word_piece_vocabulary

tf = pytest.importorskip("tensorflow")
keras_hub = pytest.importorskip("keras_hub")
learner = pytest.importorskip("tensorflow_text.tools.wordpiece_vocab.wordpiece_tokenizer_learner_lib")

# Characters on which the steps of the text rules act, and act upon each other. Those of `TestKnownDifferences` are not
# among them.
CHARACTERS = (
    "aaabbbcABC"
    "##.,-_$[]"
    " \t\n\r\f\v\x85"
    "éÉÅ\u0301\u0327"
    "中文㐀豈𠀀丽"
    "ﬁⅧ™½²ßİſΣς"
    "각ᄀ가"
    "…「»\u2e43"
    "\u00a0\u3000\u2028\u200b\u00ad\ufeff"
    "\U0001d4b3😀\ufffd"
)
RESERVED_TOKENS = st.just(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]) | st.lists(
    st.sampled_from(["[UNK]", "a", "ab", ".", "##a", "中", "é"]), unique=True
)
SUFFIX_INDICATORS = st.just("##") | st.sampled_from(["", "a", "ab", "#", "▁", "中", " ", "é\u0301"])


@st.composite
def corpora(draw):
    """Texts in which words come very differently often."""
    alphabet = draw(st.sampled_from([CHARACTERS, CHARACTERS[:6], CHARACTERS[:19], "abcdefgh", "中文a"]))
    word = (
        st.text(alphabet, max_size=6)
        | st.text(alphabet, min_size=40, max_size=60)
        | st.sampled_from(["playing", "Saying", "played", "stayed", "King"])
    )
    repeated = st.builds(lambda word, count: [word] * count, word, st.integers(1, 12) | st.integers(1, 300))
    words = [word for run in draw(st.lists(repeated, min_size=1, max_size=12)) for word in run]
    separator = draw(st.sampled_from([" ", "\n", ". ", ""]))
    size = draw(st.integers(1, 200))
    texts = [separator.join(words[start : start + size]) for start in range(0, len(words), size)]
    return texts + [""] * draw(st.just(0) | st.integers(0, 400))


def assert_same_vocabulary(data, **options):
    try:
        expected = keras_hub.tokenizers.compute_word_piece_vocabulary(data, **options)
    except StopIteration:
        with pytest.raises(ValueError, match="at least one word; received none"):
            compute_word_piece_vocabulary(data, **options)
    else:
        assert learned_or_begin(lambda: compute_word_piece_vocabulary(data, **options), expected) == expected


def learned_or_begin(learn, expected):
    """What is learned, or `expected` where it has been cut inside the alphabet, for which we raise an error."""
    try:
        return learn()
    except ValueError as error:
        found = re.fullmatch(
            r"`vocabulary_size` must be at least (\d+), for (\d+) reserved .*; received (\d+)\.", str(error)
        )
        if found is None:
            raise
        needed, num_reserved, size = map(int, found.groups())
        assert len(expected) == size < needed
        characters = expected[num_reserved:]
        assert characters == sorted(character for character in characters if len(character) == 1)
        return expected


OPTIONS = st.fixed_dictionaries(
    {
        "vocabulary_size": st.integers(1, 40) | st.integers(1, 400),
        "lowercase": st.booleans(),
        "strip_accents": st.booleans(),
        "split": st.booleans(),
        "split_on_cjk": st.booleans(),
        "suffix_indicator": SUFFIX_INDICATORS,
        "reserved_tokens": RESERVED_TOKENS,
    }
)


@settings(max_examples=40, deadline=None)
@given(texts=corpora(), options=OPTIONS, shape=st.sampled_from(["scalar", "batch", "ragged"]))
def test_datasets(texts, options, shape):
    data = tf.data.Dataset.from_tensor_slices(texts)
    if shape != "scalar":
        data = data.batch(7)
    if shape == "ragged":
        data = data.ragged_batch(3)
    assert_same_vocabulary(data, **options)


@settings(max_examples=12, deadline=None)
@given(files=st.lists(corpora(), min_size=1, max_size=3), options=OPTIONS)
def test_files(tmp_path_factory, files, options):
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for number, texts in enumerate(files):
        paths.append(str(folder / f"{number}.txt"))
        Path(paths[-1]).write_bytes("\n".join(texts).encode())
    assert_same_vocabulary(paths, **{**options, "split": True})


@settings(max_examples=1000, deadline=None)
@given(
    counts=st.dictionaries(st.text("ab#é中𝒳", max_size=9), st.integers(1, 20) | st.integers(1, 3000), min_size=1),
    vocabulary_size=st.integers(1, 40) | st.integers(1, 400),
    reserved_tokens=RESERVED_TOKENS,
    suffix_indicator=SUFFIX_INDICATORS,
    thresholds=st.just((10_000_000, 10)) | st.tuples(st.integers(1, 100), st.integers(1, 100)),
    alphabet_size=st.just(1000) | st.integers(1, 5),
    parameters=st.fixed_dictionaries(
        {
            "num_iterations": st.integers(1, 5),
            "max_input_tokens": st.just(5_000_000) | st.integers(1, 9),
            "max_token_length": st.just(50) | st.integers(1, 9),
            "slack_ratio": st.just(0.05) | st.floats(0, 1),
        }
    ),
)
def test_learner(counts, vocabulary_size, reserved_tokens, suffix_indicator, thresholds, alphabet_size, parameters):
    upper_threshold, lower_threshold = thresholds
    expected = learner.learn(
        counts,
        vocabulary_size,
        reserved_tokens,
        joiner=suffix_indicator,
        upper_thresh=upper_threshold,
        lower_thresh=lower_threshold,
        max_unique_chars=alphabet_size,
        **parameters,
    )
    for target in _dispatch.available_targets():
        with fastnlp.use_target(target):
            learned = learned_or_begin(
                lambda: learn_vocabulary(
                    counts,
                    vocabulary_size,
                    reserved_tokens=reserved_tokens,
                    suffix_indicator=suffix_indicator,
                    upper_threshold=upper_threshold,
                    lower_threshold=lower_threshold,
                    max_unique_characters=alphabet_size,
                    **parameters,
                ),
                expected[:vocabulary_size],
            )
        assert learned == expected[:vocabulary_size]


def test_reviews(data):
    with lzma.open(data / "imdb-train.jsonl.xz") as lines:
        texts = [json.loads(next(lines))["text"] for _ in range(300)]
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(32)
    assert_same_vocabulary(dataset, vocabulary_size=2000, lowercase=True, strip_accents=True)


class TestKnownDifferences:
    @staticmethod
    def keras_hub_and_ours(text, **options):
        data = tf.data.Dataset.from_tensors(text)
        learners = (keras_hub.tokenizers.compute_word_piece_vocabulary, compute_word_piece_vocabulary)
        return tuple(learn(data, 5, reserved_tokens=["[UNK]"], **options) for learn in learners)

    def test_nul(self):
        # KerasHub reads no further. To us it is a control character like any other: words end there.
        keras_hubs, ours = self.keras_hub_and_ours(b"a\0b")
        assert keras_hubs == ["[UNK]", "a", "##a"]
        assert ours == ["[UNK]", "a", "b", "##a", "##b"]

    def test_invalid_utf8(self):
        with pytest.raises(UnicodeDecodeError):
            keras_hub.tokenizers.compute_word_piece_vocabulary(tf.data.Dataset.from_tensors(b"a \xff"), 9)
        ours = compute_word_piece_vocabulary(tf.data.Dataset.from_tensors(b"a \xff"), 9)
        assert ours[5:] == ["a", "\ufffd", "##a", "##\ufffd"]
