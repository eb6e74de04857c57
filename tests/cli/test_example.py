"""`fastnlp example`; what the workflows do is tested in `tests/examples`."""

from __future__ import annotations

import json
import lzma

import keras
import pytest

from fastnlp.cli import example
from fastnlp.models import BertBackbone, BertTextClassifier, BertTextClassifierPreprocessor, BertTokenizer

REVIEWS = ["a good film", "a bad film", "very good", "very bad"] * 4


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "reviews"
    folder.mkdir()
    for part in ("train", "test"):
        with lzma.open(folder / f"imdb-{part}.jsonl.xz", "wt") as file:
            file.write("\n".join(json.dumps({"text": text, "label": int("good" in text)}) for text in REVIEWS))
    return folder


@pytest.fixture
def preset(tmp_path):
    tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "a", "very"])
    backbone = BertBackbone(10, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=8, max_sequence_length=8)
    preprocessor = BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    BertTextClassifier(backbone, 2, preprocessor).save_to_preset(tmp_path / "preset")
    return tmp_path / "preset"


def test_figures(fastnlp, data, preset):
    options = ["--data", data, "--batch-size", 4, "--limit", 8]
    status, out, err = fastnlp("example", 2, *options, "--preset", preset, "--out", "tuned", "--epochs", 2)
    assert status == 0
    assert err.count("Epoch ") == 2
    for name in (keras.backend.backend(), "fine-tune", "examples/s", "loss", "accuracy", "0.8621", "saved in: tuned"):
        assert name in out
    parameters = BertTextClassifier.from_preset("tuned").count_params()
    assert f"parameters: {parameters}, {parameters} of them trainable" in out

    status, out, err = fastnlp("example", 1, *options, "--preset", "tuned", "--quiet")
    assert (status, err) == (0, "")
    assert "0.7835" in out
    assert "What a lovely way to spend an evening!: 0." in out


def test_seed(fastnlp, data, preset):
    command = ["example", 2, "--data", data, "--preset", preset, "--quiet", "--seed"]
    fastnlp(*command, 1, "--out", "a")
    fastnlp(*command, 1, "--out", "b")
    fastnlp(*command, 2, "--out", "c")
    a, b, c = (BertTextClassifier.from_preset(name).predict(REVIEWS, verbose=0) for name in "abc")
    assert a == pytest.approx(b, abs=1e-5)
    assert a != pytest.approx(c, abs=1e-5)


def test_errors(fastnlp, data, preset, tmp_path, monkeypatch):
    def error(*arguments):
        status, out, err = fastnlp("example", *arguments)
        assert out == ""
        return status, err.splitlines()[-1]

    given = ["--data", data, "--preset", preset, "--quiet"]
    assert error(1, *given, "--epochs", 2) == (2, "Error: `--epochs` is no option of example 1.")
    assert error(2, *given, "--text", "a.txt") == (2, "Error: `--text` is no option of example 2.")
    other = "torch" if keras.backend.backend() != "torch" else "jax"
    assert f"`--backend` must be '{keras.backend.backend()}' in this process" in error(2, "--backend", other)[1]
    assert error(2, *given, "--out", preset)[1] == (
        f"error: `out` must be a new or an empty folder; '{preset}' is not empty."
    )
    assert "`data` must hold imdb-train.jsonl.xz" in error(2, "--data", tmp_path / "none", "--preset", preset)[1]
    status, message = error(2, "--data", data, "--preset", "bert_tiny_en_uncase")
    assert status == 1
    assert "Do you mean 'bert_tiny_en_uncased'?" in message
    assert "`sequence_length` of the preprocessor must be at most 8" in error(2, *given, "--sequence-length", 9)[1]
    assert error(5, *given, "--text", "missing.txt") == (1, "error: `inputs`: 'missing.txt' does not exist.")
    monkeypatch.setattr(example, "find_spec", lambda name: None)
    assert error(2, *given, "--backend", "jax") == (2, "Error: keras is not installed: pip install keras")


def test_what_is_optional_says_how_to_install_it(fastnlp, data, preset, monkeypatch):
    def run(**options):
        raise ImportError("Handles of Kaggle need kagglehub: pip install kagglehub")

    monkeypatch.setattr("fastnlp.examples.fine_tuning.run", run)
    assert fastnlp("example", 2) == (1, "", "Error: Handles of Kaggle need kagglehub: pip install kagglehub\n")
