"""`MaskedLMMaskGenerator`: the masks that masked language models are trained with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from fastnlp.layers.preprocessing_layer import PreprocessingLayer, as_numpy, holds_tf_tensor
from fastnlp.ops.masking import Masker, as_seed
from fastnlp.ragged import Ragged

MASKER_OPTIONS = frozenset(
    {
        "vocabulary_size",
        "mask_selection_rate",
        "mask_token_id",
        "mask_selection_length",
        "unselectable_token_ids",
        "mask_token_rate",
        "random_token_rate",
        "selection",
        "continuation_token_ids",
    }
)


@keras.saving.register_keras_serializable(package="fastnlp")
class MaskedLMMaskGenerator(PreprocessingLayer):
    """Selects tokens of every sequence and replaces them, for a masked language model to find.

    Of the selected tokens, `mask_token_rate` become the mask token and
    `random_token_rate` become any token of the vocabulary; the rest stay
    (Devlin et al. 2018, https://arxiv.org/abs/1810.04805). The rules are those
    of KerasHub in tf.data, everywhere: eagerly, in `tf.data` batched or not, in
    a SavedModel, and on every backend; see
    `fastnlp.layers.PreprocessingLayer` for what types go in and out.

    With a `seed`, masks do not depend on batches, order, threads, backend or
    restarts, but on `seed`, `epoch` and `index`. Where a call gives no `index`,
    the sequence's own tokens stand in for it: equal sequences have equal
    masks, and every epoch repeats them. `fastnlp.tf.masking.enumerate_epochs`
    numbers a `tf.data.Dataset`, so that every epoch draws anew.

    Args:
        vocabulary_size: the number of token ids.
        mask_selection_rate: the part of the selectable tokens that is selected,
            0 to 1.
        mask_token_id: the id of the mask token.
        mask_selection_length: the largest number of tokens that is selected in
            a sequence; `mask_positions`, `mask_ids` and `mask_weights` are
            padded with 0 to this length. None for no limit, and ragged results.
        unselectable_token_ids: ids of tokens that are never selected, such as
            padding and special tokens.
        mask_token_rate: the part of the selected tokens that becomes the mask
            token, 0 to 1.
        random_token_rate: the part that becomes random tokens, 0 to 1; both
            together at most 1.
        seed: 0 to 2**63 - 1. None draws a new one for every call.
        selection: `"fixed"` selects the same number of tokens in sequences of
            the same length, as KerasHub; `"bernoulli"` selects each by itself;
            `"whole_word"` selects words; `"span"` selects spans of words as
            SpanBERT. See `fastnlp.ops.Masker`.
        continuation_token_ids: ids of the tokens that continue the word of the
            token before them, such as those that begin with "##"; for
            `"whole_word"` and `"span"`.
        **kwargs: arguments of `keras.layers.Layer`; `dtype` is that of the
            weights.

    Call arguments:
        inputs: token ids: a list, an array or a tensor of rank 1; or a batch: a
            list of lists, a `fastnlp.Ragged`, a `tf.RaggedTensor`, an array or a
            tensor of rank 2.
        index: the number of every sequence in its data set, one integer each.
        epoch: how often the data set has been gone through before: an integer,
            or one a sequence.
        special_tokens_mask: of the shape of `inputs`; tokens whose place is not
            0 are not selected.

    Returns:
        A dict. `"token_ids"`: the input with tokens replaced. `"mask_positions"`:
        int64, where the selected tokens stand, in increasing order.
        `"mask_ids"`: the tokens that stood there. `"mask_weights"`: 1 for a
        selected token, 0 for padding.

    Raises:
        TypeError, ValueError: where an argument is unusable, or a token id is
            not in the vocabulary; the message names it and its value.
            tf.errors.InvalidArgumentError, where only the run of a graph shows
            it.

    Examples:

    >>> pad_id, cls_id, sep_id, mask_id = 0, 1, 2, 3
    >>> masker = fastnlp.layers.MaskedLMMaskGenerator(
    ...     vocabulary_size=100,
    ...     mask_selection_rate=0.4,
    ...     mask_token_id=mask_id,
    ...     mask_selection_length=3,
    ...     unselectable_token_ids=[pad_id, cls_id, sep_id],
    ...     seed=42,
    ... )
    >>> masked = masker([[cls_id, 40, 50, 60, 70, sep_id], [cls_id, 40, 50, sep_id, pad_id, pad_id]])
    >>> masked["token_ids"].to_list()
    [[1, 40, 50, 3, 3, 2], [1, 40, 3, 2, 0, 0]]
    >>> masked["mask_positions"].tolist()
    [[3, 4, 0], [2, 0, 0]]
    >>> masked["mask_ids"].tolist()
    [[60, 70, 0], [50, 0, 0]]

    Whole words, with the vocabulary of a tokenizer:

    >>> vocabulary = tokenizer.get_vocabulary()
    >>> masker = fastnlp.layers.MaskedLMMaskGenerator(
    ...     vocabulary_size=len(vocabulary),
    ...     mask_selection_rate=0.15,
    ...     mask_token_id=vocabulary.index("[MASK]"),
    ...     selection="whole_word",
    ...     continuation_token_ids=[i for i, token in enumerate(vocabulary) if token.startswith("##")],
    ... )
    """

    def __init__(
        self,
        vocabulary_size: int,
        mask_selection_rate: float,
        mask_token_id: int,
        mask_selection_length: int | None = None,
        unselectable_token_ids: Sequence[int] | None = (0,),
        mask_token_rate: float = 0.8,
        random_token_rate: float = 0.1,
        seed: int | None = None,
        selection: str = "fixed",
        continuation_token_ids: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.mask_selection_rate = mask_selection_rate
        self.mask_token_id = mask_token_id
        self.mask_selection_length = mask_selection_length
        self.unselectable_token_ids = list(unselectable_token_ids or ())
        self.mask_token_rate = mask_token_rate
        self.random_token_rate = random_token_rate
        self.seed = None if seed is None else as_seed(seed)
        self.selection = selection
        self.continuation_token_ids = None if continuation_token_ids is None else list(continuation_token_ids)
        self._masker = self._make_masker()

    def _make_masker(self) -> Masker:
        return Masker(
            self.vocabulary_size,
            self.mask_selection_rate,
            self.mask_token_id,
            mask_selection_length=self.mask_selection_length,
            unselectable_token_ids=self.unselectable_token_ids,
            mask_token_rate=self.mask_token_rate,
            random_token_rate=self.random_token_rate,
            selection=self.selection,
            continuation_token_ids=self.continuation_token_ids,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in MASKER_OPTIONS and hasattr(self, "_masker"):  # which cannot change: make another
            self._masker = self._make_masker()

    @property
    def masker(self) -> Masker:
        """The `fastnlp.ops.Masker` that does the work."""
        return self._masker

    def call(self, inputs: Any, index: Any = None, epoch: Any = 0, special_tokens_mask: Any = None) -> dict[str, Any]:
        """Mask `inputs`."""
        options: dict[str, Any] = {
            "seed": self.seed,
            "index": index,
            "epoch": epoch,
            "special_tokens_mask": special_tokens_mask,
        }
        if holds_tf_tensor(inputs):
            from fastnlp.tf import masking  # noqa: PLC0415 - imports TensorFlow

            tensors = masking.mask_tokens(self._masker, inputs, **options, weights_dtype=self.compute_dtype)
            return tensors._asdict()
        masked = self._masker.mask_tokens(
            as_numpy(inputs), **{name: as_numpy(value) for name, value in options.items()}
        )
        return {**masked._asdict(), "mask_weights": _cast(masked.mask_weights, self.compute_dtype)}

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> dict[str, Any]:
        """The shapes and dtypes of the result for symbolic inputs."""
        shape = (*inputs.shape[:-1], self.mask_selection_length)
        return {
            "token_ids": keras.KerasTensor(inputs.shape, dtype=inputs.dtype),
            "mask_positions": keras.KerasTensor(shape, dtype="int64"),
            "mask_ids": keras.KerasTensor(shape, dtype=inputs.dtype),
            "mask_weights": keras.KerasTensor(shape, dtype=self.compute_dtype),
        }

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "mask_selection_rate": self.mask_selection_rate,
            "mask_token_id": self.mask_token_id,
            "mask_selection_length": self.mask_selection_length,
            "unselectable_token_ids": [int(token_id) for token_id in self.unselectable_token_ids],
            "mask_token_rate": self.mask_token_rate,
            "random_token_rate": self.random_token_rate,
            "seed": self.seed,
            "selection": self.selection,
            "continuation_token_ids": None
            if self.continuation_token_ids is None
            else [int(token_id) for token_id in self.continuation_token_ids],
        }


def _cast(weights: Ragged | np.ndarray, dtype: str) -> Ragged | np.ndarray:
    if isinstance(weights, Ragged):
        return weights.with_flat_values(weights.flat_values.astype(dtype, copy=False))
    return weights.astype(dtype, copy=False)
