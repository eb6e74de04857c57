"""The tensors of a checkpoint of Hugging Face's transformers: safetensors files, whole or in shards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fastnlp.presets.preset import Preset

TENSORS = "model.safetensors"
SHARDED_TENSORS = "model.safetensors.index.json"


class Tensors:
    """The tensors of a checkpoint, each read when it is asked for.

    Args:
        preset: the checkpoint.

    Raises:
        FileNotFoundError: where it has no tensors in the safetensors format.
        ImportError: where the package safetensors is missing.
        ValueError: where a file is damaged.
    """

    def __init__(self, preset: Preset) -> None:
        try:
            from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - optional
        except ImportError as error:
            raise ImportError("Checkpoints of transformers need safetensors: pip install safetensors") from error
        if preset.has(TENSORS):
            paths = [preset.path(TENSORS)]
        elif preset.has(SHARDED_TENSORS):
            paths = [preset.path(name) for name in sorted(set(preset.shards(SHARDED_TENSORS).values()))]
        else:
            raise FileNotFoundError(
                f"The checkpoint {preset.name!r} must have the file {TENSORS!r} or {SHARDED_TENSORS!r}; it has "
                "neither. Files of pickled weights are not read: whatever they hold would be executed."
            )
        self.where = str(paths[0])
        self._files = {}
        for path in paths:
            try:
                file = safe_open(path, framework="numpy")
            except SafetensorError as error:
                raise ValueError(f"{str(path)!r} must be a whole safetensors file; {error}.") from error
            self._files.update(dict.fromkeys(file.keys(), file))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return tuple(self._files[name].get_slice(name).get_shape())

    def get(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A tensor.

        Raises:
            ValueError: where there is none of this name and shape.
        """
        if name not in self._files:
            raise ValueError(f"{self.where!r} must hold the tensor {name!r}; it does not.")
        tensor: np.ndarray = self._files[name].get_tensor(name)
        if tensor.shape != shape:
            raise ValueError(
                f"{self.where!r} must hold the tensor {name!r} in the shape {shape}; it is of shape {tensor.shape}."
            )
        return tensor


def write_tensors(folder: Path, tensors: Mapping[str, Any]) -> None:
    """Write tensors into a folder, as transformers reads them.

    Raises:
        ImportError: where the package safetensors is missing.
    """
    try:
        from safetensors.numpy import save_file  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ImportError("Checkpoints of transformers need safetensors: pip install safetensors") from error
    # Rows must lie in memory one after another: what is transposed does not.
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(contiguous, folder / TENSORS, metadata={"format": "pt"})
