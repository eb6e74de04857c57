"""Which implementation runs: a CPU target of the C++ kernels, or the reference.

The target is chosen once, at import: `FASTNLP_TARGET` names it, else the best one that this machine has is taken.
An unavailable name is an error; running on the reference without having been asked to warns.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

from fastnlp.reference import masking as reference_masking
from fastnlp.reference import packing as reference_packing
from fastnlp.reference import wordpiece as reference_wordpiece
from fastnlp.reference.masking import SELECTIONS, MaskingModel
from fastnlp.reference.text import BERT, KERAS, TextRules, decode_utf8, split_lines

__all__ = [
    "BERT",
    "KERAS",
    "SELECTIONS",
    "SUBTRACT_ALL",
    "SUBTRACT_KEPT",
    "DelimitedText",
    "FlatCounts",
    "MaskingKernels",
    "MaskingModel",
    "Packing",
    "TextRules",
    "WordCounter",
    "WordPieceKernels",
    "WordTable",
    "available_targets",
    "native",
    "pack_documents",
    "pack_segments",
    "split_lines",
    "target",
    "use_target",
]

REFERENCE = "reference"

Packing = reference_packing.Packing

native: ModuleType | None
try:
    from fastnlp import _native as native
except ImportError as error:
    native = None
    native_error: str | None = str(error)
else:
    native_error = None


def available_targets() -> list[str]:
    """The targets that can be used here, best first; the reference is always the last."""
    return [*(native.targets() if native is not None else []), REFERENCE]


def target() -> str:
    """The target in use."""
    return _target


def _check_target(name: str) -> str:
    if name not in available_targets():
        reason = f" The extension is missing: {native_error}." if native is None else ""
        raise ValueError(f"`target` must be one of {available_targets()} on this machine; received {name!r}.{reason}")
    return name


@contextmanager
def use_target(name: str) -> Iterator[None]:
    """Run every kernel on one target while the context lasts, in all threads: for tests and measurements.

    Args:
        name: one of `fastnlp.show_config()["targets"]`.

    Raises:
        ValueError: where this machine or this build does not have it.
    """
    global _target  # noqa: PLW0603 - the one choice that all kernels share
    before, _target = _target, _check_target(name)
    _set_native_target()
    try:
        yield
    finally:
        _target = before
        _set_native_target()


def _set_native_target() -> None:
    if native is not None and _target != REFERENCE:
        native.use_target(_target)


def _choose_target() -> str:
    asked = os.environ.get("FASTNLP_TARGET")
    if asked:
        return _check_target(asked)
    if native is None:
        warnings.warn(
            f"fastnlp runs on its pure-Python reference, some hundred times slower, because its extension cannot be "
            f"imported: {native_error}. Reinstall fastnlp, or set FASTNLP_TARGET=reference to run without it.",
            RuntimeWarning,
            stacklevel=2,
        )
    return available_targets()[0]


_target = _choose_target()
_set_native_target()


@dataclass(frozen=True)
class DelimitedText:
    """A source whose texts are the lines of one buffer, as `split_lines` finds them."""

    buffer: memoryview
    delimiter: bytes


def _native_texts(source: Any) -> Any:
    """The texts of one source for the native kernels."""
    assert native is not None
    if isinstance(source, DelimitedText):
        return native.Texts(source.buffer, source.delimiter)
    return native.Texts(source)


def _as_bytes(text: Any, index: int) -> bytes:
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    raise TypeError(f"`texts` must hold str or bytes; text {index} is {type(text).__name__}: {text!r:.100}.")


def _reference_texts(source: Any) -> list[bytes]:
    """The texts of one source (see `fastnlp.ops.texts`) for the reference, which takes bytes one by one."""
    if isinstance(source, DelimitedText):
        return split_lines(bytes(source.buffer), source.delimiter)
    if isinstance(source, (list, tuple)):
        return [_as_bytes(item, index) for index, item in enumerate(source)]
    if isinstance(source, np.ndarray):
        return _reference_texts(source.tolist())
    if native is None:
        raise TypeError(f"{type(source).__name__} holds Arrow data, which only the missing extension can read.")
    texts: list[bytes] = native.Texts(source).tolist()
    return texts


def _checked(texts: list[bytes], strict: bool) -> list[bytes]:
    """The same texts; with `strict`, all of them are UTF-8."""
    for row, text in enumerate(texts if strict else ()):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"`texts` row {row}: invalid UTF-8 at byte {error.start} (errors='strict').") from None
    return texts


class WordPieceKernels:
    """The kernels of WordPiece on one model, given in its canonical form."""

    def __init__(self, dumped: bytes) -> None:
        self.dumped = dumped

    @cached_property
    def _native(self) -> Any:
        assert native is not None
        return native.WordPieceModel(self.dumped)

    @cached_property
    def model(self) -> reference_wordpiece.WordPieceModel:
        """The model as the reference reads it."""
        return reference_wordpiece.load(self.dumped)

    def encode(self, source: Any, num_threads: int, strict: bool) -> tuple[np.ndarray, np.ndarray]:
        """Token ids and row splits of all texts of a source."""
        if _target != REFERENCE:
            values, row_splits = self._native.encode(_native_texts(source), num_threads, strict)
            return values, row_splits
        texts = _checked(_reference_texts(source), strict)
        rows = [reference_wordpiece.encode(text, self.model) for text in texts]
        lengths = np.array([0, *map(len, rows)], np.int64)
        return np.array([token_id for row in rows for token_id in row], np.int32), np.cumsum(lengths)

    def encode_with_offsets(self, source: Any, num_threads: int, strict: bool) -> tuple[np.ndarray, ...]:
        """Token ids, byte offsets `[tokens, 2]`, character offsets, word numbers and row splits of all texts."""
        if _target != REFERENCE:
            ids, byte_offsets, char_offsets, word_ids, row_splits = self._native.encode_with_offsets(
                _native_texts(source), num_threads, strict
            )
            return ids, byte_offsets.reshape(-1, 2), char_offsets.reshape(-1, 2), word_ids, row_splits
        texts = _checked(_reference_texts(source), strict)
        rows = [reference_wordpiece.encode_with_offsets(text, self.model) for text in texts]
        lengths = np.array([0, *map(len, rows)], np.int64)
        tokens = np.array([token for row in rows for token in row], np.int64).reshape(-1, 6)
        return tokens[:, 0].astype(np.int32), tokens[:, 1:3], tokens[:, 3:5], tokens[:, 5], np.cumsum(lengths)

    def encode_and_pack(
        self, sources: Sequence[Any], packing: Packing, num_threads: int, strict: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Token ids, segment ids and padding mask of the texts of sources, one source a segment.

        Raises:
            ValueError: where they do not have the same number of texts, which only who reads them knows.
        """
        texts, rows = _texts_of_segments(sources)
        if _target != REFERENCE:
            packed = self._native.encode_and_pack(texts, *packing, num_threads=num_threads, strict=strict)
        else:
            segments = [_checked(part, strict) for part in texts]
            packed = _columns(
                [reference_wordpiece.encode_and_pack(row, self.model, packing) for row in zip(*segments, strict=True)]
            )
        token_ids, segment_ids, padding_mask = (part.reshape(rows, packing.sequence_length) for part in packed)
        return token_ids, segment_ids, padding_mask

    def encode_and_mask(
        self,
        sources: Sequence[Any],
        packing: Packing,
        masking: MaskingKernels,
        seed: int,
        examples: np.ndarray | None,
        epochs: np.ndarray,
        enumerate_rows: bool,
        num_threads: int,
        strict: bool,
    ) -> tuple[np.ndarray, ...]:
        """The same with tokens masked; and the positions, ids and weights of those that were selected.

        Args:
            sources, packing: as for `encode_and_pack`.
            masking: how tokens are masked; its model has a `selection_length`, and knows all ids.
            seed: 0 to 2**63 - 1.
            examples: int64, one a row; None where something stands in for a row's number.
            epochs: int64, one a row or one for all.
            enumerate_rows: whether that is the row's place, or else its tokens.
            num_threads: at least 1.
            strict: whether invalid UTF-8 is an error.

        Raises:
            ValueError: as `encode_and_pack`; and where a number is missing or there is one too many.
        """
        texts, rows = _texts_of_segments(sources)
        for name, numbers, right in (("index", examples, (rows,)), ("epoch", epochs, (1, rows))):
            if numbers is not None and len(numbers) not in right:
                raise ValueError(f"`{name}` must hold one integer a row; received {len(numbers)}, for {rows} rows.")
        if examples is None:
            examples = np.arange(rows if enumerate_rows else 0, dtype=np.int64)
        if _target != REFERENCE:
            packed, selected = self._native.encode_and_mask(
                texts, *packing, masking.dumped, seed, examples, epochs, num_threads=num_threads, strict=strict
            )
        else:
            packed, selected = self._reference_encode_and_mask(
                [_checked(part, strict) for part in texts], packing, masking.model, seed, examples, epochs
            )
        shapes = [packing.sequence_length] * 3 + [masking.model.selection_length] * 3
        return tuple(part.reshape(rows, size) for part, size in zip([*packed, *selected], shapes, strict=True))

    def _reference_encode_and_mask(
        self,
        segments: list[list[bytes]],
        packing: Packing,
        masking: MaskingModel,
        seed: int,
        examples: np.ndarray,
        epochs: np.ndarray,
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        packed, selected = [], []
        for row, texts in enumerate(zip(*segments, strict=True)):
            masked, segment_ids, padding_mask = reference_wordpiece.encode_and_mask(
                texts,
                self.model,
                packing,
                masking,
                seed=seed,
                epoch=int(epochs[row % len(epochs)]),
                example=int(examples[row]) if len(examples) else None,
            )
            padding = [0] * ((masking.selection_length or 0) - len(masked.ids))
            packed.append((masked.token_ids, segment_ids, padding_mask))
            selected.append((masked.positions + padding, masked.ids + padding, [1] * len(masked.ids) + padding))
        return _columns(packed), _columns(selected, (np.int64, np.int32, np.float32))

    def decode(self, values: np.ndarray, row_splits: np.ndarray, num_threads: int) -> list[str]:
        """The text of every row of ids, which the caller has checked."""
        if _target != REFERENCE:
            texts: list[str] = self._native.decode(values, row_splits, num_threads)
            return texts
        bounds = row_splits.tolist()
        ids: Sequence[int] = values.tolist()
        return [reference_wordpiece.decode(ids[start:end], self.model) for start, end in pairwise(bounds)]


dump_wordpiece = reference_wordpiece.dump


@dataclass(frozen=True)
class FlatCounts:
    """Words and how often each came; word `i` is `text[splits[i] : splits[i + 1]]`, in UTF-8."""

    text: np.ndarray  # uint8
    splits: np.ndarray  # int64
    counts: np.ndarray  # int64

    @classmethod
    def from_dict(cls, counts: Mapping[str, int]) -> FlatCounts:
        return _flatten([word.encode() for word in counts], list(counts.values()))

    @classmethod
    def concatenate(cls, parts: Iterable[FlatCounts]) -> FlatCounts:
        """The words of all parts, one part after another."""
        parts = list(parts)
        starts = np.cumsum([0, *(part.text.size for part in parts)])
        return cls(
            np.concatenate([np.empty(0, np.uint8), *(part.text for part in parts)]),
            np.concatenate(
                [np.zeros(1, np.int64), *(part.splits[1:] + start for part, start in zip(parts, starts, strict=False))]
            ),
            np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)]),
        )

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, rows: slice) -> FlatCounts:
        begin, end, _ = rows.indices(len(self))
        splits = self.splits[begin : end + 1]
        return FlatCounts(self.text[splits[0] : splits[-1]], splits - splits[0], self.counts[begin:end])

    def words(self) -> list[bytes]:
        text = self.text.tobytes()
        return [text[begin:end] for begin, end in pairwise(self.splits.tolist())]

    def to_dict(self) -> dict[str, int]:
        if _target != REFERENCE:
            assert native is not None
            counts: dict[str, int] = native.word_counts_to_dict(self.text, self.splits, self.counts)
            return counts
        return dict(zip(map(bytes.decode, self.words()), self.counts.tolist(), strict=True))

    def take(self, indices: np.ndarray) -> FlatCounts:
        """Some of the words, in the order of `indices`."""
        if _target != REFERENCE:
            assert native is not None
            text, splits = native.take_words(self.text, self.splits, indices)
            return FlatCounts(text, splits, self.counts[indices])
        words = self.words()
        return _flatten([words[index] for index in indices.tolist()], self.counts[indices].tolist())

    def partitions(self, log2_partitions: int) -> np.ndarray:
        """A number below `2**log2_partitions` for each word, uint16: the same for equal words, else as if at random."""
        if _target != REFERENCE:
            assert native is not None
            numbers: np.ndarray = native.partition_words(self.text, self.splits, log2_partitions)
            return numbers
        return np.array([crc32(word) >> (32 - log2_partitions) for word in self.words()], np.uint16)


def _flatten(words: list[bytes], counts: list[int]) -> FlatCounts:
    splits = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return FlatCounts(np.frombuffer(b"".join(words), np.uint8), splits, np.array(counts, np.int64))


class WordCounter:
    """Counts the words of one batch of texts after another."""

    def __init__(self, rules: TextRules) -> None:
        self._rules = rules
        self._native: Any = None
        self._counts: dict[str, int] = {}
        self._replaced = 0
        if _target != REFERENCE:
            assert native is not None
            self._native = native.WordCounter(
                rules.rules == BERT, rules.lowercase, rules.strip_accents, rules.split, rules.split_on_cjk
            )

    def add(self, source: Any, num_threads: int, strict: bool) -> None:
        """Count the words of all texts of a source."""
        if self._native is not None:
            self._native.add(_native_texts(source), num_threads, strict)
            return
        texts = _checked(_reference_texts(source), strict)
        for word, count in reference_wordpiece.count_words(texts, self._rules).items():
            self._counts[word] = self._counts.get(word, 0) + count
        replacement = "\ufffd"
        self._replaced += sum(decode_utf8(text).count(replacement) - text.count(replacement.encode()) for text in texts)

    def memory(self) -> int:
        """What the counts take, in bytes, about."""
        return self._native.memory() if self._native is not None else 100 * len(self._counts)

    def take(self) -> tuple[FlatCounts, int]:
        """The words, in the order in which they first came, and the number of ill-formed sequences; and begin anew."""
        if self._native is not None:
            *words, replaced = self._native.take()
            return FlatCounts(*words), replaced
        counts, replaced = FlatCounts.from_dict(self._counts), self._replaced
        self._counts, self._replaced = {}, 0
        return counts, replaced


class WordTable:
    """Adds up the counts of equal words."""

    def __init__(self) -> None:
        self._native: Any = None
        self._words: dict[bytes, tuple[int, int]] = {}
        if _target != REFERENCE:
            assert native is not None
            self._native = native.WordTable()

    def __len__(self) -> int:
        return len(self._words if self._native is None else self._native)

    def add(self, words: FlatCounts, firsts: np.ndarray) -> None:
        """Add words; those that are new keep the numbers in `firsts`."""
        if self._native is not None:
            self._native.add(words.text, words.splits, words.counts, firsts)
            return
        for word, count, first in zip(words.words(), words.counts.tolist(), firsts.tolist(), strict=True):
            before, first_before = self._words.get(word, (0, first))
            self._words[word] = before + count, first_before

    def take(self) -> tuple[FlatCounts, np.ndarray]:
        """The words in the order in which they were added first, and their numbers; and begin anew."""
        if self._native is not None:
            *words, firsts = self._native.take()
            return FlatCounts(*words), firsts
        words = _flatten(list(self._words), [count for count, _ in self._words.values()])
        firsts = np.array([first for _, first in self._words.values()], np.int64)
        self._words = {}
        return words, firsts


SUBTRACT_ALL = "subtract_all"
SUBTRACT_KEPT = "subtract_kept"


def learn(
    algorithm: str,
    counts: dict[str, int],
    vocabulary_size: int,
    reserved_tokens: list[str],
    suffix_indicator: str,
    *,
    num_threads: int,
    **options: Any,
) -> list[str]:
    """The tokens of the vocabulary that an algorithm learns from word counts; `options` as in the reference."""
    arguments = (counts, vocabulary_size, reserved_tokens, suffix_indicator)
    if _target != REFERENCE:
        assert native is not None
        subtract_kept = algorithm == SUBTRACT_KEPT
        tokens: list[str] = native.learn(*arguments, **options, subtract_kept=subtract_kept, num_threads=num_threads)
        return tokens
    kernels = {SUBTRACT_ALL: reference_wordpiece.learn, SUBTRACT_KEPT: reference_wordpiece.learn_subtract_kept}
    return kernels[algorithm](*arguments, **options)


def _columns(rows: Sequence[tuple[list[Any], ...]], dtypes: Sequence[Any] = (np.int32, np.int32, bool)) -> Any:
    """What rows consist of, by part: token ids, segment ids and padding masks of packed rows."""
    return [np.array([row[part] for row in rows], dtype) for part, dtype in enumerate(dtypes)]


def _texts_of_segments(sources: Sequence[Any]) -> tuple[list[Any], int]:
    """The texts of every segment, for the target in use, and their number.

    Raises:
        ValueError: where it is not the same for all, which only who reads them knows.
    """
    texts = [(_native_texts if _target != REFERENCE else _reference_texts)(source) for source in sources]
    rows = list(map(len, texts))
    if len(set(rows)) > 1:
        raise ValueError(f"`segments` must have the same number of rows; received {rows}.")
    return texts, rows[0]


class MaskingKernels:
    """The kernels of masking on one model, given in its canonical form."""

    def __init__(self, dumped: bytes) -> None:
        self.dumped = dumped

    @cached_property
    def model(self) -> MaskingModel:
        """The model as the reference reads it."""
        return reference_masking.load(self.dumped)

    def mask_tokens(
        self,
        token_ids: np.ndarray,
        row_splits: np.ndarray,
        special_tokens_mask: np.ndarray,
        seed: int,
        examples: np.ndarray,
        epochs: np.ndarray,
        num_threads: int,
    ) -> tuple[np.ndarray, ...]:
        """The masked ids, and the positions, ids, weights and row splits of the selected ones, all flat.

        Args:
            token_ids: int32, all rows one after another.
            row_splits: int64, where they begin and end.
            special_tokens_mask: uint8, one a token; or empty.
            seed: 0 to 2**63 - 1.
            examples: int64, one a row; or empty where a row's tokens stand in for its number.
            epochs: int64, one a row or one for all.
            num_threads: at least 1.

        Returns:
            Row splits are empty where the model has a `selection_length`, which all rows then have.
        """
        if _target != REFERENCE:
            assert native is not None
            results: tuple[np.ndarray, ...] = native.mask_tokens(
                self.dumped, token_ids, row_splits, special_tokens_mask, seed, examples, epochs, num_threads
            )
            return results
        rows = []
        length = self.model.selection_length
        for row, (start, end) in enumerate(pairwise(row_splits.tolist())):
            ids: list[int] = token_ids[start:end].tolist()
            _check_in_vocabulary(ids, row, self.model.vocabulary_size)
            rows.append(
                reference_masking.mask_tokens(
                    ids,
                    self.model,
                    seed=seed,
                    epoch=int(epochs[row % len(epochs)]),
                    example=int(examples[row]) if len(examples) else None,
                    special_tokens_mask=special_tokens_mask[start:end].tolist(),
                )
            )
        padding = [[0] * (length - len(row.positions)) if length else [] for row in rows]

        def join(parts: Iterable[list[Any]], dtype: Any) -> np.ndarray:
            return np.array([value for part in parts for value in part], dtype)

        return (
            join((row.token_ids for row in rows), np.int32),
            join((row.positions + pad for row, pad in zip(rows, padding, strict=True)), np.int64),
            join((row.ids + pad for row, pad in zip(rows, padding, strict=True)), np.int32),
            join(([1] * len(row.ids) + pad for row, pad in zip(rows, padding, strict=True)), np.float32),
            np.cumsum([0, *(len(row.ids) for row in rows)] if length is None else [], dtype=np.int64),
        )


def _check_in_vocabulary(token_ids: list[int], row: int, vocabulary_size: int) -> None:
    for position, token_id in enumerate(token_ids):
        if not 0 <= token_id < vocabulary_size:
            raise ValueError(
                f"`token_ids` must be in [0, {vocabulary_size - 1}]; received {token_id} in row {row}, position "
                f"{position}."
            )


dump_masking = reference_masking.dump


def pack_segments(
    segments: Sequence[tuple[np.ndarray, np.ndarray]], packing: Packing, return_segment_ids: bool, num_threads: int
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Token ids, segment ids (None where not asked for) and padding mask, `[rows, sequence_length]`.

    The caller has checked that the special tokens fit and that all segments, int32 values and row splits, have the same
    number of rows.
    """
    shape = (len(segments[0][1]) - 1, packing.sequence_length)
    if _target != REFERENCE:
        assert native is not None
        packed = native.pack_segments(
            segments, *packing, return_segment_ids=return_segment_ids, num_threads=num_threads
        )
    else:
        values = [values.tolist() for values, _ in segments]
        bounds = [list(pairwise(row_splits.tolist())) for _, row_splits in segments]
        rows = [
            reference_packing.pack_segments(
                [tokens[start:end] for tokens, (start, end) in zip(values, row, strict=True)], packing
            )
            for row in zip(*bounds, strict=True)
        ]
        packed = _columns(rows)
    token_ids, segment_ids, padding_mask = packed
    return (
        token_ids.reshape(shape),
        segment_ids.reshape(shape) if return_segment_ids else None,
        padding_mask.reshape(shape),
    )


def pack_documents(
    documents: tuple[np.ndarray, np.ndarray, np.ndarray],
    packing: Packing,
    masking: bytes | None,
    seed: int,
    epoch: int,
    examples: np.ndarray,
    num_threads: int,
) -> tuple[np.ndarray, ...]:
    """Documents that lie anywhere in one array, each packed into a row and masked.

    Args:
        documents: ids (uint16 or int32) of many documents; int64, where each of these begins, and its length.
        packing: how they are packed; the special tokens fit into a row.
        masking: a model in its canonical form, with a `selection_length`; None for no masks.
        seed: 0 to 2**63 - 1.
        epoch: at least 0.
        examples: int64, the number of each document.
        num_threads: at least 1.

    Returns:
        Token ids and padding mask, `[rows, sequence_length]`; with a model, also positions, ids and weights of the
        selected tokens, `[rows, selection_length]`.
    """
    if _target != REFERENCE:
        assert native is not None
        token_ids, _, padding_mask, *selected = native.pack_documents(
            *documents, *packing, masking, seed, epoch, examples, num_threads
        )
    else:
        ids, starts, lengths = documents
        bounds = zip(starts.tolist(), lengths.tolist(), strict=True)
        rows = [reference_packing.pack_segments([ids[start : start + n].tolist()], packing) for start, n in bounds]
        token_ids, _, padding_mask = _columns(rows)
        if masking is not None:
            row_splits = np.arange(len(rows) + 1) * packing.sequence_length
            token_ids, *selected, _ = MaskingKernels(masking).mask_tokens(
                token_ids.reshape(-1), row_splits, np.empty(0, np.uint8), seed, examples, np.array([epoch]), 1
            )
    results = [token_ids, padding_mask] if masking is None else [token_ids, padding_mask, *selected]
    return tuple(part.reshape(len(examples), -1) for part in results)
