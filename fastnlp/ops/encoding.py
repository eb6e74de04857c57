"""What `encode` returns when it is asked for offsets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnlp.ragged import Ragged


@dataclass(frozen=True, eq=False)
class Encoding:
    """Token ids, and where in the texts they came from.

    All four have the same rows: `Ragged` for a batch, arrays for a single text
    or with `sequence_length`. They are int64 but for the ids, as a text may be
    longer than 2 GB.

    Attributes:
        ids: the token ids, int32.
        byte_offsets: the start and the end (exclusive) of every token in its
            text as UTF-8, `[…, tokens, 2]`.
        char_offsets: the same in characters (Unicode code points), so that a
            token came from `text[start:end]`. In bytes that are not UTF-8, and
            in the three of a lone surrogate, each maximal ill-formed
            subsequence is one character.
        word_ids: the number of every token's word in its text, from 0.

    Padding has the id 0, the offsets 0 and 0, and the word number -1.
    """

    ids: Ragged | np.ndarray
    byte_offsets: Ragged | np.ndarray
    char_offsets: Ragged | np.ndarray
    word_ids: Ragged | np.ndarray
