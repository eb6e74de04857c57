"""Masking: the kernels equal the reference bit for bit, and the reference does what it says, chance included."""

from __future__ import annotations

import math
import pickle
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnlp
from fastnlp.ops import MaskedTokens, Masker
from fastnlp.ragged import Ragged
from fastnlp.reference.masking import philox4x32
from fastnlp.reference.masking.mask_tokens import SPAN_LIMITS

TARGETS = fastnlp.show_config()["targets"]
SELECTIONS = ("fixed", "bernoulli", "whole_word", "span")
SIZE = 40
CONTINUATIONS = range(25, SIZE)

rates = st.one_of(st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.5, 0.8, 0.9, 1.0]), st.floats(0, 1))


@st.composite
def maskers(draw: st.DrawFn, **fixed: Any) -> Masker:
    """Maskers with any arguments."""
    selection = draw(st.sampled_from(SELECTIONS))
    mask_token_rate = draw(rates)
    continuations = st.sets(st.integers(0, SIZE - 1)) if selection == "whole_word" else st.none()
    arguments: dict[str, Any] = {
        "mask_selection_rate": draw(rates),
        "mask_token_id": draw(st.integers(0, SIZE - 1)),
        "mask_selection_length": draw(st.none() | st.integers(1, 12)),
        "unselectable_token_ids": draw(st.sets(st.integers(0, SIZE - 1), max_size=12)),
        "mask_token_rate": mask_token_rate,
        "random_token_rate": draw(st.floats(0, 1 - mask_token_rate)),
        "selection": selection,
        "continuation_token_ids": draw(st.just(CONTINUATIONS) | continuations)
        if selection in ("whole_word", "span")
        else None,
        **fixed,
    }
    return Masker(SIZE, **arguments)


# Up to a little more than two words of 64 bits, in which the kernels count.
rows_of_ids = st.lists(
    st.one_of(
        st.lists(st.integers(0, SIZE - 1), max_size=20),
        st.integers(0, 140).flatmap(lambda size: st.lists(st.integers(0, SIZE - 1), min_size=size, max_size=size)),
    ),
    max_size=6,
)
int64 = st.integers(-(2**63), 2**63 - 1)


def assert_equal(masked: MaskedTokens, expected: MaskedTokens) -> None:
    for part, other in zip(masked, expected, strict=True):
        assert type(part) is type(other)
        assert part.dtype == other.dtype
        if isinstance(part, Ragged):
            assert part == other
        else:
            np.testing.assert_array_equal(part, other)


def rows_of(masked: MaskedTokens) -> list[tuple[list[int], list[int], list[int]]]:
    """The masked ids, the selected positions and the selected ids of every row, without padding."""
    counts = [int(sum(weights)) for weights in masked.mask_weights.tolist()]
    return [
        (ids, positions[:count], labels[:count])
        for ids, positions, labels, count in zip(
            masked.token_ids.tolist(),
            masked.mask_positions.tolist(),
            masked.mask_ids.tolist(),
            counts,
            strict=True,
        )
    ]


def limit(cells: int) -> float:
    """What chi-square with `cells` - 1 degrees of freedom exceeds once in 30,000 times (Wilson and Hilferty, 1931)."""
    freedom = cells - 1
    return freedom * (1 - 2 / (9 * freedom) + 4 * math.sqrt(2 / (9 * freedom))) ** 3


def assert_distributed(counts: Any, shares: Any) -> None:
    """Check by chi-square that things were drawn with the probabilities `shares`."""
    counts, shares = np.asarray(counts, float), np.asarray(shares, float)
    expected = counts.sum() * shares / shares.sum()
    assert expected.min() > 20
    assert ((counts - expected) ** 2 / expected).sum() < limit(len(counts))


# The known answers of Random123 (kat_vectors).
@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_known_answers(counter, key, words):
    assert philox4x32(counter, key) == words


@settings(max_examples=400, deadline=None)
@given(masker=maskers(), rows=rows_of_ids, seed=st.integers(0, 2**63 - 1), data=st.data())
def test_targets_equal_the_reference(masker, rows, seed, data):
    ragged = Ragged.from_lists(rows) if rows else Ragged(np.zeros(0, np.int32), np.zeros(1, np.int64))
    count = len(rows)
    index = data.draw(st.none() | st.lists(int64, min_size=count, max_size=count))
    epoch = data.draw(int64 | st.lists(int64, min_size=count, max_size=count))
    special = None
    if data.draw(st.booleans()):
        size = len(ragged.flat_values)
        special = ragged.with_flat_values(
            np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)
        )
    options = {"seed": seed, "index": index, "epoch": epoch, "special_tokens_mask": special}
    with fastnlp.use_target("reference"):
        expected = masker.mask_tokens(ragged, **options)
    for target in TARGETS[:-1]:
        with fastnlp.use_target(target):
            assert_equal(masker.mask_tokens(ragged, **options, num_threads=1), expected)
            assert_equal(masker.mask_tokens(ragged, **options, num_threads=3), expected)


@settings(max_examples=300, deadline=None)
@given(masker=maskers(), rows=rows_of_ids.filter(bool), seed=st.integers(0, 2**63 - 1))
def test_invariants(masker, rows, seed):
    model = masker._kernels.model
    masked = masker.mask_tokens(rows, seed=seed)
    length = masker.mask_selection_length
    if length is not None:
        assert masked.mask_positions.shape == masked.mask_ids.shape == masked.mask_weights.shape == (len(rows), length)
        padding = masked.mask_weights == 0
        assert not masked.mask_positions[padding].any()
        assert not masked.mask_ids[padding].any()
        assert (np.diff(masked.mask_weights, axis=1) <= 0).all(), "padding stands behind"
    for before, (after, positions, labels) in zip(rows, rows_of(masked), strict=True):
        selectable = [place for place, token in enumerate(before) if token not in model.unselectable_token_ids]
        assert positions == sorted(set(positions))
        assert set(positions) <= set(selectable)
        assert labels == [before[position] for position in positions]
        assert all(before[place] == after[place] for place in set(range(len(before))) - set(positions))
        assert all(0 <= token < SIZE for token in after)
        if model.mask_token_rate == 1:
            assert all(after[position] == model.mask_token_id for position in positions)
        if model.mask_token_rate + model.random_token_rate == 0:
            assert after == before

        count = math.ceil(np.float32(len(selectable)) * np.float32(model.selection_rate))
        count = min(count, length or count)
        if model.selection in ("fixed", "span"):
            assert len(positions) == count
        if model.selection == "whole_word":
            assert len(positions) <= count
            for place, following in pairwise(selectable):
                if following == place + 1 and before[following] in model.continuation_token_ids:
                    assert (place in positions) == (following in positions)
        if length is not None:
            assert len(positions) <= length


@pytest.mark.parametrize("selection", SELECTIONS)
def test_padding_changes_nothing(selection, target):
    masker = make(selection, mask_selection_length=10)
    ids = np.array([[1, *range(5, 39), 2], [1, *range(38, 4, -1), 2]], np.int32)
    padded = np.pad(ids, [(0, 0), (0, 90)])
    shifted = np.pad(ids, [(0, 0), (7, 0)])
    masked = masker.mask_tokens(ids, seed=5)
    for other, places in ((padded, 0), (shifted, 7)):
        result = masker.mask_tokens(other, seed=5)
        np.testing.assert_array_equal(result.token_ids[:, places : places + ids.shape[1]], masked.token_ids)
        np.testing.assert_array_equal(
            result.mask_positions, masked.mask_positions + places * masked.mask_weights.astype(int)
        )


def make(selection: str = "fixed", **arguments: Any) -> Masker:
    if selection in ("whole_word", "span"):
        arguments["continuation_token_ids"] = CONTINUATIONS
    return Masker(
        SIZE,
        **{"mask_selection_rate": 0.3, "mask_token_id": 4, "unselectable_token_ids": [0, 1, 2], **arguments},
        selection=selection,
    )


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("length", [None, 6])
def test_batches_and_order_change_nothing(selection, length, target):
    masker = make(selection, mask_selection_length=length)
    generator = np.random.default_rng(0)
    rows = [generator.integers(0, SIZE, size).tolist() for size in generator.integers(0, 50, 30)]
    order = generator.permutation(len(rows))
    for index in (None, np.arange(len(rows))):
        whole = rows_of(masker.mask_tokens(rows, seed=3, index=index))
        single = [
            masker.mask_tokens(row, seed=3, index=index if index is None else index[i]) for i, row in enumerate(rows)
        ]
        assert [row.token_ids.tolist() for row in single] == [ids for ids, _, _ in whole]
        mixed = rows_of(
            masker.mask_tokens([rows[i] for i in order], seed=3, index=index if index is None else index[order])
        )
        assert mixed == [whole[i] for i in order]


@pytest.mark.parametrize("length", [None, 20])
def test_large_batches_on_many_threads(length):
    masker = make("span", mask_selection_length=length)
    ids = np.random.default_rng(1).integers(0, SIZE, (5000, 60))
    assert_equal(masker.mask_tokens(ids, seed=1, num_threads=4), masker.mask_tokens(ids, seed=1, num_threads=1))
    one_by_one = [masker.mask_tokens(row, seed=1).token_ids for row in ids[-3:]]
    np.testing.assert_array_equal(masker.mask_tokens(ids, seed=1).token_ids[-3:], one_by_one)


def test_what_the_numbers_depend_on(target):
    masker = make()
    ids = [[*range(5, 40)]] * 2

    def draw(**options: Any) -> list[list[int]]:
        return masker.mask_tokens(ids, **options).mask_positions.to_list()

    first, second = draw(seed=1)
    assert first == second, "without an index, equal rows have equal masks"
    assert draw(seed=1, index=[0, 1])[0] != draw(seed=1, index=[0, 1])[1]
    assert draw(seed=1, index=[7, 8]) == draw(seed=1, index=[8, 7])[::-1]
    assert draw(seed=1) != draw(seed=2)
    assert draw(seed=1) != draw(seed=1 + 2**32)
    assert draw(seed=1, epoch=0) == draw(seed=1)
    assert draw(seed=1, epoch=1) != draw(seed=1)
    assert draw(seed=1, epoch=[1, 0]) == [draw(seed=1, epoch=1)[0], first]
    assert draw(seed=1, epoch=2**32) == draw(seed=1), "epochs are counted modulo 2**32"
    assert draw(seed=1, index=[2**32, 0])[0] != draw(seed=1, index=[0, 0])[0]
    assert draw(seed=1, index=[-1, 0]) == draw(seed=1, index=np.array([-1, 0]))


def test_golden_masks(target):
    """A seed's masks are part of the interface: they must not change."""
    ids = [[1, *range(15, 35), 2, 0, 0]]
    expected = {
        "fixed": [1, 15, 16, 17, 18, 19, 20, 4, 12, 23, 24, 4, 26, 4, 28, 29, 30, 31, 32, 4, 34, 2, 0, 0],
        "bernoulli": [1, 15, 16, 17, 18, 4, 20, 21, 12, 23, 24, 25, 26, 27, 28, 4, 30, 4, 4, 4, 34, 2, 0, 0],
        "whole_word": [1, 15, 16, 4, 12, 19, 4, 21, 4, 4, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 2, 0, 0],
        "span": [1, 12, 18, 2, 4, 23, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 2, 0, 0],
    }
    for selection, golden in expected.items():
        assert make(selection).mask_tokens(ids, seed=2024).token_ids.to_list() == [golden]


def test_without_a_seed(target):
    masker = make()
    ids = [[*range(5, 40)]] * 2
    first = masker.mask_tokens(ids)
    assert first.mask_positions[0].tolist() != first.mask_positions[1].tolist()
    assert first.mask_positions != masker.mask_tokens(ids).mask_positions
    state = random.getstate()
    again = masker.mask_tokens(ids)
    random.setstate(state)
    assert_equal(masker.mask_tokens(ids), again)


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rows of 40 tokens, of which the first and the last cannot be selected, and what each selection made of them."""
    size = 60
    ids = np.tile(np.concatenate([[1], np.tile([5], 38), [2]]).astype(np.int32), (40_000, 1))
    drawn = {}
    for selection in SELECTIONS:
        continuations: Any = [] if selection in ("whole_word", "span") else None
        masker = Masker(
            size, 0.2, 4, unselectable_token_ids=[1, 2], selection=selection, continuation_token_ids=continuations
        )
        masked = masker.mask_tokens(ids, seed=99, index=np.arange(len(ids)))
        assert isinstance(masked.mask_positions, Ragged)
        assert isinstance(masked.token_ids, np.ndarray)
        rows = np.repeat(np.arange(len(ids)), masked.mask_positions.row_lengths())
        drawn[selection] = masked.mask_positions, masked.token_ids[rows, masked.mask_positions.flat_values]
    return drawn


@pytest.mark.parametrize("selection", ["fixed", "bernoulli", "whole_word"])
def test_every_place_is_equally_likely(drawn, selection):
    positions, _ = drawn[selection]
    counts = np.bincount(positions.flat_values, minlength=40)
    assert counts[0] == counts[39] == 0
    # Within a row places are drawn without replacement, so that their counts vary less than chi-square allows.
    assert_distributed(counts[1:39], np.ones(38))


@pytest.mark.parametrize("selection", ["fixed", "whole_word"])
def test_every_pair_of_places_is_equally_likely(drawn, selection):
    positions = drawn[selection][0].flat_values.reshape(-1, 8)
    assert len(positions) == 40_000
    first, second = np.triu_indices(8, 1)
    pairs = np.bincount((positions[:, first] * 40 + positions[:, second]).ravel(), minlength=1600).reshape(40, 40)
    assert_distributed(
        pairs[np.triu_indices(40, 1)].reshape(-1)[pairs[np.triu_indices(40, 1)] > 0], np.ones(38 * 37 // 2)
    )


def test_the_number_of_bernoulli_is_binomial(drawn):
    counts = np.bincount(drawn["bernoulli"][0].row_lengths(), minlength=39)
    shares = np.array([math.comb(38, k) * 0.2**k * 0.8 ** (38 - k) for k in range(39)])
    middle = slice(2, 15)
    tails = [counts[:2].sum(), *counts[middle], counts[15:].sum()]
    assert_distributed(tails, [shares[:2].sum(), *shares[middle], shares[15:].sum()])


@pytest.mark.parametrize("selection", SELECTIONS)
def test_replacement_is_80_10_10(drawn, selection):
    """By runs of draws: in spans, neighbours share one."""
    positions, tokens = drawn[selection]
    if selection == "span":
        starts = np.flatnonzero(np.diff(positions.flat_values, prepend=-9) != 1)
        tokens = tokens[starts]
    kinds = [(tokens == 4).sum(), (tokens == 5).sum(), ((tokens != 4) & (tokens != 5)).sum()]
    # A random token is the mask token, or the one that stood there, once in 60 times each.
    assert_distributed(kinds, [0.8 + 0.1 / 60, 0.1 + 0.1 / 60, 0.1 * 58 / 60])


@pytest.mark.parametrize("selection", SELECTIONS)
def test_random_tokens_are_equally_likely(drawn, selection):
    _, tokens = drawn[selection]
    counts = np.bincount(tokens, minlength=60)
    assert len(counts) == 60
    assert_distributed(np.delete(counts, [4, 5]), np.ones(58))


def test_a_reduced_bernoulli_keeps_any_places(target):
    rows = 400 if target == "reference" else 20_000
    masker = Masker(10, 0.9, 4, mask_selection_length=5, selection="bernoulli")
    masked = masker.mask_tokens(np.full((rows, 20), 7), seed=3, index=np.arange(rows))
    assert (masked.mask_weights == 1).all()
    assert_distributed(np.bincount(masked.mask_positions.ravel(), minlength=20), np.ones(20))


def test_span_lengths_are_geometric():
    """Of the first span alone: where few tokens are selected in long rows, spans seldom meet."""
    rows, size, count = 30_000, 500, 10
    masker = Masker(100, count / size, 4, selection="span", mask_token_rate=1, random_token_rate=0)
    positions = masker.mask_tokens(np.full((rows, size), 7, np.int32), seed=8, index=np.arange(rows)).mask_positions
    positions = positions.flat_values.reshape(rows, count)
    # A row of one span is one whose first span had the greatest length; there are none other of ten in a row.
    whole = (np.diff(positions, axis=1) == 1).all(axis=1).sum()
    shares = np.diff([0, *SPAN_LIMITS]) / 2**32
    assert shares.sum() == 1
    np.testing.assert_allclose(shares[1:] / shares[:-1], 0.8, atol=1e-8)
    assert np.isclose((shares * np.arange(1, 11)).sum(), 3.797, atol=0.001), "the mean that SpanBERT gives is 3.8"
    assert abs(whole / rows - shares[9]) < 4 * math.sqrt(shares[9] / rows) + 0.005

    # With one token to select, the span's draw shows in the reference alone.
    from fastnlp.reference.masking.mask_tokens import span_length
    from fastnlp.reference.masking.philox import Draws, Purpose

    lengths = [span_length(Draws(1, 0, row).word(Purpose.SPAN_LENGTH, 0)) for row in range(5000)]
    assert_distributed(np.bincount(lengths)[1:], shares)


def test_spans_are_whole_words_and_replaced_as_one():
    masker = make("span", mask_selection_rate=0.2, random_token_rate=0)
    generator = np.random.default_rng(5)
    ids = generator.integers(5, SIZE, (2000, 100))
    ids[:, ::25] = 1
    masked = masker.mask_tokens(ids, seed=1)
    inside = 0
    for before, (after, positions, _) in zip(ids, rows_of(masked), strict=True):
        cut = 0
        for place in positions:
            begins = before[place] not in CONTINUATIONS or place % 25 == 1
            cut += not begins and place - 1 not in positions
        assert not cut, "a span begins with a word"
        ends = [place for place in positions if place + 1 not in positions and (place + 1) % 25]
        torn = [place for place in ends if place + 1 < 100 and before[place + 1] in CONTINUATIONS]
        assert len(torn) <= 1, "only the last span is cut"
        for place, following in pairwise(positions):
            if following == place + 1 and before[following] in CONTINUATIONS:
                inside += 1
                assert (after[place] == 4) == (after[following] == 4)
    assert inside > 1000


def test_the_count_is_that_of_single_precision():
    for size in (100, 180, 200, 340, 360, 380, 400, 420):
        assert len(Masker(10, 0.15, 4).mask_tokens([5] * size, seed=0).mask_ids) == size * 15 // 100 + 1
    assert len(Masker(10, 0.15, 4).mask_tokens([5] * 140, seed=0).mask_ids) == 21


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64])
def test_arrays_keep_their_dtype(dtype, target):
    masked = make(mask_selection_length=4).mask_tokens(np.arange(5, 25, dtype=dtype).reshape(2, 10), seed=1)
    assert masked.token_ids.dtype == masked.mask_ids.dtype == dtype
    assert masked.mask_positions.dtype == np.int64
    assert masked.mask_weights.dtype == np.float32


def test_containers(target):
    masker = make(mask_selection_length=4)
    rows = [[*range(5, 25)], [*range(20, 40)]]
    expected = masker.mask_tokens(rows, seed=1)
    assert isinstance(expected.token_ids, Ragged)
    containers = [
        Ragged.from_lists(rows),
        np.array(rows),
        np.array(rows, np.int32, order="F"),
        np.repeat(np.array(rows), 2, axis=1)[:, ::2],
        [np.array(row) for row in rows],
        tuple(map(tuple, rows)),
    ]
    for container in containers:
        masked = masker.mask_tokens(container, seed=1)
        assert type(masked.token_ids) is (np.ndarray if isinstance(container, np.ndarray) else Ragged)
        assert rows_of(masked) == rows_of(expected)
    for row, container in ((0, rows[0]), (1, np.array(rows[1])), (1, tuple(rows[1]))):
        masked = masker.mask_tokens(container, seed=1)
        assert [part.ndim for part in masked] == [1] * 4
        assert masked.token_ids.tolist() == expected.token_ids.to_list()[row]
        assert masked.mask_positions.tolist() == expected.mask_positions[row].tolist()
    assert masker.mask_tokens(rows[0], seed=1, index=3, epoch=1).token_ids.shape == (20,)


@pytest.mark.parametrize("length", [None, 3])
def test_nothing_to_select(length, target):
    masker = make(mask_selection_length=length)
    for ids in ([], [[]], [[0, 1], []], np.zeros((0, 5), np.int32), np.zeros((3, 0), np.int32), [[2]]):
        masked = masker.mask_tokens(ids, seed=0)
        assert not np.any(getattr(masked.mask_weights, "flat_values", masked.mask_weights))
        assert masked.token_ids.tolist() == (ids.tolist() if isinstance(ids, np.ndarray) else ids)
    assert len(masker.mask_tokens([[]] * 3, seed=0).mask_positions) == 3


def test_the_input_is_left_as_it_is(target):
    ids = np.arange(5, 35, dtype=np.int32).reshape(3, 10)
    before = ids.copy()
    make(mask_selection_rate=1).mask_tokens(ids, seed=0)
    np.testing.assert_array_equal(ids, before)


def test_special_tokens_mask(target):
    masker = make(mask_selection_rate=1, unselectable_token_ids=())
    ids = [[0, 1, 2], [3]]
    masked = masker.mask_tokens(ids, seed=0, special_tokens_mask=[[1, 0, 7], [False]])
    assert masked.mask_positions.to_list() == [[1], [0]]
    assert masker.mask_tokens([5, 6], seed=0, special_tokens_mask=np.array([True, False])).mask_positions.tolist() == [
        1
    ]


@given(masker=maskers())
def test_canonical_form(masker):
    again = pickle.loads(pickle.dumps(masker))
    assert again == masker
    assert hash(again) == hash(masker)
    assert again.dump() == masker.dump()
    assert again._kernels.model == masker._kernels.model


def test_maskers_differ():
    assert make() != make("span")
    assert make() != make(mask_selection_length=5)
    assert make() != 3
    assert repr(make()) == "Masker(40, 0.3, 4, 'fixed')"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vocabulary_size": 0}, ValueError, r"`vocabulary_size` must be in \[1, 2147483647\]; received 0\."),
        ({"vocabulary_size": 10.0}, TypeError, r"`vocabulary_size` must be an integer; received 10\.0\."),
        ({"mask_token_id": 40}, ValueError, r"`mask_token_id` must be in \[0, 39\]; received 40\."),
        ({"mask_token_id": -1}, ValueError, r"`mask_token_id` must be in \[0, 39\]; received -1\."),
        ({"mask_selection_rate": 1.1}, ValueError, r"`mask_selection_rate` must be in \[0, 1\]; received 1\.1\."),
        ({"mask_selection_rate": -0.1}, ValueError, r"`mask_selection_rate` must be in \[0, 1\]; received -0\.1\."),
        ({"mask_selection_rate": math.nan}, ValueError, r"`mask_selection_rate` must be in \[0, 1\]; received nan\."),
        ({"mask_selection_rate": "0.1"}, TypeError, r"`mask_selection_rate` must be a number; received '0\.1'\."),
        ({"mask_token_rate": 2}, ValueError, r"`mask_token_rate` must be in \[0, 1\]; received 2\."),
        ({"random_token_rate": -1}, ValueError, r"`random_token_rate` must be in \[0, 1\]; received -1\."),
        (
            {"mask_token_rate": 0.8, "random_token_rate": 0.3},
            ValueError,
            r"`mask_token_rate` and `random_token_rate` must be at most 1 together; received 0\.8 and 0\.3\.",
        ),
        ({"mask_selection_length": 0}, ValueError, r"`mask_selection_length` must be in .*; received 0"),
        ({"mask_selection_length": -3}, ValueError, r"`mask_selection_length` must be in .*; received -3"),
        ({"mask_selection_length": True}, TypeError, r"`mask_selection_length` must be an integer; received True\."),
        ({"unselectable_token_ids": [3, 40]}, ValueError, r"`unselectable_token_ids` must be in .*; received 40"),
        ({"unselectable_token_ids": ["a"]}, TypeError, r"`unselectable_token_ids` must be an integer; received 'a'\."),
        (
            {"selection": "span", "continuation_token_ids": [-1]},
            ValueError,
            r"`continuation_token_ids` must be in \[0, 39\]; received -1\.",
        ),
        ({"continuation_token_ids": [1]}, ValueError, r"`continuation_token_ids` must be None with .*'fixed'"),
        ({"selection": "whole_word"}, ValueError, r"'whole_word'` needs `continuation_token_ids`"),
        ({"selection": "words"}, ValueError, r"`selection` must be one of \['fixed', .*'span'\]; received 'words'\."),
    ],
)  # fmt: skip
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        Masker(**{"vocabulary_size": SIZE, "mask_selection_rate": 0.2, "mask_token_id": 4, **arguments})


@pytest.mark.parametrize(
    ("ids", "options", "error", "message"),
    [
        ([[5, 6], [7, 40]], {}, ValueError, r"`token_ids` must be in \[0, 39\]; received 40 in row 1, position 1\."),
        ([[5, 6], [], [-1]], {}, ValueError, r"`token_ids` must be in \[0, 39\]; received -1 in row 2, position 0\."),
        (np.full(70, 40, np.int32), {}, ValueError, r"received 40 in row 0, position 0\."),
        (np.array([5] * 69 + [40], np.int32), {}, ValueError, r"received 40 in row 0, position 69\."),
        (np.array([5] * 69 + [-5], np.int32), {}, ValueError, r"received -5 in row 0, position 69\."),
        (np.array([2**32 + 5]), {}, ValueError, r"received 4294967301 in row 0, position 0\."),
        ([1.5], {}, TypeError, r"`token_ids` must hold integers; received dtype float64\."),
        (["a"], {}, TypeError, r"`token_ids` must hold integers; received dtype <U1\."),
        ([True], {}, TypeError, r"`token_ids` must hold integers; received dtype bool\."),
        (5, {}, ValueError, r"`token_ids` must be of rank 1, or 2 for a batch; received rank 0\."),
        (np.zeros((1, 1, 1), int), {}, ValueError, r"`token_ids` must be of rank 1, or 2 for a batch; received rank 3"),
        ([[[5]]], {}, ValueError, r"`token_ids` must be of rank 1, or 2 for a batch; received rank 3\."),
        ([[5], 6], {}, ValueError, r"`token_ids` must be nested equally deep; received \[\[5\], 6\]\."),
        ([5], {"seed": -1}, ValueError, r"`seed` must be in \[0, 9223372036854775807\]; received -1\."),
        ([5], {"seed": 1.0}, TypeError, r"`seed` must be an integer; received 1\.0\."),
        ([[5], [6]], {"index": [1]}, ValueError, r"`index` must hold one integer a row; received \[1\]\."),
        ([[5], [6]], {"index": 1}, ValueError, r"`index` must hold one integer a row; received 1\."),
        ([5], {"index": 0.5}, TypeError, r"`index` must hold integers; received 0\.5\."),
        ([[5], [6]], {"epoch": [1, 2, 3]}, ValueError, r"`epoch` must hold one integer a row; received \[1, 2, 3\]\."),
        ([5], {"epoch": "a"}, TypeError, r"`epoch` must hold integers; received 'a'\."),
        ([5], {"special_tokens_mask": [0, 1]}, ValueError, r"`special_tokens_mask` must have the shape of `token_ids`"),
        ([5], {"special_tokens_mask": [[0]]}, ValueError, r"`special_tokens_mask` must have the shape of `token_ids`"),
        ([5], {"num_threads": 0}, ValueError, r"`num_threads` must be at least 1, or None; received 0\."),
    ],
)  # fmt: skip
def test_bad_calls(ids, options, error, message, target):
    with pytest.raises(error, match=message):
        make().mask_tokens(ids, **options)


@pytest.mark.skipif(len(TARGETS) == 1, reason="needs the extension")
def test_a_damaged_model_is_an_error():
    from fastnlp import _native

    def mask(dumped: bytes) -> None:
        empty, splits = np.zeros(0, np.uint8), np.array([0, 3])
        _native.mask_tokens(
            dumped, np.array([5, 6, 7], np.int32), splits, empty, 1, np.zeros(0, int), np.zeros(1, int), 1
        )

    dumped = make("span").dump()
    mask(dumped)
    for damaged in (b"", b"x" * 200, dumped[:-1], dumped + b"\0", dumped[:50], dumped[:14]):
        with pytest.raises(ValueError, match="not a masking model of this version of fastnlp: "):
            mask(damaged)
