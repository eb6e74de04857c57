"""`wordpiece.encode_and_mask`: what `encode_and_pack` and `Masker.mask_tokens` make one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import raw_texts, vocabularies, wordpiece_options

import fastnlp
from fastnlp.ops import Masker, WordPiece

TARGETS = fastnlp.show_config()["targets"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "fox", "##es", "."]


@st.composite
def maskers(draw, size):
    selection = draw(st.sampled_from(fastnlp.ops.masking.SELECTIONS))
    ids = st.lists(st.integers(0, size - 1), max_size=4)
    continues = {"whole_word": ids, "span": st.none() | ids}.get(selection, st.none())
    return Masker(
        size,
        draw(st.sampled_from([0.0, 0.15, 0.5, 1.0])),
        draw(st.integers(0, size - 1)),
        mask_selection_length=draw(st.integers(1, 6)),
        unselectable_token_ids=draw(ids),
        mask_token_rate=0.5,
        random_token_rate=0.3,
        selection=selection,
        continuation_token_ids=draw(continues),
    )


def assert_same(masked, packed, expected):
    assert masked._fields[3:] == expected._fields[1:]
    right = (expected.token_ids, *packed[1:], *expected[1:])
    for name, part, other in zip(masked._fields, masked, right, strict=True):
        assert part.dtype == other.dtype, name
        np.testing.assert_array_equal(part, other, name)


@settings(max_examples=200, deadline=None)
@given(vocabulary=vocabularies(), options=wordpiece_options(), data=st.data())
def test_equals_pack_and_then_mask(vocabulary, options, data):
    encoder = WordPiece(vocabulary, **options)
    masker = data.draw(maskers(len(vocabulary) + 4))
    rows = data.draw(st.integers(1, 70))
    texts = data.draw(st.lists(raw_texts, min_size=rows, max_size=rows))
    segments = (texts, texts[::-1])[: data.draw(st.integers(1, 2))]
    packing = {
        "sequence_length": data.draw(st.integers(5, 20)),
        "start_value": len(vocabulary),
        "end_value": [len(vocabulary) + 1],
        "pad_value": len(vocabulary) + 2,
        "truncate": data.draw(st.sampled_from(["round_robin", "waterfall"])),
        "padding_side": data.draw(st.sampled_from(["right", "left"])),
    }
    numbers = st.integers(-(2**63), 2**63 - 1)
    draw = {
        "seed": data.draw(st.integers(0, 2**63 - 1)),
        "index": data.draw(st.none() | st.lists(numbers, min_size=rows, max_size=rows)),
        "epoch": data.draw(st.integers(0, 9) | st.lists(st.integers(0, 9), min_size=rows, max_size=rows)),
    }
    packed = encoder.encode_and_pack(segments, **packing)
    expected = masker.mask_tokens(packed.token_ids, **draw)
    for target in TARGETS:
        for num_threads in (1, 3):
            with fastnlp.use_target(target):
                masked = encoder.encode_and_mask(segments, masker=masker, num_threads=num_threads, **packing, **draw)
            assert_same(masked, packed, expected)


@pytest.fixture
def encoder():
    return WordPiece(WORDS)


@pytest.fixture
def masker():
    return Masker(len(WORDS), 0.5, 4, mask_selection_length=3, unselectable_token_ids=[0, 2, 3])


def test_containers(target, encoder, masker):
    pa = pytest.importorskip("pyarrow")
    options = {"sequence_length": 8, "start_value": 2, "end_value": 3, "seed": 5}
    texts = ["the quick foxes", "fox.", ""]
    expected = encoder.encode_and_mask(texts, masker=masker, **options)
    for container in (np.array, pa.array, tuple):
        segments = (list(texts),) if container is tuple else container(texts)
        for part, right in zip(encoder.encode_and_mask(segments, masker=masker, **options), expected, strict=True):
            np.testing.assert_array_equal(part, right)
    for part, right in zip(encoder.encode_and_mask(texts[0], masker=masker, **options), expected, strict=True):
        np.testing.assert_array_equal(part, right[0])


def test_without_a_seed_equal_rows_differ(target, encoder, masker):
    texts = ["the quick foxes. the quick fox."] * 40
    masked = [encoder.encode_and_mask(texts, 12, masker) for _ in range(2)]
    assert len(np.unique(masked[0].mask_positions, axis=0)) > 5
    assert not np.array_equal(masked[0].mask_positions, masked[1].mask_positions)


@pytest.mark.parametrize(
    ("segments", "options", "error", "message"),
    [
        ("the", {"sequence_length": 0}, ValueError, "`sequence_length` must be an int in"),
        (("the", "fox"), {"sequence_length": 2}, ValueError, "`sequence_length` must be at least 3"),
        ((["the"], ["fox", "."]), {}, ValueError, r"`segments` must have the same number of rows; received \[1, 2\]"),
        ("the", {"errors": "ignore"}, ValueError, "`errors` must be 'replace' or 'strict'"),
        ("the", {"seed": -1}, ValueError, "`seed` must be in"),
        ("the", {"seed": 1.0}, TypeError, "`seed` must be an integer"),
        (["the"], {"index": [1, 2]}, ValueError, "`index` must hold one integer a row; received 2, for 1 rows"),
        (["the"], {"index": []}, ValueError, "`index` must hold one integer a row; received 0, for 1 rows"),
        (["the"], {"index": [[1]]}, ValueError, "`index` must hold one integer a row"),
        (["the"], {"epoch": [0.5]}, TypeError, "`epoch` must hold integers"),
        (["the", "fox", "."], {"epoch": [1, 2]}, ValueError, "`epoch` must hold one integer a row; received 2, for 3"),
        ("the", {"start_value": 10}, ValueError, "`vocabulary_size` that all token ids are below; received 10"),
        ("the", {"masker": Masker(9, 0.5, 4, mask_selection_length=3)}, ValueError, "received 9, for ids from 0 to 9"),
        ("the", {"masker": Masker(10, 0.5, 4)}, ValueError, "`masker` must have a `mask_selection_length`"),
    ],
)
def test_errors(target, encoder, masker, segments, options, error, message):
    arguments = {"sequence_length": 4, "masker": masker, "start_value": 2, "end_value": 3, "seed": 1, **options}
    with pytest.raises(error, match=message):
        encoder.encode_and_mask(segments, **arguments)
