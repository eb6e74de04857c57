"""Where each tensor of a BERT checkpoint of Hugging Face's transformers goes.

References:
    `BertModel` and `BertFor…` of
    [transformers](https://github.com/huggingface/transformers).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from fastnlp.models.bert_backbone import BertBackbone
from fastnlp.presets.tensors import Tensors

CLASSIFIER = "classifier"
MASKED_LM = "cls.predictions"
POOLER = "pooler.dense"


class Slot(NamedTuple):
    """A weight, and its tensor in the checkpoint."""

    variable: Any
    name: str
    shape: tuple[int, ...]  # of the tensor
    transposed: bool

    def load(self, tensors: Tensors, prefix: str = "") -> None:
        """Give the weight its value."""
        name = prefix + self.name
        if name not in tensors:  # as TensorFlow's checkpoints called it
            old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            name = old if old in tensors else name
        tensor = tensors.get(name, self.shape)
        self.variable.assign(np.reshape(tensor.T if self.transposed else tensor, self.variable.shape))

    def value(self) -> np.ndarray:
        """The tensor."""
        value = np.asarray(keras.ops.convert_to_numpy(self.variable.value))
        return np.reshape(value, self.shape[::-1]).T if self.transposed else np.reshape(value, self.shape)


def kernel(layer: Any, name: str, inputs: int) -> Slot:
    """The kernel of a dense layer, with any number of axes, for `inputs` inputs."""
    return Slot(layer.kernel, f"{name}.weight", (math.prod(layer.kernel.shape) // inputs, inputs), True)


def plain(variable: Any, name: str) -> Slot:
    """A weight that the checkpoint has as it is."""
    return Slot(variable, name, tuple(variable.shape), False)


def dense(layer: Any, name: str, inputs: int) -> Iterator[Slot]:
    """The weights of a dense layer."""
    yield kernel(layer, name, inputs)
    yield Slot(layer.bias, f"{name}.bias", (math.prod(layer.bias.shape),), False)


def layer_norm(layer: Any, name: str) -> Iterator[Slot]:
    """The weights of a layer normalization."""
    yield plain(layer.gamma, f"{name}.LayerNorm.weight")
    yield plain(layer.beta, f"{name}.LayerNorm.bias")


def encoder_slots(backbone: BertBackbone) -> Iterator[Slot]:
    """The weights of the backbone, without its pooler."""
    width = backbone.hidden_dim
    yield plain(backbone.token_embedding.embeddings, "embeddings.word_embeddings.weight")
    yield plain(backbone.position_embedding.position_embeddings, "embeddings.position_embeddings.weight")
    yield plain(backbone.segment_embedding.embeddings, "embeddings.token_type_embeddings.weight")
    yield from layer_norm(backbone.embeddings_layer_norm, "embeddings")
    for number, block in enumerate(backbone.transformer_layers):
        attention, name = block._self_attention_layer, f"encoder.layer.{number}"
        yield from dense(attention.query_dense, f"{name}.attention.self.query", width)
        yield from dense(attention.key_dense, f"{name}.attention.self.key", width)
        yield from dense(attention.value_dense, f"{name}.attention.self.value", width)
        yield from dense(attention.output_dense, f"{name}.attention.output.dense", width)
        yield from layer_norm(block._self_attention_layer_norm, f"{name}.attention.output")
        yield from dense(block._feedforward_intermediate_dense, f"{name}.intermediate.dense", width)
        yield from dense(block._feedforward_output_dense, f"{name}.output.dense", backbone.intermediate_dim)
        yield from layer_norm(block._feedforward_layer_norm, f"{name}.output")


def pooler_slots(backbone: BertBackbone) -> Iterator[Slot]:
    """The weights of the pooler, which masked language models are often saved without."""
    return dense(backbone.pooled_dense, POOLER, backbone.hidden_dim)


def classifier_slots(layer: Any, hidden_dim: int) -> Iterator[Slot]:
    """The weights of a text classifier's head."""
    return dense(layer, CLASSIFIER, hidden_dim)


def masked_lm_slots(head: Any, hidden_dim: int) -> Iterator[Slot]:
    """The weights of a masked language model's head."""
    yield from dense(head._intermediate_dense, f"{MASKED_LM}.transform.dense", hidden_dim)
    yield from layer_norm(head._intermediate_layer_norm, f"{MASKED_LM}.transform")
    yield plain(head._bias, f"{MASKED_LM}.bias")
