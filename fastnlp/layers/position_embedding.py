"""`PositionEmbedding`: learned vectors for positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fastnlp.layers.arguments import positive_int


@keras.saving.register_keras_serializable(package="fastnlp")
class PositionEmbedding(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A learned vector for every position, in the shape of the inputs, to be added to them.

    Args:
        sequence_length: number of positions; inputs must not be longer.
        initializer: initializer of the vectors.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: tensor of shape `(batch, length, hidden_dim)`, or
            `(length, hidden_dim)`. Only its shape counts.
        start_index: int, or int tensor: the position that `inputs` begin
            with, for decoding with a cache.
        positions: int tensor of shape `(length,)` or `(batch, length)`: the
            position of every input, for positions out of order.
            `start_index` does not count then.

    Returns:
        A tensor of the shape of `inputs`.

    Raises:
        ValueError: where `inputs` are longer than `sequence_length`, or an
            argument is unusable.

    Examples:

    >>> layer = fastnlp.layers.PositionEmbedding(sequence_length=10)
    >>> layer(np.zeros((8, 10, 16))).shape
    (8, 10, 16)

    References:
        [Devlin et al., 2019, BERT](https://arxiv.org/abs/1810.04805)
    """

    def __init__(self, sequence_length: int, initializer: Any = "glorot_uniform", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sequence_length = positive_int("sequence_length", sequence_length)
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the weights, for inputs of this shape."""
        self.position_embeddings = self.add_weight(
            name="embeddings", shape=(self.sequence_length, inputs_shape[-1]), initializer=self.initializer
        )
        self.built = True

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        """The vectors of the positions."""
        shape = ops.shape(inputs)
        length, hidden_dim = shape[-2:]
        embeddings = ops.convert_to_tensor(self.position_embeddings)
        if positions is not None:
            positions = ops.convert_to_tensor(positions)
            embeddings = ops.take(embeddings, positions, axis=0)
        else:
            # JAX would move a slice that does not fit.
            if isinstance(length, int) and isinstance(start_index, int) and start_index + length > self.sequence_length:
                raise ValueError(
                    f"`inputs` must end within the {self.sequence_length} positions of `sequence_length`; received "
                    f"{length} of them from position {start_index} on."
                )
            embeddings = ops.slice(embeddings, (start_index, 0), (length, hidden_dim))
        return ops.broadcast_to(embeddings, shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "sequence_length": self.sequence_length,
            "initializer": keras.initializers.serialize(self.initializer),
        }

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of `inputs`."""
        return input_shape
