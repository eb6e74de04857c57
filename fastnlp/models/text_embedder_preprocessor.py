"""The base of all preprocessors for vectors of texts."""

from __future__ import annotations

from typing import Any

from fastnlp.models.text_classifier_preprocessor import TextClassifierPreprocessor
from fastnlp.tokenizers.tokenizer import Tokenizer


class TextEmbedderPreprocessor(TextClassifierPreprocessor):
    """A base class for preprocessors of `fastnlp.models.TextEmbedder`.

    They are those of text classifiers, for shorter sequences: see there for
    what goes in and out.

    Args:
        tokenizer: see `fastnlp.models.PackingPreprocessor`.
        sequence_length: the length of the sequences; most sentence encoders
            were trained with at most 256.
        truncate: `"round_robin"` or `"waterfall"`; see
            `fastnlp.layers.MultiSegmentPacker`.
        **kwargs: arguments of `keras.layers.Layer`, and `config_file`.
    """

    def __init__(
        self, tokenizer: Tokenizer, sequence_length: int = 256, truncate: str = "round_robin", **kwargs: Any
    ) -> None:
        super().__init__(tokenizer, sequence_length, truncate, **kwargs)
