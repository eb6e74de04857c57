"""`compute_word_piece_vocabulary` gives what KerasHub's gives."""

from __future__ import annotations

import json
import lzma
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastnlp.ops.vocabulary_learning import learn_vocabulary
from fastnlp.tokenizers.compute_word_piece_vocabulary import compute_word_piece_vocabulary

tf = pytest.importorskip("tensorflow")
keras_hub = pytest.importorskip("keras_hub")
learner = pytest.importorskip("tensorflow_text.tools.wordpiece_vocab.wordpiece_tokenizer_learner_lib")

# Characters on which the steps of the text rules act, and act upon each other. Not among them, because there the two
# differ: NUL, after which KerasHub reads no further, and characters that case folding removes, where they stand alone:
# KerasHub counts the empty word that is left.
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
    "𝒳😀\ufffd"
)
RESERVED_TOKENS = st.just(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]) | st.lists(
    st.sampled_from(["[UNK]", "a", "ab", ".", "##a", "中", "é"]), unique=True
)
SUFFIX_INDICATORS = st.just("##") | st.sampled_from(["", "a", "ab", "#", "▁", "中", " ", "é\u0301"])


@st.composite
def corpora(draw):
    """Texts in which words come very differently often."""
    alphabet = draw(st.sampled_from([CHARACTERS, CHARACTERS[:6], CHARACTERS[:19], "abcdefgh", "中文a"]))
    word = st.text(alphabet, max_size=6) | st.text(alphabet, min_size=40, max_size=60)
    repeated = st.builds(lambda word, count: [word] * count, word, st.integers(1, 12) | st.integers(1, 300))
    words = [word for run in draw(st.lists(repeated, min_size=1, max_size=12)) for word in run]
    separator = draw(st.sampled_from([" ", "\n", ". ", ""]))
    size = draw(st.integers(1, 200))
    texts = [separator.join(words[start : start + size]) for start in range(0, len(words), size)]
    return texts + [""] * draw(st.just(0) | st.integers(0, 400))


def keras_hub_vocabulary(data, vocabulary_size, **options):
    try:
        return keras_hub.tokenizers.compute_word_piece_vocabulary(data, vocabulary_size, **options)
    except StopIteration:  # no word
        return None


def our_vocabulary(data, vocabulary_size, **options):
    try:
        return compute_word_piece_vocabulary(data, vocabulary_size, **options)
    except ValueError as error:
        assert "at least one word" in str(error)
        return None


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


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=corpora(), options=OPTIONS, batches=st.sampled_from([(), (1,), (7,), (3, 2)]))
def test_datasets(texts, options, batches):
    data = tf.data.Dataset.from_tensor_slices(texts)
    for batch in batches:
        data = data.batch(batch)
    assert our_vocabulary(data, **options) == keras_hub_vocabulary(data, **options)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(corpora=st.lists(corpora(), min_size=1, max_size=3), options=OPTIONS)
def test_files(tmp_path_factory, corpora, options):
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for number, texts in enumerate(corpora):
        paths.append(str(folder / f"{number}.txt"))
        (folder / paths[-1]).write_bytes("\n".join(texts).encode())
    options["split"] = True
    assert our_vocabulary(paths, **options) == keras_hub_vocabulary(paths, **options)


@settings(max_examples=1000, deadline=None)
@given(
    counts=st.dictionaries(st.text("ab#é中𝒳", max_size=9), st.integers(1, 20) | st.integers(1, 3000), min_size=1),
    vocabulary_size=st.integers(1, 40) | st.integers(1, 400),
    reserved_tokens=RESERVED_TOKENS,
    suffix_indicator=SUFFIX_INDICATORS,
    upper_threshold=st.just(10_000_000) | st.integers(1, 100),
    lower_threshold=st.just(10) | st.integers(1, 100),
    num_iterations=st.integers(1, 5),
    max_input_tokens=st.just(5_000_000) | st.integers(1, 9),
    max_token_length=st.just(50) | st.integers(1, 9),
    max_unique_characters=st.just(1000) | st.integers(1, 5),
    slack_ratio=st.just(0.05) | st.floats(0, 1),
)
def test_learner(
    counts,
    vocabulary_size,
    reserved_tokens,
    suffix_indicator,
    upper_threshold,
    lower_threshold,
    max_unique_characters,
    **parameters,
):
    expected = learner.learn(
        counts,
        vocabulary_size,
        reserved_tokens,
        joiner=suffix_indicator,
        upper_thresh=upper_threshold,
        lower_thresh=lower_threshold,
        max_unique_chars=max_unique_characters,
        **parameters,
    )
    learned = learn_vocabulary(
        counts,
        vocabulary_size,
        reserved_tokens=reserved_tokens,
        suffix_indicator=suffix_indicator,
        upper_threshold=upper_threshold,
        lower_threshold=lower_threshold,
        max_unique_characters=max_unique_characters,
        **parameters,
    )
    assert learned == expected[:vocabulary_size]


def test_reviews(data):
    with lzma.open(data / "imdb-train.jsonl.xz") as lines:
        texts = [json.loads(next(lines))["text"] for _ in range(300)]
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(32)
    for options in ({"lowercase": True, "strip_accents": True}, {"lowercase": False}):
        expected = keras_hub_vocabulary(dataset, 1000, **options)
        assert len(expected) > 500
        assert our_vocabulary(dataset, 1000, **options) == expected
