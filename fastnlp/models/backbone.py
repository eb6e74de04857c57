"""The base of all backbones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import keras

from fastnlp import models
from fastnlp.models.checkpoints import checkpoint_module, module_of_backbone
from fastnlp.models.loading import backbone_class, check_arguments, dtype_of, make
from fastnlp.presets.handles import open_preset
from fastnlp.presets.preset import CONFIG, Preset
from fastnlp.presets.saving import staged_preset, write_metadata, write_object
from fastnlp.presets.tensors import Tensors
from fastnlp.presets.weights import load_model_weights, save_model_weights

MODEL_FILES = ("model*.weights.h5", "model.weights.json")


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
        check_arguments(type(self), kwargs)
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Encode tokens. A dict may hold more than the inputs; Keras would take one for another."""
        if isinstance(inputs, dict) and isinstance(self.input, dict):
            inputs = {name: tensor for name, tensor in inputs.items() if name in self.input}
        return super().__call__(inputs, *args, **kwargs)

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

    @classmethod
    def from_preset(cls, preset: str | os.PathLike[str], load_weights: bool = True, **kwargs: Any) -> Self:
        """The backbone of a preset.

        Args:
            preset: a folder, `"kaggle://org/model/keras/variant"`,
                `"hf://org/model"`, or a known name such as
                `"bert_base_en_uncased"`. It may be in KerasHub's format, or a
                checkpoint of Hugging Face's transformers in safetensors.
            load_weights: give the backbone the preset's weights; else random
                ones.
            **kwargs: arguments of the constructor that replace the preset's.
                Without `dtype`, weights of any floats are loaded with Keras's
                global dtype policy.

        Raises:
            FileNotFoundError: where the preset lacks a file.
            ValueError: where `preset` names none, or it holds no backbone of
                this class, or a file is damaged or does not fit the others.
            ConnectionError: where a file must be downloaded and cannot.

        Examples:

        >>> backbone = fastnlp.models.BertBackbone.from_preset("bert_tiny_en_uncased")  # doctest: +SKIP
        """
        return cls._from_files(open_preset(preset), load_weights, **kwargs)

    @classmethod
    def _from_files(cls, preset: Preset, load_weights: bool = True, **kwargs: Any) -> Self:
        found = backbone_class(preset)
        if not issubclass(found, cls):
            raise ValueError(f"{str(preset.path(CONFIG))!r} must be of a {cls.__name__}; it is of a {found.__name__}.")
        checkpoint = checkpoint_module(preset)
        if checkpoint is None:
            backbone: Self = make(preset, CONFIG, **{**kwargs, "dtype": dtype_of(preset, kwargs.get("dtype"))})
            if load_weights:
                load_model_weights(backbone, preset)
        else:
            options = checkpoint.backbone_options(preset.json(CONFIG), repr(str(preset.path(CONFIG))))
            backbone = found(**{**options, **kwargs})
            if load_weights:
                checkpoint.load_backbone(backbone, Tensors(preset))
        return backbone

    def save_to_preset(self, preset_dir: str | os.PathLike[str], max_shard_size: float | None = 10) -> None:
        """Save the backbone in KerasHub's format.

        Args:
            preset_dir: the preset's folder. Files there are replaced when all
                are written, not before.
            max_shard_size: size in GiB from which on the weights are split
                into several files; None for never.
        """
        with staged_preset(preset_dir, stale=MODEL_FILES) as folder:
            self._write_preset(folder, max_shard_size)

    def _write_preset(self, folder: Path, max_shard_size: float | None) -> None:
        write_object(folder / CONFIG, self)
        known = [getattr(models, name) for name in models.__all__]
        tasks = [cls for cls in known if hasattr(cls, "preprocessor_cls") and cls.backbone_cls is type(self)]
        write_metadata(folder, self, [cls.__base__.__name__ for cls in tasks])
        save_model_weights(self, folder, max_shard_size)

    def export_to_transformers(self, path: str | os.PathLike[str]) -> None:
        """Write the backbone as a checkpoint of Hugging Face's transformers.

        Args:
            path: the checkpoint's folder.

        Raises:
            ValueError: where transformers has no such model.
        """
        with staged_preset(path) as folder:
            module_of_backbone(self).write(self, folder)
