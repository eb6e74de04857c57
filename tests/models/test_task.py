from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from fastnlp.models import BertMaskedLM, BertTextClassifier, BertTextEmbedder, Preprocessor

# Keras's word on every generator that ends.
ends = pytest.mark.filterwarnings("ignore:.*Your input ran out of data")

TEXTS = ["good film", "a very bad film", "very good", "bad bad film", "a good film"]
LABELS = [1, 0, 1, 0, 1]


class Batches(keras.utils.PyDataset):
    """Raw examples, two a batch."""

    num_batches = 2

    def __getitem__(self, index: int) -> Any:
        rows = slice(2 * index, 2 * index + 2)
        return TEXTS[rows], np.array(LABELS[rows])


def generate() -> Iterator[Any]:
    for index in range(2):
        yield Batches()[index]


@ends
def test_text_goes_through_the_preprocessor(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    expected = keras.ops.convert_to_numpy(classifier(preprocessor(TEXTS)))
    containers = {
        "list": TEXTS,
        "str array": np.array(TEXTS),
        "object array": np.array(TEXTS, object),
        "bytes": [text.encode() for text in TEXTS],
    }
    for name, texts in containers.items():
        outputs = classifier.predict(texts, batch_size=2, verbose=0)
        np.testing.assert_allclose(outputs, expected, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(classifier.predict(Batches(), verbose=0), expected[:4], atol=1e-6)
    np.testing.assert_allclose(classifier.predict(generate(), verbose=0), expected[:4], atol=1e-6)
    np.testing.assert_allclose(classifier.predict_on_batch(TEXTS[:3]), expected[:3], atol=1e-6)


def test_tf_data(backbone: Any, preprocessor: Any) -> None:
    tf = pytest.importorskip("tensorflow")
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(2)
    expected = keras.ops.convert_to_numpy(classifier(preprocessor(TEXTS)))
    np.testing.assert_allclose(classifier.predict(dataset, verbose=0), expected, atol=1e-6)
    classifier.fit(dataset, validation_data=dataset, verbose=0)


def test_a_classifier_learns_from_text(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor, dropout=0.0)
    classifier.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = classifier.fit(TEXTS, LABELS, epochs=40, validation_data=(TEXTS, LABELS), verbose=0).history
    assert set(history) == {
        f"{kind}{name}" for kind in ("", "val_") for name in ("loss", "sparse_categorical_accuracy")
    }
    assert history["val_sparse_categorical_accuracy"][-1] == 1.0
    loss, accuracy = classifier.evaluate(TEXTS, LABELS, verbose=0)
    assert accuracy == 1.0
    assert loss == pytest.approx(history["val_loss"][-1], rel=1e-3)
    assert float(classifier.test_on_batch(TEXTS, np.array(LABELS))[0]) == pytest.approx(loss, rel=1e-3)


@ends
def test_fit_takes_what_keras_takes(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    classifier.fit(TEXTS, LABELS, sample_weight=[1.0, 0.5, 1.0, 1.0, 0.0], verbose=0)
    classifier.fit(TEXTS, LABELS, class_weight={0: 1.0, 1: 2.0}, verbose=0)
    assert "val_loss" in classifier.fit(TEXTS, LABELS, validation_split=0.4, verbose=0).history
    classifier.fit(Batches(), validation_data=Batches(), verbose=0)
    classifier.fit(generate(), verbose=0)
    classifier.train_on_batch(TEXTS, np.array(LABELS))


def test_without_a_preprocessor(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    expected = classifier.predict(TEXTS, verbose=0)
    ready = preprocessor(TEXTS)
    classifier.preprocessor = None
    np.testing.assert_allclose(classifier.predict(ready, verbose=0), expected, atol=1e-6)
    classifier.fit(ready, np.array(LABELS), validation_split=0.4, verbose=0)
    classifier.evaluate(ready, np.array(LABELS), verbose=0)
    classifier.preprocessor = lambda texts: preprocessor([text.lower() for text in texts])
    np.testing.assert_allclose(
        classifier.predict([text.upper() for text in TEXTS], verbose=0), classifier.predict_on_batch(TEXTS), atol=1e-6
    )


def test_the_preprocessor_is_no_part_of_the_model(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    assert classifier.preprocessor is preprocessor
    assert classifier.backbone is backbone
    assert preprocessor not in classifier._flatten_layers()
    assert len(classifier.weights) == len(backbone.weights) + 2


def test_default_losses(backbone: Any) -> None:
    assert BertTextClassifier(backbone, 2).loss.from_logits
    assert not BertTextClassifier(backbone, 2, activation="softmax").loss.from_logits
    classifier = BertTextClassifier(backbone, 2)
    assert isinstance(classifier.optimizer, keras.optimizers.Adam)
    assert float(classifier.optimizer.learning_rate) == pytest.approx(5e-5)
    assert BertMaskedLM(backbone).loss.from_logits
    assert BertTextEmbedder(backbone).loss is None
    assert not BertTextClassifier(backbone, 2, compile=False).compiled


def test_masked_lm(backbone: Any) -> None:
    masked_lm = BertMaskedLM(backbone)
    ids = np.full((2, 4), 5, "int32")
    x = {"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": 0 * ids + 1, "mask_positions": ids[:, :2] - 4}
    assert masked_lm.predict(x, verbose=0).shape == (2, 2, 12)
    labels, sample_weight = np.array([[5, 0], [5, 0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    loss, accuracy = masked_lm.evaluate(x, labels, sample_weight=sample_weight, verbose=0)
    predicted = masked_lm.predict(x, verbose=0)[:, 0].argmax(-1)
    assert accuracy == pytest.approx((predicted == 5).mean())
    assert np.isfinite(loss)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(
            BertMaskedLM(backbone, intermediate_activation="relu", layer_norm_epsilon=1e-12)
        )
    )
    assert again.masked_lm_head.intermediate_activation is keras.activations.relu
    assert again.masked_lm_head.layer_norm_epsilon == 1e-12


def test_text_embedder(backbone: Any, preprocessor: Any) -> None:
    embedder = BertTextEmbedder(backbone, preprocessor=preprocessor)
    vectors = embedder.encode_text(TEXTS, verbose=0)
    tokens = keras.ops.convert_to_numpy(backbone(preprocessor(TEXTS))["sequence_output"])
    mask = preprocessor(TEXTS)["padding_mask"][..., None]
    mean = (tokens * mask).sum(1) / mask.sum(1)
    np.testing.assert_allclose(vectors, mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-5)
    one = embedder.encode_documents(TEXTS[0], verbose=0)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(embedder.similarity(one, vectors))[0, 0], 1, atol=1e-5)

    plain = BertTextEmbedder(backbone, preprocessor, normalize=False)
    np.testing.assert_allclose(plain.predict(TEXTS, verbose=0), mean, atol=1e-5)
    largest = BertTextEmbedder(backbone, preprocessor, pooling_mode="max", normalize=False).predict(TEXTS, verbose=0)
    np.testing.assert_allclose(largest, np.where(mask, tokens, -np.inf).max(1), atol=1e-5)
    with pytest.raises(ValueError, match="`pooling_mode` must be 'mean', 'cls' or 'max'; received 'sum'"):
        BertTextEmbedder(backbone, pooling_mode="sum")


def test_saved_with_preprocessor_and_vocabulary(backbone: Any, preprocessor: Any, tmp_path: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor, activation="softmax", dropout=0.2)
    classifier.compile(keras.optimizers.SGD(0.5), loss="mse")
    classifier.save(tmp_path / "classifier.keras")
    again = keras.saving.load_model(tmp_path / "classifier.keras")
    assert isinstance(again.optimizer, keras.optimizers.SGD)
    assert float(again.optimizer.learning_rate) == 0.5
    assert type(again) is BertTextClassifier
    assert (again.num_classes, again.dropout, again.activation) == (2, 0.2, keras.activations.softmax)
    assert isinstance(again.preprocessor, Preprocessor)
    assert again.preprocessor.tokenizer.get_vocabulary() == preprocessor.tokenizer.get_vocabulary()
    np.testing.assert_allclose(again.predict(TEXTS, verbose=0), classifier.predict(TEXTS, verbose=0), atol=1e-6)


def test_text_must_be_preprocessed_before_a_call(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    for texts in (TEXTS, np.array(TEXTS), TEXTS[0]):
        with pytest.raises(ValueError, match=r"`inputs` must be tensors where .* received text"):
            classifier(texts)


def test_bad_input(backbone: Any, preprocessor: Any) -> None:
    classifier = BertTextClassifier(backbone, 2, preprocessor=preprocessor)
    with pytest.raises(ValueError, match=r"must be of one length; received lengths \[3, 5\]"):
        classifier.fit(TEXTS, LABELS[:3])
    with pytest.raises(ValueError, match="must hold one item an example; received 'good film'"):
        classifier.predict("good film")
    with pytest.raises(ValueError, match="`y` must be None where `x` is a Batches"):
        classifier.fit(Batches(), LABELS)
    with pytest.raises(ValueError, match="`batch_size` must be None where `x` is a generator"):
        classifier.predict(generate(), batch_size=2)
    with pytest.raises(ValueError, match="`validation_split` must leave some of 5 examples"):
        classifier.fit(TEXTS, LABELS, validation_split=0.99)
