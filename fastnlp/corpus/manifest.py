"""`corpus.json`: what a token store holds, and how it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from fastnlp._version import __version__
from fastnlp.corpus.inputs import InputRecord
from fastnlp.files import write_synced
from fastnlp.ops import WordPiece

MANIFEST = "corpus.json"
VOCABULARY = "vocabulary.txt"
FORMAT = "fastnlp token store"
VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """The content of `corpus.json`. It follows from inputs and options alone: equal builds write equal bytes."""

    documents: int
    tokens: int
    dtype: str
    encoder: Mapping[str, Any]  # see `describe_encoder`
    options: Mapping[str, Any]  # how the inputs were read
    inputs: tuple[InputRecord, ...]
    fastnlp: str = __version__

    def write(self, folder: Path) -> None:
        """Write `corpus.json` into a folder, which makes it a token store."""
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        write_synced(folder / MANIFEST, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_manifest(folder: Path) -> Manifest:
    """Read the `corpus.json` of a token store.

    Raises:
        FileNotFoundError: where the folder is missing, or no token store.
        ValueError: where the file is damaged or of a later version.
    """
    path = folder / MANIFEST
    if not folder.exists():
        raise FileNotFoundError(f"`path`: there is no folder {str(folder)!r}.")
    if not path.is_file():
        raise FileNotFoundError(f"`path`: {str(folder)!r} is no token store, it holds no {MANIFEST}.")
    try:
        content = orjson.loads(path.read_bytes())
        kind, version = content.pop("format"), content.pop("version")
        if kind != FORMAT:
            raise ValueError(f"{str(path)!r} is no token store's: its format is {kind!r}.")
        if version != VERSION:
            raise ValueError(f"{str(path)!r} is of version {version!r}; this fastnlp reads version {VERSION}.")
        inputs = tuple(InputRecord(**record) for record in content.pop("inputs"))
        return Manifest(inputs=inputs, **content)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{str(path)!r} is damaged: {error}.") from error


def describe_encoder(encoder: WordPiece) -> dict[str, Any]:
    """What makes an encoder out of its vocabulary, and the checksum of both."""
    return {"class": type(encoder).__name__, "options": encoder.options, "sha256": _fingerprint(encoder)}


def restore_encoder(folder: Path, description: Mapping[str, Any]) -> WordPiece:
    """The encoder that a token store was made with.

    Raises:
        FileNotFoundError: where the vocabulary is missing.
        ValueError: where the vocabulary or the options were changed.
    """
    try:
        encoder = WordPiece(folder / VOCABULARY, **description["options"])
        changed = _fingerprint(encoder) != description["sha256"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{str(folder / MANIFEST)!r} is damaged: {error}.") from error
    if changed:
        raise ValueError(f"{str(folder)!r} is damaged: {VOCABULARY} or the encoder in {MANIFEST} was changed.")
    return encoder


def _fingerprint(encoder: WordPiece) -> str:
    return hashlib.sha256(encoder.dump()).hexdigest()
