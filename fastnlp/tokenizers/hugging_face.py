"""Tokenizers of Hugging Face's transformers: what their files say, and those files written.

References:
    `BertTokenizer` of [transformers](https://github.com/huggingface/transformers),
    whose defaults these are.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from fastnlp.ops.vocabulary import write_vocabulary
from fastnlp.presets.preset import Preset
from fastnlp.presets.saving import write_json

VOCABULARY = "vocab.txt"
TOKENIZER_CONFIG = "tokenizer_config.json"
SUFFIX_INDICATOR = "##"


def word_piece_options(preset: Preset) -> dict[str, Any]:
    """The arguments of a `WordPieceTokenizer` that splits text as a checkpoint's own tokenizer does.

    Raises:
        FileNotFoundError: where the checkpoint has no vocabulary.
        ValueError: where an option has an unusable value.
    """
    config = preset.optional_json(TOKENIZER_CONFIG)
    options: dict[str, Any] = {"vocabulary": read_vocabulary(preset.path(VOCABULARY)), "rules": "bert"}
    for argument, name, default in (
        ("lowercase", "do_lower_case", True),
        ("strip_accents", "strip_accents", None),
        ("split_on_cjk", "tokenize_chinese_chars", True),
    ):
        value = config.get(name, default)
        if not isinstance(value, bool) and (default is not None or value is not None):
            raise ValueError(
                f"{str(preset.path(TOKENIZER_CONFIG))!r}: {name!r} must be true or false; it is {value!r}."
            )
        options[argument] = value
    token = config.get("unk_token", "[UNK]")
    options["oov_token"] = token["content"] if isinstance(token, dict) else token
    return options


def read_vocabulary(path: Path) -> list[str]:
    """The tokens of a `vocab.txt`, with the ids that transformers gives them.

    Transformers takes every line, also an empty one, and of two that are
    equal the last; an empty token is in no text. Such lines keep their place
    here under names that are in no text either.

    Raises:
        ValueError: where the file is not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # "\r\n" and "\r" are "\n" by now
    except UnicodeDecodeError as error:
        raise ValueError(f"{str(path)!r} must be UTF-8; {error}.") from None
    if not lines[-1]:
        lines.pop()
    last = {token: token_id for token_id, token in enumerate(lines)}
    return [
        token if token and last[token] == token_id else f"[line {token_id + 1}]" for token_id, token in enumerate(lines)
    ]


def write_tokenizer(folder: Path, tokenizer: Any, max_length: int | None = None) -> None:
    """Write the files of a WordPiece tokenizer as transformers reads them.

    Args:
        folder: the checkpoint's folder.
        tokenizer: a `BertTokenizer`.
        max_length: the longest sequence of the model.

    Raises:
        ValueError: where transformers has no such tokenizer.
    """
    if not tokenizer.split or tokenizer.suffix_indicator != SUFFIX_INDICATOR:
        raise ValueError(
            f"`split` must be True and `suffix_indicator` {SUFFIX_INDICATOR!r} for transformers to know the tokenizer; "
            f"they are {tokenizer.split} and {tokenizer.suffix_indicator!r}."
        )
    if tokenizer.rules != "bert":
        warnings.warn(
            "Transformers will split text by the rules 'bert'; the tokenizer has the rules 'keras', which differ for "
            "rare characters.",
            stacklevel=3,
        )
    write_vocabulary(folder / VOCABULARY, tokenizer.get_vocabulary())
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": tokenizer.lowercase,
        "strip_accents": tokenizer.strip_accents,
        "tokenize_chinese_chars": tokenizer.split_on_cjk,
        "unk_token": tokenizer.oov_token,
        **{name: getattr(tokenizer, name) for name in ("cls_token", "sep_token", "pad_token", "mask_token")},
    }
    write_json(folder / TOKENIZER_CONFIG, config if max_length is None else {**config, "model_max_length": max_length})
