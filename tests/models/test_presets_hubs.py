"""Handles of hubs, with no network: presets in the hubs' caches, and none."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from fastnlp import models
from fastnlp.models import BertBackbone, BertTextClassifier, BertTokenizer
from fastnlp.presets.handles import SHORT_NAMES, open_preset


@pytest.fixture
def preset(backbone: BertBackbone, tokenizer: BertTokenizer, tmp_path: Path) -> Path:
    preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    BertTextClassifier(backbone, 2, preprocessor).save_to_preset(tmp_path / "preset")
    return tmp_path / "preset"


@pytest.fixture
def kaggle_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache for kagglehub; Kaggle itself is a port where nobody listens."""
    pytest.importorskip("kagglehub")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kaggle"))
    monkeypatch.setenv("KAGGLE_API_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("KAGGLE_USERNAME", "somebody")
    monkeypatch.setenv("KAGGLE_KEY", "0" * 32)
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize("name", ["bert_tiny_en_uncased", "bert_tiny_en_uncased_sst2", "bert_base_en_uncased"])
def test_short_names(name: str, preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's names lead to Kaggle's models; `model_download` takes what lies in a cache of the same layout."""
    kagglehub = pytest.importorskip("kagglehub")
    handles = set()

    def download(handle: str, path: str) -> str:
        handles.add(f"kaggle://{handle}")
        if not (preset / path).is_file():
            raise ValueError(f"The path '{path}' is not present in the model files.")
        return str(preset / path)

    monkeypatch.setattr(kagglehub, "model_download", download)
    (preset / "preprocessor.json").unlink()  # Kaggle's presets have none
    assert BertTextClassifier.from_preset(name).num_classes == 2
    assert BertTextClassifier.from_preset(name, num_classes=5).num_classes == 5
    assert models.BertTextClassifierPreprocessor.from_preset(name).sequence_length == 512
    assert type(BertTokenizer.from_preset(name)) is BertTokenizer
    assert handles == {SHORT_NAMES[name]}


def test_kaggle_out_of_reach(kaggle_cache: None) -> None:
    with pytest.raises(ConnectionError, match=r"kaggle://keras/bert/keras/bert_tiny_en_uncased/3: 'config\.json'"):
        BertBackbone.from_preset("bert_tiny_en_uncased")


def test_half_a_download_from_kaggle(kaggle_cache: None, preset: Path) -> None:
    """A file without kagglehub's mark of a whole one is not used."""
    from kagglehub.cache import Cache
    from kagglehub.handle import parse_model_handle

    handle = parse_model_handle(SHORT_NAMES["bert_tiny_en_uncased"].removeprefix("kaggle://"))
    shutil.copytree(preset, Cache().get_path(handle))
    with pytest.raises(ConnectionError, match=r"config\.json"):
        BertBackbone.from_preset("bert_tiny_en_uncased")
    for path in preset.rglob("*"):
        if path.is_file() and path.suffix != ".h5":
            Cache().mark_as_complete(handle, str(path.relative_to(preset)))
    assert BertTokenizer.from_preset("bert_tiny_en_uncased").vocabulary_size() == 12
    with pytest.raises(ConnectionError, match=r"model\.weights\.h5"):
        BertBackbone.from_preset("bert_tiny_en_uncased")
    Cache().mark_as_complete(handle, "model.weights.h5")
    assert BertBackbone.from_preset("bert_tiny_en_uncased").hidden_dim == 8


@pytest.fixture
def hugging_face_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of huggingface_hub's cache, with no network."""
    pytest.importorskip("huggingface_hub")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_hugging_face(hugging_face_cache: Path, preset: Path) -> None:
    """Links from a snapshot to blobs, as the hub's cache has them, also where the snapshot is named as a folder."""
    with pytest.raises(ConnectionError, match=r"hf://somebody/bert: 'config\.json'"):
        BertBackbone.from_preset("hf://somebody/bert")
    repository = hugging_face_cache / "models--somebody--bert"
    revision = "0123456789abcdef0123456789abcdef01234567"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(revision)
    (repository / "blobs").mkdir()
    for number, path in enumerate(path for path in preset.rglob("*") if path.is_file()):
        link = repository / "snapshots" / revision / path.relative_to(preset)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob = repository / "blobs" / str(number)
        shutil.copy(path, blob)
        link.symlink_to(blob)
    for name in ("hf://somebody/bert", repository / "snapshots" / revision):
        assert BertBackbone.from_preset(name).hidden_dim == 8
        assert BertTokenizer.from_preset(name).vocabulary_size() == 12
    (repository / "snapshots" / revision / "model.weights.h5").unlink()
    with pytest.raises(ConnectionError, match=r"model\.weights"):
        BertBackbone.from_preset("hf://somebody/bert")


@pytest.mark.parametrize(("package", "handle"), [("kagglehub", "bert_base_en"), ("huggingface_hub", "hf://a/b")])
def test_missing_packages(package: str, handle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        open_preset(handle).path("config.json")


def test_a_model_that_is_not_there(hugging_face_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")

    def missing(*_: object) -> None:
        raise huggingface_hub.errors.EntryNotFoundError("404")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", missing)
    with pytest.raises(FileNotFoundError, match=r"hf://a/b has no 'config\.json'"):
        BertBackbone.from_preset("hf://a/b")
