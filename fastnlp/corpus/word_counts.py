"""Word counts of a corpus, and the files that keep them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastnlp._version import __version__
from fastnlp.files import staged_file
from fastnlp.ops.word_counter import FlatCounts, TextRules, WordTable

SUFFIX = ".parquet"
METADATA_KEY = b"fastnlp.word_counts"
FORMAT_VERSION = 1
ROWS_PER_GROUP = 1 << 20


class WordCounts(Mapping[str, int]):
    """How often each word comes in a corpus: a mapping from words to counts.

    Words come in the order in which they first came in the corpus. In memory
    a word takes 16 bytes and its own; as long as nothing is looked up in the
    mapping, which makes a dict of it.

    Attributes:
        rules: how text became words.
        num_replaced: how many ill-formed sequences of bytes U+FFFD stands for.
        num_words: the sum of all counts.

    Example:

    >>> counts = fastnlp.corpus.count_words("reviews/", lowercase=True)
    >>> counts.save("reviews.parquet")
    >>> counts = fastnlp.corpus.WordCounts.load("reviews.parquet")
    >>> vocabulary = fastnlp.ops.learn_vocabulary(counts, 20_000)
    """

    def __init__(self, flat: FlatCounts, rules: TextRules, num_replaced: int = 0) -> None:
        self._flat = flat
        self.rules = rules
        self.num_replaced = num_replaced

    @property
    def num_words(self) -> int:
        return int(self._flat.counts.sum())

    @cached_property
    def _dict(self) -> dict[str, int]:
        return self._flat.to_dict()

    def __len__(self) -> int:
        return len(self._flat)

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict)

    def __getitem__(self, word: str) -> int:
        return self._dict[word]

    def __repr__(self) -> str:
        return f"WordCounts({len(self):,} different words of {self.num_words:,})"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a counts file: Parquet with the columns `word` (string) and `count` (int64).

        The file is whole or not there. Needs pyarrow.

        Raises:
            OSError: where the file cannot be written; names it.
            ImportError: where pyarrow is missing.
        """
        write_word_counts(path, [self._flat], self.rules, self.num_replaced)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> WordCounts:
        """Read a counts file.

        Raises:
            FileNotFoundError, IsADirectoryError: where `path` is no file.
            ValueError: where it is not a counts file; names it.
            ImportError: where pyarrow is missing.
        """
        path = Path(path)
        if path.is_dir():
            raise IsADirectoryError(f"A counts file must be a file; {str(path)!r} is a folder.")
        if not path.exists():
            raise FileNotFoundError(f"There is no counts file {str(path)!r}.")
        pa, pq = _pyarrow()
        try:
            table = pq.read_table(path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{str(path)!r} is not a counts file: {error}") from error
        metadata = (table.schema.metadata or {}).get(METADATA_KEY)
        if metadata is None:
            raise ValueError(f"{str(path)!r} is not a counts file: it was not written by fastnlp.")
        fields = json.loads(metadata)
        if fields["format"] != FORMAT_VERSION:
            raise ValueError(f"{str(path)!r} was written by another version of fastnlp, {fields['fastnlp']}.")
        words = table["word"].cast(pa.large_string())
        parts = [_from_arrow(chunk) for chunk in words.chunks]
        flat = FlatCounts.concatenate([FlatCounts(*part, np.empty(0, np.int64)) for part in parts])
        counts = table["count"].to_numpy()
        return cls(FlatCounts(flat.text, flat.splits, counts), TextRules(**fields["rules"]), fields["num_replaced"])

    @classmethod
    def merge(cls, parts: Iterable[WordCounts]) -> WordCounts:
        """Add up counts, as if they had been counted together in this order.

        Raises:
            ValueError: where there are none, or they follow different rules.
        """
        merged: WordCounts | None = None
        table = WordTable()
        for part in parts:
            if merged is not None and part.rules != merged.rules:
                raise ValueError(
                    f"Word counts of different rules cannot be added up: {_describe(merged.rules, part.rules)} and "
                    f"{_describe(part.rules, merged.rules)}."
                )
            num_replaced = part.num_replaced + (merged.num_replaced if merged is not None else 0)
            merged = cls(part._flat, part.rules, num_replaced)
            table.add(part._flat, np.zeros(len(part), np.int64))
        if merged is None:
            raise ValueError("There must be at least one set of word counts to add up; received none.")
        merged._flat, _ = table.take()
        return merged


class WordCountsSummary(NamedTuple):
    """How many words a counts file counts.

    Attributes:
        num_different: how many different words there are.
        num_words: how many words there are.
        num_replaced: how many ill-formed sequences of bytes U+FFFD stands for.
    """

    num_different: int
    num_words: int
    num_replaced: int


def write_word_counts(
    path: str | os.PathLike[str], parts: Iterable[FlatCounts], rules: TextRules, num_replaced: int
) -> WordCountsSummary:
    """Write a counts file, one part of the words after another."""
    pa, pq = _pyarrow()
    fields = rules._asdict()
    del fields["special_tokens"]
    metadata = {"format": FORMAT_VERSION, "fastnlp": __version__, "rules": fields, "num_replaced": num_replaced}
    schema = pa.schema(
        [pa.field("word", pa.large_string(), nullable=False), pa.field("count", pa.int64(), nullable=False)],
        {METADATA_KEY: json.dumps(metadata).encode()},
    )
    with staged_file(Path(path)) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        num_different = num_words = 0
        for part in parts:
            num_different += len(part)
            num_words += int(part.counts.sum())
            for begin in range(0, len(part), ROWS_PER_GROUP):
                rows = part[begin : begin + ROWS_PER_GROUP]
                buffers = [None, pa.py_buffer(rows.splits), pa.py_buffer(rows.text)]
                words = pa.Array.from_buffers(pa.large_string(), len(rows), buffers)
                writer.write_table(pa.table([words, pa.array(rows.counts)], schema))
    return WordCountsSummary(num_different, num_words, num_replaced)


def is_counts_file(path: str | os.PathLike[str]) -> bool:
    """Whether a path is named as counts files are."""
    return os.fspath(path).lower().endswith(SUFFIX)


def _from_arrow(words: Any) -> tuple[np.ndarray, np.ndarray]:
    _, splits, text = words.buffers()
    all_splits = np.frombuffer(splits, np.int64)[words.offset : words.offset + len(words) + 1]
    bytes_ = np.frombuffer(text, np.uint8) if text is not None else np.empty(0, np.uint8)
    return bytes_[all_splits[0] : all_splits[-1]], all_splits - all_splits[0]


def _describe(rules: TextRules, other: TextRules) -> str:
    """The rules that another set of rules has not."""
    fields = zip(rules._fields, rules, other, strict=True)
    return ", ".join(f"{name}={value!r}" for name, value, there in fields if value != there)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise ImportError("Counts files need pyarrow: install fastnlp[corpus].") from error
    return pa, pq
