"""Learn a WordPiece vocabulary from a dataset or from files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fastnlp.ops import Lines
from fastnlp.ops.vocabulary import write_vocabulary
from fastnlp.ops.vocabulary_learning import RESERVED_TOKENS, learn_vocabulary
from fastnlp.ops.word_counter import WordCounter

TEXTS_PER_PART = 1024  # counted at once, where they come one by one


def compute_word_piece_vocabulary(
    data: Any,
    vocabulary_size: int,
    vocabulary_output_file: str | os.PathLike[str] | None = None,
    lowercase: bool = False,
    strip_accents: bool = False,
    split: bool = True,
    split_on_cjk: bool = True,
    suffix_indicator: str = "##",
    reserved_tokens: Sequence[str] = RESERVED_TOKENS,
    **options: Any,
) -> list[str] | None:
    r"""Learn a WordPiece vocabulary, the same that KerasHub learns.

    For the algorithm and its other parameters see
    `fastnlp.ops.learn_vocabulary`. Files are learned from without
    TensorFlow; their size does not matter, only that of their longest line.

    Args:
        data: a `tf.data.Dataset` of strings, scalars or tensors of any rank,
            dense or ragged; or a list of the names of UTF-8 text files; or
            an iterator over texts (str or bytes) or lists of texts; or a NumPy
            array or an Arrow column of strings. Invalid UTF-8 counts as
            U+FFFD.
        vocabulary_size: int. The largest number of tokens. There are often
            fewer: up to 5% are let go, and more where the data is small.
        vocabulary_output_file: str. A file to write the vocabulary to, one
            token a line. It is complete or not there at all.
        lowercase: bool. Case-fold the text (Unicode's NFKC_Casefold).
        strip_accents: bool. Remove accents.
        split: bool. Split the text at white space, and set punctuation marks
            apart. If `False`, each string is one word. Must be `True` where
            `data` is a list.
        split_on_cjk: bool. Set CJK ideographs apart; needs `split`.
        suffix_indicator: str. What begins the tokens that continue a word.
        reserved_tokens: list of strings. What the vocabulary begins with.
        **options: the other parameters of `fastnlp.ops.learn_vocabulary`,
            which KerasHub does not have: `algorithm`, `lower_threshold`, ….

    Returns:
        A list of the tokens, by token id; or `None` where
        `vocabulary_output_file` is given.

    Raises:
        ValueError, TypeError: where an argument is unusable, the data holds
            no word, a file is compressed, or a token cannot be a line of a file.
        FileNotFoundError, IsADirectoryError, OSError: where a file cannot be
            read or written; names it.

    Examples:

    From a dataset:

    >>> data = tf.data.Dataset.from_tensor_slices(["bat sat pat mat rat"])
    >>> compute_word_piece_vocabulary(data, 20)[5:]
    ['a', 'b', 'm', 'p', 'r', 's', 't', '##at', '##a', '##b', '##m', '##p', '##r', '##s', '##t']

    From files:

    ```python
    with open("text.txt", "w") as file:
        file.write("bat sat pat mat rat\n")
    vocabulary = compute_word_piece_vocabulary(["text.txt"], 20)
    ```

    From words that were split in another way:

    ```python
    data = tf.data.TextLineDataset(["text.txt"]).map(tf.strings.split)
    vocabulary = compute_word_piece_vocabulary(data, 20, split=False)
    ```
    """
    parts: Iterable[Any]
    if isinstance(data, list):
        if not split:
            raise ValueError(
                "`split` must be True where `data` is a list of files; received split=False. "
                "Read and split the files in a `tf.data.Dataset`."
            )
        _check_files(data)
        parts = _read_files(data)
    elif _is_dataset(data):
        parts = _read_dataset(data)
    elif isinstance(data, np.ndarray) or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        parts = [data]
    elif isinstance(data, Iterator):
        parts = _read_iterator(data)
    else:
        raise ValueError(
            "`data` must be a `tf.data.Dataset`, a list of file names, an iterator over texts, a NumPy array or an "
            f"Arrow column; received {data!r:.100}."
        )
    if vocabulary_output_file is not None:
        _check_output_file(Path(vocabulary_output_file))

    vocabulary = learn_vocabulary(
        _count(parts, lowercase=lowercase, strip_accents=strip_accents, split=split, split_on_cjk=split_on_cjk),
        vocabulary_size,
        reserved_tokens=reserved_tokens,
        suffix_indicator=suffix_indicator,
        **options,
    )
    if vocabulary_output_file is None:
        return vocabulary
    write_vocabulary(vocabulary_output_file, vocabulary)
    return None


def _count(parts: Iterable[Any], **options: Any) -> Iterator[dict[str, int]]:
    """One mapping, counted when it is asked for: after the learner has checked its arguments."""
    counter = WordCounter(**options)
    for part in parts:
        counter.add(part)
    yield counter.take().to_dict()


def _check_files(paths: list[Any]) -> None:
    for path in paths:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"`data` must be a list of file names; received {path!r:.100} in it.")
        if os.path.isdir(path):
            raise IsADirectoryError(f"`data` must name files; {os.fspath(path)!r} is a folder.")
        if not os.path.exists(path):
            raise FileNotFoundError(f"`data` names no file: {os.fspath(path)!r}.")


def _check_output_file(path: Path) -> None:
    """Fail before the work, not after it."""
    if path.is_dir():
        raise IsADirectoryError(f"`vocabulary_output_file` must be a file; {str(path)!r} is a folder.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"`vocabulary_output_file` must be in a folder that exists; received {str(path)!r}.")


def _read_files(paths: list[str | os.PathLike[str]]) -> Iterator[Lines]:
    # KerasHub takes each file as one text. A line's end is always a word's, so the words of the lines are the same.
    for path in paths:
        yield from Lines(path).batches()


def _read_iterator(texts: Iterator[Any]) -> Iterator[list[Any]]:
    while part := list(islice(texts, TEXTS_PER_PART)):
        yield part


def _is_dataset(data: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")  # where it was not imported, nothing can be a dataset
    return tensorflow is not None and isinstance(data, tensorflow.data.Dataset)


def _read_dataset(data: Any) -> Iterator[list[Any]]:
    dtype = getattr(data.element_spec, "dtype", None)
    if dtype is None or dtype.name != "string":
        raise ValueError(f"The elements of the dataset `data` must be strings; received {data.element_spec}.")
    if data.element_spec.shape.rank == 0:
        data = data.batch(TEXTS_PER_PART)
    for element in data:
        texts = getattr(element, "flat_values", element).numpy()
        yield np.asarray(texts, dtype=object).reshape(-1).tolist()
