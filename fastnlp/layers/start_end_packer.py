"""`StartEndPacker`: special tokens around a sequence, and one length for all."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.layers.preprocessing_layer import PreprocessingLayer, as_numpy, holds_tf_tensor
from fastnlp.ops.packing import pack_start_end
from fastnlp.ops.packing_options import Tokens, as_packing, as_tokens


@keras.saving.register_keras_serializable(package="fastnlp")
class StartEndPacker(PreprocessingLayer):
    """Puts start and end tokens around sequences, and cuts and pads them to one length.

    A sequence that is too long loses its end, so that the start and the end
    tokens are always there. The result is the same eagerly, in `tf.data`
    batched or not, in a SavedModel, and on every backend; see
    `fastnlp.layers.PreprocessingLayer` for what types go in and out.

    Args:
        sequence_length: the length of the result. May be None, if every call
            gives one.
        start_value: the token, or tokens, before every sequence: int or str, as
            the tokens are. None for no token.
        end_value: the same, behind every sequence.
        pad_value: the token that fills the rest; 0 or "" where None.
        return_padding_mask: return the pair of tokens and padding mask.
        name: name of the layer.
        padding_side: `"right"` or `"left"`.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: token ids or tokens: a list, an array or a tensor of rank 1; or
            a batch: a list of lists, a `fastnlp.Ragged`, a `tf.RaggedTensor`, an
            array or a tensor of rank 2.
        sequence_length: an int in place of the layer's own.
        add_start_value: False for no start token in this call.
        add_end_value: False for no end token in this call.

    Returns:
        The tokens, of shape `[sequence_length]` or `[rows, sequence_length]` and
        of the dtype of the input (int32 for Python's int). With
        `return_padding_mask` a tuple of them and of a bool mask of the same
        shape, True where there is no padding.

    Raises:
        TypeError, ValueError: where an argument is unusable, or the start and
            end tokens do not fit; the message names it.

    Examples:

    >>> packer = fastnlp.layers.StartEndPacker(sequence_length=6, start_value=1, end_value=2)
    >>> packer([5, 6, 7])
    array([1, 5, 6, 7, 2, 0], dtype=int32)
    >>> packer([[5, 6, 7], [8, 9, 10, 11, 12, 13, 14]])
    array([[ 1,  5,  6,  7,  2,  0],
           [ 1,  8,  9, 10, 11,  2]], dtype=int32)
    >>> packer = fastnlp.layers.StartEndPacker(4, start_value=["</s>", "<s>"], return_padding_mask=True)
    >>> packer(["this"])
    (array(['</s>', '<s>', 'this', ''], dtype=object), array([ True,  True,  True, False]))
    """

    def __init__(
        self,
        sequence_length: int | None,
        start_value: Tokens = None,
        end_value: Tokens = None,
        pad_value: int | str | None = None,
        return_padding_mask: bool = False,
        name: str | None = None,
        padding_side: str = "right",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        as_packing(
            1 if sequence_length is None else sequence_length,
            start_value=start_value,
            end_value=end_value,
            pad_value=pad_value,
            padding_side=padding_side,
        )
        self.sequence_length = sequence_length
        self._start_value = start_value
        self._end_value = end_value
        self.start_value = as_tokens(start_value, "start_value")
        self.end_value = as_tokens(end_value, "end_value")
        self.pad_value = pad_value
        self.return_padding_mask = return_padding_mask
        self.padding_side = padding_side

    def call(
        self,
        inputs: Any,
        sequence_length: int | None = None,
        add_start_value: bool = True,
        add_end_value: bool = True,
    ) -> Any:
        """Pack `inputs`."""
        length: Any = self.sequence_length if sequence_length is None else sequence_length
        options: dict[str, Any] = {
            "start_value": self.start_value if add_start_value else None,
            "end_value": self.end_value if add_end_value else None,
            "pad_value": self.pad_value,
            "padding_side": self.padding_side,
        }
        packed: Any
        if holds_tf_tensor(inputs):
            from fastnlp.tf import packing  # noqa: PLC0415 - imports TensorFlow

            packed = packing.pack_start_end(inputs, length, **options)
        else:
            packed = pack_start_end(as_numpy(inputs), length, **options)
        return tuple(packed) if self.return_padding_mask else packed.token_ids

    def compute_output_spec(self, inputs: Any, sequence_length: int | None = None, **kwargs: Any) -> Any:
        """The shape and dtype of the result for a symbolic input."""
        shape = (*inputs.shape[:-1], self.sequence_length if sequence_length is None else sequence_length)
        tokens = keras.KerasTensor(shape, dtype=inputs.dtype)
        return (tokens, keras.KerasTensor(shape, dtype="bool")) if self.return_padding_mask else tokens

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "sequence_length": self.sequence_length,
            "start_value": self._start_value,
            "end_value": self._end_value,
            "pad_value": self.pad_value,
            "return_padding_mask": self.return_padding_mask,
            "padding_side": self.padding_side,
        }
