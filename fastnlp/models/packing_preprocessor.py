"""The base of preprocessors that pack segments of text into one sequence."""

from __future__ import annotations

from typing import Any

from fastnlp.layers.multi_segment_packer import MultiSegmentPacker
from fastnlp.models.preprocessor import Preprocessor
from fastnlp.tokenizers.tokenizer import Tokenizer


class PackingPreprocessor(Preprocessor):
    """A base class for preprocessors that tokenize segments of text and pack them into one sequence.

    Args:
        tokenizer: a `fastnlp.tokenizers.Tokenizer` with the attributes
            `start_token_id`, `end_token_id` and `pad_token_id`. Its
            vocabulary may be set later.
        sequence_length: the length of the sequences.
        truncate: what is cut off where segments are too long: see
            `fastnlp.layers.MultiSegmentPacker`.
        **kwargs: arguments of `fastnlp.models.Preprocessor`.

    Raises:
        TypeError, ValueError: where an argument is unusable; the message
            names it.
    """

    def __init__(
        self, tokenizer: Tokenizer, sequence_length: int = 512, truncate: str = "round_robin", **kwargs: Any
    ) -> None:
        if not isinstance(tokenizer, Tokenizer):
            raise TypeError(f"`tokenizer` must be a fastnlp.tokenizers.Tokenizer; received {tokenizer!r:.100}.")
        if sequence_length is None:
            raise ValueError("`sequence_length` must be an int; received None.")
        super().__init__(tokenizer, **kwargs)
        self.sequence_length = sequence_length
        self.truncate = truncate
        # The vocabulary may come later, and with it the special tokens; what else is unusable shows now.
        MultiSegmentPacker(sequence_length, None, None, truncate=truncate)

    @property
    def packer(self) -> MultiSegmentPacker:
        """The layer that packs."""
        packer: MultiSegmentPacker = self._layer(
            MultiSegmentPacker,
            sequence_length=self.sequence_length,
            start_value=self.tokenizer.start_token_id,
            end_value=self.tokenizer.end_token_id,
            pad_value=self.tokenizer.pad_token_id,
            truncate=self.truncate,
        )
        return packer

    def _layer(self, layer: Any, **options: Any) -> Any:
        """A layer with these options: the one made last, as long as they are the same."""
        # Not among Keras's attributes: it would track every one as a part of this layer.
        layers = self.__dict__.setdefault("_layers_made", {})
        if layer not in layers or layers[layer][0] != options:
            layers[layer] = options, layer(**options)
        return layers[layer][1]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "sequence_length": self.sequence_length, "truncate": self.truncate}


def as_segments(x: Any) -> tuple[Any, ...]:
    """The segments of text: a tuple holds several, anything else is one."""
    return x if isinstance(x, tuple) else (x,)
