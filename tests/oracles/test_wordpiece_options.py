"""WordPiece against the oracles on generated vocabularies, options and texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnlp
from fastnlp.ops import WordPiece

# Characters on which the rules act, and which act upon each other; none is listed in docs/differences.md.
IDEOGRAPHS = "中\uf900\U00020000"
CHARACTERS = (
    "abABsS" * 3
    + "éÉe\u0301\u0327\u0345"
    + "각\u1100\u1161\u11a8"
    + ".-#…$[]"
    + " \n\t\x0b\x85\u00a0\u3000\u2028\u200b\u00ad\u0001\ufeff"
    + "ﬁ½²Ⅷ\u00b4ßİΣς\u3164\ufe0f\ue000\ufffd"
    + IDEOGRAPHS
)
SUFFIX_INDICATORS = ["##"] * 5 + ["", "#", "a", "ab", "@@", "é", "中", " "]
TARGETS = fastnlp.show_config()["targets"]

words = st.text(CHARACTERS, min_size=1, max_size=4) | st.text("ab", min_size=1, max_size=4)


@st.composite
def problems(draw, rules):
    """A vocabulary, options and texts."""
    suffix_indicator = draw(st.sampled_from(SUFFIX_INDICATORS))
    oov_token = draw(st.sampled_from(["[UNK]", "a", f"{suffix_indicator}b", "é", "unknown word"]))
    split = draw(st.booleans())
    split_on_cjk = draw(st.booleans())
    special_tokens = []
    if split and draw(st.booleans()):
        begin = draw(st.sampled_from(["[", "[A", "aB", " ", "é", "中", "."]))
        special_tokens = [f"{begin}{end}" for end in draw(st.lists(st.text("[]ABab. é中", max_size=4), max_size=4))]
        if rules == "keras" and split_on_cjk:  # KerasHub puts spaces around ideographs, then looks for special tokens
            special_tokens = [token for token in special_tokens if set(token).isdisjoint(" " + IDEOGRAPHS)]

    pieces = draw(st.lists(words, max_size=20)) + draw(st.just([]) | st.just(list(CHARACTERS)))
    suffixes = draw(st.lists(words, max_size=20)) + draw(st.just([]) | st.just(list(CHARACTERS)))
    tokens = {"x", oov_token, *pieces, *(suffix_indicator + suffix for suffix in suffixes)}
    tokens |= set(special_tokens) if rules == "bert" else set(draw(st.just([]) | st.just(special_tokens)))
    vocabulary = draw(st.permutations(sorted(tokens)))

    options = {
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.booleans()),
        "split": split,
        "split_on_cjk": split_on_cjk,
        "suffix_indicator": suffix_indicator,
        "oov_token": oov_token,
        # Where several begin at one place, KerasHub takes the first in this list, and we take the longest.
        "special_tokens": sorted(set(special_tokens), key=len, reverse=True),
        "special_tokens_in_strings": bool(special_tokens),
    }
    long = st.builds(str.__mul__, st.sampled_from(["a", "b", "é", "中", "각", "ab", "ß"]), st.integers(24, 102))
    parts = st.sampled_from(sorted({*CHARACTERS, *vocabulary, *special_tokens, suffix_indicator})) | words | long
    texts = draw(st.lists(st.lists(parts, max_size=12).map("".join), min_size=1, max_size=8))
    return vocabulary, options, texts


def encode_everywhere(encoder, texts, **options):
    results = []
    for target in TARGETS:
        with fastnlp.use_target(target):
            results.append(encoder.encode(texts, **options))
    return [result.tolist() if options else result.to_list() for result in results]


@settings(max_examples=20, deadline=None)
@given(problem=problems("keras"))
def test_keras_hub_does_the_same_inside_tf_data(problem, oracle):
    """Building a pipeline is slow; the tests below call KerasHub's path through TensorFlow directly."""
    tf = pytest.importorskip("tensorflow")
    vocabulary, options, texts = problem
    inside = oracle("keras", vocabulary, **options)
    outside = oracle("keras", vocabulary, _allow_python_workflow=False, **options).layer
    inputs = tf.constant(texts if options["split"] else [[text] for text in texts])
    assert inside.encode(texts).to_list() == outside(inputs)


@settings(max_examples=600, deadline=None)
@given(problem=problems("keras"), sequence_length=st.none() | st.integers(1, 9))
def test_encode_keras(problem, sequence_length):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tensorflow_text")
    keras_hub = pytest.importorskip("keras_hub")
    vocabulary, options, texts = problem
    layer = keras_hub.tokenizers.WordPieceTokenizer(
        vocabulary, sequence_length=sequence_length, _allow_python_workflow=False, **options
    )
    # Without `split`, the last axis is that of the words of a text.
    expected = layer(tf.constant(texts if options["split"] else [[text] for text in texts]))
    expected = expected.numpy().tolist() if sequence_length else expected
    for ids in encode_everywhere(
        WordPiece(vocabulary, **options), texts, **({"sequence_length": sequence_length} if sequence_length else {})
    ):
        assert ids == expected


@settings(max_examples=1000, deadline=None)
@given(problem=problems("bert"))
def test_encode_bert(problem, oracle):
    vocabulary, options, texts = problem
    expected = oracle("bert", vocabulary, **options).encode(texts).to_list()
    for ids in encode_everywhere(WordPiece(vocabulary, rules="bert", **options), texts):
        assert ids == expected


@settings(max_examples=300, deadline=None)
@given(problem=problems("keras"), data=st.data())
def test_decode(problem, data):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tensorflow_text")
    keras_hub = pytest.importorskip("keras_hub")
    vocabulary, options, _ = problem
    ids = data.draw(st.lists(st.lists(st.integers(0, len(vocabulary) - 1), max_size=8), min_size=1, max_size=8))
    layer = keras_hub.tokenizers.WordPieceTokenizer(vocabulary, _allow_python_workflow=False, **options)
    expected = layer.detokenize(tf.ragged.constant(ids, dtype=tf.int32, ragged_rank=1))
    for target in TARGETS:
        with fastnlp.use_target(target):
            assert WordPiece(vocabulary, **options).decode(ids) == expected
