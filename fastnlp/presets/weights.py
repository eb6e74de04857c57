"""The weights of presets: Keras's HDF5 files, whole or in shards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from fastnlp.presets.preset import MODEL_WEIGHTS, SHARDED_MODEL_WEIGHTS, TASK_WEIGHTS, Preset

GIBIBYTE = 1024**3
OLD_ROOT = "_layer_checkpoint_dependencies"  # of files that Keras 2 wrote


def load_model_weights(model: Any, preset: Preset) -> None:
    """Load the weights of a backbone.

    Raises:
        FileNotFoundError: where the preset has none, or not all shards.
        ValueError: where a file is damaged, or holds other weights.
    """
    if preset.has(MODEL_WEIGHTS):
        path = preset.path(MODEL_WEIGHTS)
        files = [path]
    elif preset.has(SHARDED_MODEL_WEIGHTS):
        path = preset.path(SHARDED_MODEL_WEIGHTS)
        files = [preset.path(name) for name in sorted(set(preset.shards(SHARDED_MODEL_WEIGHTS).values()))]
    else:
        raise FileNotFoundError(
            f"The preset {preset.name!r} must have the file {MODEL_WEIGHTS!r} or {SHARDED_MODEL_WEIGHTS!r}; it has "
            "neither."
        )
    counts = [count_weights(file) for file in files]
    stored, expected = sum(count for count in counts if count is not None), model.count_params()
    # Keras looks for the weights of the model, and does not notice that there are more.
    if None not in counts and stored != expected and type(model.dtype_policy) is keras.dtype_policies.DTypePolicy:
        raise ValueError(
            f"{str(path)!r} must hold the {expected:,} weights of the {type(model).__name__} that the preset "
            f"describes; it holds {stored:,}."
        )
    _load(model, path)


def load_task_weights(task: Any, preset: Preset) -> None:
    """Load the weights that a task has beyond its backbone's.

    Raises:
        FileNotFoundError: where the preset has none.
        ValueError: where the file is damaged, or holds other weights.
    """
    path = preset.path(TASK_WEIGHTS)
    count_weights(path)
    _load(task, path, objects_to_skip=_beside_the_head(task))


def save_model_weights(model: Any, folder: Path, max_shard_size: float | None) -> None:
    """Write the weights of a backbone into a folder: one file, or shards where it would be larger than a shard.

    Args:
        model: the backbone.
        folder: the folder.
        max_shard_size: size of a shard in GiB; None for one file of any size.
    """
    # bfloat16 is no type of NumPy's own; its weights take two bytes.
    size = sum(math.prod(v.shape) * (2 if v.dtype == "bfloat16" else np.dtype(v.dtype).itemsize) for v in model.weights)
    if max_shard_size is not None and size > max_shard_size * GIBIBYTE:
        model.save_weights(folder / SHARDED_MODEL_WEIGHTS, max_shard_size=max_shard_size)
    else:
        model.save_weights(folder / MODEL_WEIGHTS)


def save_task_weights(task: Any, folder: Path) -> None:
    """Write the weights that a task has beyond its backbone's into a folder; nothing where it has none."""
    if has_task_weights(task):
        keras.saving.save_weights(task, folder / TASK_WEIGHTS, objects_to_skip=_beside_the_head(task))


def has_task_weights(task: Any) -> bool:
    """Whether a task has weights beyond its backbone's."""
    return not {id(weight) for weight in task.weights} <= {id(weight) for weight in task.backbone.weights}


def count_weights(path: Path) -> int | None:
    """The number of weights in an HDF5 file, which need not be trusted; None where it is of an old layout.

    Raises:
        ValueError: where the file is damaged, or refers to other files.
    """
    try:
        with h5py.File(path, "r") as file:
            count = sum(map(math.prod, _shapes(file)))
            return None if OLD_ROOT in file else count
    except (OSError, RuntimeError, KeyError) as error:
        raise ValueError(f"{str(path)!r} must be a whole HDF5 file; {error}.") from error


def _shapes(group: Any) -> Iterator[tuple[int, ...]]:
    for name in group:
        item = group[name] if isinstance(group.get(name, getlink=True), h5py.HardLink) else None
        if isinstance(item, h5py.Group):
            yield from _shapes(item)
        elif isinstance(item, h5py.Dataset) and not item.external and not item.is_virtual:
            yield item.shape
        else:
            raise ValueError(
                f"{group.file.filename!r} must hold its weights itself; {group.name}/{name} refers to somewhere else."
            )


def _beside_the_head(task: Any) -> list[Any]:
    """What is not of the task's head: the backbone, and the optimizer, which belongs to a training."""
    return [*task.backbone._flatten_layers(), task.optimizer]


def _load(model: Any, path: Path, **arguments: Any) -> None:
    try:
        keras.saving.load_weights(model, path, **arguments)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{str(path)!r} does not hold the weights of a {type(model).__name__}: {error}") from error
