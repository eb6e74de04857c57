"""Count the words of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastnlp.corpus.inputs import InputReader, Paths
from fastnlp.corpus.spilling_counter import SpillingCounter
from fastnlp.corpus.word_counts import WordCounts, WordCountsSummary, write_word_counts
from fastnlp.ops.word_counter import FlatCounts, WordCounter

MAX_MEMORY = 1 << 30


def count_words(
    inputs: Paths,
    *,
    rules: str = "keras",
    lowercase: bool = False,
    strip_accents: bool | None = None,
    split: bool = True,
    split_on_cjk: bool = True,
    document: str = "line",
    field: str = "text",
    errors: str = "replace",
    num_threads: int | None = None,
    max_memory: int = MAX_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> WordCounts:
    """Count the words of files: the first step of learning a vocabulary.

    Args:
        inputs, document, field, errors, progress: as for `fastnlp.corpus.build`.
        rules, lowercase, strip_accents, split, split_on_cjk: as for
            `fastnlp.ops.WordPiece`, and best the same.
        num_threads: the largest number of threads to use; None for one a
            core. The result does not depend on it.
        max_memory: how much memory to count in, in bytes, about. Counts that
            would take more lie in temporary files, in the folder that
            `tempfile.gettempdir()` names, and are added up at the end. The
            result does not depend on it.

    Returns:
        How often each word comes, for `fastnlp.ops.learn_vocabulary`, in the
        order in which the words first come in the files, one file after
        another. The result is in memory; see `count_words_to_file`.

    Raises:
        FileNotFoundError, OSError, ValueError: where an argument or an input
            is unusable; names the file and the line.
    """
    counter = WordCounter(
        rules=rules,
        lowercase=lowercase,
        strip_accents=strip_accents,
        split=split,
        split_on_cjk=split_on_cjk,
        num_threads=num_threads,
    )
    reader = InputReader(inputs, document=document, field=field, errors=errors)
    with _count(reader, counter, max_memory, progress) as parts:
        return WordCounts(FlatCounts.concatenate(parts), counter.rules, counter.num_replaced)


def count_words_to_file(
    inputs: Paths,
    out: str | os.PathLike[str],
    *,
    rules: str = "keras",
    lowercase: bool = False,
    strip_accents: bool | None = None,
    split: bool = True,
    split_on_cjk: bool = True,
    document: str = "line",
    field: str = "text",
    errors: str = "replace",
    num_threads: int | None = None,
    max_memory: int = MAX_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> WordCountsSummary:
    """Count the words of files, and write them to a counts file.

    The file is that of `count_words(...).save(out)`, but the words are never
    all in memory, however many there are.

    Args:
        out: the file to write. It is whole or not there.
        inputs, rules, lowercase, strip_accents, split, split_on_cjk,
        document, field, errors, num_threads, max_memory, progress: as for
            `count_words`.

    Returns:
        How many words there are.

    Raises:
        FileNotFoundError, OSError, ValueError: as for `count_words`, and where
            `out` cannot be written.
        ImportError: where pyarrow is missing.
    """
    counter = WordCounter(
        rules=rules,
        lowercase=lowercase,
        strip_accents=strip_accents,
        split=split,
        split_on_cjk=split_on_cjk,
        num_threads=num_threads,
    )
    reader = InputReader(inputs, document=document, field=field, errors=errors)
    with _count(reader, counter, max_memory, progress) as parts:
        return write_word_counts(out, parts, counter.rules, counter.num_replaced)


@contextmanager
def _count(
    reader: InputReader, counter: WordCounter, max_memory: int, progress: Callable[[int, int], None] | None
) -> Iterator[Iterator[FlatCounts]]:
    """Everything that the reader reads, counted; a part of the words at a time."""
    if not isinstance(max_memory, int) or max_memory < 1:
        raise ValueError(f"`max_memory` must be at least 1; received {max_memory!r}.")
    with SpillingCounter(counter, max_memory) as counting:
        for documents in reader.batches():
            counting.add(documents)
            if progress:
                progress(reader.bytes_read, reader.total_bytes)
        yield counting.finish()
