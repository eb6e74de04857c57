"""fastnlp: raw text to what Keras models train on, as fast as the machine can.

Nothing is imported before it is needed: `import fastnlp` costs NumPy and no more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastnlp._version import __version__

if TYPE_CHECKING:
    from fastnlp import corpus, data, layers, models, ops, tf, tokenizers
    from fastnlp._dispatch import use_target
    from fastnlp.config import show_config
    from fastnlp.ragged import Ragged

__all__ = [
    "Ragged",
    "__version__",
    "corpus",
    "data",
    "layers",
    "models",
    "ops",
    "show_config",
    "tf",
    "tokenizers",
    "use_target",
]

_MODULES = ("corpus", "data", "layers", "models", "ops", "tf", "tokenizers")
_NAMES = {"Ragged": "fastnlp.ragged", "show_config": "fastnlp.config", "use_target": "fastnlp._dispatch"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"fastnlp.{name}")
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'fastnlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
