"""`BertTextClassifierPreprocessor`: KerasHub's signature, on every kind of input."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import fastnlp
from fastnlp.models import BertPreprocessor, BertTextClassifier, BertTextClassifierPreprocessor, BertTokenizer

FIRST, SECOND = ["The quick fox.", "Fox"], ["jumped", "the brown fox"]
ONE = ([1, 5, 6, 8, 11, 2, 3, 3], [0] * 8)
TWO = ([1, 5, 6, 8, 2, 9, 10, 2], [0, 0, 0, 0, 0, 1, 1, 1])
TWO_IN_BATCH = ([TWO[0], [1, 8, 2, 5, 7, 8, 2, 3]], [TWO[1], [0, 0, 0, 1, 1, 1, 1, 0]])


@pytest.fixture
def preprocessor(tokenizer):
    return BertTextClassifierPreprocessor(tokenizer, sequence_length=8)


def assert_features(features, expected, kind=np.ndarray):
    assert list(features) == ["token_ids", "padding_mask", "segment_ids"]
    assert all(isinstance(feature, kind) for feature in features.values())
    token_ids, padding_mask, segment_ids = map(np.asarray, features.values())
    assert token_ids.dtype == segment_ids.dtype == np.int32
    assert padding_mask.dtype == bool
    assert (token_ids.tolist(), segment_ids.tolist()) == expected
    assert padding_mask.tolist() == (token_ids != 3).tolist()


def test_alias():
    assert BertPreprocessor is BertTextClassifierPreprocessor


def test_strings_batches_and_segments(target, preprocessor):
    pa = pytest.importorskip("pyarrow")
    for text in (FIRST[0], FIRST[0].encode(), (FIRST[0],)):
        assert_features(preprocessor(text), ONE)
    assert_features(preprocessor([FIRST[0]]), ([ONE[0]], [ONE[1]]))
    assert_features(preprocessor((FIRST[0], SECOND[0])), TWO)
    for container in (list, np.array, pa.array):
        assert_features(preprocessor((container(FIRST), container(SECOND))), TWO_IN_BATCH)


def test_labels_and_weights_are_handed_on(preprocessor):
    y, sample_weight = object(), object()
    assert preprocessor(FIRST, y)[1] is y
    assert preprocessor(FIRST, y=y, sample_weight=sample_weight)[1:] == (y, sample_weight)
    assert_features(preprocessor((FIRST, SECOND), y)[0], TWO_IN_BATCH)


def test_tensorflow(target, preprocessor):
    tf = pytest.importorskip("tensorflow")
    assert_features(preprocessor((tf.constant(FIRST), tf.constant(SECOND))), TWO_IN_BATCH, tf.Tensor)
    assert_features(preprocessor((tf.constant(FIRST), SECOND)), TWO_IN_BATCH, tf.Tensor)
    dataset = tf.data.Dataset.from_tensor_slices(((FIRST, SECOND), [1, 0], [0.5, 1.0]))
    for batch, shape in ((dataset, [8]), (dataset.batch(2), [None, 8])):
        mapped = batch.map(preprocessor)
        assert [part.shape.as_list() for part in mapped.element_spec[0].values()] == [shape] * 3
        rows, labels, weights = zip(*mapped, strict=True)
        joined = {name: np.reshape([row[name] for row in rows], [2, 8]) for name in rows[0]}
        assert_features(joined, TWO_IN_BATCH)
        assert (np.ravel(labels).tolist(), np.ravel(weights).tolist()) == ([1, 0], [0.5, 1.0])
    segments = tf.data.Dataset.from_tensor_slices((FIRST, SECOND))
    features = next(iter(segments.map(lambda *texts: preprocessor(texts))))
    assert_features(features, TWO, tf.Tensor)


@pytest.mark.parametrize(
    "options",
    [
        {"sequence_length": 3},
        {"dtype": "int64"},
        {"special_tokens_in_strings": True},
        {"split": False},
        {"oov_token": "[PAD]"},
    ],
)
def test_every_tokenizer(target, tokenizer, options):
    """Whether one kernel does it or not, it is what tokenizer and packer do one after the other."""
    other = BertTokenizer(tokenizer.get_vocabulary(), **{"lowercase": True, **options})
    preprocessor = BertTextClassifierPreprocessor(other, sequence_length=8)
    texts = ["the fox [PAD] the", "fox 日本 jumped over"]
    texts = [texts] if options.get("split") is False else texts
    features = preprocessor((texts, texts))
    packer = fastnlp.layers.MultiSegmentPacker(8, 1, 2, pad_value=3)
    token_ids, segment_ids = packer((other(texts), other(texts)))
    for part, expected in zip(features.values(), (token_ids, token_ids != 3, segment_ids), strict=True):
        assert part.dtype == expected.dtype
        np.testing.assert_array_equal(part, expected)


def test_tokenizers_that_override_tokenize_are_asked(tokenizer):
    class Reversed(BertTokenizer):
        def tokenize(self, inputs):
            return super().tokenize([text[::-1] for text in inputs])

    preprocessor = BertTextClassifierPreprocessor(Reversed(tokenizer.get_vocabulary()), sequence_length=4)
    assert preprocessor(["xof"])["token_ids"].tolist() == [[1, 8, 2, 3]]


def test_arguments_may_change(tokenizer):
    preprocessor = BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    assert_features(preprocessor(FIRST[0]), ONE)
    preprocessor.sequence_length = 9
    preprocessor.truncate = "waterfall"
    assert preprocessor((FIRST[0], FIRST[0]))["token_ids"].tolist() == [1, 5, 6, 8, 11, 2, 5, 6, 2]
    assert preprocessor.packer.sequence_length == 9


def test_config(preprocessor):
    preprocessor.truncate = "waterfall"
    config = preprocessor.get_config()
    copy = BertTextClassifierPreprocessor.from_config(config)
    assert copy.get_config() == config
    assert (config["sequence_length"], config["truncate"]) == (8, "waterfall")
    copy.tokenizer.set_vocabulary(preprocessor.tokenizer.get_vocabulary())  # an asset, which comes later
    assert_features(copy(FIRST[0]), ONE)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sequence_length": 0}, ValueError, "`sequence_length` must be an int in .* received 0"),
        ({"sequence_length": None}, ValueError, "`sequence_length` must be an int; received None"),
        ({"truncate": "shortest"}, ValueError, "`truncate` must be 'round_robin' or 'waterfall'; received 'shortest'"),
        ({"tokenizer": "bert"}, TypeError, "`tokenizer` must be a fastnlp.tokenizers.Tokenizer; received 'bert'"),
    ],
)
def test_unusable_arguments(tokenizer, options, error, message):
    with pytest.raises(error, match=message):
        BertTextClassifierPreprocessor(**{"tokenizer": tokenizer, **options})


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ((["a", "b"], ["c"]), ValueError, r"`segments` must have the same number of rows; received \[2, 1\]"),
        ((["a"], "c"), ValueError, r"`segments` must have the same rank; received ranks \[2, 1\]"),
        (("a",) * 8, ValueError, "`sequence_length` must be at least 9, .* received 8"),
        ((), ValueError, "`segments` must hold at least one segment"),
        ([["a"], ["b"]], ValueError, "`segments` must be of rank 1, or 2 for a batch; received rank 3"),
        ([1, 2], TypeError, "must hold str"),
    ],
)
def test_unusable_texts_are_the_same_error_everywhere(target, preprocessor, x, error, message):
    tf = pytest.importorskip("tensorflow")
    tensors = tuple(map(tf.constant, x)) if isinstance(x, tuple) else tf.constant(x)
    with pytest.raises(error, match=message):
        preprocessor(x)
    if tensors == ():  # which no tensor tells of
        return
    with pytest.raises(error, match=message.replace("must hold str", "must .* string")):
        preprocessor(tensors)
    with pytest.raises(error, match=message.replace("must hold str", "must .* string")):
        tf.data.Dataset.from_tensors((tensors,)).map(preprocessor)


def test_rows_that_only_the_run_shows(target, preprocessor):
    tf = pytest.importorskip("tensorflow")
    texts = tf.data.Dataset.from_generator(
        lambda: iter([(["a", "b"], ["c"])]), output_signature=(tf.TensorSpec([None], tf.string),) * 2
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="`segments` must have the same number of rows"):
        list(texts.map(lambda *segments: preprocessor(segments)))


def test_vocabulary_that_is_missing():
    preprocessor = BertTextClassifierPreprocessor(BertTokenizer())
    with pytest.raises(ValueError, match="needs a vocabulary"):
        preprocessor("the fox")


def test_fit_on_raw_strings(tokenizer, backbone):
    preprocessor = BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    classifier = BertTextClassifier(backbone, num_classes=2, preprocessor=preprocessor)
    assert BertTextClassifier.preprocessor_cls is BertTextClassifierPreprocessor
    texts, labels = FIRST * 4, np.array([0, 1] * 4)
    history = classifier.fit((texts, texts), labels, batch_size=4, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert np.asarray(classifier.predict(texts, verbose=0)).shape == (8, 2)
    if keras.backend.backend() == "tensorflow":
        tf = pytest.importorskip("tensorflow")
        dataset = tf.data.Dataset.from_tensor_slices((texts, labels)).batch(4)
        assert np.isfinite(classifier.evaluate(dataset, verbose=0)).all()


def test_sequences_longer_than_the_model_takes(tokenizer, backbone):
    message = "`sequence_length` of the preprocessor must be at most 12, .* received 13"
    preprocessor = BertTextClassifierPreprocessor(tokenizer, sequence_length=13)
    with pytest.raises(ValueError, match=message):
        BertTextClassifier(backbone, num_classes=2, preprocessor=preprocessor)
    preprocessor.sequence_length = 12
    classifier = BertTextClassifier(backbone, num_classes=2, preprocessor=preprocessor)
    preprocessor.sequence_length = 13
    with pytest.raises(ValueError, match=message):
        classifier.predict(FIRST, verbose=0)
