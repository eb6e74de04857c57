"""The base of all preprocessors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from fastnlp.models.checkpoints import checkpoint_module
from fastnlp.models.loading import class_in, concrete, make
from fastnlp.presets.handles import open_preset
from fastnlp.presets.preset import PREPROCESSOR, Preset, check_inside
from fastnlp.presets.saving import staged_preset, write_object
from fastnlp.tokenizers.tokenizer import Tokenizer


class Preprocessor(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A base class for layers that turn raw examples into what a model takes.

    A subclass implements `call(x, y=None, sample_weight=None)`, which returns
    `x`, `(x, y)` or `(x, y, sample_weight)` with `x` ready for the model, as
    `keras.utils.pack_x_y_sample_weight` puts them together. It is called on
    Python and NumPy data, and inside `tf.data` on TensorFlow's tensors.

    Args:
        tokenizer: a `fastnlp.tokenizers.Tokenizer`, or None.
        config_file: name of the JSON file that presets store the
            configuration in.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    backbone_cls: Any = None
    tokenizer_cls: Any = None

    def __init__(self, tokenizer: Tokenizer | None = None, *, config_file: str = PREPROCESSOR, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tokenizer: Any = tokenizer
        self.config_file = check_inside(config_file, "a preprocessor")
        # Strings are no tensors of any backend: they must come through as they are.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    def call(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Preprocess examples."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `call()`.")

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Preprocess examples."""
        if any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(x)):
            return super().__call__(x, *args, **kwargs)
        # Keras looks at every item of its arguments, which takes far longer than tokenizing them.
        return self.call(x, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        tokenizer = None if self.tokenizer is None else keras.layers.serialize(self.tokenizer)
        return {**super().get_config(), "tokenizer": tokenizer, "config_file": self.config_file}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The preprocessor of a configuration that `get_config()` gave; its tokenizer's vocabulary is an asset."""
        if isinstance(config.get("tokenizer"), dict):
            config = {**config, "tokenizer": keras.layers.deserialize(config["tokenizer"])}
        return cls(**config)

    def get_build_config(self) -> None:
        """Nothing is built."""
        return

    @classmethod
    def from_preset(cls, preset: str | os.PathLike[str], config_file: str = PREPROCESSOR, **kwargs: Any) -> Self:
        """The preprocessor of a preset; one with default arguments where the preset has none of this class.

        Args:
            preset: a folder, or a handle; see `Backbone.from_preset`.
            config_file: name of the JSON file in the preset.
            **kwargs: arguments of the constructor that replace the preset's.

        Raises:
            FileNotFoundError: where the preset lacks a file.
            ValueError: where `preset` names none, or no preprocessor of this
                class fits it.
            ConnectionError: where a file must be downloaded and cannot.
        """
        return cls._from_files(open_preset(preset), config_file, **kwargs)

    @classmethod
    def _from_files(cls, preset: Preset, config_file: str = PREPROCESSOR, **kwargs: Any) -> Self:
        described = checkpoint_module(preset) is None and preset.has(config_file)
        if described and issubclass(class_in(preset, config_file), cls):
            preprocessor: Self = make(preset, config_file, **kwargs)
            if "tokenizer" not in kwargs:
                preprocessor.load_preset_assets(preset)
            return preprocessor
        found = concrete(cls, preset)
        if "tokenizer" not in kwargs:
            kwargs["tokenizer"] = found.tokenizer_cls._from_files(preset)
        made: Self = found(**kwargs)
        return made

    def load_preset_assets(self, preset: Preset) -> None:
        """Read the files of the tokenizer from a preset."""
        if self.tokenizer is not None:
            self.tokenizer.load_preset_assets(preset)

    def save_to_preset(self, preset_dir: str | os.PathLike[str]) -> None:
        """Save the preprocessor and its tokenizer in KerasHub's format.

        Args:
            preset_dir: the preset's folder. Files there are replaced when all
                are written, not before.
        """
        with staged_preset(preset_dir) as folder:
            self._write_preset(folder)

    def _write_preset(self, folder: Path) -> None:
        write_object(folder / self.config_file, self)
        if self.tokenizer is not None:
            self.tokenizer._write_preset(folder)


def is_text(value: Any) -> bool:
    """Whether `value` is text, or an array or tensor of it."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "USO"
    return isinstance(value, (str, bytes)) or "string" in str(getattr(value, "dtype", ""))
