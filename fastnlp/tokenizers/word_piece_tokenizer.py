"""`WordPieceTokenizer`: WordPiece as a Keras layer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.saving import serialization_lib

from fastnlp.layers.masked_lm_mask_generator import MaskedLMMaskGenerator
from fastnlp.layers.multi_segment_packer import MultiSegmentPacker
from fastnlp.layers.preprocessing_layer import as_numpy, holds_tf_tensor, is_tf_tensor
from fastnlp.ops.vocabulary import as_vocabulary, write_vocabulary
from fastnlp.ops.wordpiece import WordPiece
from fastnlp.ragged import Ragged
from fastnlp.tokenizers.tokenizer import Tokenizer

VOCABULARY_FILE = "vocabulary.txt"
ENCODER_OPTIONS = frozenset(
    {
        "lowercase",
        "strip_accents",
        "split",
        "split_on_cjk",
        "suffix_indicator",
        "oov_token",
        "special_tokens_in_strings",
        "rules",
    }
)


@keras.saving.register_keras_serializable(package="fastnlp")
class WordPieceTokenizer(Tokenizer):
    """A WordPiece tokenizer layer, as BERT uses it.

    Text is lower-cased, stripped of accents and split into words as asked,
    and every word is cut into the longest sub-words that the vocabulary
    holds. A word that cannot be spelled, or that is longer than 100 bytes,
    becomes one `oov_token`.

    The result for one string has one dimension more than the input. It is
    ragged unless `sequence_length` is given. The same ids come out eagerly,
    in `tf.data` batched or not, in a SavedModel, and on every backend; see
    `fastnlp.tokenizers.Tokenizer` for what types go in and out.

    Args:
        vocabulary: path of a text file with one token a line, or an iterable
            of tokens.
        sequence_length: if given, rows are cut, and padded with 0 (or ""), to
            this length.
        lowercase: lower-case the text.
        strip_accents: remove accents. With `rules="bert"` it may be None: as
            `lowercase`.
        split: split at white space, and set punctuation marks apart. If
            False, every string is one word, and the last dimension of the
            input enumerates the words of one text.
        split_on_cjk: set CJK ideographs apart. Needs `split`.
        suffix_indicator: what begins the tokens that continue a word.
        oov_token: the token of unknown words; must be in the vocabulary.
        special_tokens: further tokens that are never split, for
            `special_tokens_in_strings`.
        special_tokens_in_strings: find special tokens in the text. Needs
            `split`.
        dtype: an integer type, or `"string"` for tokens instead of ids.
        rules: `"keras"` for KerasHub's rules for text, `"bert"` for those of
            Hugging Face's BERT tokenizers.
        **kwargs: arguments of `keras.layers.Layer`, and `config_file`.

    Raises:
        ValueError: where an argument is unusable; the message names it.

    Examples:

    >>> vocabulary = ["[UNK]", "the", "qu", "##ick", "br", "##own", "fox", "."]
    >>> tokenizer = fastnlp.tokenizers.WordPieceTokenizer(vocabulary, lowercase=True)
    >>> tokenizer("The quick brown fox.")
    array([1, 2, 3, 4, 5, 6, 7], dtype=int32)
    >>> tokenizer(["The quick brown fox.", "The fox."]).to_list()
    [[1, 2, 3, 4, 5, 6, 7], [1, 6, 7]]
    >>> tokenizer.detokenize([1, 2, 3, 4, 5, 6, 7])
    'the quick brown fox .'
    """

    def __init__(
        self,
        vocabulary: str | os.PathLike[str] | Iterable[str] | None = None,
        sequence_length: int | None = None,
        lowercase: bool = False,
        strip_accents: bool | None = False,
        split: bool = True,
        split_on_cjk: bool = True,
        suffix_indicator: str = "##",
        oov_token: str = "[UNK]",
        special_tokens: Sequence[str] | None = None,
        special_tokens_in_strings: bool = False,
        dtype: Any = "int32",
        rules: str = "keras",
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self._encoder: WordPiece | None = None
        if self.compute_dtype != "string" and "int" not in self.compute_dtype:
            raise ValueError(f"`dtype` must be an integer type or 'string'; received {dtype!r}.")
        if oov_token is None:
            raise ValueError("`oov_token` must be a token of the vocabulary; received None.")
        if sequence_length is not None and (not isinstance(sequence_length, int) or sequence_length < 1):
            raise ValueError(f"`sequence_length` must be at least 1, or None; received {sequence_length!r}.")
        self.sequence_length = sequence_length
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.split = split
        self.split_on_cjk = split_on_cjk
        self.suffix_indicator = suffix_indicator
        self.oov_token = oov_token
        self._init_special_tokens = special_tokens
        self.special_tokens_in_strings = special_tokens_in_strings
        self.rules = rules
        self.set_vocabulary(vocabulary)
        self.file_assets = [VOCABULARY_FILE]

    def set_vocabulary(self, vocabulary: str | os.PathLike[str] | Iterable[str] | None) -> None:
        """Set the vocabulary to the tokens of a file or of an iterable; None takes it away.

        Raises:
            ValueError: where a token is missing, empty or there twice, where
                `dtype` cannot hold its ids, or where Keras loads an untrusted
                configuration that names a file.
        """
        if vocabulary is None:
            self._encoder = None
            return
        if isinstance(vocabulary, bytes) or not isinstance(vocabulary, (str, os.PathLike, Iterable)):
            raise ValueError(f"`vocabulary` must be a path or an iterable of str; received {vocabulary!r:.100}.")
        if isinstance(vocabulary, (str, os.PathLike)) and serialization_lib.in_safe_mode():
            raise ValueError(
                f"`vocabulary` must not be a file while Keras loads an untrusted configuration; received "
                f"{os.fspath(vocabulary)!r}. Where you trust its source, pass `safe_mode=False` to the loading "
                "function, or call `keras.config.enable_unsafe_deserialization()`."
            )
        encoder = WordPiece(
            vocabulary,
            rules=self.rules,
            lowercase=self.lowercase,
            strip_accents=self.strip_accents,
            split=self.split,
            split_on_cjk=self.split_on_cjk,
            suffix_indicator=self.suffix_indicator,
            oov_token=self.oov_token,
            special_tokens=[*self.special_tokens, *(self._init_special_tokens or ())],
            special_tokens_in_strings=self.special_tokens_in_strings and self.split,
        )
        self._check_special_tokens(encoder.vocabulary)
        if self.compute_dtype != "string" and len(encoder.vocabulary) - 1 > np.iinfo(self.compute_dtype).max:
            raise ValueError(
                f"`dtype` must hold the ids of {len(encoder.vocabulary)} tokens; received {self.compute_dtype!r}."
            )
        self._encoder = encoder
        self._update_special_token_ids()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ENCODER_OPTIONS and self._encoder is not None:  # the encoder cannot change: make another
            self.set_vocabulary(self._encoder.vocabulary)

    @property
    def encoder(self) -> WordPiece:
        """The `fastnlp.ops.WordPiece` that does the work.

        Raises:
            ValueError: before a vocabulary is set.
        """
        if self._encoder is None:
            raise ValueError(f"{type(self).__name__} needs a vocabulary; pass `vocabulary` when creating it.")
        return self._encoder

    @property
    def vocabulary(self) -> list[str] | None:
        """The tokens, by token id; None before they are set."""
        return None if self._encoder is None else list(self._encoder.vocabulary)

    def get_vocabulary(self) -> list[str]:
        """The tokens, by token id."""
        return list(self.encoder.vocabulary)

    def vocabulary_size(self) -> int:
        """The number of tokens."""
        return len(self.encoder.vocabulary)

    def id_to_token(self, id: int) -> str:
        """The token of an id.

        Raises:
            ValueError: where `id` is out of range.
        """
        return self.encoder.id_to_token(id)

    def token_to_id(self, token: str) -> int:
        """The id of a token.

        Raises:
            ValueError: where the vocabulary does not hold it.
        """
        return self.encoder.token_to_id(token)

    def tokenize(self, inputs: Any) -> Any:
        """Turn strings into token ids, or into tokens where `dtype` is `"string"`."""
        if is_tf_tensor(inputs[0] if isinstance(inputs, (list, tuple)) and inputs else inputs):
            from fastnlp.tf.tokenize import tokenize  # noqa: PLC0415 - imports TensorFlow

            return tokenize(
                self.encoder,
                inputs,
                dtype=self.compute_dtype,
                sequence_length=self.sequence_length,
                merge_words=not self.split,
            )
        tokens = self.encoder.encode(inputs)
        if not self.split and isinstance(tokens, Ragged):
            tokens = tokens.merge_inner()
        if isinstance(tokens, Ragged):
            tokens = tokens.with_flat_values(self._convert_ids(tokens.flat_values))
        else:
            tokens = self._convert_ids(tokens)
        if self.sequence_length is None:
            return tokens
        pad_value = "" if self.compute_dtype == "string" else 0
        if isinstance(tokens, Ragged):
            return tokens.to_dense(self.sequence_length, pad_value)
        return Ragged(tokens, np.array([0, len(tokens)])).to_dense(self.sequence_length, pad_value)[0]

    def tokenize_and_pack(self, segments: tuple[Any, ...], packer: MultiSegmentPacker) -> tuple[Any, Any]:
        """Tokenize segments and pack them, by one kernel where nothing happens between the two."""
        if not self._hands_on_ids():
            return super().tokenize_and_pack(segments, packer)
        encode_and_pack: Any = self.encoder.encode_and_pack
        if holds_tf_tensor(segments):
            from fastnlp.tf import wordpiece  # noqa: PLC0415 - imports TensorFlow

            encode_and_pack = partial(wordpiece.encode_and_pack, self.encoder)
        packed = encode_and_pack(segments, packer.sequence_length, **packer.packing_options())
        return packed.token_ids, packed.segment_ids

    def tokenize_and_mask(
        self,
        segments: tuple[Any, ...],
        packer: MultiSegmentPacker,
        masker: MaskedLMMaskGenerator,
        index: Any = None,
        epoch: Any = 0,
    ) -> dict[str, Any]:
        """Tokenize segments, pack them and mask them, by one kernel where nothing happens in between."""
        # The kernel's padding is what is behind the text, and here also what the text spells so.
        if not self._hands_on_ids() or self._spells(packer.pad_value) or masker.mask_selection_length is None:
            return super().tokenize_and_mask(segments, packer, masker, index=index, epoch=epoch)
        length: Any = packer.sequence_length
        options: dict[str, Any] = {"seed": masker.seed, "index": index, "epoch": epoch, **packer.packing_options()}
        if holds_tf_tensor(segments):
            from fastnlp.tf import wordpiece  # noqa: PLC0415 - imports TensorFlow

            tensors = wordpiece.encode_and_mask(
                self.encoder,
                segments,
                length,
                masker.masker,
                weights_dtype=masker.compute_dtype,
                **options,
            )
            return tensors._asdict()
        masked = self.encoder.encode_and_mask(segments, length, masker.masker, **options)
        weights = masked.mask_weights.astype(masker.compute_dtype, copy=False)
        return masked._replace(mask_weights=weights)._asdict()

    def _spells(self, token_id: Any) -> bool:
        """Whether texts may hold this token."""
        token = self.encoder.id_to_token(token_id)
        spelled = np.asarray(self.encoder.encode(token))
        return token == self.oov_token or token.startswith(self.suffix_indicator) or token_id in spelled

    def _hands_on_ids(self) -> bool:
        """Whether `tokenize()` does nothing but encode every string into a row of int32."""
        return (
            self.split
            and self.sequence_length is None
            and self.compute_dtype == "int32"
            and type(self).tokenize is WordPieceTokenizer.tokenize
        )

    def _convert_ids(self, ids: np.ndarray) -> np.ndarray:
        """Ids of rank 1 in the layer's dtype, or as the tokens themselves."""
        if self.compute_dtype == "string":
            return np.asarray(self.encoder.tokens(ids))
        return ids.astype(self.compute_dtype, copy=False)

    def detokenize(self, inputs: Any) -> Any:
        """Turn token ids into text: words joined by spaces, no token left out.

        Args:
            inputs: an id, ids of rank 1, or of more for a batch: lists, a
                `fastnlp.Ragged`, a tensor of any backend, or a list of them.

        Returns:
            A str for an id or ids of rank 1, else a list of str; for
            TensorFlow's tensors, a string tensor.

        Raises:
            ValueError, or tf.errors.InvalidArgumentError for TensorFlow's
                tensors: where an id is out of range.
        """
        if is_tf_tensor(inputs):
            from fastnlp.tf import wordpiece  # noqa: PLC0415 - imports TensorFlow

            return wordpiece.decode(self.encoder, inputs[None] if inputs.shape.rank == 0 else inputs)
        inputs = as_numpy(inputs)
        if isinstance(inputs, (list, tuple)) and any(getattr(row, "ndim", 0) for row in inputs[:1]):
            inputs = [np.asarray(as_numpy(row)) for row in inputs]
        if isinstance(inputs, int) or getattr(inputs, "ndim", None) == 0:
            inputs = np.reshape(inputs, [1])
        return self.encoder.decode(inputs)

    def compute_output_spec(self, input_spec: Any) -> Any:
        """The shape and dtype of the result for a symbolic input."""
        shape = input_spec.shape if self.split else input_spec.shape[:-1]
        return keras.KerasTensor((*shape, self.sequence_length), dtype=self.compute_dtype)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder."""
        write_vocabulary(Path(dir_path) / VOCABULARY_FILE, self.encoder.vocabulary)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that `save_assets()` wrote."""
        # As tokens, not as a path: this file belongs to what is being loaded.
        self.set_vocabulary(as_vocabulary(Path(dir_path) / VOCABULARY_FILE))

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor; the vocabulary is an asset, and left out."""
        config = {
            **super().get_config(),
            "vocabulary": None,
            "sequence_length": self.sequence_length,
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
            "split": self.split,
            "split_on_cjk": self.split_on_cjk,
            "suffix_indicator": self.suffix_indicator,
            "oov_token": self.oov_token,
            "special_tokens": self._init_special_tokens,
            "special_tokens_in_strings": self.special_tokens_in_strings,
        }
        # KerasHub does not know this one: left out, its reader takes the rest.
        return config if self.rules == "keras" else {**config, "rules": self.rules}
