"""Raw examples from whatever holds them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fastnlp.data import TextExamples
from fastnlp.ops import Masker, WordPiece

TEXTS = ["the fox", "", "fox", "the the fox"]
ENCODER = WordPiece(["[PAD]", "[UNK]", "the", "fox", "[MASK]"])
MASKER = Masker(5, 0.5, 4, mask_selection_length=2, unselectable_token_ids=[0])
INDEX = np.array([3, 0, 2])


def encode(texts):
    return ENCODER.encode(texts).to_dense(3)


def read(examples):
    return examples.read(INDEX, seed=1, epoch=0)


@pytest.mark.parametrize(
    "make",
    [
        list,
        np.array,
        pa.array,
        lambda texts: pa.chunked_array([texts[:1], texts[1:]]),
        lambda texts: pa.table({"text": texts})["text"],
        pd.Series,
        lambda texts: pd.Series(texts, index=[7, 8, 9, 10]),
        pl.Series,
    ],
    ids=["list", "NumPy", "Arrow", "chunked", "column", "pandas", "pandas with an index", "polars"],
)
def test_columns(make):
    assert read(TextExamples(make(TEXTS), preprocess=encode)).tolist() == [[2, 2, 3], [2, 3, 0], [3, 0, 0]]


def test_table():
    table = pa.table({"text": TEXTS, "label": [0, 1, 2, 3]})
    x, y = read(TextExamples(table, preprocess=lambda rows: (encode(rows["text"]), rows["label"].to_numpy())))
    assert x.tolist() == [[2, 2, 3], [2, 3, 0], [3, 0, 0]]
    assert y.tolist() == [3, 0, 2]


def test_segments_labels_and_weights():
    found = read(TextExamples((TEXTS, TEXTS[::-1]), [0, 1, 2, 3], pa.array([0.5, 1, 2, 4]), preprocess=lambda *x: x))
    (first, second), y, weights = found
    assert (first, second) == ([TEXTS[3], TEXTS[0], TEXTS[2]], [TEXTS[0], TEXTS[3], TEXTS[1]])
    assert (y.tolist(), weights.tolist()) == ([3, 0, 2], [4, 0.5, 2])
    x, y = read(TextExamples({"a": TEXTS}, {"b": [0, 1, 2, 3]}, preprocess=lambda *x: x))
    assert x == {"a": [TEXTS[3], TEXTS[0], TEXTS[2]]}
    assert y["b"].tolist() == [3, 0, 2]


@pytest.mark.parametrize("preprocess", [encode, lambda texts: {"token_ids": encode(texts), "other": encode(texts)}])
def test_masks(preprocess):
    x, y, weights = read(TextExamples(TEXTS, preprocess=preprocess, masker=MASKER))
    masked = MASKER.mask_tokens(encode([TEXTS[row] for row in INDEX]), seed=1, epoch=0, index=INDEX)
    for part, expected in zip((x["token_ids"], x["mask_positions"], y, weights), masked, strict=True):
        np.testing.assert_array_equal(part, expected)
    assert x.get("other", encode([TEXTS[row] for row in INDEX])).tolist() == [[2, 2, 3], [2, 3, 0], [3, 0, 0]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"preprocess": None}, TypeError, "`preprocess` must be callable; received None."),
        ({"x": "the fox"}, TypeError, "`x` must hold one item an example; received 'the fox'."),
        ({"x": iter(TEXTS)}, TypeError, "`x` must hold one item an example"),
        ({"y": 3}, TypeError, "`y` and `sample_weight` must hold one item an example; received 3."),
        ({"y": [1]}, ValueError, "`x`, `y` and `sample_weight` must be of one length; received lengths [1, 4]."),
        ({"x": (TEXTS, TEXTS[1:])}, ValueError, "must be of one length; received lengths [3, 4]."),
        ({"sample_weight": [1] * 4}, ValueError, "`sample_weight` must be None where `y` is; received some."),
        ({"y": [1] * 4, "masker": MASKER}, ValueError, "`y` must be None with a `masker`"),
        ({"masker": Masker(5, 0.5, 4)}, ValueError, "`masker` must have a `mask_selection_length`"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        TextExamples(**{"x": TEXTS, "preprocess": encode, **arguments})


def test_nothing_to_mask():
    with pytest.raises(TypeError, match="`preprocess` must return a NumPy array, or a dict that holds one"):
        read(TextExamples(TEXTS, preprocess=lambda texts: (encode(texts), None), masker=MASKER))
