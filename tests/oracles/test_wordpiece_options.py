"""WordPiece against the oracles on generated vocabularies, options and texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_texts import problems

import fastnlp
from fastnlp.ops import WordPiece

TARGETS = fastnlp.show_config()["targets"]


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


@settings(max_examples=250, deadline=None)
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


@settings(max_examples=400, deadline=None)
@given(problem=problems("bert"))
def test_encode_bert(problem, oracle):
    vocabulary, options, texts = problem
    expected = oracle("bert", vocabulary, **options).encode(texts).to_list()
    for ids in encode_everywhere(WordPiece(vocabulary, rules="bert", **options), texts):
        assert ids == expected


@settings(max_examples=150, deadline=None)
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
