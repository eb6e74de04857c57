"""`wordpiece.encode_and_pack`: what `encode` and `pack_segments` make one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing_strategies import packings
from strategies import raw_texts, vocabularies, wordpiece_options

import fastnlp
from fastnlp.ops import WordPiece, pack_segments
from fastnlp.reference.packing import Packing

TARGETS = fastnlp.show_config()["targets"]
long_texts = st.tuples(raw_texts, st.sampled_from([b"", b" ", b"a", b"a ", b"  b"]), st.integers(0, 40)).map(
    lambda parts: (parts[0] + parts[1]) * parts[2]
)
any_texts = st.one_of(raw_texts, long_texts)


def assert_same(packed, expected, message=""):
    for part, right in zip(packed, expected, strict=True):
        assert part.dtype == right.dtype
        np.testing.assert_array_equal(part, right, message)


@settings(max_examples=400, deadline=None)
@given(vocabulary=vocabularies(), options=wordpiece_options(), packing=packings(), data=st.data())
def test_equals_encode_and_then_pack(vocabulary, options, packing, data):
    special = data.draw(st.lists(st.sampled_from(vocabulary), max_size=3))
    encoder = WordPiece(vocabulary, special_tokens=special, **options)
    rows = data.draw(st.integers(0, 5))
    segments = tuple(data.draw(st.lists(st.lists(any_texts, min_size=rows, max_size=rows), min_size=1, max_size=3)))
    needed = Packing(0, packing["start_value"], packing["end_value"], packing["sep_value"]).num_special_tokens(
        len(segments)
    )
    length = data.draw(st.integers(max(needed, 1), needed + 12))
    if not rows:
        segments = tuple(np.array(texts, dtype=object) for texts in segments)
    expected = pack_segments(tuple(map(encoder.encode, segments)), length, **packing)
    for target in TARGETS:
        for num_threads in (1, 3):
            with fastnlp.use_target(target):
                packed = encoder.encode_and_pack(segments, length, num_threads=num_threads, **packing)
            assert_same(packed, expected, target)


def test_texts_that_are_read_to_different_lengths(target):
    encoder = WordPiece(["[UNK]", "a", "b", "##b"], split=True)
    texts = ["a " * 300, "a" * 2000 + " b" * 5, "b" * 90 + " a" * 50, " " * 5000 + "a b", "", "a"] * 40
    for length in (1, 3, 20, 400):
        assert_same(encoder.encode_and_pack(texts, length), pack_segments(encoder.encode(texts), length))


def test_containers(target):
    encoder = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "fox"])
    special = {"start_value": 2, "end_value": 3}
    expected = [[2, 4, 5, 3, 5, 3, 0], [2, 5, 3, 4, 3, 0, 0]]
    pa = pytest.importorskip("pyarrow")
    for first in (["the fox", "fox"], np.array(["the fox", "fox"]), pa.array(["the fox", "fox"])):
        packed = encoder.encode_and_pack((first, ["fox", "the"]), 7, **special)
        assert packed.token_ids.tolist() == expected
        assert packed.segment_ids.tolist() == [[0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 0, 0]]
        assert packed.padding_mask.tolist() == [[True] * 6 + [False], [True] * 5 + [False] * 2]
    assert encoder.encode_and_pack(("the fox", b"fox"), 7, **special).token_ids.tolist() == expected[0]
    assert encoder.encode_and_pack(["fox", "the"], 3, **special).token_ids.tolist() == [[2, 5, 3], [2, 4, 3]]


@pytest.mark.parametrize(
    ("segments", "options", "error", "message"),
    [
        ("a", {"sequence_length": 0}, ValueError, "`sequence_length` must be an int in"),
        (("a", "b"), {"sequence_length": 2}, ValueError, "`sequence_length` must be at least 3, .* received 2"),
        ("a", {"start_value": "[CLS]"}, TypeError, "`start_value` must be int"),
        ("a", {"errors": "ignore"}, ValueError, "`errors` must be 'replace' or 'strict'"),
        ("a", {"num_threads": 0}, ValueError, "`num_threads` must be at least 1"),
        ((), {}, ValueError, "`segments` must hold at least one segment"),
        (("a", ["b"]), {}, ValueError, r"`segments` must have the same rank; received ranks \[1, 2\]"),
        ((["a"], ["b", "c"]), {}, ValueError, r"`segments` must have the same number of rows; received \[1, 2\]"),
        ([["a"]], {}, ValueError, "received rank 3"),
        ([1], {}, TypeError, "`texts` must hold str or bytes"),
        (
            [b"a", b"a b c d e f g h i j \xff"],
            {"errors": "strict"},
            ValueError,
            "`texts` row 1: invalid UTF-8 at byte 20",
        ),
    ],
)
def test_errors(target, segments, options, error, message):
    encoder = WordPiece(["[UNK]", "a"])
    with pytest.raises(error, match=message):
        encoder.encode_and_pack(segments, **{"sequence_length": 3, "start_value": 1, "end_value": 2, **options})
