from __future__ import annotations

import keras
import numpy as np
import pytest

from fastnlp.layers import SinePositionEncoding

INPUTS = np.zeros((2, 4, 5), "float32")


def expected(positions: np.ndarray, hidden_dim: int = 5, max_wavelength: float = 10000) -> np.ndarray:
    """The paper's formula."""
    dimensions = np.arange(hidden_dim)
    angles = positions[:, None] / max_wavelength ** (2 * (dimensions // 2) / hidden_dim)
    return np.where(dimensions % 2 == 0, np.sin(angles), np.cos(angles))


def run(layer: keras.layers.Layer, *args: object, **kwargs: object) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(*args, **kwargs))


def test_the_papers_formula() -> None:
    for wavelength in (10000, 50.0):
        layer = SinePositionEncoding(wavelength)
        rows = expected(np.arange(4), max_wavelength=wavelength)
        np.testing.assert_allclose(run(layer, INPUTS), np.stack([rows] * 2), atol=1e-6)


def test_positions() -> None:
    layer = SinePositionEncoding()
    np.testing.assert_allclose(run(layer, INPUTS, start_index=3)[1], expected(np.arange(3, 7)), atol=1e-6)
    positions = np.array([7, 0, 0, 2])
    np.testing.assert_allclose(run(layer, INPUTS, positions=positions)[1], expected(positions), atol=1e-6)
    rows = np.array([[1, 2, 3, 4], [4, 3, 2, 1]])
    outputs = run(layer, INPUTS, positions=rows)
    np.testing.assert_allclose(outputs, np.stack([expected(row) for row in rows]), atol=1e-6)


def test_config_round_trip() -> None:
    layer = SinePositionEncoding(50, name="sines", dtype="float16")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert again(keras.Input((None, 5))).shape == (None, None, 5)
    assert again.count_params() == 0


def test_unusable_arguments() -> None:
    with pytest.raises(ValueError, match="`max_wavelength` must be positive; received 0"):
        SinePositionEncoding(0)
