"""BERT checkpoints of Hugging Face's transformers: models made from them, and written as them.

References:
    `BertConfig` of [transformers](https://github.com/huggingface/transformers);
    `modules.json` and `1_Pooling/config.json` of
    [sentence-transformers](https://github.com/huggingface/sentence-transformers).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fastnlp.models.bert_backbone import BertBackbone, gelu_approximate
from fastnlp.models.bert_masked_lm import BertMaskedLM
from fastnlp.models.bert_tensors import (
    CLASSIFIER,
    MASKED_LM,
    POOLER,
    Slot,
    classifier_slots,
    encoder_slots,
    masked_lm_slots,
    pooler_slots,
)
from fastnlp.models.bert_text_classifier import BertTextClassifier
from fastnlp.models.bert_text_embedder import BertTextEmbedder
from fastnlp.presets.preset import CONFIG, Preset
from fastnlp.presets.saving import write_json
from fastnlp.presets.tensors import Tensors, write_tensors
from fastnlp.tokenizers.hugging_face import write_tokenizer

backbone_cls = BertBackbone
PREFIX = "bert."  # of the encoder's tensors in a checkpoint with a head
EMBEDDINGS = "embeddings.word_embeddings.weight"
DECODER = f"{MASKED_LM}.decoder.weight"

# By the names of transformers; the first of several is the one that is written.
ACTIVATIONS = {
    "gelu": keras.activations.gelu,
    "gelu_new": gelu_approximate,
    "gelu_pytorch_tanh": gelu_approximate,
    "gelu_fast": gelu_approximate,
    "relu": keras.activations.relu,
    "silu": keras.activations.silu,
    "swish": keras.activations.silu,
    "tanh": keras.activations.tanh,
}
OPTIONS = {
    "vocabulary_size": ("vocab_size", 30522),
    "num_layers": ("num_hidden_layers", 12),
    "num_heads": ("num_attention_heads", 12),
    "hidden_dim": ("hidden_size", 768),
    "intermediate_dim": ("intermediate_size", 3072),
    "dropout": ("hidden_dropout_prob", 0.1),
    "max_sequence_length": ("max_position_embeddings", 512),
    "num_segments": ("type_vocab_size", 2),
    "layer_norm_epsilon": ("layer_norm_eps", 1e-12),
}
# What BERT can be in transformers, and a `BertBackbone` cannot; the values are those of ordinary checkpoints.
FIXED_OPTIONS = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False}


def activation_of(config: Mapping[str, Any], where: str) -> Any:
    """The activation that a configuration names.

    Raises:
        ValueError: where it is not known.
    """
    name = config.get("hidden_act", "gelu")
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(f"{where}: 'hidden_act' must be one of {', '.join(ACTIVATIONS)}; it is {name!r:.100}.")
    return ACTIVATIONS[name]


def backbone_options(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The arguments of `BertBackbone` for a checkpoint's configuration.

    Args:
        config: what `config.json` holds; the defaults are `BertConfig`'s.
        where: name of the file, for messages.

    Raises:
        ValueError: where the model is one that `BertBackbone` is not.
    """
    for name, value in FIXED_OPTIONS.items():
        if config.get(name, value) != value:
            raise ValueError(f"{where}: {name!r} must be {value!r} for a BertBackbone; it is {config[name]!r:.100}.")
    options: dict[str, Any] = {"activation": activation_of(config, where)}
    for argument, (name, default) in OPTIONS.items():
        number = config.get(name, default)
        if isinstance(number, bool) or not isinstance(number, (int, type(default))):
            raise ValueError(f"{where}: {name!r} must be a number; it is {number!r:.100}.")
        options[argument] = number
    return options


def load_backbone(backbone: BertBackbone, tensors: Tensors) -> None:
    """Give a backbone the weights of a checkpoint.

    Raises:
        ValueError: where a tensor is missing, or of another shape.
    """
    prefix = PREFIX if PREFIX + EMBEDDINGS in tensors else ""
    _load(encoder_slots(backbone), tensors, prefix)
    if f"{prefix}{POOLER}.weight" in tensors:
        _load(pooler_slots(backbone), tensors, prefix)
    else:
        warnings.warn(
            f"{tensors.where!r} has no pooler, {prefix}{POOLER}: its weights, for `pooled_output`, are random.",
            stacklevel=4,
        )


def head_options(cls: type, preset: Preset, tensors: Tensors | None) -> dict[str, Any]:
    """What a checkpoint says about the head of a task.

    Args:
        cls: the class of the task.
        preset: the checkpoint.
        tensors: its tensors; None where weights are not asked for.

    Returns:
        Arguments of the class: all that the checkpoint knows.
    """
    config, where = preset.json(CONFIG), repr(str(preset.path(CONFIG)))
    if issubclass(cls, BertTextClassifier):
        dropout = config.get("classifier_dropout")
        options = {"dropout": config.get("hidden_dropout_prob", 0.1) if dropout is None else dropout}
        if tensors is not None and f"{CLASSIFIER}.bias" in tensors:
            options["num_classes"] = tensors.shape(f"{CLASSIFIER}.bias")[0]
        return options
    if issubclass(cls, BertMaskedLM):
        return {
            "intermediate_activation": activation_of(config, where),
            "layer_norm_epsilon": backbone_options(config, where)["layer_norm_epsilon"],
        }
    return pooling_options(preset) if issubclass(cls, BertTextEmbedder) else {}


def pooling_options(preset: Preset) -> dict[str, Any]:
    """How a checkpoint of sentence-transformers makes one vector a text; nothing for other checkpoints.

    Raises:
        ValueError: where it is done as `BertTextEmbedder` cannot.
    """
    if not preset.has("modules.json"):
        return {}
    modules = {str(module.get("type")).rsplit(".", 1)[-1]: module for module in preset.json_list("modules.json")}
    path = f"{modules.get('Pooling', {}).get('path', '1_Pooling')}/config.json"
    pooling = preset.json(path)
    if "pooling_mode" in pooling:
        modes = [pooling["pooling_mode"]]
    else:
        modes = [
            name.removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens")
            for name, on in pooling.items()
            if on is True and name.startswith("pooling_mode_")
        ]
    if len(modes) != 1 or modes[0] not in {"mean", "max", "cls"} or "Dense" in modules:
        raise ValueError(
            f"{str(preset.path(path))!r} must ask for pooling by 'mean', 'max' or 'cls' and no dense layer after it; "
            f"it asks for {modes}."
        )
    return {"pooling_mode": modes[0], "normalize": "Normalize" in modules}


def load_head(task: Any, tensors: Tensors) -> None:
    """Give the head of a task the weights of a checkpoint; those that it does not have stay random.

    Raises:
        ValueError: where a tensor is missing, or of another shape.
    """
    if isinstance(task, BertTextClassifier) and f"{CLASSIFIER}.weight" in tensors:
        _load(classifier_slots(task.output_dense, task.backbone.hidden_dim), tensors)
    elif isinstance(task, BertMaskedLM) and f"{MASKED_LM}.bias" in tensors:
        embeddings = task.backbone.token_embedding.embeddings
        if DECODER in tensors and not np.array_equal(
            tensors.get(DECODER, tuple(embeddings.shape)), keras.ops.convert_to_numpy(embeddings.value)
        ):
            raise ValueError(
                f"{tensors.where!r}: {DECODER!r} must be the token embedding again, which BertMaskedLM uses for its "
                "output; it is another."
            )
        _load(masked_lm_slots(task.masked_lm_head, task.backbone.hidden_dim), tensors)


def backbone_config(backbone: BertBackbone) -> dict[str, Any]:
    """The configuration of transformers for a backbone.

    Raises:
        ValueError: where transformers has no such activation.
    """
    names = [name for name, activation in ACTIVATIONS.items() if activation is backbone.activation]
    if not names:
        raise ValueError(f"`activation` must be one that transformers has; the backbone's is {backbone.activation}.")
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "pad_token_id": 0,
        **{name: getattr(backbone, argument) for argument, (name, _) in OPTIONS.items()},
        "attention_probs_dropout_prob": backbone.dropout,
        "hidden_act": names[0],
    }


def write(model: Any, folder: Path) -> None:
    """Write a backbone or a task as a checkpoint of transformers.

    Args:
        model: a `BertBackbone`, `BertTextClassifier`, `BertMaskedLM` or
            `BertTextEmbedder`.
        folder: the checkpoint's folder.

    Raises:
        ValueError: where transformers has no such model.
    """
    backbone = model if isinstance(model, BertBackbone) else model.backbone
    config, prefix, head = backbone_config(backbone), PREFIX, []
    if isinstance(model, BertTextClassifier):
        if model.activation is not keras.activations.linear:
            raise ValueError(f"`activation` must be None for transformers; the classifier's is {model.activation}.")
        labels = {str(label): f"LABEL_{label}" for label in range(model.num_classes)}
        config |= {
            "architectures": ["BertForSequenceClassification"],
            "classifier_dropout": model.dropout,
            "id2label": labels,
            "label2id": {name: int(label) for label, name in labels.items()},
        }
        head = list(classifier_slots(model.output_dense, backbone.hidden_dim))
    elif isinstance(model, BertMaskedLM):
        layer = model.masked_lm_head
        if (layer.intermediate_activation, layer.layer_norm_epsilon) != (
            backbone.activation,
            backbone.layer_norm_epsilon,
        ):
            raise ValueError(
                "`intermediate_activation` and `layer_norm_epsilon` of the head must be the backbone's for "
                f"transformers, {backbone.activation} and {backbone.layer_norm_epsilon}; they are "
                f"{layer.intermediate_activation} and {layer.layer_norm_epsilon}."
            )
        config["architectures"] = ["BertForMaskedLM"]
        head = list(masked_lm_slots(layer, backbone.hidden_dim))
    else:
        prefix = ""
    tokenizer = getattr(getattr(model, "preprocessor", None), "tokenizer", None)
    if tokenizer is not None:
        config["pad_token_id"] = tokenizer.pad_token_id
        write_tokenizer(folder, tokenizer, backbone.max_sequence_length)
    if isinstance(model, BertTextEmbedder):
        _write_pooling(model, folder)
    tensors = {prefix + slot.name: slot.value() for slot in (*encoder_slots(backbone), *pooler_slots(backbone))}
    write_tensors(folder, tensors | {slot.name: slot.value() for slot in head})
    write_json(folder / CONFIG, config)


def _write_pooling(model: BertTextEmbedder, folder: Path) -> None:
    kinds = [("Transformer", ""), ("Pooling", "1_Pooling"), *([("Normalize", "2_Normalize")] * model.normalize)]
    modules = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (kind, path) in enumerate(kinds)
    ]
    write_json(folder / "modules.json", modules)
    (folder / "1_Pooling").mkdir()
    flags = {"mean": "pooling_mode_mean_tokens", "max": "pooling_mode_max_tokens", "cls": "pooling_mode_cls_token"}
    pooling = {flag: mode == model.pooling_mode for mode, flag in flags.items()}
    write_json(folder / "1_Pooling" / CONFIG, {"word_embedding_dimension": model.backbone.hidden_dim, **pooling})


def _load(slots: Iterable[Slot], tensors: Tensors, prefix: str = "") -> None:
    for slot in slots:
        slot.load(tensors, prefix)
