"""The base of all preprocessors for text classification."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.models.packing_preprocessor import PackingPreprocessor, as_segments


class TextClassifierPreprocessor(PackingPreprocessor):
    """A base class for preprocessors of `fastnlp.models.TextClassifier`.

    Args:
        tokenizer: see `fastnlp.models.PackingPreprocessor`.
        sequence_length: the length of the sequences.
        truncate: `"round_robin"` or `"waterfall"`; see
            `fastnlp.layers.MultiSegmentPacker`.
        **kwargs: arguments of `keras.layers.Layer`, and `config_file`.

    Call arguments:
        x: text; a tuple of texts is several segments of one sequence. A
            segment is one string, or a batch: a list, an array, an Arrow
            column or a tensor of rank 1.
        y: labels, handed on as they are.
        sample_weight: weights of the examples, handed on as they are.

    Returns:
        A dict; `(dict, y)` where there are labels, and `(dict, y,
        sample_weight)` where there are weights, too. `"token_ids"`, int32;
        `"padding_mask"`, bool, False for padding; `"segment_ids"`, int32: all
        of shape `[sequence_length]`, or `[batch, sequence_length]`. They are
        TensorFlow's tensors where `x` is, NumPy arrays otherwise.

    Raises:
        TypeError, ValueError: where an argument is unusable; the message
            names it. tf.errors.InvalidArgumentError, where only the run of a
            graph shows it.
    """

    def call(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Preprocess examples."""
        token_ids, segment_ids = self.tokenizer.tokenize_and_pack(as_segments(x), self.packer)
        features = {
            "token_ids": token_ids,
            "padding_mask": token_ids != self.tokenizer.pad_token_id,
            "segment_ids": segment_ids,
        }
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)
