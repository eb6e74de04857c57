"""`SinePositionEncoding`: fixed vectors for positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="fastnlp")
class SinePositionEncoding(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Sines and cosines of every position, in the shape of the inputs, to be added to them.

    Wavelengths grow geometrically from 2π to `max_wavelength` times 2π; even
    dimensions hold sines, odd ones cosines. As in KerasHub the angles are
    computed in the layer's compute dtype: bfloat16 cannot tell positions
    beyond 256 apart; give the layer `dtype="float32"` where they count.

    Args:
        max_wavelength: the longest wavelength, in units of 2π positions.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: tensor of shape `(batch, length, hidden_dim)`. Only its shape
            counts.
        start_index: int, or int tensor: the position that `inputs` begin
            with, for decoding with a cache.
        positions: tensor of shape `(length,)` or `(batch, length)`: the
            position of every input, for positions out of order.
            `start_index` does not count then.

    Returns:
        A tensor of the shape of `inputs`.

    Examples:

    >>> layer = fastnlp.layers.SinePositionEncoding()
    >>> layer(np.zeros((8, 10, 16))).shape
    (8, 10, 16)

    References:
        [Vaswani et al., 2017, Attention Is All You Need](https://arxiv.org/abs/1706.03762)
    """

    def __init__(self, max_wavelength: float = 10000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_wavelength <= 0:
            raise ValueError(f"`max_wavelength` must be positive; received {max_wavelength!r}.")
        self.max_wavelength = max_wavelength
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        """The sines and cosines of the positions."""
        shape = ops.shape(inputs)
        length, hidden_dim = shape[-2:]
        if positions is None:
            positions = ops.arange(length) + start_index
        positions = ops.cast(positions, self.compute_dtype)
        dimensions = ops.arange(hidden_dim)
        exponents = ops.cast(2 * (dimensions // 2), self.compute_dtype) / ops.cast(hidden_dim, self.compute_dtype)
        frequencies = ops.power(ops.cast(1 / self.max_wavelength, self.compute_dtype), exponents)
        angles = ops.expand_dims(positions, -1) * frequencies
        encodings = ops.where(dimensions % 2 == 0, ops.sin(angles), ops.cos(angles))
        return ops.broadcast_to(encodings, shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "max_wavelength": self.max_wavelength}

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of `inputs`."""
        return input_shape
