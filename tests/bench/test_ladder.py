"""The ladder runs the steps of the engine, on all of the text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnlp import _dispatch
from fastnlp.bench.ladder import RUNGS, measure_ladder
from fastnlp.bench.targets import native_targets
from fastnlp.ops import WordPiece

VOCABULARY = ["[UNK]", "a", "##a", "b", "##b", "é", "##é", "中", "##中", ",", "a" * 20]
WINDOW = 4096

# Lengths at which windows end inside, before and behind pieces.
lengths = st.integers(0, 40) | st.integers(WINDOW - 3, WINDOW + 3) | st.integers(2 * WINDOW - 2, 2 * WINDOW + 2)
runs = st.tuples(st.sampled_from(["a", "b", "é", "中", " ", ",", "a ", "aB,", "中 "]), lengths)
one_text = st.lists(runs, max_size=3).map(lambda parts: "".join(text * count for text, count in parts))
texts = st.lists(one_text, max_size=6)


@settings(deadline=None)
@given(texts, st.sampled_from(["keras", "bert"]), st.booleans(), st.sampled_from(native_targets()))
def test_ids_and_counts(texts, rules, lowercase, target):
    native = _dispatch.native
    encoder = WordPiece(VOCABULARY, rules=rules, lowercase=lowercase)
    with _dispatch.use_target(target):
        ladder = native.WordPieceLadder(native.WordPieceModel(encoder.dump()), native.Texts(texts))
        ids = encoder.encode(texts).flat_values
        assert np.array_equal(ladder.ids(), ids)
        sizes = [len(text.encode()) for text in texts]
        assert ladder.copy() == sum(sizes)
        if max(sizes, default=0) < WINDOW:
            assert ladder.fill() >= sum(sizes) + len(sizes)  # a space behind each, and where one is cut
        found = ladder.find_pieces()
        assert found == ladder.make_keys()
        assert ladder.pieces - ladder.missed <= found <= ladder.pieces
        assert ladder.look_up() <= len(ids)
        if ladder.missed == 0:
            assert ladder.look_up() == len(ids)


def test_every_step_is_measured():
    encoder = WordPiece(VOCABULARY, rules="bert")
    ladder = measure_ladder(encoder, ["ab, a", "é" * 50, ""], "scalar", rounds=3)
    assert [rung.name for rung in ladder.rungs] == list(RUNGS)
    assert (ladder.ids_equal, ladder.documents, ladder.bytes, ladder.pieces) == (True, 3, 105, 4)
    assert ladder.missed == 1  # the long piece
    shares = [rung.share for rung in ladder.rungs if rung.share is not None]
    assert len(shares) == len(RUNGS) - 2
    assert all(share >= 0 for share in shares)
    for rung in ladder.rungs:
        assert 0 < rung.timing.best <= rung.timing.median


@pytest.mark.parametrize(
    "options", [{"split": False}, {"special_tokens": ["[UNK]"], "special_tokens_in_strings": True}]
)
def test_other_encoders_have_no_ladder(options):
    with pytest.raises(ValueError, match="needs `split=True` and `special_tokens_in_strings=False`"):
        measure_ladder(WordPiece(VOCABULARY, **options), ["a"], "scalar")
