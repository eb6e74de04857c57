"""All six workflows, on every backend in a process of its own; on JAX and PyTorch where TensorFlow is not installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hidden_packages import HIDE

RUN = (
    HIDE
    + """
import json
import os
from pathlib import Path

backend = os.environ["KERAS_BACKEND"]
if backend != "tensorflow":
    hidden.update(["tensorflow", "tensorflow_text"])

import keras
import numpy as np

import fastnlp
from fastnlp.examples import (
    custom_model, fine_tuning, from_scratch, imdb, own_preprocessing, pretrained_classifier, pretraining
)

numpy = keras.ops.convert_to_numpy
data, out = map(Path, sys.argv[1:])
train, test = imdb.load(data)
found = {"backend": keras.backend.backend(), "imported": imported("tensorflow")}

def figures(name, result):
    found[name] = {
        "measures": {measure.name: [measure.loss, measure.accuracy] for measure in result.measures},
        "rates": [measure.examples_per_second for measure in result.measures],
        "seconds": [measure.seconds for measure in result.measures],
        "parameters": result.model.count_params(),
        "trainable": sum(int(np.prod(weight.shape)) for weight in result.model.trainable_weights),
        "facts": dict(result.facts),
    }
    return result.model

# The smallest BERT, with far fewer tokens than it has in English.
words = sorted({word for text in train.texts for word in text.split()})
vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
vocabulary += [f"token{number}" for number in range(500 - len(vocabulary))]
(out / "vocab.txt").write_text("\\n".join(vocabulary))
options = {"data": data, "sequence_length": 16, "batch_size": 8, "verbose": 0}
training = {**options, "seed": 3}

result = pretraining.run(**training, vocabulary=out / "vocab.txt", learning_rate=2e-3, epochs=3, out=out / "5")
masked_lm = figures("5", result)
backbone = fastnlp.models.Backbone.from_preset(out / "5")
for mine, saved in zip(masked_lm.backbone.weights, backbone.weights, strict=True):
    np.testing.assert_array_equal(numpy(mine), numpy(saved))
again = fastnlp.models.MaskedLM.from_preset(out / "5")
x = again.preprocessor(train.texts[:4])[0]
np.testing.assert_allclose(numpy(again(x)), numpy(masked_lm(x)), atol=1e-5)

classifier = figures("2", fine_tuning.run(**training, preset=out / "5", learning_rate=1e-3, epochs=12, out=out / "2"))
figures("1", pretrained_classifier.run(**options, preset=out / "2"))
figures("3", own_preprocessing.run(**training, preset=out / "5", learning_rate=1e-3, epochs=12, out=out / "3"))
figures("1 of 3", pretrained_classifier.run(**options, preset=out / "3"))

custom = figures("4", custom_model.run(**training, preset=out / "2", learning_rate=5e-4, epochs=6, out=out / "4"))
again = keras.saving.load_model(out / "4/model.keras")
x = fastnlp.models.TextClassifierPreprocessor.from_preset(out / "4")(test.texts[:4])
np.testing.assert_allclose(again.predict(x, verbose=0), custom.predict(x, verbose=0), atol=1e-5)
for mine, frozen in zip(custom.get_layer("bert_backbone").weights, classifier.backbone.weights, strict=True):
    np.testing.assert_array_equal(numpy(mine), numpy(frozen))

small = figures("6", from_scratch.run(**training, vocabulary_size=60, learning_rate=3e-3, epochs=18, out=out / "6"))
found["encoder"] = small.layers[2].count_params()
again = keras.saving.load_model(out / "6/model.keras")
tokenizer = fastnlp.tokenizers.WordPieceTokenizer.from_preset(out / "6")
x = tokenizer(test.texts[:4]).to_dense(16)
np.testing.assert_allclose(again.predict(x, verbose=0), small.predict(x, verbose=0), atol=1e-5)

texts = out / "texts.jsonl"
texts.write_text("\\n".join(json.dumps({"text": " ".join(train.texts[i : i + 6])}) for i in range(0, 96, 6)))
stores = [
    figures(
        "5 of text",
        pretraining.run(**training, preset=out / "5", text=[texts], epochs=2, word2vec_epochs=2, limit=24),
    )
    for _ in range(2)
]
for first, second in zip(stores[0].weights, stores[1].weights, strict=True):
    np.testing.assert_allclose(numpy(first), numpy(second), atol=1e-4)
print(json.dumps(found))
"""
)
CHANCE = 0.6931  # the loss of a coin


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_workflows(backend: str, reviews: Path, tmp_path: Path, run_python: Callable[..., str]) -> None:
    pytest.importorskip(backend)
    # PyTorch's threads wait for one another far longer than they work, where tests run beside each other. JAX compiles
    # far longer than it computes here.
    options = {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    out = run_python(RUN, reviews, tmp_path, **options)
    found = json.loads(out.splitlines()[-1])
    assert found["backend"] == backend
    assert found["imported"] == (["tensorflow"] if backend == "tensorflow" else [])

    for name in ("1", "2", "3", "4", "5", "6"):
        assert all(rate > 0 for rate in found[name]["rates"])
        assert all(seconds > 0 for seconds in found[name]["seconds"])

    # Of four places for masks, these reviews fill one or two: a model that knows nothing has a loss of 0.4 log(500).
    loss, _ = found["5"]["measures"]["pretrain"]
    assert loss < 1.5
    assert found["5"]["parameters"] == found["5"]["trainable"] == 560_372

    loss, accuracy = found["2"]["measures"]["fine-tune"]
    assert loss < CHANCE / 2
    assert accuracy > 0.9
    assert found["2"]["parameters"] == 543_104 + 258

    # The classifier that was saved is as good as the one that was trained.
    assert found["1"]["measures"]["evaluate"] == pytest.approx([loss, accuracy], abs=1e-4)
    assert len(found["1"]["facts"]) == 2

    # Examples are the same, whatever their way.
    ways = found["3"]["measures"]
    assert set(ways) == {
        "train, preprocessed once",
        *(f"evaluate, {name}" for name in ("when asked for", "from disk", "packed by hand")),
        *(["evaluate, by a tf.data service"] if backend == "tensorflow" else []),
    }
    for figures in ways.values():
        assert figures == pytest.approx(found["1 of 3"]["measures"]["evaluate"], abs=1e-4)
        assert figures[1] > 0.9

    loss, _ = found["4"]["measures"]["train"]
    assert loss < CHANCE / 2
    assert (found["4"]["parameters"], found["4"]["trainable"]) == (939_906, 396_802)

    loss, _ = found["6"]["measures"]["train"]
    assert loss < CHANCE / 2
    assert found["encoder"] == 33_472
