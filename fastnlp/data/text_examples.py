"""Raw examples in memory: strings, with labels and sample weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnlp.data.columns import map_columns, number_of_rows, take
from fastnlp.ops import Masker


class TextExamples:
    """Examples in memory, which are preprocessed when they are read.

    Args:
        x: one item an example: a list, a NumPy array, an Arrow array or table,
            or another column that knows `take()` (pandas) or `[]` (polars); a
            tuple of these for several segments, or a dict.
        y: labels, in lists or arrays, or tuples and dicts of them; or None.
        sample_weight: as `y`.
        preprocess: called with x of a batch, in the form in which it came, and
            with y and sample weights where they are given, as
            `tf.data.Dataset.map` would: `preprocess(x)`, `preprocess(x, y)` or
            `preprocess(x, y, sample_weight)`. It returns what Keras takes, in
            NumPy arrays.
        masker: masks the token ids that `preprocess` makes: it must then
            return only x, an array `[batch, sequence_length]` or a dict with
            `"token_ids"`. A batch becomes x with `"mask_positions"`, the ids
            that stood there as y, and their weights as sample weights. Needs a
            `mask_selection_length`. None for no masks.

    Raises:
        TypeError, ValueError: where an argument is unusable, or lengths differ.

    Example:

    >>> examples = fastnlp.data.TextExamples(["good", "bad"], [1, 0], preprocess=lambda x, y: (tokenizer(x), y))
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        preprocess: Callable[..., Any],
        masker: Masker | None = None,
    ) -> None:
        if not callable(preprocess):
            raise TypeError(f"`preprocess` must be callable; received {preprocess!r:.100}.")
        if y is None and sample_weight is not None:
            raise ValueError("`sample_weight` must be None where `y` is; received some.")
        if masker is not None:
            check_dense(masker)
            if y is not None:
                raise ValueError("`y` must be None with a `masker`, which makes the labels; received some.")
        given = (x, y, sample_weight)[: 1 + (y is not None) + (sample_weight is not None)]
        self.parts = (map_columns(_check_column, given[0]), *(map_columns(_as_array, part) for part in given[1:]))
        self.preprocess = preprocess
        self.masker = masker
        self._length = number_of_rows(self.parts)

    def __len__(self) -> int:
        return self._length

    def read(self, index: np.ndarray, *, seed: int, epoch: int) -> Any:
        """A batch, preprocessed and masked."""
        batch = self.preprocess(*take(self.parts, index))
        if self.masker is None:
            return batch
        features = batch if isinstance(batch, dict) else {"token_ids": batch}
        if not isinstance(features.get("token_ids"), np.ndarray):
            raise TypeError(
                "`preprocess` must return a NumPy array, or a dict that holds one as 'token_ids', where there is a "
                f"`masker`; received {batch!r:.100}."
            )
        masked = self.masker.mask_tokens(features["token_ids"], seed=seed, epoch=epoch, index=index, num_threads=1)
        x = {**features, "token_ids": masked.token_ids, "mask_positions": masked.mask_positions}
        return x, masked.mask_ids, masked.mask_weights


def check_dense(masker: Masker) -> None:
    """Keras takes dense batches.

    Raises:
        ValueError: where the masker makes ragged ones.
    """
    if masker.mask_selection_length is None:
        raise ValueError("`masker` must have a `mask_selection_length`, as Keras takes dense batches; it has None.")


def _check_column(column: Any) -> Any:
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__") or not hasattr(column, "__getitem__"):
        raise TypeError(f"`x` must hold one item an example; received {column!r:.100}.")
    return column


def _as_array(column: Any) -> np.ndarray:
    array = np.asarray(column)
    if array.ndim == 0:
        raise TypeError(f"`y` and `sample_weight` must hold one item an example; received {column!r:.100}.")
    return array
