"""Training from a list and from a token store, where TensorFlow is not installed."""

from __future__ import annotations

import json

import pytest
from hidden_packages import HIDE

from fastnlp import corpus
from fastnlp.ops import Masker, WordPiece

TRAIN = (
    HIDE
    + """
import json

hidden.update(["tensorflow", "tensorflow_text"])

import fastnlp

store = fastnlp.corpus.open(sys.argv[1])
corpus_imports = imported("keras", "tensorflow", "jax", "torch")
masker = fastnlp.ops.Masker(
    len(store.encoder.vocabulary), 0.5, 4, mask_selection_length=4, unselectable_token_ids=[0, 2, 3, 4]
)
batches = store.batches(8, 4, masker=masker, start_value="[CLS]", end_value="[SEP]", seed=7)

import keras
import numpy as np

backbone = fastnlp.models.BertBackbone(
    vocabulary_size=len(store.encoder.vocabulary), num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=8
)
model = fastnlp.models.BertMaskedLM(backbone)
dataset = batches.as_py_dataset(first_step=1)
history = model.fit(dataset, steps_per_epoch=len(batches), epochs=2, verbose=0, shuffle=False)
assert np.isfinite(history.history["loss"]).all()
assert np.isfinite(model.evaluate(batches.as_py_dataset(epochs=1), verbose=0)).all()

texts = fastnlp.data.TextExamples(
    ["the fox", "fox", ""], [1, 0, 1], preprocess=lambda x, y: (store.encoder.encode(x).to_dense(5), y)
)
classifier = keras.Sequential([keras.layers.Embedding(8, 2), keras.layers.GlobalAveragePooling1D()])
classifier.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
labelled = fastnlp.data.Batches(texts, 2, seed=1)
assert np.isfinite(classifier.fit(labelled.as_py_dataset(epochs=1), verbose=0).history["loss"]).all()

x, y, weights = batches[1]
found = [keras.backend.backend(), x["token_ids"].tolist(), y.tolist(), corpus_imports, imported(*hidden)]
try:
    batches.as_tf_dataset()
except ModuleNotFoundError as error:
    found.append(error.name)
print(json.dumps(found))
"""
)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_training(run_python, tmp_path, backend):
    for package in ("keras", backend):
        pytest.importorskip(package)
    (tmp_path / "texts.txt").write_text("the quick fox\n\nfox the quick fox the the quick fox the fox\nthe\n" * 5)
    encoder = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "fox"])
    store = corpus.build(tmp_path / "texts.txt", tmp_path / "store", encoder)
    masker = Masker(8, 0.5, 4, mask_selection_length=4, unselectable_token_ids=[0, 2, 3, 4])
    x, y, _ = store.batches(8, 4, masker=masker, start_value=2, end_value=3, seed=7)[1]
    found = json.loads(run_python(TRAIN, store.path, KERAS_BACKEND=backend).splitlines()[-1])
    assert found == [backend, x["token_ids"].tolist(), y.tolist(), [], [], "tensorflow"]
