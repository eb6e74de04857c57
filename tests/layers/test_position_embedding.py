from __future__ import annotations

import keras
import numpy as np
import pytest

from fastnlp.layers import PositionEmbedding

LAYER = PositionEmbedding(sequence_length=6, name="positions")
INPUTS = np.zeros((2, 4, 3), "float32")


def run(*args: object, **kwargs: object) -> np.ndarray:
    return keras.ops.convert_to_numpy(LAYER(*args, **kwargs))


def vectors() -> np.ndarray:
    LAYER(INPUTS)
    return keras.ops.convert_to_numpy(LAYER.position_embeddings)


def test_every_position_has_its_vector() -> None:
    np.testing.assert_array_equal(run(INPUTS), np.stack([vectors()[:4]] * 2))
    np.testing.assert_array_equal(run(INPUTS[0]), vectors()[:4])
    np.testing.assert_array_equal(run(INPUTS, start_index=2), np.stack([vectors()[2:]] * 2))
    np.testing.assert_array_equal(run(INPUTS, start_index=keras.ops.convert_to_tensor(1))[0], vectors()[1:5])


def test_positions_out_of_order() -> None:
    np.testing.assert_array_equal(run(INPUTS, positions=[5, 0, 0, 3])[1], vectors()[[5, 0, 0, 3]])
    rows = np.array([[5, 0, 0, 3], [1, 2, 3, 4]])
    np.testing.assert_array_equal(run(INPUTS, start_index=9, positions=rows), vectors()[rows])


def test_config_round_trip() -> None:
    layer = PositionEmbedding(6, initializer="uniform", name="other", dtype="mixed_bfloat16")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert again(keras.Input((None, 3))).shape == (None, None, 3)
    assert [weight.path for weight in again.weights] == ["other/embeddings"]


def test_inputs_must_not_be_too_long() -> None:
    for inputs, start in ((np.zeros((1, 7, 3)), 0), (INPUTS, 3)):
        with pytest.raises(ValueError, match="`inputs` must end within the 6 positions of `sequence_length`"):
            LAYER(inputs, start_index=start)


@pytest.mark.parametrize("length", [None, 0, -1, 2.5, "6", True])
def test_unusable_arguments(length: object) -> None:
    with pytest.raises(ValueError, match="`sequence_length` must be an int of at least 1; received"):
        PositionEmbedding(length)
