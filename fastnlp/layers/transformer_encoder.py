"""`TransformerEncoder`: one block of a Transformer's encoder."""

from __future__ import annotations

import logging
from typing import Any

import keras
from keras import ops
from keras.src.backend import get_keras_mask

from fastnlp.layers.arguments import positive_int
from fastnlp.layers.initializers import clone_initializer
from fastnlp.layers.multi_head_attention import MultiHeadAttention

logger = logging.getLogger(__name__)


@keras.saving.register_keras_serializable(package="fastnlp")
class TransformerEncoder(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """One block of a Transformer's encoder: self-attention, then a feedforward network.

    Both parts have dropout, a residual connection and layer normalization.
    Attention is fused (`keras.ops.dot_product_attention`) where `dropout` is
    0, and in inference where the backend has a kernel for it.

    Args:
        intermediate_dim: width of the feedforward network.
        num_heads: number of attention heads. Every head has
            `hidden_dim // num_heads` dimensions.
        dropout: share of the attention probabilities, and of the outputs of
            both parts, that training drops.
        activation: activation of the feedforward network.
        layer_norm_epsilon: epsilon of the layer normalizations.
        kernel_initializer: initializer of all kernels.
        bias_initializer: initializer of all biases.
        normalize_first: normalize the input of each part, as GPT-2 does,
            rather than its output after the residual connection, as BERT does.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: float tensor of shape `(batch, length, hidden_dim)`.
        padding_mask: bool or int tensor of shape `(batch, length)`, 0 where
            `inputs` are padding, which nothing then attends to. Goes before
            a mask that Keras keeps with `inputs`.
        attention_mask: bool or int tensor of shape `(batch, length, length)`:
            where it is 0, the first position does not attend to the second.
            Combined with the padding mask.
        training: whether to drop; Keras sets it.
        return_attention_scores: also return the attention probabilities.

    Returns:
        A tensor like `inputs`; with `return_attention_scores`, a tuple of it
        and of a tensor of shape `(batch, num_heads, length, length)`.

    Raises:
        ValueError: where an argument is unusable; the message names it.

    Examples:

    >>> encoder = fastnlp.layers.TransformerEncoder(intermediate_dim=64, num_heads=8)
    >>> encoder(np.zeros((2, 10, 32))).shape
    (2, 10, 32)

    References:
        [Vaswani et al., 2017, Attention Is All You Need](https://arxiv.org/abs/1706.03762)
    """

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0,
        activation: Any = "relu",
        layer_norm_epsilon: float = 1e-05,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        normalize_first: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.intermediate_dim = positive_int("intermediate_dim", intermediate_dim)
        self.num_heads = positive_int("num_heads", num_heads)
        self.dropout = dropout
        self.activation = keras.activations.get(activation)
        self.layer_norm_epsilon = layer_norm_epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.normalize_first = normalize_first
        self.supports_masking = True

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the weights, for inputs of this shape."""
        inputs_shape = tuple(inputs_shape)
        hidden_dim = inputs_shape[-1]
        if len(inputs_shape) != 3 or hidden_dim is None:
            raise ValueError(
                f"`inputs` must have the shape (batch, length, hidden_dim), hidden_dim known; received {inputs_shape}."
            )
        if hidden_dim < self.num_heads:
            raise ValueError(
                f"`num_heads` must be at most the last dimension of `inputs`, {hidden_dim}; received {self.num_heads}."
            )
        # The names of these attributes are paths in the weight files of presets.
        self._self_attention_layer = MultiHeadAttention(
            num_heads=self.num_heads,
            key_dim=hidden_dim // self.num_heads,
            dropout=self.dropout,
            name="self_attention_layer",
            **self._kernel_arguments(),
        )
        self._self_attention_layer.build(inputs_shape, inputs_shape)
        self._self_attention_layer_norm = self._layer_norm("self_attention_layer_norm", inputs_shape)
        self._self_attention_dropout = self._dropout_layer("self_attention_dropout")
        self._feedforward_layer_norm = self._layer_norm("feedforward_layer_norm", inputs_shape)
        self._feedforward_intermediate_dense = keras.layers.Dense(
            self.intermediate_dim,
            activation=self.activation,
            name="feedforward_intermediate_dense",
            **self._kernel_arguments(),
        )
        self._feedforward_intermediate_dense.build(inputs_shape)
        self._feedforward_output_dense = keras.layers.Dense(
            hidden_dim, name="feedforward_output_dense", **self._kernel_arguments()
        )
        self._feedforward_output_dense.build((*inputs_shape[:-1], self.intermediate_dim))
        self._feedforward_dropout = self._dropout_layer("feedforward_dropout")
        self.built = True

    def _kernel_arguments(self) -> dict[str, Any]:
        return {
            "kernel_initializer": clone_initializer(self.kernel_initializer),
            "bias_initializer": clone_initializer(self.bias_initializer),
            "dtype": self.dtype_policy,
        }

    def _layer_norm(self, name: str, inputs_shape: tuple[int | None, ...]) -> Any:
        layer = keras.layers.LayerNormalization(epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=name)
        layer.build(inputs_shape)
        return layer

    def _dropout_layer(self, name: str) -> Any:
        return keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name=name)

    def call(
        self,
        inputs: Any,
        padding_mask: Any = None,
        attention_mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> Any:
        """Run the block."""
        x = self._self_attention_layer_norm(inputs) if self.normalize_first else inputs
        attended = self._self_attention_layer(
            query=x,
            value=x,
            attention_mask=merge_masks(inputs, padding_mask, attention_mask),
            return_attention_scores=return_attention_scores,
            training=training,
        )
        x, scores = attended if return_attention_scores else (attended, None)
        x = self._self_attention_dropout(x, training=training) + inputs
        if not self.normalize_first:
            x = self._self_attention_layer_norm(x)

        residual = x
        if self.normalize_first:
            x = self._feedforward_layer_norm(x)
        x = self._feedforward_output_dense(self._feedforward_intermediate_dense(x))
        x = self._feedforward_dropout(x, training=training) + residual
        if not self.normalize_first:
            x = self._feedforward_layer_norm(x)
        return (x, scores) if return_attention_scores else x

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "intermediate_dim": self.intermediate_dim,
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "activation": keras.activations.serialize(self.activation),
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "normalize_first": self.normalize_first,
        }

    def compute_output_shape(self, inputs_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of `inputs`."""
        return inputs_shape


def merge_masks(inputs: Any, padding_mask: Any = None, attention_mask: Any = None) -> Any:
    """One mask, True where a position may attend to another; None where there is nothing to mask.

    Args:
        inputs: the layer's input; its own Keras mask stands in for
            `padding_mask`.
        padding_mask: tensor of shape `(batch, length)`, or None.
        attention_mask: tensor of shape `(batch, length, length)`, or None.

    Returns:
        A bool tensor of shape `(batch, 1 or length, length)`, or None.
    """
    own_mask = get_keras_mask(inputs)
    if padding_mask is None:
        padding_mask = own_mask
    elif own_mask is not None:
        logger.warning("`padding_mask` was passed: the mask that Keras keeps with `inputs` is not used.")
    for name, mask, rank in (("padding_mask", padding_mask, 2), ("attention_mask", attention_mask, 3)):
        if mask is not None and len(mask.shape) != rank:
            axes = "(batch, length)" if rank == 2 else "(batch, length, length)"
            raise ValueError(f"`{name}` must have the shape {axes}; received {tuple(mask.shape)}.")
    if padding_mask is not None:
        padding_mask = ops.expand_dims(ops.cast(padding_mask, "bool"), axis=1)
    if attention_mask is None:
        return padding_mask
    attention_mask = ops.cast(attention_mask, "bool")
    return attention_mask if padding_mask is None else ops.logical_and(padding_mask, attention_mask)
