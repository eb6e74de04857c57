from __future__ import annotations

import keras
import numpy as np
import pytest

from fastnlp.layers import MaskedLMHead

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(2, 5, 8)).astype("float32")
POSITIONS = np.array([[4, 0, 0], [1, 2, 3]])


def embedding(**kwargs: object) -> keras.layers.Layer:
    layer = keras.layers.ReversibleEmbedding(11, 8, name="tokens", **kwargs)
    layer.build((None, None))
    return layer


def test_scores_at_the_masked_positions() -> None:
    tied = embedding()
    head = MaskedLMHead(token_embedding=tied, intermediate_activation="tanh", bias_initializer="uniform")
    outputs = keras.ops.convert_to_numpy(head(INPUTS, mask_positions=POSITIONS))
    kernel, bias, gamma, beta = (
        keras.ops.convert_to_numpy(weight)
        for layer in (head._intermediate_dense, head._intermediate_layer_norm)
        for weight in layer.weights
    )
    x = np.tanh(np.take_along_axis(INPUTS, POSITIONS[..., None], axis=1) @ kernel + bias)
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * gamma + beta
    expected = x @ keras.ops.convert_to_numpy(tied.embeddings).T + keras.ops.convert_to_numpy(head._bias)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_probabilities_and_weights_of_its_own() -> None:
    head = MaskedLMHead(vocabulary_size=11, activation="softmax", name="head")
    outputs = keras.ops.convert_to_numpy(head(INPUTS, POSITIONS))
    assert outputs.shape == (2, 3, 11)
    np.testing.assert_allclose(outputs.sum(-1), 1, atol=1e-6)
    assert {weight.path for weight in head.weights} == {
        "head/intermediate_dense/kernel",
        "head/intermediate_dense/bias",
        "head/intermediate_layer_norm/gamma",
        "head/intermediate_layer_norm/beta",
        "head/output_kernel",
        "head/output_bias",
    }


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "bfloat16"])
def test_a_model_of_any_dtype_policy_trains(policy: str) -> None:
    tied = embedding(dtype=policy)
    ids = keras.Input((None,), dtype="int32")
    positions = keras.Input((None,), dtype="int32")
    outputs = MaskedLMHead(token_embedding=tied, dtype=policy)(tied(ids), positions)
    model = keras.Model([ids, positions], outputs)
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batch = [np.ones((2, 5), "int32"), POSITIONS.astype("int32")]
    assert np.isfinite(model.train_on_batch(batch, POSITIONS))
    assert keras.backend.standardize_dtype(model(batch).dtype) == tied.compute_dtype == outputs.dtype


@pytest.mark.parametrize("tied", [True, False])
def test_config_round_trip(tied: bool) -> None:
    head = MaskedLMHead(
        vocabulary_size=11,
        token_embedding=embedding() if tied else None,
        intermediate_activation="gelu",
        activation="softmax",
        layer_norm_epsilon=1e-12,
        kernel_initializer="zeros",
        bias_initializer="ones",
        name="head",
    )
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(head))
    assert again.get_config() == head.get_config()
    outputs = again(keras.Input((None, 8)), keras.Input((None,), dtype="int32"))
    assert outputs.shape == (None, None, 11)


def test_unusable_arguments() -> None:
    with pytest.raises(ValueError, match="`vocabulary_size` or `token_embedding` must be given"):
        MaskedLMHead()
    with pytest.raises(ValueError, match="`vocabulary_size` must be the `input_dim` of `token_embedding`, 11"):
        MaskedLMHead(vocabulary_size=12, token_embedding=embedding())
    with pytest.raises(ValueError, match="`vocabulary_size` must be an int of at least 1; received 0"):
        MaskedLMHead(vocabulary_size=0)
