"""`fastnlp demo`: raw text, a vocabulary, a token store, and back."""

from __future__ import annotations

import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from fastnlp import corpus
from fastnlp.cli import python_docs
from fastnlp.cli.corpus import text_bytes
from fastnlp.cli.progress import Report, progress_bars, stage
from fastnlp.cli.vocab import learn_from_counts
from fastnlp.corpus import Corpus
from fastnlp.corpus.inputs import InputReader
from fastnlp.ops import WordPiece

ROWS_READ_AT_ONCE = 1024
SAMPLES = 4


class Timings(dict[str, float])
