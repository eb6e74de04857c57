"""Token ids back into text."""

from __future__ import annotations

from collections.abc import Sequence

from fastnlp.reference.wordpiece.model import WordPieceModel


def decode(ids: Sequence[int], model: WordPieceModel) -> str:
    """Words joined by a space; a piece that begins with the suffix indicator joins the piece before it.

    With an empty indicator no piece can be told from a word, and nothing is joined.
    """
    decoded: list[str] = []
    indicator = model.suffix_indicator
    for token_id in ids:
        token = model.tokens[token_id]
        if decoded and indicator and token.startswith(indicator) and len(token) > len(indicator):
            decoded[-1] += token[len(indicator) :]
        else:
            decoded.append(token)
    return " ".join(decoded)
