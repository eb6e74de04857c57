"""`TokenAndPositionEmbedding`: what a Transformer sees of token ids."""

from __future__ import annotations

from typing import Any

import keras
from keras.src.backend import get_keras_mask, set_keras_mask

from fastnlp.layers.arguments import positive_int
from fastnlp.layers.initializers import clone_initializer
from fastnlp.layers.position_embedding import PositionEmbedding


@keras.saving.register_keras_serializable(package="fastnlp")
class TokenAndPositionEmbedding(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """The sum of a learned vector for every token and of one for its position.

    The attributes `token_embedding`, a `keras.layers.ReversibleEmbedding`,
    and `position_embedding`, a `fastnlp.layers.PositionEmbedding`, hold the
    two.

    Args:
        vocabulary_size: number of token ids.
        sequence_length: number of positions; inputs must not be longer.
        embedding_dim: length of the vectors.
        tie_weights: whether `token_embedding(x, reverse=True)` uses the
            vectors of the tokens again, or weights of its own.
        embeddings_initializer: initializer of all vectors.
        mask_zero: token id 0 is padding, which the Keras mask of the result
            leaves out.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: int tensor of shape `(batch, length)`: token ids.
        start_index, positions: see `fastnlp.layers.PositionEmbedding`.

    Returns:
        A float tensor of shape `(batch, length, embedding_dim)`.

    Raises:
        ValueError: where an argument is unusable; the message names it.

    Examples:

    >>> layer = fastnlp.layers.TokenAndPositionEmbedding(
    ...     vocabulary_size=10_000, sequence_length=50, embedding_dim=128
    ... )
    >>> layer(np.ones((1, 50), "int32")).shape
    (1, 50, 128)
    """

    def __init__(
        self,
        vocabulary_size: int,
        sequence_length: int,
        embedding_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        mask_zero: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = positive_int("vocabulary_size", vocabulary_size)
        self.sequence_length = positive_int("sequence_length", sequence_length)
        self.embedding_dim = positive_int("embedding_dim", embedding_dim)
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.token_embedding = keras.layers.ReversibleEmbedding(
            self.vocabulary_size,
            self.embedding_dim,
            tie_weights=tie_weights,
            embeddings_initializer=clone_initializer(self.embeddings_initializer),
            mask_zero=mask_zero,
            dtype=self.dtype_policy,
            name="token_embedding",
        )
        self.position_embedding = PositionEmbedding(
            self.sequence_length,
            initializer=clone_initializer(self.embeddings_initializer),
            dtype=self.dtype_policy,
            name="position_embedding",
        )
        self.supports_masking = self.token_embedding.supports_masking

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights, for inputs of this shape."""
        self.token_embedding.build(input_shape)
        self.position_embedding.build(self.compute_output_shape(input_shape))
        self.built = True

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        """The vectors of tokens at positions."""
        tokens = self.token_embedding(inputs)
        outputs = tokens + self.position_embedding(tokens, start_index=start_index, positions=positions)
        mask = get_keras_mask(tokens)
        if mask is not None:
            set_keras_mask(outputs, mask)
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "sequence_length": self.sequence_length,
            "embedding_dim": self.embedding_dim,
            "tie_weights": self.token_embedding.tie_weights,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
            "mask_zero": self.token_embedding.mask_zero,
        }

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """`(batch, length, embedding_dim)`."""
        return (*input_shape, self.embedding_dim)
