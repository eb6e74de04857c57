"""`corpus.json`: what a token store holds, and how it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from fastnlp._version import __version__
from fastnlp.corpus.files import write_synced
from fastnlp.corpus.inputs import InputRecord
from fastnlp.ops import WordPiece

MANIFEST = "corpus.json"
VOCABULARY = "vocab.txt"
FORMAT = "fastnlp token store"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """The content of `corpus.json`. Nothing in it depends on time, machine or threads."""

    documents: int
    tokens: int
    dtype: str
    encoder: Mapping[str, Any]  # see `describe_encoder`
    parameters: Mapping[str, Any]  # of the build
    inputs: tuple[InputRecord, ...]
    fastnlp_version: str = __version__

    def write(self, folder: Path) -> None:
        content = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}
