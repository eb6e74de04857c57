"""Objects of presets as JSON: their classes under KerasHub's names, and no others.

A configuration comes from anywhere. Only classes of fastnlp, classes that the
program itself has registered with Keras, and Keras's own dtype policies and
initializers are made from it; Keras runs in its safe mode, where code is
refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

import keras

PACKAGES = ("fastnlp", "keras_hub", "keras_nlp")  # in whose names presets register their classes
BUILT_IN = (keras.dtype_policies.DTypePolicy, keras.dtype_policies.DTypePolicyMap, keras.initializers.Initializer)


def class_of(config: Any, modules: Iterable[ModuleType], where: str) -> type:
    """The class of a serialized object.

    Args:
        config: what the file holds.
        modules: modules of fastnlp with the known classes.
        where: name of the file, for messages.

    Raises:
        ValueError: where `config` is no serialized object, or its class is
            not known.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ValueError(f"{where} must hold a serialized Keras object; it holds {config!r:.100}.")
    registered_name = str(config.get("registered_name") or config.get("class_name"))
    package, _, name = registered_name.rpartition(">")
    if package in PACKAGES:
        for module in modules:
            if name in module.__all__ and isinstance(found := getattr(module, name), type):
                return found
    registered = keras.saving.get_registered_object(registered_name) if package not in PACKAGES else None
    if isinstance(registered, type):
        return registered
    built_in = getattr(keras.dtype_policies, name, None) or getattr(keras.initializers, name, None)
    is_of_keras = str(config.get("module")).split(".")[0] == "keras" and not package
    if is_of_keras and isinstance(built_in, type) and issubclass(built_in, BUILT_IN):
        return built_in
    raise ValueError(
        f"{where} must name classes of fastnlp, or of yours that are registered with Keras; it names "
        f"{registered_name!r:.100}."
    )


def deserialize(config: dict[str, Any], modules: Iterable[ModuleType], where: str) -> Any:
    """Make the object that a preset describes, with all that it holds.

    Args:
        config: what the file holds.
        modules: modules of fastnlp with the known classes.
        where: name of the file, for messages.

    Raises:
        ValueError: where a class is not known, or the object cannot be made.
    """
    own = _with_own_names(config, list(modules), where)
    try:
        return keras.saving.deserialize_keras_object(own, safe_mode=True)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        reason = str(error).rpartition("Exception encountered: ")[2]  # Keras puts the whole configuration before it
        raise ValueError(f"{where} does not describe a {config.get('class_name')}: {reason}") from error


def serialize(instance: Any) -> dict[str, Any]:
    """The configuration of an object, with the names under which KerasHub knows its classes."""
    config: dict[str, Any] = _with_keras_hub_names(keras.saving.serialize_keras_object(instance))
    return config


def _with_own_names(value: Any, modules: list[ModuleType], where: str) -> Any:
    if isinstance(value, list):
        return [_with_own_names(item, modules, where) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _with_own_names(item, modules, where) for key, item in value.items()}
    if value["class_name"] == "function" and value.get("registered_name") == "function":
        return value  # the name of one that Keras has or the program registered: Keras looks no further
    found = class_of(value, modules, where)
    package = keras.saving.get_registered_name(found)
    return {
        "module": value.get("module") if package == found.__name__ else None,
        "class_name": found.__name__,
        "config": _with_own_names(value["config"], modules, where),
        "registered_name": None if package == found.__name__ else package,
    }


def _with_keras_hub_names(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_keras_hub_names(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {
        key: _with_keras_hub_names(item) for key, item in value.items() if key not in {"build_config", "compile_config"}
    }
    package, _, name = str(value.get("registered_name")).rpartition(">")
    if package == "fastnlp":
        folder = str(value["module"]).split(".")[1]
        value |= {"module": f"keras_hub.{folder}", "registered_name": f"keras_hub>{name}"}
    return value
