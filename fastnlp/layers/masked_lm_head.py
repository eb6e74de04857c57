"""`MaskedLMHead`: predicts the tokens at masked positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fastnlp.layers.arguments import positive_int
from fastnlp.layers.initializers import clone_initializer


@keras.saving.register_keras_serializable(package="fastnlp")
class MaskedLMHead(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """The head of a masked language model: encoded tokens to scores over the vocabulary.

    The vectors at the masked positions go through a dense layer and layer
    normalization, and are compared with the vector of every token.

    Args:
        vocabulary_size: number of token ids. May be left out where
            `token_embedding` is given.
        token_embedding: the `keras.layers.ReversibleEmbedding` of the
            model's input, whose vectors then serve for its output too. None
            gives the head weights of its own.
        intermediate_activation: activation of the dense layer.
        activation: activation of the outputs: None for logits, `"softmax"`
            for probabilities.
        layer_norm_epsilon: epsilon of the layer normalization.
        kernel_initializer: initializer of all kernels.
        bias_initializer: initializer of all biases.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: float tensor of shape `(batch, length, hidden_dim)`.
        mask_positions: int tensor of shape `(batch, masks)`: the positions
            to predict.

    Returns:
        A float tensor of shape `(batch, masks, vocabulary_size)`.

    Raises:
        ValueError: where neither `vocabulary_size` nor `token_embedding` is
            given, or where they disagree.

    Examples:

    >>> embedding = keras.layers.ReversibleEmbedding(100, 32)
    >>> encoded = embedding(np.zeros((16, 50), "int32"))
    >>> head = fastnlp.layers.MaskedLMHead(token_embedding=embedding, activation="softmax")
    >>> head(encoded, mask_positions=np.zeros((16, 5), "int32")).shape
    (16, 5, 100)

    References:
        [Devlin et al., 2019, BERT](https://arxiv.org/abs/1810.04805);
        [Press and Wolf, 2016, Using the Output Embedding to Improve Language
        Models](https://arxiv.org/abs/1608.05859)
    """

    def __init__(
        self,
        vocabulary_size: int | None = None,
        token_embedding: Any = None,
        intermediate_activation: Any = "relu",
        activation: Any = None,
        layer_norm_epsilon: float = 1e-05,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if token_embedding is None:
            if vocabulary_size is None:
                raise ValueError("`vocabulary_size` or `token_embedding` must be given; received None for both.")
            self.vocabulary_size = positive_int("vocabulary_size", vocabulary_size)
        else:
            if vocabulary_size not in (None, token_embedding.input_dim):
                raise ValueError(
                    f"`vocabulary_size` must be the `input_dim` of `token_embedding`, {token_embedding.input_dim}; "
                    f"received {vocabulary_size!r}."
                )
            self.vocabulary_size = token_embedding.input_dim
        self.token_embedding = token_embedding
        self.intermediate_activation = keras.activations.get(intermediate_activation)
        self.activation = keras.activations.get(activation)
        self.layer_norm_epsilon = layer_norm_epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, inputs_shape: tuple[int | None, ...], mask_positions_shape: Any = None) -> None:
        """Create the weights, for inputs of this shape."""
        hidden_dim = inputs_shape[-1]
        feature_dim = hidden_dim if self.token_embedding is None else self.token_embedding.output_dim
        # The names of these attributes are paths in the weight files of presets.
        self._intermediate_dense = keras.layers.Dense(
            feature_dim,
            activation=self.intermediate_activation,
            kernel_initializer=clone_initializer(self.kernel_initializer),
            bias_initializer=clone_initializer(self.bias_initializer),
            dtype=self.dtype_policy,
            name="intermediate_dense",
        )
        self._intermediate_dense.build((None, None, hidden_dim))
        self._intermediate_layer_norm = keras.layers.LayerNormalization(
            epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name="intermediate_layer_norm"
        )
        self._intermediate_layer_norm.build((None, None, feature_dim))
        if self.token_embedding is None:
            self._kernel = self.add_weight(
                name="output_kernel", shape=(feature_dim, self.vocabulary_size), initializer=self.kernel_initializer
            )
        self._bias = self.add_weight(
            name="output_bias", shape=(self.vocabulary_size,), initializer=self.bias_initializer
        )
        self.built = True

    def call(self, inputs: Any, mask_positions: Any) -> Any:
        """Scores of every token at the masked positions."""
        x = ops.take_along_axis(inputs, ops.expand_dims(mask_positions, axis=-1), axis=1)
        x = self._intermediate_layer_norm(self._intermediate_dense(x))
        outputs = ops.matmul(x, self._kernel) if self.token_embedding is None else self.token_embedding(x, reverse=True)
        outputs = ops.cast(outputs, self.compute_dtype) + self._bias
        return outputs if self.activation is None else self.activation(outputs)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MaskedLMHead:
        """The layer of a configuration that `get_config()` gave."""
        embedding = config.get("token_embedding")
        if isinstance(embedding, dict):
            config = {**config, "token_embedding": keras.layers.deserialize(embedding)}
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        embedding = self.token_embedding
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "token_embedding": None if embedding is None else keras.layers.serialize(embedding),
            "intermediate_activation": keras.activations.serialize(self.intermediate_activation),
            "activation": keras.activations.serialize(self.activation),
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }

    def compute_output_shape(
        self, inputs_shape: tuple[int | None, ...], mask_positions_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """`(batch, masks, vocabulary_size)`."""
        return (*mask_positions_shape, self.vocabulary_size)
