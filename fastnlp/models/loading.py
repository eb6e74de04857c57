"""Models and preprocessors from presets: which class, and with which dtype."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp import models, tokenizers
from fastnlp.models.checkpoints import checkpoint_module
from fastnlp.presets.preset import CONFIG, Preset
from fastnlp.presets.serialized import class_of, deserialize

MODULES = (models, tokenizers)


def backbone_class(preset: Preset) -> Any:
    """The class of a preset's backbone.

    Raises:
        FileNotFoundError: where the preset has no configuration of one.
        ValueError: where the class is not known.
    """
    module = checkpoint_module(preset)
    return class_in(preset, CONFIG) if module is None else module.backbone_cls


def class_in(preset: Preset, name: str) -> Any:
    """The class of the object that a JSON file of a preset describes.

    Raises:
        FileNotFoundError: where there is no such file.
        ValueError: where the class is not known.
    """
    return class_of(preset.json(name), MODULES, repr(str(preset.path(name))))


def make(preset: Preset, name: str, **kwargs: Any) -> Any:
    """The object that a JSON file of a preset describes, with arguments that replace its own."""
    config = preset.json(name)
    config = {**config, "config": {**config["config"], **kwargs}}
    return deserialize(config, MODULES, repr(str(preset.path(name))))


def concrete(cls: type, preset: Preset) -> Any:
    """`cls`, or the class below it that fits the preset's backbone.

    Raises:
        ValueError: where there is none.
    """
    backbone_cls = backbone_class(preset)
    candidates = [cls, *(getattr(models, name) for name in models.__all__), *keras.saving.get_custom_objects().values()]
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, cls):
            of_candidate = getattr(candidate, "backbone_cls", None)
            if of_candidate is not None and issubclass(backbone_cls, of_candidate):
                return candidate
    raise ValueError(
        f"The preset {preset.name!r} holds a {backbone_cls.__name__}, for which there is no {cls.__name__}."
    )


def dtype_of(preset: Preset, dtype: Any) -> Any:
    """The dtype policy to load a model with.

    Args:
        preset: a preset in KerasHub's format.
        dtype: what the user asks for, if anything.

    Returns:
        The user's; or else the global policy, where the weights were saved in
        a policy of floats; or else the preset's own: weights that were
        quantized fit no other.
    """
    if dtype is not None:
        return dtype
    saved = preset.json(CONFIG)["config"].get("dtype")
    if isinstance(saved, dict):
        policy = deserialize(saved, MODULES, repr(str(preset.path(CONFIG))))
    else:
        policy = saved and keras.dtype_policies.get(saved)
    return keras.config.dtype_policy() if type(policy) in {type(None), keras.dtype_policies.DTypePolicy} else policy


def check_arguments(cls: type, kwargs: dict[str, Any]) -> None:
    """Refuse arguments that a model does not know; Keras's functional models take them all, and forget them.

    Raises:
        TypeError: where there is one; names it.
    """
    for name in kwargs.keys() - {"name", "trainable"}:
        raise TypeError(f"{cls.__name__} has no argument `{name}`.")
