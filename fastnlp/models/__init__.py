"""Models for text: backbones, tasks and their preprocessors, with the names and signatures of KerasHub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastnlp.models.backbone import Backbone
    from fastnlp.models.bert_backbone import BertBackbone
    from fastnlp.models.bert_masked_lm import BertMaskedLM
    from fastnlp.models.bert_masked_lm_preprocessor import BertMaskedLMPreprocessor
    from fastnlp.models.bert_text_classifier import BertClassifier, BertTextClassifier
    from fastnlp.models.bert_text_classifier_preprocessor import BertPreprocessor, BertTextClassifierPreprocessor
    from fastnlp.models.bert_text_embedder import BertTextEmbedder
    from fastnlp.models.bert_text_embedder_preprocessor import BertTextEmbedderPreprocessor
    from fastnlp.models.masked_lm import MaskedLM
    from fastnlp.models.masked_lm_preprocessor import MaskedLMPreprocessor
    from fastnlp.models.packing_preprocessor import PackingPreprocessor
    from fastnlp.models.preprocessor import Preprocessor
    from fastnlp.models.task import Task
    from fastnlp.models.text_classifier import Classifier, TextClassifier
    from fastnlp.models.text_classifier_preprocessor import TextClassifierPreprocessor
    from fastnlp.models.text_embedder import TextEmbedder
    from fastnlp.models.text_embedder_preprocessor import TextEmbedderPreprocessor
    from fastnlp.tokenizers.bert_tokenizer import BertTokenizer

__all__ = [
    "Backbone",
    "BertBackbone",
    "BertClassifier",
    "BertMaskedLM",
    "BertMaskedLMPreprocessor",
    "BertPreprocessor",
    "BertTextClassifier",
    "BertTextClassifierPreprocessor",
    "BertTextEmbedder",
    "BertTextEmbedderPreprocessor",
    "BertTokenizer",
    "Classifier",
    "MaskedLM",
    "MaskedLMPreprocessor",
    "PackingPreprocessor",
    "Preprocessor",
    "Task",
    "TextClassifier",
    "TextClassifierPreprocessor",
    "TextEmbedder",
    "TextEmbedderPreprocessor",
]

_MODULES = {
    "Backbone": "fastnlp.models.backbone",
    "BertBackbone": "fastnlp.models.bert_backbone",
    "BertClassifier": "fastnlp.models.bert_text_classifier",
    "BertMaskedLM": "fastnlp.models.bert_masked_lm",
    "BertMaskedLMPreprocessor": "fastnlp.models.bert_masked_lm_preprocessor",
    "BertPreprocessor": "fastnlp.models.bert_text_classifier_preprocessor",
    "BertTextClassifier": "fastnlp.models.bert_text_classifier",
    "BertTextClassifierPreprocessor": "fastnlp.models.bert_text_classifier_preprocessor",
    "BertTextEmbedder": "fastnlp.models.bert_text_embedder",
    "BertTextEmbedderPreprocessor": "fastnlp.models.bert_text_embedder_preprocessor",
    "BertTokenizer": "fastnlp.tokenizers.bert_tokenizer",
    "Classifier": "fastnlp.models.text_classifier",
    "MaskedLM": "fastnlp.models.masked_lm",
    "MaskedLMPreprocessor": "fastnlp.models.masked_lm_preprocessor",
    "PackingPreprocessor": "fastnlp.models.packing_preprocessor",
    "Preprocessor": "fastnlp.models.preprocessor",
    "Task": "fastnlp.models.task",
    "TextClassifier": "fastnlp.models.text_classifier",
    "TextClassifierPreprocessor": "fastnlp.models.text_classifier_preprocessor",
    "TextEmbedder": "fastnlp.models.text_embedder",
    "TextEmbedderPreprocessor": "fastnlp.models.text_embedder_preprocessor",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fastnlp.models' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
