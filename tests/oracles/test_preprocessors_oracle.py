"""BERT's preprocessors against KerasHub's, inside tf.data: generated texts and options, batched and not.

Few at a time: KerasHub takes seconds to make each of its graphs.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnlp import models

tf = pytest.importorskip("tensorflow")
pytest.importorskip("tensorflow_text")
keras_hub = pytest.importorskip("keras_hub")

VOCABULARY = [
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[PAD]",
    "[MASK]",
    "the",
    "quick",
    "fox",
    "##es",
    "jump",
    "##ed",
    "[",
    "]",
    ".",
]
SPECIAL_IDS = {1, 2, 3, 4}

words = st.sampled_from(["The", "quick", "foxes", "jumped", "over", ".", "[PAD]", "[MASK]", "日本", "", "é", "jump."])
texts = st.lists(words, max_size=14).map(" ".join)


@st.composite
def batches(draw):
    """One to three segments of as many texts; and the size of batches, or None."""
    rows = draw(st.integers(1, 4))
    segments = draw(st.lists(st.lists(texts, min_size=rows, max_size=rows), min_size=1, max_size=3))
    return tuple(segments), draw(st.none() | st.integers(1, 3))


tokenizer_options = st.fixed_dictionaries(
    {"lowercase": st.booleans()},
    optional={
        "special_tokens_in_strings": st.booleans(),
        "sequence_length": st.integers(1, 8),
        "strip_accents": st.booleans(),
        "oov_token": st.sampled_from(["[UNK]", "[PAD]", "."]),
        "dtype": st.just("int64"),
    },
)
packing_options = st.fixed_dictionaries(
    {"sequence_length": st.integers(4, 24)}, optional={"truncate": st.sampled_from(["round_robin", "waterfall"])}
)
masking_options = st.fixed_dictionaries(
    {"mask_selection_rate": st.sampled_from([0.0, 0.15, 0.25, 0.5, 1.0]), "mask_selection_length": st.integers(1, 12)},
    optional={
        "mask_token_rate": st.sampled_from([0.0, 0.5, 0.8, 1.0]),
        "random_token_rate": st.sampled_from([0.0, 0.1]),
    },
)


def make(package, name, tokenizer, options):
    return getattr(package, name)(package.BertTokenizer(VOCABULARY, **tokenizer), **options)


def run(preprocessor, segments, batch_size, *labels):
    """What comes out of tf.data, and the specs of its elements."""
    dataset = tf.data.Dataset.from_tensor_slices((segments, *labels))
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    dataset = dataset.map(preprocessor if labels else lambda segments: preprocessor(x=segments))
    return list(dataset), dataset.element_spec


def assert_same(ours, theirs):
    tf.nest.assert_same_structure(ours, theirs)
    for our, their in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        assert our.dtype == their.dtype
        np.testing.assert_array_equal(our, their)


@settings(max_examples=8, deadline=None)
@given(batch=batches(), tokenizer=tokenizer_options, packing=packing_options, weighted=st.booleans())
def test_packed(batch, tokenizer, packing, weighted):
    segments, batch_size = batch
    labels = [range(len(segments[0])), [0.5] * len(segments[0])][: 1 + weighted]
    labels = [list(part) for part in labels]
    ours, theirs = (
        run(make(package, "BertTextClassifierPreprocessor", tokenizer, packing), segments, batch_size, *labels)[0]
        for package in (models, keras_hub.models)
    )
    assert_same(ours, theirs)


@settings(max_examples=8, deadline=None)
@given(batch=batches(), tokenizer=tokenizer_options, packing=packing_options, masking=masking_options)
def test_masked(batch, tokenizer, packing, masking):
    segments, batch_size = batch
    if masking.get("mask_token_rate") == 1.0:
        masking["random_token_rate"] = 0.0
    options = {**packing, **masking}
    (ours, our_spec), (theirs, their_spec) = (
        run(make(package, "BertMaskedLMPreprocessor", tokenizer, options), segments, batch_size)
        for package in (models, keras_hub.models)
    )
    packed, _ = run(make(models, "BertTextClassifierPreprocessor", tokenizer, packing), segments, batch_size)
    for name in ("token_ids", "segment_ids", "padding_mask", "mask_positions"):
        assert our_spec[0][name].dtype == their_spec[0][name].dtype
    for (x, labels, weights), (their_x, their_labels, their_weights), unmasked in zip(
        ours, theirs, packed, strict=True
    ):
        assert_same(
            [x["segment_ids"], x["padding_mask"], weights],
            [their_x["segment_ids"], their_x["padding_mask"], their_weights],
        )
        assert (labels.dtype, labels.shape) == (their_labels.dtype, their_labels.shape)
        for features, ids in ((x, labels), (their_x, their_labels)):
            assert_masked(features, ids, weights, unmasked["token_ids"])


def assert_masked(features, ids, weights, unmasked):
    """Labels are what stood there, no special token is selected, and nothing else is replaced."""
    for masked, positions, labels, selected, before in zip(
        *(np.atleast_2d(part) for part in (features["token_ids"], features["mask_positions"], ids, weights, unmasked)),
        strict=True,
    ):
        places = positions[selected == 1]
        assert sorted(set(places.tolist())) == places.tolist()
        assert before[places].tolist() == labels[selected == 1].tolist()
        assert not SPECIAL_IDS & set(before[places].tolist())
        kept = np.delete(np.arange(len(before)), places)
        np.testing.assert_array_equal(masked[kept], before[kept])


def test_real_text(data, reviews, vocabularies):
    """The packed tensors of real text are equal, all of them."""
    vocabulary = vocabularies["bert-base-uncased"]
    dataset = tf.data.Dataset.from_tensor_slices((reviews[:2000], reviews[2000:4000])).batch(250)

    def packed(package):
        preprocessor = package.BertTextClassifierPreprocessor(
            package.BertTokenizer(vocabulary, lowercase=True), sequence_length=256
        )
        return list(dataset.map(lambda *segments: preprocessor(x=segments)))

    assert_same(packed(models), packed(keras_hub.models))
