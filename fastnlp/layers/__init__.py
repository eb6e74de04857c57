"""Keras layers, with the names and signatures of KerasHub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastnlp.layers.masked_lm_mask_generator import MaskedLMMaskGenerator
    from fastnlp.layers.multi_segment_packer import MultiSegmentPacker
    from fastnlp.layers.start_end_packer import StartEndPacker

__all__ = ["MaskedLMMaskGenerator", "MultiSegmentPacker", "StartEndPacker"]

_MODULES = {
    "MaskedLMMaskGenerator": "masked_lm_mask_generator",
    "MultiSegmentPacker": "multi_segment_packer",
    "StartEndPacker": "start_end_packer",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fastnlp.layers' has no attribute {name!r}")
    return getattr(import_module(f"fastnlp.layers.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
