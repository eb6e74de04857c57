"""The base of all backbones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import keras


class Backbone(keras.Model):  # type: ignore[misc]  # Keras has no types
    """A base class for models that encode tokens and predict nothing yet.

    A backbone is a functional model. A subclass creates its layers, calls
    them on `keras.Input`s named after the preprocessor's results, and hands
    inputs and outputs to this constructor; it then keeps its own arguments as
    attributes and returns them from `get_config()`. Layers that tasks and
    users ask for are attributes too, `token_embedding` first.

    Args:
        inputs: dict of `keras.Input`, by name.
        outputs: dict of symbolic tensors, by name.
        dtype: dtype policy of the layers; None for Keras's own.
        **kwargs: `name` and `trainable`.
    """

    def __init__(self, inputs: Any, outputs: Any, *, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)

    def default_lora_layer_names(self) -> list[str]:
        """Names of the layers that `enable_lora()` changes by default: queries and values of attention."""
        return ["query_dense", "value_dense", "query", "value"]

    def enable_lora(self, rank: int, target_layer_names: Sequence[str] | None = None) -> None:
        """Freeze all weights, and train low-rank changes of some layers' kernels instead.

        Args:
            rank: rank of the changes.
            target_layer_names: names of the layers to change; by default
                those of `default_lora_layer_names()`.

        Raises:
            ValueError: where no layer has one of these names.

        References:
            [Hu et al., 2021, LoRA](https://arxiv.org/abs/2106.09685)
        """
        names = self.default_lora_layer_names() if target_layer_names is None else target_layer_names
        layers = self._flatten_layers(include_self=False)
        targets = [layer for layer in layers if layer.name in names and layer.weights and hasattr(layer, "enable_lora")]
        if not targets:
            raise ValueError(f"`target_layer_names` must name layers of {self.name} that know LoRA; received {names}.")
        self.trainable = True
        for layer in self._flatten_layers(include_self=False):
            layer.trainable = False
        for layer in targets:
            layer.trainable = True
            layer.enable_lora(rank)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, without the layers that follow from them."""
        quantized = keras.dtype_policies.DTypePolicyMap()
        for layer in self._flatten_layers():
            if layer.quantization_mode is not None:
                quantized[layer.path] = layer.dtype_policy
        dtype = quantized if len(quantized) else self.dtype_policy
        return {"name": self.name, "trainable": self.trainable, "dtype": keras.dtype_policies.serialize(dtype)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """The backbone of a configuration that `get_config()` gave, with new weights."""
        return cls(**config)
