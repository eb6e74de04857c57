"""`BertMaskedLMPreprocessor`: KerasHub's signature, on every kind of input."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import fastnlp
from fastnlp.models import BertMaskedLM, BertMaskedLMPreprocessor, BertTextClassifierPreprocessor, BertTokenizer

FIRST, SECOND = ["The quick fox.", "Fox", "the [PAD] [MASK]"], ["jumped", "the brown fox", ""]
OPTIONS = {"sequence_length": 12, "mask_selection_rate": 0.5, "mask_selection_length": 4, "seed": 7}


@pytest.fixture
def preprocessor(tokenizer):
    return BertMaskedLMPreprocessor(tokenizer, **OPTIONS)


def composed(tokenizer, texts, *, index=None, epoch=0, **options):
    """What tokenizer, packer and masker give one after the other."""
    options = {**OPTIONS, **options}
    length = options.pop("sequence_length")
    segments = tuple(map(tokenizer, texts)) if isinstance(texts, tuple) else tokenizer(texts)
    token_ids, segment_ids = fastnlp.layers.MultiSegmentPacker(length, 1, 2, pad_value=3)(segments)
    masker = fastnlp.layers.MaskedLMMaskGenerator(
        tokenizer.vocabulary_size(), mask_token_id=4, unselectable_token_ids=[1, 2, 3, 4], **options
    )
    masked = masker(token_ids, index=index, epoch=epoch)
    y, sample_weight = masked.pop("mask_ids"), masked.pop("mask_weights")
    return {**masked, "segment_ids": segment_ids, "padding_mask": token_ids != 3}, y, sample_weight


def as_list(part):
    return part.tolist() if hasattr(part, "tolist") else part.numpy().tolist()


def assert_same(ours, expected):
    (features, *rest), (expected_features, *expected_rest) = ours, expected
    assert sorted(features) == ["mask_positions", "padding_mask", "segment_ids", "token_ids"]
    pairs = {name: (features[name], expected_features[name]) for name in features}
    pairs.update(y=(rest[0], expected_rest[0]), sample_weight=(rest[1], expected_rest[1]))
    for name, (part, right) in pairs.items():
        assert getattr(part.dtype, "name", part.dtype) == right.dtype.name, name
        assert as_list(part) == as_list(right), name


def test_strings_batches_and_segments(target, tokenizer, preprocessor):
    for texts in (FIRST[0], FIRST, np.array(FIRST), (FIRST[0], SECOND[0]), (FIRST, SECOND), (FIRST, SECOND, FIRST)):
        assert_same(preprocessor(texts), composed(tokenizer, texts))


def test_index_and_epoch(target, tokenizer, preprocessor):
    texts = (FIRST, SECOND)
    for call in ({"index": [4, 2, 9]}, {"epoch": 3}, {"index": np.array([0, 1, 2]), "epoch": [1, 2, 3]}):
        assert_same(preprocessor(texts, **call), composed(tokenizer, texts, **call))
    assert_same(preprocessor(FIRST[0], index=5, epoch=1), composed(tokenizer, FIRST[0], index=5, epoch=1))


def test_without_a_seed_masks_differ(preprocessor):
    preprocessor.seed = None
    texts = ["the quick brown fox jumped"] * 50
    masks = {tuple(row) for _ in range(2) for row in preprocessor(texts)[0]["mask_positions"].tolist()}
    assert len(masks) > 5


def test_labels_and_weights_are_dropped(preprocessor):
    expected = preprocessor(FIRST)
    assert_same(preprocessor(FIRST, [1, 2, 3], [1.0, 2.0, 3.0]), expected)


def test_tensorflow(target, tokenizer, preprocessor):
    tf = pytest.importorskip("tensorflow")
    expected = composed(tokenizer, (FIRST, SECOND))
    ours = preprocessor((tf.constant(FIRST), tf.constant(SECOND)))
    assert all(isinstance(part, tf.Tensor) for part in keras.tree.flatten(ours))
    assert_same(ours, expected)
    dataset = tf.data.Dataset.from_tensor_slices((FIRST, SECOND))

    def preprocess(*segments):
        return preprocessor(segments)

    for batched, leading in ((dataset, []), (dataset.batch(2), [None])):
        mapped = batched.map(preprocess)
        features, *labels = mapped.element_spec
        assert {name: spec.shape.as_list() for name, spec in features.items()} == {
            "token_ids": [*leading, 12],
            "padding_mask": [*leading, 12],
            "segment_ids": [*leading, 12],
            "mask_positions": [*leading, 4],
        }
        assert [spec.shape.as_list() for spec in labels] == [[*leading, 4]] * 2
        rows = {name: [batch[0][name] for batch in mapped] for name in features}
        y, sample_weight = ([batch[part] for batch in mapped] for part in (1, 2))
        join = np.concatenate if leading else np.stack
        assert_same(({name: join(parts) for name, parts in rows.items()}, join(y), join(sample_weight)), expected)


def test_every_epoch_draws_anew(tokenizer, preprocessor):
    tf = pytest.importorskip("tensorflow")
    dataset = fastnlp.tf.masking.enumerate_epochs(tf.data.Dataset.from_tensor_slices(FIRST), epochs=2)
    dataset = dataset.batch(3).map(lambda epoch, index, text: preprocessor(text, index=index, epoch=epoch))
    for epoch, batch in enumerate(dataset):
        assert_same(batch, composed(tokenizer, FIRST, index=[0, 1, 2], epoch=epoch))


@pytest.mark.parametrize(
    "options", [{"special_tokens_in_strings": True}, {"oov_token": "[PAD]"}, {"sequence_length": 3}, {"dtype": "int64"}]
)
def test_every_tokenizer(target, tokenizer, options):
    """Whether one kernel does it or not, it is what three layers do one after the other."""
    other = BertTokenizer(tokenizer.get_vocabulary(), **{"lowercase": True, **options})
    assert_same(BertMaskedLMPreprocessor(other, **OPTIONS)(FIRST), composed(other, FIRST))


def test_no_selection_length(target, tokenizer, preprocessor):
    preprocessor.mask_selection_length = None
    assert_same(preprocessor(FIRST), composed(tokenizer, FIRST, mask_selection_length=None))


def test_dtype_of_the_weights(tokenizer):
    preprocessor = BertMaskedLMPreprocessor(tokenizer, dtype="mixed_float16", **OPTIONS)
    assert preprocessor(FIRST)[2].dtype == np.float16
    tf = pytest.importorskip("tensorflow")
    assert preprocessor(tf.constant(FIRST))[2].dtype == tf.float16


def test_config(tokenizer):
    preprocessor = BertMaskedLMPreprocessor(
        tokenizer, 10, "waterfall", 0.3, 5, mask_token_rate=0.7, random_token_rate=0.2, seed=3
    )
    config = preprocessor.get_config()
    copy = BertMaskedLMPreprocessor.from_config(config)
    assert copy.get_config() == config
    copy.tokenizer.set_vocabulary(tokenizer.get_vocabulary())
    assert_same(copy(FIRST), preprocessor(FIRST))
    defaults = BertMaskedLMPreprocessor(tokenizer).get_config()
    names = ("sequence_length", "truncate", "mask_selection_rate", "mask_selection_length", "mask_token_rate")
    assert [defaults[name] for name in names] == [512, "round_robin", 0.15, 96, 0.8]
    assert defaults["random_token_rate"] == 0.1
    assert "seed" not in defaults


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sequence_length": -1}, ValueError, "`sequence_length` must be an int in .* received -1"),
        ({"mask_selection_rate": 1.5}, ValueError, r"`mask_selection_rate` must be in \[0, 1\]; received 1.5"),
        ({"mask_token_rate": -0.1}, ValueError, r"`mask_token_rate` must be in \[0, 1\]; received -0.1"),
        ({"random_token_rate": 0.3}, ValueError, "must be at most 1 together; received 0.8 and 0.3"),
        ({"mask_selection_length": 0}, ValueError, "`mask_selection_length` must be in .* received 0"),
        ({"seed": -1}, ValueError, "`seed` must be in .* received -1"),
        ({"seed": 0.5}, TypeError, "`seed` must be an integer; received 0.5"),
    ],
)
def test_unusable_arguments(tokenizer, options, error, message):
    with pytest.raises(error, match=message):
        BertMaskedLMPreprocessor(tokenizer, **options)


def test_segments_that_come_as_labels(preprocessor):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((FIRST, SECOND))
    for call in (
        lambda: preprocessor(FIRST, SECOND),
        lambda: preprocessor(FIRST, np.array(SECOND)),
        lambda: dataset.map(preprocessor),
    ):
        with pytest.raises(ValueError, match="`y` must not be text; several segments are a tuple"):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [({"index": [1, 2]}, "`index` must hold"), ({"epoch": [1, 2]}, "`epoch` must hold")],
)
def test_numbers_that_do_not_fit(target, preprocessor, call, message):
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match=message):
        preprocessor(FIRST, **call)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        preprocessor(tf.constant(FIRST), **call)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # of the pooled output, which has no part in masks
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")  # as Keras does, to itself
def test_fit_on_raw_strings(tokenizer, backbone):
    preprocessor = BertMaskedLMPreprocessor(tokenizer, **OPTIONS)
    masked_lm = BertMaskedLM(backbone, preprocessor=preprocessor)
    assert BertMaskedLM.preprocessor_cls is BertMaskedLMPreprocessor
    history = masked_lm.fit(FIRST * 4, batch_size=4, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    if keras.backend.backend() == "tensorflow":
        tf = pytest.importorskip("tensorflow")
        dataset = tf.data.Dataset.from_tensor_slices(FIRST * 4).batch(4)
        history = masked_lm.fit(dataset, verbose=0)
        assert np.isfinite(history.history["loss"]).all()


def test_a_literal_pad_token_is_padding(tokenizer):
    """As with the other preprocessor: `padding_mask` is what is no padding token before masking."""
    other = BertTokenizer(tokenizer.get_vocabulary(), special_tokens_in_strings=True)
    masked = BertMaskedLMPreprocessor(other, **{**OPTIONS, "mask_selection_rate": 1.0})
    packed = BertTextClassifierPreprocessor(other, sequence_length=12)
    text = "fox [PAD] fox"
    np.testing.assert_array_equal(masked(text)[0]["padding_mask"], packed(text)["padding_mask"])
    assert masked(text)[0]["padding_mask"].tolist()[:5] == [True, True, False, True, True]
