"""The base of all preprocessors."""

from __future__ import annotations

from typing import Any, Self

import keras
import numpy as np

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

    def __init__(
        self, tokenizer: Tokenizer | None = None, *, config_file: str = "preprocessor.json", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.tokenizer = tokenizer
        self.config_file = config_file
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


def is_text(value: Any) -> bool:
    """Whether `value` is text, or an array or tensor of it."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "USO"
    return isinstance(value, (str, bytes)) or "string" in str(getattr(value, "dtype", ""))
