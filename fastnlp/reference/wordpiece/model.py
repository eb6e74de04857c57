"""What a WordPiece encoder is made of, and its canonical form in bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from fastnlp.reference.text import BERT, KERAS, TextRules

MAGIC = b"fnlp.wordpiece\x01\n"
HEADER = struct.Struct("<5?3xIII")


class WordPieceModel(NamedTuple):
    """A vocabulary and the rules that go with it."""

    tokens: tuple[str, ...]  # by token id
    ids: dict[str, int]
    oov_id: int
    suffix_indicator: str
    rules: TextRules


def dump(tokens: Sequence[str], oov_id: int, suffix_indicator: str, rules: TextRules) -> bytes:
    """The canonical form of a model: what is pickled, put into graphs and read by both twins.

    The magic line, a header (five flags, then the unknown token's id and the numbers of special tokens and of tokens),
    and the suffix indicator, the special tokens and the tokens in UTF-8, each behind its length. Integers are
    32 bits, little-endian.
    """
    header = HEADER.pack(
        rules.rules == BERT,
        rules.lowercase,
        rules.strip_accents,
        rules.split,
        rules.split_on_cjk,
        oov_id,
        len(rules.special_tokens),
        len(tokens),
    )
    strings = [item.encode() for item in (suffix_indicator, *rules.special_tokens, *tokens)]
    return b"".join([MAGIC, header, *(len(item).to_bytes(4, "little") + item for item in strings)])


def load(dumped: bytes) -> WordPieceModel:
    """The inverse of `dump`."""
    if not dumped.startswith(MAGIC):
        raise ValueError("not a WordPiece model of this version of fastnlp")
    bert, lowercase, strip_accents, split, split_on_cjk, oov_id, special_count, _ = HEADER.unpack_from(
        dumped, len(MAGIC)
    )
    strings: list[str] = []
    position = len(MAGIC) + HEADER.size
    while position < len(dumped):
        end = position + 4 + int.from_bytes(dumped[position : position + 4], "little")
        strings.append(dumped[position + 4 : end].decode())
        position = end
    suffix_indicator, special_tokens, tokens = strings[0], strings[1 : 1 + special_count], strings[1 + special_count :]
    rules = TextRules(BERT if bert else KERAS, lowercase, strip_accents, split, split_on_cjk, tuple(special_tokens))
    ids = {token: token_id for token_id, token in enumerate(tokens)}
    return WordPieceModel(tuple(tokens), ids, oov_id, suffix_indicator, rules)
