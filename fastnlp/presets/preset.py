"""`Preset`: the files of a preset, wherever they are."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
PREPROCESSOR = "preprocessor.json"
TASK = "task.json"
METADATA = "metadata.json"
MODEL_WEIGHTS = "model.weights.h5"
SHARDED_MODEL_WEIGHTS = "model.weights.json"
TASK_WEIGHTS = "task.weights.h5"


class Source(Protocol):
    """Where files come from."""

    def get(self, name: str) -> Path:
        """A file on this machine; raises FileNotFoundError where there is none of this name."""


class Preset:
    """The files of a preset, each fetched when it is asked for.

    Args:
        name: what the user calls the preset, for messages.
        source: where its files come from.
    """

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.source = source
        self._paths: dict[str, Path] = {}

    def path(self, name: str) -> Path:
        """A file of the preset, by its path in it.

        Raises:
            FileNotFoundError: where there is no such file.
            ValueError: where the path leads out of the preset.
            ConnectionError: where the file must be downloaded and cannot.
        """
        if name not in self._paths:
            self._paths[name] = self.source.get(check_inside(name, f"preset {self.name!r}"))
        return self._paths[name]

    def has(self, name: str) -> bool:
        """Whether the preset has a file of this name."""
        try:
            self.path(name)
        except FileNotFoundError:
            return False
        return True

    def json(self, name: str) -> dict[str, Any]:
        """The object that a JSON file holds.

        Raises:
            ValueError: where the file does not hold one.
        """
        content: dict[str, Any] = self._json(name, dict)
        return content

    def json_list(self, name: str) -> list[dict[str, Any]]:
        """The objects that the list in a JSON file holds.

        Raises:
            ValueError: where the file does not hold such a list.
        """
        content: list[dict[str, Any]] = self._json(name, list)
        if not all(isinstance(item, dict) for item in content):
            raise ValueError(f"{str(self.path(name))!r} must hold a JSON list of objects; it holds {content!r:.100}.")
        return content

    def _json(self, name: str, kind: type) -> Any:
        path = self.path(name)
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{str(path)!r} must hold JSON; {error}.") from None
        if not isinstance(content, kind):
            raise ValueError(f"{str(path)!r} must hold a JSON {kind.__name__}; it holds {content!r:.100}.")
        return content

    def optional_json(self, name: str) -> dict[str, Any]:
        """The object that a JSON file holds; an empty one where the preset has no such file."""
        return self.json(name) if self.has(name) else {}

    def shards(self, index: str) -> dict[str, str]:
        """The shard of every tensor, from an index file; all shards are there when this returns.

        Raises:
            ValueError: where the index is none.
            FileNotFoundError: where a shard is missing.
        """
        weight_map = self.json(index).get("weight_map")
        if not isinstance(weight_map, dict):
            raise ValueError(f"{str(self.path(index))!r} must hold a 'weight_map'.")
        shards: dict[str, str] = {}
        for tensor, files in weight_map.items():
            for file in files if isinstance(files, list) else [files]:
                if not isinstance(file, str) or PurePosixPath(file).name != file:
                    raise ValueError(f"{str(self.path(index))!r} must name files beside it; it names {file!r:.100}.")
                self.path(file)
                shards[tensor] = file
        return shards


def check_inside(name: Any, what: str) -> str:
    """`name` again, if it is a path that leads to what lies below a folder; else a ValueError."""
    if (
        not isinstance(name, str)
        or not name
        or PurePosixPath(name).is_absolute()
        or ".." in PurePosixPath(name).parts
        or any(character in name for character in ("\\", ":", "\0"))
    ):
        raise ValueError(f"The files of {what} must lie in its folder; received the path {name!r:.100}.")
    return name
