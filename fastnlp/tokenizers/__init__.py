"""Tokenizers as Keras layers, with the names and signatures of KerasHub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastnlp.tokenizers.bert_tokenizer import BertTokenizer
    from fastnlp.tokenizers.tokenizer import Tokenizer
    from fastnlp.tokenizers.word_piece_tokenizer import WordPieceTokenizer
    from fastnlp.tokenizers.word_piece_vocabulary import compute_word_piece_vocabulary

__all__ = ["BertTokenizer", "Tokenizer", "WordPieceTokenizer", "compute_word_piece_vocabulary"]

_MODULES = {
    "BertTokenizer": "bert_tokenizer",
    "Tokenizer": "tokenizer",
    "WordPieceTokenizer": "word_piece_tokenizer",
    "compute_word_piece_vocabulary": "word_piece_vocabulary",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fastnlp.tokenizers' has no attribute {name!r}")
    return getattr(import_module(f"fastnlp.tokenizers.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
