"""`packing.pack_segments`: one test text, every implementation, container, dtype and thread count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing_strategies import packings, segments_of_rows

import fastnlp
from fastnlp.ops import PackedSegments, pack_segments, pack_start_end
from fastnlp.ragged import Ragged
from fastnlp.reference.packing import Packing
from fastnlp.reference.packing.pack_segments import round_robin

TARGETS = fastnlp.show_config()["targets"]
DTYPES = [np.int8, np.uint16, np.int32, np.int64, np.uint64]


def pack_everywhere(segments, *args, **options) -> PackedSegments:
    """Pack on every target and for several numbers of threads; all must agree."""
    results = {}
    for target in TARGETS:
        for num_threads in (1, 2, 5):
            with fastnlp.use_target(target):
                results[target, num_threads] = pack_segments(segments, *args, num_threads=num_threads, **options)
    first = next(iter(results.values()))
    for name, result in results.items():
        for part, expected in zip(result, first, strict=True):
            assert part.dtype == expected.dtype, name
            np.testing.assert_array_equal(part, expected, str(name))
    return first


@settings(max_examples=600, deadline=None)
@given(segments=segments_of_rows(), options=packings(), data=st.data())
def test_twins_agree(segments, options, data):
    needed = Packing(0, options["start_value"], options["end_value"], options["sep_value"]).num_special_tokens(
        len(segments)
    )
    length = data.draw(st.integers(max(needed, 1), needed + 20))
    ragged = tuple(Ragged.from_lists(rows) for rows in segments)
    packed = pack_everywhere(ragged, length, **options)
    assert packed.token_ids.shape == packed.segment_ids.shape == packed.padding_mask.shape == (len(segments[0]), length)
    assert packed.token_ids.dtype == packed.segment_ids.dtype == np.int32
    assert packed.padding_mask.dtype == bool
    for index, row in enumerate(zip(*segments, strict=True)):
        alone = pack_segments(tuple(row), length, **options)
        for part, expected in zip(packed, alone, strict=True):
            np.testing.assert_array_equal(part[index], expected, "a row depends on its neighbours")


@settings(max_examples=200, deadline=None)
@given(lengths=st.lists(st.integers(0, 20), min_size=1, max_size=6), budget=st.integers(0, 60))
def test_round_robin_is_fair(lengths, budget):
    kept = round_robin(lengths, budget)
    assert sum(kept) == min(sum(lengths), budget)
    cut = [count for count, length in zip(kept, lengths, strict=True) if count < length]
    assert all(count <= length for count, length in zip(kept, lengths, strict=True))
    assert not cut or (max(kept) <= min(cut) + 1 and cut == sorted(cut, reverse=True))
    packed = pack_everywhere(tuple(np.full(length, i + 1) for i, length in enumerate(lengths)), max(budget, 1))
    if budget:
        assert [int((packed.token_ids == i + 1).sum()) for i in range(len(lengths))] == kept


def containers(rows, dtype):
    """The same rows in everything that may hold them."""
    yield [list(row) for row in rows]
    yield [tuple(row) for row in rows]
    yield [np.array(row, dtype) for row in rows]
    yield Ragged.from_lists(rows, dtype)
    if len({len(row) for row in rows}) == 1:
        yield np.array(rows, dtype)
        yield np.array([rows, rows], dtype)[0]
        yield np.asfortranarray(np.array(rows, dtype))
        yield np.repeat(np.array(rows, dtype), 2, axis=1)[:, ::2]


@pytest.mark.parametrize("dtype", DTYPES)
def test_containers_and_dtypes(target, dtype):
    for rows in ([[5, 6, 7], [8, 9, 10]], [[5, 6, 7, 8, 9], []]):
        expected = pack_segments(
            (Ragged.from_lists(rows), Ragged.from_lists([[3], [4]])), 8, start_value=1, end_value=2
        )
        for first in containers(rows, dtype):
            for second in containers([[3], [4]], dtype):
                packed = pack_segments((first, second), 8, start_value=1, end_value=2)
                typed = not (isinstance(first, list) and isinstance(second, list)) or any(
                    isinstance(part[0], np.ndarray) for part in (first, second)
                )
                assert packed.token_ids.dtype == (dtype if typed else np.int32)
                for part, right in zip(packed, expected, strict=True):
                    np.testing.assert_array_equal(part, right)


def test_wide_ids_are_kept(target):
    ids = np.array([2**62, -(2**62), 3])
    packed = pack_segments(ids, 5, start_value=-1, end_value=2**40, pad_value=9)
    assert packed.token_ids.tolist() == [-1, 2**62, -(2**62), 3, 2**40]


def test_strings(target):
    segments = ([["a", "b"], ["c"]], Ragged(np.array(["d", "eé"], object), np.array([0, 1, 2])))
    packed = pack_segments(segments, 6, start_value="[CLS]", end_value=["[SEP]"], pad_value="[PAD]")
    assert packed.token_ids.tolist() == [
        ["[CLS]", "a", "b", "[SEP]", "d", "[SEP]"],
        ["[CLS]", "c", "[SEP]", "eé", "[SEP]", "[PAD]"],
    ]
    assert packed.segment_ids.tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0]]
    assert pack_segments(np.array(["a", "bc"]), 3).token_ids.tolist() == ["a", "bc", ""]
    assert pack_segments([], 2, start_value="s").token_ids.tolist() == ["s", ""]
    assert pack_segments(([], ["a"]), 2).token_ids.tolist() == ["a", ""]


def test_examples(target):
    def pack(*segments, **options):
        packed = pack_segments(tuple(segments), start_value=101, end_value=102, **options)
        return packed.token_ids.tolist(), packed.segment_ids.tolist()

    assert pack([1, 2, 3, 4], sequence_length=8) == ([101, 1, 2, 3, 4, 102, 0, 0], [0] * 8)
    ids = ([101, 1, 2, 3, 102, 11, 12, 102], [0, 0, 0, 0, 0, 1, 1, 1])
    assert pack([1, 2, 3, 4], [11, 12, 13, 14], sequence_length=8) == ids
    ids = ([101, 1, 2, 3, 4, 102, 11, 102], [0, 0, 0, 0, 0, 0, 1, 1])
    assert pack([1, 2, 3, 4], [11, 12, 13, 14], sequence_length=8, truncate="waterfall") == ids
    ids = ([7, 7, 101, 1, 8, 8, 11, 102], [0, 0, 0, 0, 0, 0, 1, 1])
    assert pack([1], [11], sequence_length=8, sep_value=(8, 8), pad_value=7, padding_side="left") == ids
    assert pack([], [], sequence_length=3) == ([101, 102, 102], [0, 0, 1])
    assert pack(list(range(9)), [50, 51], list(range(20, 29)), sequence_length=10)[0] == [
        101, 0, 1, 102, 50, 51, 102, 20, 21, 102,
    ]  # fmt: skip


@given(rows=st.lists(st.lists(st.integers(0, 99), max_size=9), min_size=1, max_size=5), options=packings())
def test_start_end_is_one_segment(rows, options):
    options = {name: options[name] for name in ("start_value", "end_value", "pad_value", "padding_side")}
    length = len(options["start_value"]) + len(options["end_value"]) + 3
    packed = pack_segments(rows, length, **options)
    for target in TARGETS:
        with fastnlp.use_target(target):
            token_ids, padding_mask = pack_start_end(rows, length, **options)
            alone = pack_start_end(tuple(rows[0]), length, **options)
        np.testing.assert_array_equal(token_ids, packed.token_ids)
        np.testing.assert_array_equal(padding_mask, packed.padding_mask)
        np.testing.assert_array_equal(alone.token_ids, packed.token_ids[0])


def test_no_rows(target):
    for empty in (np.zeros([0, 3], np.int32), Ragged(np.zeros(0, np.int32), np.array([0]))):
        packed = pack_segments((empty, empty), 4, start_value=1)
        assert [part.shape for part in packed] == [(0, 4)] * 3
    assert pack_segments([[]], 2, end_value=3).token_ids.tolist() == [[3, 0]]


def test_many_rows_on_many_threads():
    rows = Ragged(np.arange(1_000_000, dtype=np.int32), np.arange(0, 1_000_001, 100))
    expected = np.zeros([10_000, 128], np.int32)
    expected[:, :100] = rows.flat_values.reshape(-1, 100)
    for num_threads in (1, 3, 16):
        packed = pack_segments(rows, 128, num_threads=num_threads)
        np.testing.assert_array_equal(packed.token_ids, expected)
        np.testing.assert_array_equal(packed.padding_mask, np.arange(128) < np.full([10_000, 1], 100))


@pytest.mark.parametrize(
    ("segments", "options", "error", "message"),
    [
        ([1], {"sequence_length": 0}, ValueError, r"`sequence_length` must be an int in \[1, 2147483647\]; received 0"),
        ([1], {"sequence_length": -3}, ValueError, "received -3"),
        ([1], {"sequence_length": 2**31}, ValueError, "received 2147483648"),
        ([1], {"sequence_length": None}, ValueError, "received None"),
        ([1], {"sequence_length": 4.0}, ValueError, "received 4.0"),
        ([1], {"sequence_length": True}, ValueError, "received True"),
        (
            ([1], [2]),
            {"sequence_length": 2},
            ValueError,
            r"`sequence_length` must be at least 3, the number of special tokens around 2 segment\(s\); received 2",
        ),
        (
            [1],
            {"truncate": "longest"},
            ValueError,
            "`truncate` must be 'round_robin' or 'waterfall'; received 'longest'",
        ),
        ([1], {"padding_side": "both"}, ValueError, "`padding_side` must be 'right' or 'left'; received 'both'"),
        ([1], {"num_threads": 0}, ValueError, "`num_threads` must be at least 1, or None; received 0"),
        (
            [1],
            {"start_value": 1.5},
            TypeError,
            "`start_value` must be int or str, or a list or tuple of them; received 1.5",
        ),
        ([1], {"end_value": [1, None]}, TypeError, "`end_value` must be int or str, .* received None"),
        ([1], {"start_value": "a"}, TypeError, "`start_value` must be int, as the tokens .* received 'a'"),
        (["a"], {}, TypeError, "`start_value` must be str, as the tokens .* received 1"),
        ([1], {"pad_value": "a"}, TypeError, "`pad_value` must be int, .* received 'a'"),
        (
            [1],
            {"sep_value": 2**31},
            ValueError,
            "`sep_value` must fit the dtype of the segments, int32; received 2147483648",
        ),
        (np.zeros(2, np.int8), {"pad_value": 128}, ValueError, "`pad_value` must fit the dtype of the segments, int8"),
        ((), {}, ValueError, "`segments` must hold at least one segment; received an empty tuple"),
        (([1], [[2]]), {}, ValueError, r"`segments` must have the same rank; received ranks \[1, 2\]"),
        (([[1]], [[2], [3]]), {}, ValueError, r"`segments` must have the same number of rows; received \[1, 2\]"),
        ((1, 2), {}, ValueError, "`segments` must be of rank 1, or 2 for a batch; received rank 0"),
        (np.zeros([1, 1, 1], int), {}, ValueError, "received rank 3"),
        (Ragged.from_lists([[[1]]]), {}, ValueError, "received rank 3"),
        ([[[1]]], {}, ValueError, "received lists in lists in lists"),
        ([1, [2]], {}, ValueError, r"`segments` must be nested equally deep; received \[1, \[2\]\]"),
        ([1.5], {}, TypeError, "`segments` must hold integers, or nothing but str; received float"),
        ([True], {}, TypeError, "received bool"),
        ([1, "a"], {}, TypeError, "received str"),
        (([1], ["a"]), {"start_value": None, "end_value": None}, TypeError, "must hold integers, or nothing but str"),
        (np.zeros(2), {}, TypeError, "`segments` must hold integers or str; received dtype float64"),
        (np.array([b"a"]), {}, TypeError, "received dtype |S1"),
        ([2**31], {}, ValueError, "`segments` must fit int32; received 2147483648"),
        ([2**64], {}, ValueError, "`segments` must fit int64; received 18446744073709551616"),
        (
            (np.zeros(1, np.int64), np.zeros(1, np.int32)),
            {},
            ValueError,
            r"the same dtype; received \['int64', 'int32'\]",
        ),
    ],
)
def test_errors(target, segments, options, error, message):
    with pytest.raises(error, match=message):
        pack_segments(segments, **{"sequence_length": 8, "start_value": 1, "end_value": 2, **options})
