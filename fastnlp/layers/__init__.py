"""Keras layers for language models, with the names and signatures of KerasHub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras.layers import ReversibleEmbedding

    from fastnlp.layers.masked_lm_head import MaskedLMHead
    from fastnlp.layers.masked_lm_mask_generator import MaskedLMMaskGenerator
    from fastnlp.layers.multi_segment_packer import MultiSegmentPacker
    from fastnlp.layers.position_embedding import PositionEmbedding
    from fastnlp.layers.sine_position_encoding import SinePositionEncoding
    from fastnlp.layers.start_end_packer import StartEndPacker
    from fastnlp.layers.token_and_position_embedding import TokenAndPositionEmbedding
    from fastnlp.layers.transformer_encoder import TransformerEncoder

__all__ = [
    "MaskedLMHead",
    "MaskedLMMaskGenerator",
    "MultiSegmentPacker",
    "PositionEmbedding",
    "ReversibleEmbedding",
    "SinePositionEncoding",
    "StartEndPacker",
    "TokenAndPositionEmbedding",
    "TransformerEncoder",
]

_MODULES = {
    "MaskedLMHead": "fastnlp.layers.masked_lm_head",
    "MaskedLMMaskGenerator": "fastnlp.layers.masked_lm_mask_generator",
    "MultiSegmentPacker": "fastnlp.layers.multi_segment_packer",
    "PositionEmbedding": "fastnlp.layers.position_embedding",
    "ReversibleEmbedding": "keras.layers",
    "SinePositionEncoding": "fastnlp.layers.sine_position_encoding",
    "StartEndPacker": "fastnlp.layers.start_end_packer",
    "TokenAndPositionEmbedding": "fastnlp.layers.token_and_position_embedding",
    "TransformerEncoder": "fastnlp.layers.transformer_encoder",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fastnlp.layers' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
