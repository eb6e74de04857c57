"""The base of the layers that make the input of models."""

from __future__ import annotations

import sys
from typing import Any

import keras


class PreprocessingLayer(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A base class for layers that make the input of models.

    What goes in decides what comes out. `tf.Tensor` and `tf.RaggedTensor`
    give the same, eagerly, inside `tf.function` and inside `tf.data`; there
    must be TensorFlow then, whatever Keras's backend is. Everything else gives
    `fastnlp.Ragged` and NumPy arrays, and needs no TensorFlow.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Strings and ragged rows are no tensors of any backend: they must come through as they are.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.built = True

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Process `inputs`."""
        if any(isinstance(part, keras.KerasTensor) for part in (inputs if isinstance(inputs, tuple) else [inputs])):
            return super().__call__(inputs, *args, **kwargs)
        # Keras looks at every item of its arguments, which takes fifty times as long as the work.
        return self.call(inputs, *args, **kwargs)

    def get_build_config(self) -> None:
        """Nothing is built."""
        return


def is_tf_tensor(value: Any) -> bool:
    """Whether `value` is a tensor of TensorFlow, dense or ragged; never imports TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(value, (tensorflow.Tensor, tensorflow.RaggedTensor))


def holds_tf_tensor(inputs: Any) -> bool:
    """Whether `inputs` is a tensor of TensorFlow, or a list or tuple of them."""
    if isinstance(inputs, tuple):
        return any(map(holds_tf_tensor, inputs))
    return is_tf_tensor(inputs[0] if isinstance(inputs, list) and inputs else inputs)


def as_numpy(value: Any) -> Any:
    """A tensor of Keras's backend as a NumPy array, also one in a list or tuple; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(map(as_numpy, value))
    if isinstance(value, list) and value and not isinstance(value[0], (int, str)):
        return list(map(as_numpy, value))
    return keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value
