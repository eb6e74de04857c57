from __future__ import annotations

import keras
import numpy as np
import pytest

from fastnlp.layers import TokenAndPositionEmbedding

IDS = np.array([[3, 1, 0], [2, 2, 2]])


def test_sum_of_tokens_and_positions() -> None:
    layer = TokenAndPositionEmbedding(vocabulary_size=4, sequence_length=5, embedding_dim=6, name="embedding")
    outputs = keras.ops.convert_to_numpy(layer(IDS))
    tokens, positions = (keras.ops.convert_to_numpy(weight) for weight in layer.weights)
    np.testing.assert_allclose(outputs, tokens[IDS] + positions[:3], atol=1e-7)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(IDS, start_index=2)[0]), tokens[IDS[0]] + positions[2:], atol=1e-7
    )
    paths = ["embedding/token_embedding/embeddings", "embedding/position_embedding/embeddings"]
    assert [weight.path for weight in layer.weights] == paths


def test_parameters() -> None:
    for tie_weights, parameters in ((True, 10 * 4 + 7 * 4), (False, 2 * 10 * 4 + 7 * 4)):
        layer = TokenAndPositionEmbedding(10, 7, 4, tie_weights=tie_weights)
        layer.build((None, None))
        assert layer.count_params() == parameters


def test_mask() -> None:
    masked = TokenAndPositionEmbedding(4, 5, 6, mask_zero=True)(IDS)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(masked._keras_mask), IDS != 0)
    assert getattr(TokenAndPositionEmbedding(4, 5, 6)(IDS), "_keras_mask", None) is None


def test_config_round_trip() -> None:
    layer = TokenAndPositionEmbedding(
        4, 5, 6, tie_weights=False, embeddings_initializer="normal", mask_zero=True, name="embedding", dtype="bfloat16"
    )
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert again(keras.Input((None,), dtype="int32")).shape == (None, None, 6)


@pytest.mark.parametrize("name", ["vocabulary_size", "sequence_length", "embedding_dim"])
def test_unusable_arguments(name: str) -> None:
    arguments = {"vocabulary_size": 4, "sequence_length": 5, "embedding_dim": 6, name: None}
    with pytest.raises(ValueError, match=f"`{name}` must be an int of at least 1; received None"):
        TokenAndPositionEmbedding(**arguments)
