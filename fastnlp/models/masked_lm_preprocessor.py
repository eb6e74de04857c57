"""The base of all preprocessors for masked language modelling."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.layers.masked_lm_mask_generator import MaskedLMMaskGenerator
from fastnlp.models.packing_preprocessor import PackingPreprocessor, as_segments
from fastnlp.models.preprocessor import is_text
from fastnlp.tokenizers.tokenizer import Tokenizer


class MaskedLMPreprocessor(PackingPreprocessor):
    """A base class for preprocessors of `fastnlp.models.MaskedLM`.

    With a `seed`, masks do not depend on batches, order, threads, backend or
    restarts, but on `seed`, `epoch` and `index`. Where a call gives no `index`,
    the sequence's own tokens stand in for it: equal texts have equal masks,
    and every epoch repeats them. `fastnlp.tf.masking.enumerate_epochs` numbers
    a `tf.data.Dataset`, so that every epoch draws anew.

    Args:
        tokenizer: see `fastnlp.models.PackingPreprocessor`; with
            `mask_token_id`, too. Its special tokens are never selected.
        sequence_length: the length of the sequences.
        truncate: `"round_robin"` or `"waterfall"`; see
            `fastnlp.layers.MultiSegmentPacker`.
        mask_selection_rate: the part of the tokens that is selected, 0 to 1.
        mask_selection_length: the largest number of tokens that is selected
            in a sequence; None for no limit, and ragged results.
        mask_token_rate: the part of the selected tokens that becomes the mask
            token, 0 to 1.
        random_token_rate: the part that becomes random tokens, 0 to 1; both
            together at most 1.
        seed: 0 to 2**63 - 1. None draws a new one for every call.
        **kwargs: arguments of `keras.layers.Layer`, and `config_file`;
            `dtype` is that of the weights.

    Call arguments:
        x: text; a tuple of texts is several segments of one sequence. A
            segment is one string, or a batch: a list, an array, an Arrow
            column or a tensor of rank 1.
        y: labels, which are dropped: the masked tokens take their place.
        sample_weight: dropped, too.
        index: the number of every sequence in its data set, one integer each.
        epoch: how often the data set has been gone through before: an
            integer, or one a sequence.

    Returns:
        `(x, y, sample_weight)`, with or without a first dimension for a batch.
        `x` is a dict: `"token_ids"`, int32 `[batch, sequence_length]`, with
        tokens replaced; `"padding_mask"`, bool, False for padding;
        `"segment_ids"`, int32; and `"mask_positions"`, int64 `[batch,
        mask_selection_length]`, where the selected tokens stand. `y` holds the
        tokens that stood there, int32, and `sample_weight` 1 for them and 0
        for padding. They are TensorFlow's tensors where `x` is, NumPy arrays
        otherwise.

    Raises:
        TypeError, ValueError: where an argument is unusable; the message
            names it. tf.errors.InvalidArgumentError, where only the run of a
            graph shows it.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        sequence_length: int = 512,
        truncate: str = "round_robin",
        mask_selection_rate: float = 0.15,
        mask_selection_length: int | None = 96,
        mask_token_rate: float = 0.8,
        random_token_rate: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, sequence_length, truncate, **kwargs)
        self.mask_selection_rate = mask_selection_rate
        self.mask_selection_length = mask_selection_length
        self.mask_token_rate = mask_token_rate
        self.random_token_rate = random_token_rate
        self.seed = seed
        MaskedLMMaskGenerator(vocabulary_size=1, mask_token_id=0, **self._masking())  # shows what is unusable

    def _masking(self) -> dict[str, Any]:
        return {
            "mask_selection_rate": self.mask_selection_rate,
            "mask_selection_length": self.mask_selection_length,
            "mask_token_rate": self.mask_token_rate,
            "random_token_rate": self.random_token_rate,
            "seed": self.seed,
        }

    @property
    def masker(self) -> MaskedLMMaskGenerator:
        """The layer that masks."""
        masker: MaskedLMMaskGenerator = self._layer(
            MaskedLMMaskGenerator,
            vocabulary_size=self.tokenizer.vocabulary_size(),
            mask_token_id=self.tokenizer.mask_token_id,
            unselectable_token_ids=self.tokenizer.special_token_ids,
            dtype=self.compute_dtype,
            **self._masking(),
        )
        return masker

    def call(self, x: Any, y: Any = None, sample_weight: Any = None, index: Any = None, epoch: Any = 0) -> Any:
        """Preprocess examples."""
        if any(map(is_text, keras.tree.flatten(y)[:1])):
            raise ValueError(
                "`y` must not be text; several segments are a tuple: `dataset.map(lambda *segments: "
                "preprocessor(segments))`."
            )
        masked = self.tokenizer.tokenize_and_mask(as_segments(x), self.packer, self.masker, index=index, epoch=epoch)
        y, sample_weight = masked.pop("mask_ids"), masked.pop("mask_weights")
        return keras.utils.pack_x_y_sample_weight(masked, y, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        config = {**super().get_config(), **self._masking()}
        if self.seed is None:  # KerasHub does not know it: left out, its reader takes the rest
            del config["seed"]
        return config
