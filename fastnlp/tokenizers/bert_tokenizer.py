"""`BertTokenizer`: WordPiece with BERT's special tokens."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import keras

from fastnlp.presets.preset import Preset
from fastnlp.presets.saving import staged_preset
from fastnlp.tokenizers.hugging_face import word_piece_options, write_tokenizer
from fastnlp.tokenizers.word_piece_tokenizer import WordPieceTokenizer


@keras.saving.register_keras_serializable(package="fastnlp")
class BertTokenizer(WordPieceTokenizer):
    """A WordPiece tokenizer with BERT's special tokens.

    The attributes `cls_token`, `sep_token`, `pad_token`, `mask_token`, and
    `start_token` and `end_token` (`"[CLS]"` and `"[SEP]"` again), hold the
    special tokens; the same names followed by `_id` hold their ids.

    Args:
        vocabulary: path of a text file with one token a line, or an iterable
            of tokens; with `"[CLS]"`, `"[SEP]"`, `"[PAD]"` and `"[MASK]"`.
        lowercase: lower-case the text.
        **kwargs: further arguments of `WordPieceTokenizer`.

    Raises:
        ValueError: where the vocabulary lacks a special token.

    Examples:

    >>> vocabulary = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the", "quick", "fox", "."]
    >>> tokenizer = fastnlp.tokenizers.BertTokenizer(vocabulary, lowercase=True)
    >>> tokenizer("The quick fox.")
    array([5, 6, 7, 8], dtype=int32)
    >>> tokenizer.mask_token_id
    4
    """

    def __init__(
        self,
        vocabulary: str | os.PathLike[str] | Iterable[str] | None = None,
        lowercase: bool = False,
        **kwargs: Any,
    ) -> None:
        self._add_special_token("[CLS]", "cls_token")
        self._add_special_token("[SEP]", "sep_token")
        self._add_special_token("[PAD]", "pad_token")
        self._add_special_token("[MASK]", "mask_token")
        self._add_special_token("[CLS]", "start_token")
        self._add_special_token("[SEP]", "end_token")
        super().__init__(vocabulary=vocabulary, lowercase=lowercase, **kwargs)

    @classmethod
    def _options_of_checkpoint(cls, preset: Preset) -> dict[str, Any]:
        return word_piece_options(preset)

    def export_to_transformers(self, path: str | os.PathLike[str]) -> None:
        """Write the tokenizer as Hugging Face's transformers reads it.

        Args:
            path: the checkpoint's folder.

        Raises:
            ValueError: where transformers has no such tokenizer.
        """
        with staged_preset(path) as folder:
            write_tokenizer(folder, self)
