"""`BertBackbone`: BERT's encoder."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.layers.position_embedding import PositionEmbedding
from fastnlp.layers.transformer_encoder import TransformerEncoder
from fastnlp.models.backbone import Backbone

LAYER_NORM_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="fastnlp")  # type: ignore[untyped-decorator]  # Keras has no types
def gelu_approximate(x: Any) -> Any:
    """GELU by way of tanh, as Google's BERT computes it."""
    return keras.activations.gelu(x, approximate=True)


def bert_kernel_initializer(stddev: float = 0.02) -> Any:
    """What BERT's weights are drawn from; a new one for each use, so that no two weights are alike."""
    return keras.initializers.TruncatedNormal(stddev=stddev)


@keras.saving.register_keras_serializable(package="fastnlp")
class BertBackbone(Backbone):
    """BERT's encoder: token, position and segment embeddings, then Transformer blocks.

    Args:
        vocabulary_size: number of token ids.
        num_layers: number of Transformer blocks.
        num_heads: number of attention heads of every block; must divide
            `hidden_dim`.
        hidden_dim: width of the encoded tokens and of the pooled output.
        intermediate_dim: width of the blocks' feedforward networks.
        dropout: share of activations that training drops.
        max_sequence_length: number of positions; inputs must not be longer.
        num_segments: number of segment ids.
        dtype: dtype policy of all layers; None for Keras's own.
        activation: activation of the feedforward networks: `"gelu"` for
            checkpoints that were trained with the exact function. None
            for its approximation by tanh.
        layer_norm_epsilon: epsilon of all layer normalizations.
        **kwargs: `name` and `trainable`.

    Call arguments:
        inputs: dict of int tensors of shape `(batch, length)`: `token_ids`;
            `segment_ids`; and `padding_mask`, 0 for padding.

    Returns:
        A dict of float tensors: `sequence_output` of shape
        `(batch, length, hidden_dim)`, and `pooled_output` of shape
        `(batch, hidden_dim)`, computed from the token at `cls_token_index`.

    Raises:
        ValueError: where an argument is unusable; the message names it.

    Examples:

    >>> backbone = fastnlp.models.BertBackbone(
    ...     vocabulary_size=30522, num_layers=2, num_heads=2, hidden_dim=128, intermediate_dim=512
    ... )
    >>> ids = np.ones((1, 12), "int32")
    >>> outputs = backbone({"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": ids})
    >>> outputs["sequence_output"].shape, outputs["pooled_output"].shape
    ((1, 12, 128), (1, 128))

    References:
        [Devlin et al., 2019, BERT](https://arxiv.org/abs/1810.04805)
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        intermediate_dim: int,
        dropout: float = 0.1,
        max_sequence_length: int = 512,
        num_segments: int = 2,
        dtype: Any = None,
        activation: Any = None,
        layer_norm_epsilon: float = LAYER_NORM_EPSILON,
        **kwargs: Any,
    ) -> None:
        if num_layers < 0:
            raise ValueError(f"`num_layers` must not be negative; received {num_layers}.")
        if hidden_dim % num_heads:
            raise ValueError(f"`num_heads` must divide `hidden_dim`, {hidden_dim}; received {num_heads}.")
        activation = gelu_approximate if activation is None else keras.activations.get(activation)

        token_embedding = keras.layers.ReversibleEmbedding(
            vocabulary_size,
            hidden_dim,
            embeddings_initializer=bert_kernel_initializer(),
            dtype=dtype,
            name="token_embedding",
        )
        position_embedding = PositionEmbedding(
            max_sequence_length, initializer=bert_kernel_initializer(), dtype=dtype, name="position_embedding"
        )
        segment_embedding = keras.layers.Embedding(
            num_segments,
            hidden_dim,
            embeddings_initializer=bert_kernel_initializer(),
            dtype=dtype,
            name="segment_embedding",
        )
        embeddings_add = keras.layers.Add(dtype=dtype, name="embeddings_add")
        embeddings_layer_norm = keras.layers.LayerNormalization(
            epsilon=layer_norm_epsilon, dtype=dtype, name="embeddings_layer_norm"
        )
        embeddings_dropout = keras.layers.Dropout(dropout, dtype=dtype, name="embeddings_dropout")
        transformer_layers = [
            TransformerEncoder(
                intermediate_dim=intermediate_dim,
                num_heads=num_heads,
                dropout=dropout,
                activation=activation,
                layer_norm_epsilon=layer_norm_epsilon,
                kernel_initializer=bert_kernel_initializer(),
                dtype=dtype,
                name=f"transformer_layer_{i}",
            )
            for i in range(num_layers)
        ]
        pooled_dense = keras.layers.Dense(
            hidden_dim,
            activation="tanh",
            kernel_initializer=bert_kernel_initializer(),
            dtype=dtype,
            name="pooled_dense",
        )

        inputs = {
            name: keras.Input((None,), dtype="int32", name=name)
            for name in ("token_ids", "segment_ids", "padding_mask")
        }
        tokens = token_embedding(inputs["token_ids"])
        x = embeddings_add((tokens, position_embedding(tokens), segment_embedding(inputs["segment_ids"])))
        x = embeddings_dropout(embeddings_layer_norm(x))
        for layer in transformer_layers:
            x = layer(x, padding_mask=inputs["padding_mask"])
        cls_token_index = 0
        outputs = {"sequence_output": x, "pooled_output": pooled_dense(x[:, cls_token_index, :])}
        super().__init__(inputs, outputs, dtype=dtype, **kwargs)

        self.token_embedding = token_embedding
        self.position_embedding = position_embedding
        self.segment_embedding = segment_embedding
        self.embeddings_layer_norm = embeddings_layer_norm
        self.transformer_layers = transformer_layers
        self.pooled_dense = pooled_dense
        self.cls_token_index = cls_token_index
        self.vocabulary_size = vocabulary_size
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.hidden_dim = hidden_dim
        self.intermediate_dim = intermediate_dim
        self.dropout = dropout
        self.max_sequence_length = max_sequence_length
        self.num_segments = num_segments
        self.activation = activation
        self.layer_norm_epsilon = layer_norm_epsilon

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        config = {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "num_layers": self.num_layers,
            "num_heads": self.num_heads,
            "hidden_dim": self.hidden_dim,
            "intermediate_dim": self.intermediate_dim,
            "dropout": self.dropout,
            "max_sequence_length": self.max_sequence_length,
            "num_segments": self.num_segments,
        }
        # KerasHub does not know these two: left out, its readers take the rest.
        if self.activation is not gelu_approximate:
            config["activation"] = keras.activations.serialize(self.activation)
        if self.layer_norm_epsilon != LAYER_NORM_EPSILON:
            config["layer_norm_epsilon"] = self.layer_norm_epsilon
        return config
