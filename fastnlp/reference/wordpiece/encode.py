"""WordPiece: words into the longest sub-words that the vocabulary holds.

The algorithm is the greedy longest-match-first of Wu et al. 2016 (https://arxiv.org/abs/1609.08144), as BERT uses it.
"""

from __future__ import annotations

from fastnlp.reference.text import BERT, KERAS, decode_utf8, words
from fastnlp.reference.wordpiece.model import WordPieceModel

MAX_BYTES_PER_WORD = 100  # "keras": a longer word is unknown
MAX_CHARACTERS_PER_WORD = 100  # "bert": the same, in characters


def encode(text: bytes, model: WordPieceModel) -> list[int]:
    """The token ids of one text."""
    ids: list[int] = []
    for word in words(decode_utf8(text), model.rules):
        if word.special and model.rules.rules == BERT:
            ids.append(model.ids[word.text])
        else:
            ids += encode_word(word.text, model)
    return ids


def encode_word(word: str, model: WordPieceModel) -> list[int]:
    """The token ids of one normalised word."""
    if model.rules.rules == KERAS:
        too_long = len(word.encode()) > MAX_BYTES_PER_WORD
    else:
        too_long = len(word) > MAX_CHARACTERS_PER_WORD
    if too_long:
        return [model.oov_id]
    pieces: list[int] = []
    start = 0
    while start < len(word):
        prefix = model.suffix_indicator if start else ""
        for end in range(len(word), start, -1):
            piece = model.ids.get(prefix + word[start:end])
            if piece is not None:
                pieces.append(piece)
                start = end
                break
        else:
            return [model.oov_id]
    return pieces
