"""Presets against KerasHub's: each library reads what the other has written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_parity import assert_alike, copy_weights, randomize, weights

import fastnlp

keras_hub = pytest.importorskip("keras_hub")

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "fox", "jump", "##ed", "."]
TEXTS = ["The quick fox.", "Jumped the fox"]
KINDS = ["BertTextClassifier", "BertMaskedLM", "BertTextEmbedder"]


def tokenizer(library: Any) -> Any:
    return library.models.BertTokenizer(VOCABULARY, lowercase=True)


def backbone(library: Any, **options: Any) -> Any:
    return library.models.BertBackbone(len(VOCABULARY), 2, 2, 8, 16, max_sequence_length=12, **options)


def task(library: Any, kind: str) -> Any:
    models = library.models
    if kind == "BertMaskedLM":
        return models.BertMaskedLM(
            backbone(library), models.BertMaskedLMPreprocessor(tokenizer(library), sequence_length=9)
        )
    if kind == "BertTextClassifier":
        preprocessor = models.BertTextClassifierPreprocessor(tokenizer(library), sequence_length=9)
        return models.BertTextClassifier(backbone(library), 3, preprocessor, activation="softmax")
    preprocessor = models.BertTextEmbedderPreprocessor(tokenizer(library), sequence_length=9)
    return models.BertTextEmbedder(backbone(library), preprocessor, pooling_mode="max")


# KerasHub looks for its optimizer's state in every file of weights.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("source", "target"), [(keras_hub, fastnlp), (fastnlp, keras_hub)], ids=["read", "written"])
def test_tasks(kind: str, source: Any, target: Any, tmp_path: Path) -> None:
    saved = task(source, kind)
    randomize(saved)
    saved.save_to_preset(tmp_path / "preset")
    loaded = getattr(target.models, kind).from_preset(str(tmp_path / "preset"))
    expected = list(weights(saved).values())
    found = list(weights(loaded).values())
    for value, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value, other)
    if kind != "BertMaskedLM":
        found, expected = (np.asarray(model.predict(TEXTS, verbose=0)) for model in (loaded, saved))
        assert_alike(found, expected, 1e-6, "predictions")
    if kind == "BertMaskedLM":
        ours, theirs = (model.preprocessor.get_config() for model in (loaded, saved))
        names = {"sequence_length", "truncate", "mask_selection_rate", "mask_selection_length", "mask_token_rate"}
        assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}


@pytest.mark.parametrize(("source", "target"), [(keras_hub, fastnlp), (fastnlp, keras_hub)], ids=["read", "written"])
def test_shards(source: Any, target: Any, tmp_path: Path) -> None:
    saved = backbone(source)
    randomize(saved)
    saved.save_to_preset(str(tmp_path), max_shard_size=2000 / 1024**3)
    assert len(list(tmp_path.glob("model_*.weights.h5"))) > 1
    loaded = target.models.Backbone.from_preset(str(tmp_path))
    for value, other in zip(weights(loaded).values(), weights(saved).values(), strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize(("source", "target"), [(keras_hub, fastnlp), (fastnlp, keras_hub)], ids=["read", "written"])
def test_tokenizers(source: Any, target: Any, tmp_path: Path) -> None:
    tokenizer(source).save_to_preset(str(tmp_path / "preset"))
    # KerasHub finds a tokenizer only beside a model.
    backbone(source).save_to_preset(str(tmp_path / "preset"))
    loaded = target.models.BertTokenizer.from_preset(str(tmp_path / "preset"))
    assert [list(row) for row in loaded(TEXTS)] == [list(row) for row in tokenizer(source)(TEXTS)]


def test_exported_checkpoints(tmp_path: Path) -> None:
    """KerasHub reads our checkpoints of transformers as we do."""
    pytest.importorskip("safetensors")
    saved = backbone(fastnlp)
    randomize(saved)
    saved.export_to_transformers(tmp_path / "checkpoint")
    theirs = keras_hub.models.BertBackbone.from_preset(str(tmp_path / "checkpoint"))
    again = backbone(fastnlp)
    copy_weights(theirs, again)
    for model in (again, fastnlp.models.BertBackbone.from_preset(tmp_path / "checkpoint")):
        for path, value in weights(saved).items():
            np.testing.assert_array_equal(weights(model)[path], value, path)
    assert keras.backend.standardize_dtype(theirs.token_embedding.embeddings.dtype) == "float32"
