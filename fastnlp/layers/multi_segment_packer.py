"""`MultiSegmentPacker`: several segments, as BERT reads them, in one sequence."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.layers.preprocessing_layer import PreprocessingLayer, as_numpy, holds_tf_tensor
from fastnlp.ops.packing import pack_segments
from fastnlp.ops.packing_options import ROUND_ROBIN, Tokens, as_packing, as_tokens


@keras.saving.register_keras_serializable(package="fastnlp")
class MultiSegmentPacker(PreprocessingLayer):
    """Packs segments of tokens into one sequence of a fixed length, and numbers them.

    A sequence is the start tokens, the first segment, the separator, the
    second segment, the separator, …, the end tokens, and padding (Devlin et
    al. 2018, https://arxiv.org/abs/1810.04805). Segments that are too long
    lose their ends. The result is the same eagerly, in `tf.data` batched or
    not, in a SavedModel, and on every backend; see
    `fastnlp.layers.PreprocessingLayer` for what types go in and out.

    Args:
        sequence_length: the length of the result. May be None, if every call
            gives one.
        start_value: the token, or tokens, before the first segment: int or str,
            as the tokens are. None for no token.
        end_value: the same, behind the last segment.
        sep_value: the same, between two segments; `end_value` where None.
        pad_value: the token that fills the rest; 0 or "" where None.
        truncate: `"round_robin"` gives the places there are, one at a time, to
            the segments in turn; `"waterfall"` gives the first segment what it
            needs, the second what is left, and so on.
        padding_side: `"right"` or `"left"`.
        **kwargs: arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: a tuple of segments; anything else is one segment. A segment is
            token ids or tokens: a list, an array or a tensor of rank 1; or a
            batch: a list of lists, a `fastnlp.Ragged`, a `tf.RaggedTensor`, an
            array or a tensor of rank 2. Where a dataset's elements are tuples,
            `dataset.map(lambda *segments: packer(segments))`.
        sequence_length: an int in place of the layer's own.
        add_start_value: False for no start token in this call.
        add_end_value: False for no end token in this call.

    Returns:
        A tuple of the tokens, of shape `[sequence_length]` or `[rows,
        sequence_length]` and of the dtype of the input (int32 for Python's
        int), and of the segment ids, int32 of the same shape: 0 for the start
        and for padding, and for a separator and the end that of the segment
        before.

    Raises:
        TypeError, ValueError: where an argument is unusable, the special tokens
            do not fit, or the segments differ in rank, rows or dtype; the
            message names it. tf.errors.InvalidArgumentError, where only the run
            of a graph shows it.

    Examples:

    >>> packer = fastnlp.layers.MultiSegmentPacker(sequence_length=8, start_value=101, end_value=102)
    >>> token_ids, segment_ids = packer(([1, 2, 3, 4], [11, 12, 13, 14]))
    >>> token_ids
    array([101,   1,   2,   3, 102,  11,  12, 102], dtype=int32)
    >>> segment_ids
    array([0, 0, 0, 0, 0, 1, 1, 1], dtype=int32)
    """

    def __init__(
        self,
        sequence_length: int | None,
        start_value: Tokens,
        end_value: Tokens,
        sep_value: Tokens = None,
        pad_value: int | str | None = None,
        truncate: str = ROUND_ROBIN,
        padding_side: str = "right",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        as_packing(
            1 if sequence_length is None else sequence_length,
            start_value=start_value,
            end_value=end_value,
            sep_value=sep_value,
            pad_value=pad_value,
            truncate=truncate,
            padding_side=padding_side,
        )
        self.sequence_length = sequence_length
        self._start_value = start_value
        self._end_value = end_value
        self._sep_value = sep_value
        self.start_value = as_tokens(start_value, "start_value")
        self.end_value = as_tokens(end_value, "end_value")
        self.sep_value = as_tokens(end_value if sep_value is None else sep_value, "sep_value")
        self.pad_value = pad_value
        self.truncate = truncate
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
        options = self.packing_options(add_start_value, add_end_value)
        packed: Any
        if holds_tf_tensor(inputs):
            from fastnlp.tf import packing  # noqa: PLC0415 - imports TensorFlow

            packed = packing.pack_segments(inputs, length, **options)
        else:
            packed = pack_segments(as_numpy(inputs), length, **options)
        return packed.token_ids, packed.segment_ids

    def packing_options(self, add_start_value: bool = True, add_end_value: bool = True) -> dict[str, Any]:
        """The options of `fastnlp.ops.pack_segments`."""
        return {
            "start_value": self.start_value if add_start_value else None,
            "end_value": self.end_value if add_end_value else None,
            "sep_value": self.sep_value,
            "pad_value": self.pad_value,
            "truncate": self.truncate,
            "padding_side": self.padding_side,
        }

    def compute_output_spec(self, inputs: Any, sequence_length: int | None = None, **kwargs: Any) -> Any:
        """The shapes and dtypes of the result for symbolic inputs."""
        first = inputs[0] if isinstance(inputs, tuple) else inputs
        shape = (*first.shape[:-1], self.sequence_length if sequence_length is None else sequence_length)
        return keras.KerasTensor(shape, dtype=first.dtype), keras.KerasTensor(shape, dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "sequence_length": self.sequence_length,
            "start_value": self._start_value,
            "end_value": self._end_value,
            "sep_value": self._sep_value,
            "pad_value": self.pad_value,
            "truncate": self.truncate,
            "padding_side": self.padding_side,
        }
