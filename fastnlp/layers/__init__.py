"""Layers of Keras for language models, with the names and signatures of KerasHub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras.layers import ReversibleEmbedding

    from fastnlp.layers.masked_lm_head import MaskedLMHead
    from fastnlp.layers.position_embedding import PositionEmbedding
    from fastnlp.layers.sine_position_encoding import SinePositionEncoding
    from fastnlp.layers.token_and_position_embedding import TokenAndPositionEmbedding
    from fastnlp.layers.transformer_encoder import TransformerEncoder

__all__ = [
    "MaskedLMHead",
    "PositionEmbedding",
    "ReversibleEmbedding",
    "SinePositionEncoding",
    "TokenAndPositionEmbedding",
    "TransformerEncoder",
]

_MODULES = {
    "MaskedLMHead": "fastnlp.layers.masked_lm_head",
    "PositionEmbedding": "fastnlp.layers.position_embedding",
    "ReversibleEmbedding": "keras.layers",
    "SinePositionEncoding": "fastnlp.layers.sine_position_encoding",
    "TokenAndPositionEmbedding": "fastnlp.layers.token_and_position_embedding",
    "TransformerEncoder": "fastnlp.layers.transformer_encoder",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fastnlp.layers' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
