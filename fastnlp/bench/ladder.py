"""The steps from a list of str to ids, each timed with all before it: which of them costs what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastnlp._dispatch import native
from fastnlp.bench.contest import count_bytes, encode
from fastnlp.bench.timing import Timing, time_rounds
from fastnlp.ops import WordPiece

ROUNDS = 9
COPY, COLD = "copy", "cold"

# The methods of the native ladder, then what lies around them.
RUNGS = {
    COPY: "memcpy of the text",
    "fill": "copy through the window",
    "find_pieces": "+ classify, lower-case, bounds",
    "make_keys": "+ keys, hash, prefetch",
    "look_up": "+ probe, emit",
    "encode": "+ misses, rows, memory for the ids: all of encode",
    "list": "+ from a list of str, to NumPy: end to end, warm",
    COLD: "the same with a cold cache",
}


@dataclass(frozen=True)
class Rung:
    """One step with all before it; `copy` and `cold` stand alone.

    Attributes:
        name: a key of `RUNGS`.
        timing: of the step and all before it.
        share: of this step alone in the time from a list of str, warm; None where the rung stands alone.
    """

    name: str
    timing: Timing
    share: float | None


@dataclass(frozen=True)
class Ladder:
    """The rungs, and what went through them.

    Attributes:
        target: whose kernels ran.
        documents: how many.
        bytes: of UTF-8.
        pieces: runs between ASCII white space and punctuation, and punctuation marks.
        ids: how many.
        missed: pieces that are not in their line of the cache, warm as it is.
        ids_equal: whether the ladder's ids are those of `WordPiece.encode`.
        rungs: from memory's limit to the whole.
    """

    target: str
    documents: int
    bytes: int
    pieces: int
    ids: int
    missed: int
    ids_equal: bool
    rungs: list[Rung]


def measure_ladder(encoder: WordPiece, texts: Sequence[str], target: str, *, rounds: int = ROUNDS) -> Ladder:
    """Time every step on one thread, on the target in use.

    Args:
        encoder: splits text, and finds no special tokens in it.
        texts: what is encoded.
        target: the name of the target in use.
        rounds: how often each step is timed, in turn with the others.

    Raises:
        ValueError: where the encoder is of another kind.
    """
    assert native is not None
    texts = list(texts)
    model, views = native.WordPieceModel(encoder.dump()), native.Texts(texts)
    ladder = native.WordPieceLadder(model, views)
    right = encode(encoder, texts, 1)
    cold = model

    def renew() -> None:
        nonlocal cold
        cold = native.WordPieceModel(encoder.dump())

    timings = time_rounds(
        {
            **{name: getattr(ladder, name) for name in RUNGS if hasattr(ladder, name)},
            "encode": lambda: model.encode(views, 1, False),
            "list": lambda: encode(encoder, texts, 1),
            COLD: lambda: cold.encode(native.Texts(texts), 1, False),
        },
        rounds,
        setup={COLD: renew},
    )
    rungs, before = [], 0.0
    for name, timing in timings.items():
        share = None
        if name not in (COPY, COLD):
            share = max(timing.best - before, 0.0) / timings["list"].best
            before = timing.best
        rungs.append(Rung(name, timing, share))
    return Ladder(
        target=target,
        documents=len(texts),
        bytes=count_bytes(texts),
        pieces=ladder.pieces,
        ids=len(right.flat_values),
        missed=ladder.missed,
        ids_equal=bool(np.array_equal(ladder.ids(), right.flat_values)),
        rungs=rungs,
    )
