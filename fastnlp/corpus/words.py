"""Count the words of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from fastnlp.corpus.inputs import READ_BYTES, InputReader, Paths
from fastnlp.ops.vocabulary_learning import count_words as count_words_of_texts


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
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Count the words of files: the first step of learning a vocabulary.

    Args:
        inputs, document, field, errors, progress: as for `fastnlp.corpus.build`.
        rules, lowercase, strip_accents, split, split_on_cjk: as for
            `fastnlp.ops.WordPiece`, and best the same.

    Returns:
        How often each word comes, for `fastnlp.ops.learn_vocabulary`. Memory
        grows with the number of different words, not with the inputs.

    Raises:
        FileNotFoundError, OSError, ValueError: where an argument or an input
            is unusable; names the file and the line.
    """
    reader = InputReader(inputs, document=document, field=field, errors=errors)
    total: Counter[str] = Counter()
    for documents in reader.batches(READ_BYTES):
        total.update(
            count_words_of_texts(
                documents,
                rules=rules,
                lowercase=lowercase,
                strip_accents=strip_accents,
                split=split,
                split_on_cjk=split_on_cjk,
            )
        )
        if progress:
            progress(reader.bytes_read, reader.total_bytes)
    return dict(total)
