"""The kinds of checkpoint of Hugging Face's transformers that models can be made from."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fastnlp.presets.preset import CONFIG, Preset

# By `model_type`: modules with `backbone_cls`, and functions as in `fastnlp.models.bert_checkpoint`.
MODULES = {"bert": "fastnlp.models.bert_checkpoint"}


def checkpoint_module(preset: Preset) -> Any:
    """The module that reads a checkpoint; None where the preset is no checkpoint of transformers.

    Raises:
        FileNotFoundError: where the preset has no configuration.
        ValueError: where no module reads such checkpoints.
    """
    config = preset.json(CONFIG)
    if "model_type" not in config:
        return None
    if config["model_type"] not in MODULES:
        raise ValueError(
            f"{str(preset.path(CONFIG))!r}: 'model_type' must be one of {', '.join(MODULES)}; it is "
            f"{config['model_type']!r:.100}."
        )
    return import_module(MODULES[config["model_type"]])


def module_of_backbone(backbone: Any) -> Any:
    """The module that writes checkpoints of a backbone.

    Raises:
        ValueError: where there is none.
    """
    for name in MODULES.values():
        module = import_module(name)
        if isinstance(backbone, module.backbone_cls):
            return module
    raise ValueError(f"A {type(backbone).__name__} cannot be written as a checkpoint of transformers.")
