"""WordPiece that says which part of the text, and which of its words, every token came from."""

from __future__ import annotations

from typing import NamedTuple

from fastnlp.reference.text import BERT, aligned_words, decode_utf8
from fastnlp.reference.wordpiece.encode import encode_word
from fastnlp.reference.wordpiece.model import WordPieceModel


class Token(NamedTuple):
    """A token of a text. Ends are exclusive; characters are code points, words are counted from 0."""

    id: int
    byte_start: int
    byte_end: int
    char_start: int
    char_end: int
    word: int


def encode_with_offsets(text: bytes, model: WordPieceModel) -> list[Token]:
    """The tokens of one text; their ids are those of `encode`.

    A token reaches from where its first character came from to the end of all that its characters came from. The token
    of an unknown word is aligned with the whole word.
    """
    byte_of = _character_starts(text)
    tokens: list[Token] = []
    for number, word in enumerate(aligned_words(decode_utf8(text), model.rules)):
        is_token = word.special and model.rules.rules == BERT
        ids = [model.ids[word.text]] if is_token else encode_word(word.text, model)
        rest = word.characters
        for token_id in ids:
            is_first = len(rest) == len(word.characters)
            size = len(model.tokens[token_id]) - (0 if is_first else len(model.suffix_indicator))
            if len(ids) == 1:
                size = len(rest)
            characters, rest = rest[:size], rest[size:]
            start, end = characters[0].start, max(character.end for character in characters)
            tokens.append(Token(token_id, byte_of[start], byte_of[end], start, end, number))
    return tokens


def _character_starts(text: bytes) -> list[int]:
    """The byte at which each character of `decode_utf8(text)` begins, and the number of bytes."""
    starts = [0]
    while starts[-1] < len(text):
        starts.append(starts[-1] + _character_size(text[starts[-1] : starts[-1] + 4]))
    return starts


def _character_size(text: bytes) -> int:
    """The size of the character, or of the maximal ill-formed subsequence, that 1 to 4 bytes begin with."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        if error.start == 0:
            return error.end
        decoded = text[: error.start].decode()
    return len(decoded[0].encode())
