"""Tokenizers on Keras's other backends, with TensorFlow and without, and encoders without Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hidden_packages import HIDE

BACKENDS = ("jax", "tensorflow", "torch")
TOKENIZE = (
    HIDE
    + """
import json
import os

if os.environ["KERAS_BACKEND"] != "tensorflow":
    hidden.update(["tensorflow", "tensorflow_text"])

import keras
import numpy as np
import pyarrow as pa
from fastnlp import Ragged
from fastnlp.tokenizers import BertTokenizer, WordPieceTokenizer

vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "qu", "##ick", "fox", "."]
texts = ["The quick fox.", "", "the [MASK]"]
results = {}

for make, dtype, length in ((WordPieceTokenizer, "int64", None), (BertTokenizer, "string", 4)):
    tokenizer = make(
        vocabulary, lowercase=True, dtype=dtype, sequence_length=length, special_tokens=["[MASK]"],
        special_tokens_in_strings=True,
    )
    containers = {"list": texts, "NumPy": np.array(texts), "Arrow": pa.array(texts), "nested": [texts[:2], texts[2:]]}
    for name, inputs in {**containers, "text": texts[0]}.items():
        result = tokenizer(inputs)
        assert type(result) in (Ragged, np.ndarray)
        results[f"{make.__name__} {name}"] = [result.tolist(), str(result.dtype)]

tokenizer = WordPieceTokenizer(vocabulary)
ids = keras.ops.convert_to_tensor([[5, 6], [7, 8]])
decoded = [tokenizer.detokenize(ids), tokenizer.detokenize(ids[0, 1]), tokenizer.detokenize(list(ids))]
results["detokenize"] = [np.asarray(text, "S").astype(str).tolist() for text in decoded]
results["config"] = WordPieceTokenizer.from_config(tokenizer.get_config()).rules
assert imported(*hidden) == []
hidden.clear()

import tensorflow as tf

ids = tokenizer(tf.constant(texts))
results["tensors"] = [ids.to_list(), [text.decode() for text in tokenizer.detokenize(ids).numpy()]]
dataset = tf.data.Dataset.from_tensor_slices(texts).map(tokenizer)
results["tf.data"] = [row.tolist() for row in dataset.as_numpy_iterator()]
print(json.dumps([keras.backend.backend(), results]))
"""
)

IDS = [[5, 6, 7, 8, 9], [], [5, 4]]
TOKENS = [["the", "qu", "##ick", "fox"], [""] * 4, ["the", "[MASK]", "", ""]]
EXPECTED = {
    "WordPieceTokenizer list": [IDS, "int64"],
    "WordPieceTokenizer NumPy": [IDS, "int64"],
    "WordPieceTokenizer Arrow": [IDS, "int64"],
    "WordPieceTokenizer nested": [[IDS[:2], IDS[2:]], "int64"],
    "WordPieceTokenizer text": [IDS[0], "int64"],
    "BertTokenizer list": [TOKENS, "object"],
    "BertTokenizer NumPy": [TOKENS, "object"],
    "BertTokenizer Arrow": [TOKENS, "object"],
    "BertTokenizer nested": [[TOKENS[:2], [TOKENS[2], [""] * 4]], "object"],
    "BertTokenizer text": [TOKENS[0], "object"],
    "detokenize": [["the qu", "##ick fox"], "qu", ["the qu", "##ick fox"]],
    "config": "keras",
    "tensors": [[[1, 6, 7, 8, 9], [], [5, 1, 1, 1]], ["[UNK] quick fox .", "", "the [UNK] [UNK] [UNK]"]],
    "tf.data": [[1, 6, 7, 8, 9], [], [5, 1, 1, 1]],
}


def test_every_backend(run_python: Callable[..., str]) -> None:
    """Eagerly where TensorFlow is not installed, except on its own backend; on tensors once it is."""
    for package in (*BACKENDS, "keras", "pyarrow"):
        pytest.importorskip(package)
    with ThreadPoolExecutor() as pool:
        outputs = pool.map(lambda backend: run_python(TOKENIZE, KERAS_BACKEND=backend), BACKENDS)
    for backend, output in zip(BACKENDS, outputs, strict=True):
        assert json.loads(output.splitlines()[-1]) == [backend, EXPECTED]


NOTHING_BUT_NUMPY = (
    HIDE
    + """
import json

heavy = ("keras", "tensorflow", "jax", "torch", "pyarrow", "pandas", "polars", "rich", "click", "orjson")
hidden.update(["keras", "keras_hub", "tensorflow", "tensorflow_text"])

import fastnlp

found = {"fastnlp": imported(*heavy), "names": sorted(dir(fastnlp))}
encoder = fastnlp.ops.WordPiece(["[UNK]", "the", "qu", "##ick", "fox"])
found["ops"] = imported(*heavy)
ids = encoder.encode(["the quick fox", ""])
found["ids"] = ids.to_list()
found["texts"] = encoder.decode(ids)
for module in ("tokenizers.WordPieceTokenizer", "tf"):
    try:
        eval(f"fastnlp.{module}")
    except ModuleNotFoundError as error:
        found[module] = error.name
print(json.dumps(found))
"""
)


def test_encoders_need_neither_keras_nor_tensorflow(run_python: Callable[..., str]) -> None:
    found: dict[str, Any] = json.loads(run_python(NOTHING_BUT_NUMPY))
    assert found["fastnlp"] == []
    assert found["ops"] == []
    assert {"Ragged", "ops", "tf", "tokenizers"} <= set(found["names"])
    assert found["ids"] == [[1, 2, 3, 4], []]
    assert found["texts"] == ["the quick fox", ""]
    assert found["tokenizers.WordPieceTokenizer"] == "keras"
    assert found["tf"] == "tensorflow"
