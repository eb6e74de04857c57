"""Presets that are damaged, or that somebody made to do harm: errors that name the file, and nothing executed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest

from fastnlp import models
from fastnlp.models import BertBackbone, BertTextClassifier, BertTokenizer
from fastnlp.presets.handles import open_preset


@pytest.fixture
def preset(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> Path:
    preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    BertTextClassifier(backbone, 2, preprocessor).save_to_preset(tmp_path / "preset")
    return tmp_path / "preset"


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "name", ["config.json", "model.weights.h5", "task.weights.h5", "assets/tokenizer/vocabulary.txt"]
)
def test_missing_files(name: str, preset: Path) -> None:
    (preset / name).unlink()
    with pytest.raises(FileNotFoundError, match=name.replace(".", r"\.")):
        models.Task.from_preset(preset)


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor.json", "task.json", "model.weights.h5", "task.weights.h5"]
)
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_truncated_files(name: str, share: float, preset: Path) -> None:
    content = (preset / name).read_bytes()
    (preset / name).write_bytes(content[: int(share * len(content))])
    cls = models.Preprocessor if name == "preprocessor.json" else models.Task
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        cls.from_preset(preset)


@pytest.mark.parametrize("content", ["[]", "3", "{}", "[" * 100_000, '{"class_name": "BertBackbone", "config": 3}'])
def test_json_of_something_else(content: str, preset: Path) -> None:
    (preset / "config.json").write_text(content)
    with pytest.raises(ValueError, match=r"config\.json"):
        BertBackbone.from_preset(preset)


@pytest.mark.parametrize(
    "change",
    [
        {"registered_name": "keras_hub>Gpt2Backbone"},
        {"registered_name": None, "class_name": "Lambda", "module": "keras.layers"},
        {"registered_name": None, "class_name": "system", "module": "os"},
        {"registered_name": "Functional", "class_name": "Functional", "module": "keras"},
        {"registered_name": None, "class_name": "__lambda__", "config": {"value": ["code", None, None]}},
    ],
)
def test_unknown_classes(change: dict[str, Any], preset: Path) -> None:
    edit(preset / "config.json", lambda config: config.update(change))
    for cls in (models.Backbone, models.MaskedLM):
        with pytest.raises(ValueError, match=r"config\.json.*must (name classes|hold a serialized)"):
            cls.from_preset(preset)


@pytest.mark.parametrize("option", ["activation", "dtype", "dropout"])
def test_code_in_options(option: str, preset: Path) -> None:
    """A lambda as Keras would save one, deep inside; it would raise if it ran."""
    with pytest.warns(UserWarning, match="lambda"):
        code = keras.saving.serialize_keras_object(lambda x: 1 / 0)
    edit(preset / "config.json", lambda config: config["config"].update({option: code}))
    with pytest.raises(ValueError, match=r"config\.json.*__lambda__"):
        BertBackbone.from_preset(preset)
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": code}, "registered_name": None}
    edit(preset / "config.json", lambda config: config["config"].update({option: layer}))
    with pytest.raises(ValueError, match=r"config\.json.*Lambda"):
        BertBackbone.from_preset(preset)


def test_another_kind_of_class(preset: Path) -> None:
    with pytest.raises(ValueError, match=r"config\.json' must be of a MyBackbone; it is of a BertBackbone"):
        type("MyBackbone", (BertBackbone,), {}).from_preset(preset)
    edit(preset / "tokenizer.json", lambda config: config.update(registered_name="keras_hub>WordPieceTokenizer"))
    with pytest.raises(ValueError, match=r"tokenizer\.json' must be of a BertTokenizer; it is of a WordPieceTokenizer"):
        BertTokenizer.from_preset(preset)
    edit(preset / "config.json", lambda config: config.update(registered_name="keras_hub>BertTokenizer"))
    with pytest.raises(ValueError, match=r"config\.json' must be of a Backbone; it is of a BertTokenizer"):
        models.Backbone.from_preset(preset)


def test_wrong_options(preset: Path) -> None:
    edit(preset / "config.json", lambda config: config["config"].update(num_experts=8))
    with pytest.raises(ValueError, match=r"config\.json' does not describe a BertBackbone.*num_experts"):
        BertBackbone.from_preset(preset)


@pytest.mark.parametrize("option", ["num_layers", "intermediate_dim", "vocabulary_size", "max_sequence_length"])
@pytest.mark.parametrize("more", [-1, 1])
def test_weights_of_another_shape(option: str, more: int, preset: Path) -> None:
    """Also where the file has more than the model, which Keras does not notice."""
    edit(preset / "config.json", lambda config: config["config"].update({option: config["config"][option] + more}))
    with pytest.raises(ValueError, match=r"model\.weights\.h5.*BertBackbone"):
        BertBackbone.from_preset(preset)


def test_same_number_of_weights_in_another_shape(preset: Path) -> None:
    edit(preset / "config.json", lambda config: config["config"].update(num_heads=4))
    with pytest.raises(ValueError, match=r"model\.weights\.h5' does not hold the weights of a BertBackbone"):
        BertBackbone.from_preset(preset)


@pytest.mark.parametrize("link", ["external", "soft"])
def test_weights_elsewhere(link: str, preset: Path) -> None:
    with h5py.File(preset / "model.weights.h5", "a") as file:
        del file["layers/dense/vars/1"]
        file["layers/dense/vars/1"] = (
            h5py.ExternalLink("/etc/passwd", "/") if link == "external" else h5py.SoftLink("/layers/dense/vars/0")
        )
    with pytest.raises(ValueError, match=r"model\.weights\.h5' must hold its weights itself; /layers/dense/vars/1"):
        BertBackbone.from_preset(preset)


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "a/../../b", "C:\\x", "..\\x", "", "a\0b"])
def test_paths_out_of_the_preset(name: str, preset: Path, tokenizer: BertTokenizer) -> None:
    (preset.parent / "secret.json").write_text("{}")
    with pytest.raises(ValueError, match="must lie in its folder"):
        open_preset(preset).path(name)
    with pytest.raises(ValueError, match="must lie in its folder"):
        BertTokenizer.from_preset(preset, config_file=name)
    edit(preset / "tokenizer.json", lambda config: config["config"].update(config_file=name))
    with pytest.raises(ValueError, match=r"tokenizer\.json.*must lie in its folder"):
        BertTokenizer.from_preset(preset)
    with pytest.raises(ValueError, match="must lie in its folder"):
        BertTokenizer(tokenizer.get_vocabulary(), config_file=name)
    (preset / "model.weights.h5").unlink()
    (preset / "model.weights.json").write_text(json.dumps({"weight_map": {"layers": [name]}}))
    with pytest.raises(ValueError, match=r"model\.weights\.json' must name files beside it|must lie in its folder"):
        BertBackbone.from_preset(preset)


def test_links_out_of_the_preset(preset: Path) -> None:
    outside = preset.parent / "outside.txt"
    (preset / "assets/tokenizer/vocabulary.txt").rename(outside)
    (preset / "assets/tokenizer/vocabulary.txt").symlink_to(outside)
    with pytest.raises(ValueError, match=r"vocabulary\.txt' is a link"):
        BertTokenizer.from_preset(preset)


def test_vocabularies_elsewhere(preset: Path) -> None:
    edit(preset / "tokenizer.json", lambda config: config["config"].update(vocabulary="/etc/passwd"))
    with pytest.raises(ValueError, match=r"tokenizer\.json.*`vocabulary` must not be a file"):
        BertTokenizer.from_preset(preset)


def test_pickled_weights(preset: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (preset / "harm",)

    (preset / "model.weights.h5").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(ValueError, match=r"model\.weights\.h5' must be a whole HDF5 file"):
        BertBackbone.from_preset(preset)
    (preset / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (preset / "pytorch_model.bin").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(FileNotFoundError, match="pickled weights are not read"):
        BertBackbone.from_preset(preset)
    assert not (preset / "harm").exists()


def test_unknown_handles() -> None:
    with pytest.raises(ValueError, match="Do you mean 'bert_tiny_en_uncased'"):
        BertBackbone.from_preset("bert_tiny_uncased")
    for handle in ("nowhere/at/all", "kaggle://keras/bert", "kaggle://a/b//d", "hf://a/b/c", "gs://bucket/folder"):
        with pytest.raises(ValueError, match="`preset` must"):
            BertBackbone.from_preset(handle)
    with pytest.raises(TypeError, match="`preset` must be a str or a path; received 3"):
        BertBackbone.from_preset(3)
