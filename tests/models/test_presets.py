"""Presets in KerasHub's format: what is saved comes back, whole, and under the options that are asked for."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras_parity import DtypePolicy, assert_alike, randomize, weights

from fastnlp import models, tokenizers
from fastnlp.models import BertBackbone, BertMaskedLM, BertTextClassifier, BertTextEmbedder, BertTokenizer

TEXTS = ["The quick fox.", "jumped the brown fox the fox"]


def task(name: str, backbone: BertBackbone, tokenizer: BertTokenizer) -> Any:
    if name == "BertMaskedLM":
        preprocessor = models.BertMaskedLMPreprocessor(
            tokenizer, sequence_length=10, mask_selection_length=2, truncate="waterfall"
        )
        return BertMaskedLM(backbone, preprocessor)
    if name == "BertTextClassifier":
        preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=10)
        return BertTextClassifier(backbone, 3, preprocessor, activation="softmax", dropout=0.3)
    preprocessor = models.BertTextEmbedderPreprocessor(tokenizer, sequence_length=10)
    return BertTextEmbedder(backbone, preprocessor, pooling_mode="max", normalize=False)


def assert_same_weights(found: Any, expected: Any) -> None:
    expected_weights, found_weights = weights(expected), weights(found)
    assert found_weights.keys() == expected_weights.keys()
    for path, value in expected_weights.items():
        np.testing.assert_array_equal(found_weights[path], value, path)


def assert_same_config(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    assert found.get_config() == expected.get_config()


@pytest.mark.parametrize("name", ["BertTextClassifier", "BertMaskedLM", "BertTextEmbedder"])
def test_tasks_come_back(name: str, backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    saved = task(name, backbone, tokenizer)
    randomize(saved)
    saved.save_to_preset(tmp_path / "preset")
    for cls in (type(saved), type(saved).__base__, models.Task):
        loaded = cls.from_preset(tmp_path / "preset")
        assert_same_config(loaded, saved)
        assert_same_weights(loaded, saved)
        assert loaded.preprocessor.tokenizer.get_vocabulary() == tokenizer.get_vocabulary()
    if name != "BertMaskedLM":
        np.testing.assert_array_equal(loaded.predict(TEXTS, verbose=0), saved.predict(TEXTS, verbose=0))
    assert not list(tmp_path.glob("**/*.partial"))


def test_parts_come_back_alone(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    """Saved into one folder, one after another, or each into its own."""
    preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=7, truncate="waterfall")
    for folders in (["all"] * 3, ["backbone", "preprocessor", "tokenizer"]):
        for part, folder in zip((backbone, preprocessor, tokenizer), folders, strict=True):
            part.save_to_preset(tmp_path / folder)
        assert_same_weights(models.Backbone.from_preset(tmp_path / folders[0]), backbone)
        for cls in (tokenizers.Tokenizer, tokenizers.WordPieceTokenizer, BertTokenizer):
            assert_same_config(cls.from_preset(str(tmp_path / folders[2])), tokenizer)
    loaded = models.Preprocessor.from_preset(tmp_path / "all")
    assert_same_config(loaded, preprocessor)
    np.testing.assert_array_equal(loaded(TEXTS)["token_ids"], preprocessor(TEXTS)["token_ids"])


def test_a_task_from_another_tasks_preset(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    task("BertMaskedLM", backbone, tokenizer).save_to_preset(tmp_path)
    classifier = models.TextClassifier.from_preset(tmp_path, num_classes=4)
    assert classifier.num_classes == 4
    assert_same_weights(classifier.backbone, backbone)
    assert type(classifier.preprocessor) is models.BertTextClassifierPreprocessor
    assert classifier.preprocessor.sequence_length == backbone.max_sequence_length  # 512 by default
    with pytest.raises(ValueError, match="`num_classes` must be passed"):
        models.TextClassifier.from_preset(tmp_path)


def test_arguments_replace_the_presets(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    saved = task("BertTextClassifier", backbone, tokenizer)
    saved.save_to_preset(tmp_path)
    new_head = BertTextClassifier.from_preset(tmp_path, num_classes=3)
    assert_same_weights(new_head.backbone, backbone)
    assert not np.array_equal(new_head.output_dense.kernel, saved.output_dense.kernel)
    assert BertTextClassifier.from_preset(tmp_path, preprocessor=None).preprocessor is None
    assert BertTextClassifier.from_preset(tmp_path, dropout=0.0).dropout == 0.0
    assert BertTokenizer.from_preset(tmp_path, lowercase=False)("The").tolist() == [0]
    assert models.BertTextClassifierPreprocessor.from_preset(tmp_path, sequence_length=4)(TEXTS)["token_ids"].shape == (
        2,
        4,
    )
    random = BertBackbone.from_preset(tmp_path, load_weights=False)
    assert not np.array_equal(random.token_embedding.embeddings, backbone.token_embedding.embeddings)
    given = BertTextClassifier.from_preset(tmp_path, backbone=random, num_classes=2)
    assert given.backbone is random


@pytest.mark.parametrize("policy", ["float32", "bfloat16", "mixed_float16"])
def test_dtypes(policy: str, backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    """Floats are loaded with the global policy, or with what is asked for; kept as they are in bfloat16 files."""
    randomize(backbone)
    backbone.save_to_preset(tmp_path)
    assert BertBackbone.from_preset(tmp_path, dtype=policy).dtype_policy.name == policy
    with DtypePolicy(policy):
        loaded = BertBackbone.from_preset(tmp_path)
        assert loaded.dtype_policy.name == policy
        loaded.save_to_preset(tmp_path / "again")
    again = BertBackbone.from_preset(tmp_path / "again")
    assert again.dtype_policy.name == "float32"
    for path, value in weights(backbone).items():
        assert_alike(weights(again)[path], value, 1e-2 if policy == "bfloat16" else 0, path)


def test_shards(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    largest = max(math.prod(weight.shape) * 4 for weight in backbone.weights)
    backbone.save_to_preset(tmp_path)
    backbone.save_to_preset(tmp_path, max_shard_size=1.5 * largest / 1024**3)
    shards = sorted(path.name for path in tmp_path.glob("model_*.weights.h5"))
    assert len(shards) > 1
    assert not (tmp_path / "model.weights.h5").exists(), "of the save before; it would be loaded first"
    assert_same_weights(BertBackbone.from_preset(tmp_path), backbone)
    (tmp_path / shards[0]).unlink()
    with pytest.raises(FileNotFoundError, match=shards[0]):
        BertBackbone.from_preset(tmp_path)
    backbone.save_to_preset(tmp_path)
    assert not list(tmp_path.glob("model_*"))
    assert_same_weights(BertBackbone.from_preset(tmp_path), backbone)


def test_old_root_of_weight_files(backbone: BertBackbone, tmp_path: Path) -> None:
    backbone.save_to_preset(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    assert_same_weights(BertBackbone.from_preset(tmp_path), backbone)


def test_old_names(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    """KerasNLP's package, names that classes had there, and fields that its files had."""
    task("BertTextClassifier", backbone, tokenizer).save_to_preset(tmp_path)
    for path in tmp_path.glob("*.json"):
        text = path.read_text().replace("keras_hub>", "keras_nlp>")
        text = text.replace("keras_nlp>BertTextClassifierPreprocessor", "keras_nlp>BertPreprocessor")
        text = text.replace("keras_nlp>BertTextClassifier", "keras_nlp>BertClassifier")
        path.write_text(json.dumps({**json.loads(text), "assets": [], "weights": "model.weights.h5"}))
    loaded = models.Task.from_preset(tmp_path)
    assert type(loaded) is BertTextClassifier
    assert type(loaded.preprocessor) is models.BertTextClassifierPreprocessor


def test_options_that_keras_hub_lacks_come_back(tokenizer: BertTokenizer, tmp_path: Path) -> None:
    backbone = BertBackbone(12, 1, 2, 8, 16, activation="gelu", layer_norm_epsilon=1e-5, max_sequence_length=12)
    backbone.save_to_preset(tmp_path)
    loaded = BertBackbone.from_preset(tmp_path)
    assert_same_config(loaded, backbone)
    assert loaded.activation is keras.activations.gelu
    options = {"rules": "bert", "strip_accents": None, "split_on_cjk": False, "lowercase": True}
    saved = BertTokenizer(tokenizer.get_vocabulary(), **options)
    saved.save_to_preset(tmp_path)
    assert_same_config(BertTokenizer.from_preset(tmp_path), saved)


def test_what_is_saved_for_no_task_goes_away(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    """An embedder has no weights of its own; those of a classifier must not stay for it."""
    task("BertTextClassifier", backbone, tokenizer).save_to_preset(tmp_path)
    assert (tmp_path / "task.weights.h5").exists()
    task("BertTextEmbedder", backbone, tokenizer).save_to_preset(tmp_path)
    assert not (tmp_path / "task.weights.h5").exists()
    assert type(models.Task.from_preset(tmp_path)) is BertTextEmbedder


def test_training_does_not_weigh_on_a_preset(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> None:
    """The state of the optimizer, twice as large as the model, belongs to a checkpoint of the training."""
    classifier = BertTextClassifier(backbone, 2, models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8))
    classifier.fit(TEXTS, [0, 1], verbose=0)
    classifier.save_to_preset(tmp_path)
    with h5py.File(tmp_path / "task.weights.h5") as file:
        assert "optimizer" not in file
    assert_same_weights(BertTextClassifier.from_preset(tmp_path), classifier)


def test_metadata(backbone: BertBackbone, tmp_path: Path) -> None:
    backbone.save_to_preset(tmp_path)
    metadata = json.loads((tmp_path / "metadata.json").read_text())
    assert metadata["parameter_count"] == backbone.count_params()
    assert metadata["tasks"] == ["MaskedLM", "TextClassifier", "TextEmbedder"]


def test_an_error_leaves_the_preset_as_it_was(
    backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = task("BertTextClassifier", backbone, tokenizer)
    saved.save_to_preset(tmp_path / "preset")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BertTokenizer, "save_assets", fail)
    for folder in ("preset", "new"):
        with pytest.raises(KeyboardInterrupt):
            saved.save_to_preset(tmp_path / folder)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file"):
        backbone.save_to_preset(tmp_path / "file")


def test_functions_are_not_saved(backbone: BertBackbone, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`preprocessor` must be a fastnlp Preprocessor or None"):
        BertTextClassifier(backbone, 2, preprocessor=lambda x: x).save_to_preset(tmp_path / "preset")
    assert not (tmp_path / "preset").exists()
