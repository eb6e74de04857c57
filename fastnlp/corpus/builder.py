"""Build a token store."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from fastnlp.corpus.inputs import InputReader, Paths
from fastnlp.corpus.manifest import VOCABULARY, Manifest, describe_encoder
from fastnlp.corpus.megatron import TokenWriter, smallest_dtype
from fastnlp.corpus.store import Corpus
from fastnlp.files import check_new_folder, staged_folder
from fastnlp.ops import WordPiece
from fastnlp.ops.vocabulary import write_vocabulary
from fastnlp.ragged import Ragged


def build(
    inputs: Paths,
    out: str | os.PathLike[str],
    encoder: WordPiece,
    *,
    document: str = "line",
    field: str = "text",
    errors: str = "replace",
    num_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Encode files of text into a token store.

    The store is a folder: `tokens.bin` and `tokens.idx`, an indexed dataset as
    Megatron-LM reads it; `vocabulary.txt`; and `corpus.json`, which says how
    the store was made. It is built under another name, synced to disk and
    renamed: whatever goes wrong, `out` is whole or not there. Equal inputs and
    options give equal bytes, with any number of threads. Memory does not grow
    with the inputs, only with their longest document.

    Args:
        inputs: files and folders, or one of them: text (`.txt`) and JSON Lines
            (`.jsonl`), packed (`.gz`, `.xz`) or not. Folders are searched to
            any depth, their files taken in the order of their names; links to
            other folders are not followed.
        out: the folder to make; it may exist if it is empty.
        encoder: what turns text into token ids.
        document: what a document is in a text file. `"line"`: every line,
            also an empty one, without its line feed, or carriage return and
            line feed. `"file"`: the whole file.
        field: name of the field that holds the document in JSON Lines, where
            every line holds one object, or is blank and skipped.
        errors: what invalid UTF-8 does, and in JSON a lone surrogate:
            `"replace"` lets U+FFFD stand for it, `"strict"` raises.
        num_threads: the largest number of threads to use; None for one a core.
        progress: called now and then with the number of bytes of the inputs
            that are done, and of all bytes.

    Returns:
        The new store.

    Raises:
        FileExistsError: where `out` is a file or a folder that is not empty.
        FileNotFoundError: where an input does not exist, or a folder holds
            nothing to read.
        OSError: where an input cannot be read, or `out` cannot be written.
        TypeError, ValueError: where an argument is unusable, an input is cut
            short or not of its format (names file and line), a document has
            more than 2**31 - 1 tokens, or a token of the vocabulary holds
            the end of a line.

    Example:

    >>> encoder = fastnlp.ops.WordPiece("vocab.txt", lowercase=True)
    >>> corpus = fastnlp.corpus.build("reviews/", "reviews.tokens", encoder)
    >>> corpus[0]
    array([7592, 2088], dtype=uint16)
    """
    out = Path(os.path.abspath(out))
    check_new_folder(out)
    reader = InputReader(inputs, document=document, field=field, errors=errors)
    dtype = smallest_dtype(len(encoder.vocabulary))
    with staged_folder(out) as folder:
        write_vocabulary(folder / VOCABULARY, encoder.vocabulary)
        with TokenWriter(folder, dtype) as writer:
            for documents in reader.batches():
                ids = encoder.encode(documents, num_threads=num_threads)
                assert isinstance(ids, Ragged)
                writer.append(ids.flat_values, ids.row_lengths())
                if progress:
                    progress(reader.bytes_read, reader.total_bytes)
        Manifest(
            documents=writer.documents,
            tokens=writer.tokens,
            dtype=dtype.name,
            encoder=describe_encoder(encoder),
            options={"document": document, "field": field, "errors": errors},
            inputs=tuple(reader.records),
        ).write(folder)
    return Corpus(out)
