"""WordPiece on Python, NumPy and Arrow data."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, overload

import numpy as np

from fastnlp import _dispatch
from fastnlp._dispatch import BERT, KERAS, Packing, WordPieceKernels
from fastnlp.ops.encoding import Encoding
from fastnlp.ops.masking import MaskedSegments, Masker, as_numbers, as_seed, draw_seed
from fastnlp.ops.packing import PackedSegments
from fastnlp.ops.packing_options import ROUND_ROBIN, Tokens, as_packing, check_fit, check_same, with_dtype
from fastnlp.ops.text_rules import as_text_rules
from fastnlp.ops.texts import Texts, as_texts, is_strict
from fastnlp.ops.threads import as_num_threads
from fastnlp.ops.vocabulary import as_vocabulary
from fastnlp.ragged import Ragged


class WordPiece:
    """An immutable WordPiece encoder: raw text to token ids and back.

    One object may be used from any number of threads and after a fork. It
    pickles into its vocabulary and options, always the same bytes.

    Args:
        vocabulary: path of a UTF-8 text file with one token a line, or an
            iterable of tokens. A token's place is its id.
        rules: how text becomes words. `"keras"`: as KerasHub does in tf.data
            (remove accents, split, case-fold). `"bert"`: as Hugging Face's
            BERT tokenizers do (clean, remove accents, lower-case, split).
        lowercase: lower-case the text; under `"keras"` by Unicode's
            NFKC_Casefold, under `"bert"` character by character.
        strip_accents: remove accents (NFD, then all nonspacing marks). None
            means False under `"keras"`, and `lowercase` under `"bert"`.
        split: split at white space, and set punctuation marks apart. If
            False, each text is one word.
        split_on_cjk: set CJK ideographs apart; needs `split`.
        suffix_indicator: what begins the tokens that continue a word.
        oov_token: the token of a word that the vocabulary cannot spell, or
            that is longer than 100 bytes (`"keras"`) or characters (`"bert"`).
        special_tokens: tokens that are never split or lower-cased, for
            `special_tokens_in_strings`.
        special_tokens_in_strings: find `special_tokens` in texts. Where
            several begin at one place, the longest is taken.

    Raises:
        FileNotFoundError, IsADirectoryError, TypeError, ValueError: where an
            argument is unusable; the message names it and its value.

    Example:

    >>> encoder = WordPiece(["[UNK]", "the", "qu", "##ick", "fox", "."])
    >>> encoder.encode(["the quick fox.", ""]).to_list()
    [[1, 2, 3, 4, 5], []]
    >>> encoder.decode([1, 2, 3, 4, 5])
    'the quick fox .'
    """

    def __init__(
        self,
        vocabulary: str | os.PathLike[str] | Iterable[str],
        *,
        rules: str = KERAS,
        lowercase: bool = False,
        strip_accents: bool | None = None,
        split: bool = True,
        split_on_cjk: bool = True,
        suffix_indicator: str = "##",
        oov_token: str = "[UNK]",
        special_tokens: Sequence[str] = (),
        special_tokens_in_strings: bool = False,
    ) -> None:
        text_rules = as_text_rules(
            rules, lowercase=lowercase, strip_accents=strip_accents, split=split, split_on_cjk=split_on_cjk
        )
        for name, value in (("suffix_indicator", suffix_indicator), ("oov_token", oov_token)):
            if not isinstance(value, str):
                raise TypeError(f"`{name}` must be a str; received {value!r}.")
        for token in special_tokens:
            if not isinstance(token, str) or not token:
                raise ValueError(f"`special_tokens` must hold non-empty str; received {token!r}.")
        if special_tokens_in_strings and not split:
            raise ValueError("`special_tokens_in_strings=True` needs `split=True`; received `split=False`.")
        tokens = as_vocabulary(vocabulary)
        ids = {token: token_id for token_id, token in enumerate(tokens)}
        if oov_token not in ids:
            raise ValueError(
                f"`oov_token` must be in the vocabulary; {oov_token!r} is not among its {len(tokens)} tokens."
            )
        found = tuple(sorted(set(special_tokens))) if special_tokens_in_strings else ()
        if rules == BERT:
            for token in found:
                if token not in ids:
                    raise ValueError(
                        f"`special_tokens` must be in the vocabulary under rules='bert'; {token!r} is not."
                    )
        self._restore(
            _dispatch.dump_wordpiece(
                tokens,
                ids[oov_token],
                suffix_indicator,
                text_rules._replace(special_tokens=found),
            )
        )

    @classmethod
    def _load(cls, dumped: bytes) -> WordPiece:
        encoder = cls.__new__(cls)
        encoder._restore(dumped)
        return encoder

    def _restore(self, dumped: bytes) -> None:
        self._kernels = WordPieceKernels(dumped)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._load, (self.dump(),)

    def __eq__(self, other: object) -> bool:
        return self.dump() == other.dump() if isinstance(other, WordPiece) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.dump())

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        return f"WordPiece({len(self.vocabulary)} tokens, {options})"

    def dump(self) -> bytes:
        """The encoder's canonical form: equal encoders give equal bytes, in any process."""
        return self._kernels.dumped

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens, by token id."""
        return self._kernels.model.tokens

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the constructor that, with the vocabulary, make this encoder again."""
        model = self._kernels.model
        rules = model.rules._asdict()
        return {
            **rules,
            "suffix_indicator": model.suffix_indicator,
            "oov_token": model.tokens[model.oov_id],
            "special_tokens_in_strings": bool(model.rules.special_tokens),
        }

    def id_to_token(self, token_id: int) -> str:
        """The token of an id.

        Raises:
            ValueError: where the id is out of range.
        """
        if not 0 <= token_id < len(self.vocabulary):
            raise ValueError(f"`id` must be in [0, {len(self.vocabulary) - 1}]; received {token_id}.")
        return self.vocabulary[token_id]

    def token_to_id(self, token: str) -> int:
        """The id of a token.

        Raises:
            ValueError: where the vocabulary does not hold it.
        """
        ids = self._kernels.model.ids
        if token not in ids:
            raise ValueError(f"`token` must be in the vocabulary; {token!r} is not among its {len(ids)} tokens.")
        return ids[token]

    @overload
    def encode(
        self,
        texts: Any,
        *,
        num_threads: int | None = ...,
        errors: str = ...,
        sequence_length: int | None = ...,
        return_offsets: Literal[False] = ...,
    ) -> Ragged | np.ndarray: ...

    @overload
    def encode(
        self,
        texts: Any,
        *,
        num_threads: int | None = ...,
        errors: str = ...,
        sequence_length: int | None = ...,
        return_offsets: Literal[True],
    ) -> Encoding: ...

    def encode(
        self,
        texts: Any,
        *,
        num_threads: int | None = None,
        errors: str = "replace",
        sequence_length: int | None = None,
        return_offsets: bool = False,
    ) -> Ragged | np.ndarray | Encoding:
        """Turn texts into token ids.

        Args:
            texts: a str or bytes; a list or tuple of them, nested to any
                depth; a NumPy array of dtype object, S, U or StringDType; or
                an object with the Arrow PyCapsule protocol that holds strings
                (a pyarrow array, a polars or pandas column); or the `Lines` of
                a file. bytes are UTF-8.
            num_threads: the largest number of threads to use; None for one a
                core. The result does not depend on it.
            errors: what invalid UTF-8 does: `"replace"` puts U+FFFD for every
                maximal ill-formed subsequence, `"strict"` raises.
            sequence_length: cut every row, and pad it with 0, to this length.
            return_offsets: return an `Encoding` instead: the same ids, and for
                every token its offsets in the text and its word's number.

        Returns:
            A `Ragged` of int32 with one row a text, nested as `texts` is. For a
            single text, an int32 array of rank 1. With `sequence_length`, an
            int32 array of shape `[…, sequence_length]`.

            With `return_offsets`, an `Encoding` of four of them. Under "bert"
            rules offsets and word numbers are those of Hugging Face's
            `tokenizers`: a token reaches from where its first character came
            from to where its last one came from, so that removed accents and
            control characters at its borders are no part of it. KerasHub has
            no offsets; "keras" rules follow the same principle, and a character
            that is composed of several came from all of them.

        Raises:
            TypeError: where `texts` holds anything but text; names the row.
            ValueError: where an argument is out of range, or a text is not
                UTF-8 and `errors="strict"`; names row and byte.

        Example:

        >>> encoder = WordPiece(["[UNK]", "un", "##real", "!"], rules="bert", lowercase=True)
        >>> encoder.encode("UnRéal !").tolist()
        [1, 2, 3]
        >>> encoding = encoder.encode("UnRéal !", return_offsets=True)
        >>> encoding.char_offsets.tolist()
        [[0, 2], [2, 6], [7, 8]]
        >>> encoding.byte_offsets.tolist()
        [[0, 2], [2, 7], [8, 9]]
        >>> encoding.word_ids.tolist()
        [0, 0, 1]
        """
        strict = is_strict(errors)
        threads = as_num_threads(num_threads)
        if sequence_length is not None and (not isinstance(sequence_length, int) or sequence_length < 1):
            raise ValueError(f"`sequence_length` must be at least 1, or None; received {sequence_length!r}.")
        batch = as_texts(texts)
        source = batch.source

        def shape(values: np.ndarray, pad_value: int = 0) -> Ragged | np.ndarray:
            if sequence_length is None and batch.scalar:
                return values
            ragged = Ragged._of_kernel(values, *batch.nested_row_splits, row_splits)
            if sequence_length is None:
                return ragged
            dense = ragged.to_dense(sequence_length, pad_value)
            return dense[0] if batch.scalar else dense

        if not return_offsets:
            ids, row_splits = self._kernels.encode(source, threads, strict)
            return shape(ids)
        ids, byte_offsets, char_offsets, word_ids, row_splits = self._kernels.encode_with_offsets(
            source, threads, strict
        )
        return Encoding(shape(ids), shape(byte_offsets), shape(char_offsets), shape(word_ids, pad_value=-1))

    def encode_and_pack(
        self,
        segments: Any,
        sequence_length: int,
        *,
        start_value: Tokens = None,
        end_value: Tokens = None,
        sep_value: Tokens = None,
        pad_value: int | None = None,
        truncate: str = ROUND_ROBIN,
        padding_side: str = "right",
        num_threads: int | None = None,
        errors: str = "replace",
    ) -> PackedSegments:
        """Turn texts into packed rows of token ids.

        The same as `encode`, and then `fastnlp.ops.pack_segments`, in one go:
        there are no ids of all texts in between, and what is cut off is not
        read to its end.

        Args:
            segments: a tuple of segments; anything else is one segment. A
                segment is a batch of texts, as `encode` takes them, or a single
                text.
            sequence_length, start_value, end_value, sep_value, pad_value,
                truncate, padding_side: as for `fastnlp.ops.pack_segments`, as
                token ids.
            num_threads: the largest number of threads to use; None for one a
                core. The result does not depend on it.
            errors: as for `encode`.

        Returns:
            A `PackedSegments` of arrays `[rows, sequence_length]`, or
            `[sequence_length]` where the segments are single texts.

        Raises:
            TypeError, ValueError: as `encode` and `pack_segments`.

        Example:

        >>> encoder = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "fox"])
        >>> packed = encoder.encode_and_pack((["the fox"], ["fox"]), 7, start_value=2, end_value=3)
        >>> packed.token_ids.tolist()
        [[2, 4, 5, 3, 5, 3, 0]]
        """
        threads, strict = as_num_threads(num_threads), is_strict(errors)
        batches, packing = _as_segments(
            segments,
            as_packing(
                sequence_length,
                start_value=start_value,
                end_value=end_value,
                sep_value=sep_value,
                pad_value=pad_value,
                truncate=truncate,
                padding_side=padding_side,
            ),
        )
        packed = self._kernels.encode_and_pack([batch.source for batch in batches], packing, threads, strict)
        return PackedSegments(*(part[0] if batches[0].scalar else part for part in packed))

    def encode_and_mask(
        self,
        segments: Any,
        sequence_length: int,
        masker: Masker,
        *,
        seed: int | None = None,
        index: Any = None,
        epoch: Any = 0,
        start_value: Tokens = None,
        end_value: Tokens = None,
        sep_value: Tokens = None,
        pad_value: int | None = None,
        truncate: str = ROUND_ROBIN,
        padding_side: str = "right",
        num_threads: int | None = None,
        errors: str = "replace",
    ) -> MaskedSegments:
        """Turn texts into packed rows of token ids with masks.

        The same as `encode_and_pack`, and then `Masker.mask_tokens` on its
        token ids, in one go.

        Args:
            segments: as for `encode_and_pack`.
            sequence_length, start_value, end_value, sep_value, pad_value,
                truncate, padding_side: as for `fastnlp.ops.pack_segments`, as
                token ids.
            masker: how tokens are selected and replaced; it must have a
                `mask_selection_length`.
            seed, index, epoch: as for `Masker.mask_tokens`.
            num_threads: the largest number of threads to use; None for one a
                core. The result does not depend on it.
            errors: as for `encode`.

        Returns:
            A `MaskedSegments` of arrays `[rows, sequence_length]` and `[rows,
            mask_selection_length]`; without the first dimension where the
            segments are single texts.

        Raises:
            TypeError, ValueError: as `encode_and_pack` and
                `Masker.mask_tokens`; and where the masker has no
                `mask_selection_length`, or a smaller vocabulary.

        Example:

        >>> encoder = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "fox"])
        >>> masker = Masker(7, 0.5, mask_token_id=4, mask_selection_length=2, unselectable_token_ids=[0, 2, 3])
        >>> masked = encoder.encode_and_mask(["the fox the"], 7, masker, seed=1, start_value=2, end_value=3)
        >>> masked.token_ids.tolist(), masked.mask_positions.tolist(), masked.mask_ids.tolist()
        ([[2, 5, 1, 5, 3, 0, 0]], [[1, 2]], [[5, 6]])
        """
        threads, strict = as_num_threads(num_threads), is_strict(errors)
        batches, packing = _as_segments(
            segments,
            as_packing(
                sequence_length,
                start_value=start_value,
                end_value=end_value,
                sep_value=sep_value,
                pad_value=pad_value,
                truncate=truncate,
                padding_side=padding_side,
            ),
        )
        check_masker(masker, self, packing)
        masked = self._kernels.encode_and_mask(
            [batch.source for batch in batches],
            packing,
            masker.kernels,
            draw_seed() if seed is None else as_seed(seed),
            None if index is None else as_numbers("index", index),
            as_numbers("epoch", epoch),
            seed is None,
            threads,
            strict,
        )
        return MaskedSegments(*(part[0] if batches[0].scalar else part for part in masked))

    def decode(self, ids: Any, *, num_threads: int | None = None) -> Any:
        """Turn token ids into text.

        Tokens that begin with the suffix indicator are joined to the token
        before; words are joined by one space. No token is left out.

        Args:
            ids: a `Ragged`, an integer array, or nested lists of integers.
            num_threads: the largest number of threads to use; None for one a
                core. The result does not depend on it.

        Returns:
            A str for ids of rank 1, a list of str for a batch, nested further
            for a deeper one.

        Raises:
            TypeError: where `ids` are no integers.
            ValueError: where an id is not in the vocabulary, and names its
                place; where `num_threads` is out of range.
        """
        threads = as_num_threads(num_threads)
        ragged, rank = self._as_ids(ids)
        decoded: list[Any] = self._kernels.decode(ragged.flat_values, ragged.nested_row_splits[-1], threads)
        for splits in reversed(ragged.nested_row_splits[:-1]):
            bounds = splits.tolist()
            decoded = [decoded[start:end] for start, end in pairwise(bounds)]
        return decoded[0] if rank == 1 else decoded

    def tokens(self, ids: Any) -> Ragged | np.ndarray:
        """Turn token ids into the tokens themselves.

        Args:
            ids: a `Ragged`, an integer array, or nested lists of integers.

        Returns:
            A `Ragged` of str (dtype object) with the rows of `ids`; for ids of
            rank 1, an array of rank 1. Equal tokens are one object.

        Raises:
            TypeError: where `ids` are no integers.
            ValueError: where an id is not in the vocabulary; names its place.

        Example:

        >>> encoder = WordPiece(["[UNK]", "the", "qu", "##ick", "fox", "."])
        >>> encoder.tokens(encoder.encode(["the quick fox.", ""])).to_list()
        [['the', 'qu', '##ick', 'fox', '.'], []]
        """
        ragged, rank = self._as_ids(ids)
        tokens = self._token_array[ragged.flat_values]
        return tokens if rank == 1 else ragged.with_flat_values(tokens)

    @cached_property
    def _token_array(self) -> np.ndarray:
        return np.array(self.vocabulary, dtype=object)

    def _as_ids(self, ids: Any) -> tuple[Ragged, int]:
        """Checked int32 ids, with one dimension more where `ids` is of rank 1; and the rank of `ids`."""
        if not isinstance(ids, Ragged):
            if isinstance(ids, (list, tuple)) and any(isinstance(row, (list, tuple, np.ndarray)) for row in ids):
                ids = Ragged.from_lists(ids, dtype=None)
            else:
                ids = np.asarray(ids)
                if ids.size == 0:
                    ids = ids.astype(np.int32)
                if ids.ndim == 0:
                    raise TypeError(f"`ids` must be of rank 1 or more; received {ids.item()!r}.")
                rows = [int(np.prod(ids.shape[:axis])) for axis in range(1, ids.ndim)]
                row_splits = [
                    np.arange(count + 1, dtype=np.int64) * size for count, size in zip(rows, ids.shape[1:], strict=True)
                ]
                ids = Ragged(ids.reshape(-1), *(row_splits or [np.array([0, ids.size])]))
                if not row_splits:
                    return self._check_ids(ids), 1
        return self._check_ids(ids), len(ids.nested_row_splits) + 1

    def _check_ids(self, ids: Ragged) -> Ragged:
        values = ids.flat_values
        if values.dtype.kind not in "iu" and values.size:
            raise TypeError(f"`ids` must be integers; received dtype {values.dtype}.")
        size = len(self.vocabulary)
        if values.size and (int(values.min()) < 0 or int(values.max()) >= size):
            place = int(np.flatnonzero((values < 0) | (values >= size))[0])
            row = int(np.searchsorted(ids.nested_row_splits[-1], place, side="right")) - 1
            raise ValueError(
                f"`ids` must be in [0, {size - 1}]; received {values[place]} in row {row}, "
                f"position {place - int(ids.nested_row_splits[-1][row])}."
            )
        return Ragged(values.astype(np.int32, copy=False), *ids.nested_row_splits)


def check_masker(masker: Masker, encoder: WordPiece, packing: Packing) -> None:
    """A masker of packed rows must give them one length, and know all ids that there can be.

    Raises:
        ValueError: where it does not.
    """
    if masker.mask_selection_length is None:
        raise ValueError("`masker` must have a `mask_selection_length`; it has none.")
    special = (*packing.start_value, *packing.end_value, *packing.sep_value, packing.pad_value)
    largest = max(len(encoder.vocabulary) - 1, *special)
    if largest >= masker.vocabulary_size or min(special) < 0:
        raise ValueError(
            f"`masker` must have a `vocabulary_size` that all token ids are below; received {masker.vocabulary_size}, "
            f"for ids from {min(0, *special)} to {largest}."
        )


def _as_segments(segments: Any, packing: Packing) -> tuple[list[Texts], Packing]:
    """The texts of segments that can be packed so, and the options for their ids."""
    if not isinstance(segments, tuple):
        segments = (segments,)
    if not segments:
        raise ValueError("`segments` must hold at least one segment; received an empty tuple.")
    batches = [as_texts(texts) for texts in segments]
    # With the dimension of tokens, which the texts do not have yet.
    check_same([1 if batch.scalar else 2 + len(batch.nested_row_splits) for batch in batches], [])
    check_fit(packing, len(batches))
    return batches, with_dtype(packing, np.dtype(np.int32))
