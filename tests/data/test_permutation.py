"""Random orders in no memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.data.permutation import Permutation

GOLDEN = [[3, 6, 8, 0, 5, 2, 7, 4, 9, 1], [1, 8, 7, 5, 2, 9, 4, 6, 0, 3], [628890181, 336060241, 674269492]]


@given(st.integers(1, 3000), st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**40)))
def test_every_number_once(size, key):
    order = Permutation(size, key)(np.arange(size))
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(size))


@given(st.integers(1, 10**12), st.data())
def test_any_part_of_any_size(size, data):
    order = Permutation(size, (1, 2))
    positions = np.array(data.draw(st.lists(st.integers(0, size - 1), max_size=20, unique=True)), np.int64)
    numbers = order(positions)
    assert len(set(numbers.tolist())) == len(positions)
    assert all(0 <= number < size for number in numbers)
    for position, number in zip(positions, numbers, strict=True):
        assert order(np.array([position])).tolist() == [number]


def test_golden():
    """The order is an interface: a training that is resumed with another version goes on with the same batches."""
    assert Permutation(10, (7, 0))(np.arange(10)).tolist() == GOLDEN[0]
    assert Permutation(10, (7, 1))(np.arange(10)).tolist() == GOLDEN[1]
    assert Permutation(10**9, (7, 0))(np.arange(3)).tolist() == GOLDEN[2]


def test_keys_share_nothing():
    """Two orders agree in as many places as chance would have it: one, in the mean."""
    orders = [Permutation(10_000, (seed, epoch))(np.arange(10_000)) for seed in range(3) for epoch in range(3)]
    for i, order in enumerate(orders):
        for other in orders[:i]:
            assert (order == other).sum() < 12
            assert abs(np.corrcoef(order, other)[0, 1]) < 0.05
        assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.05


def test_every_number_in_every_place():
    """Chi-squared of the table of numbers by places, over many keys, and of the pairs that follow each other."""
    size, keys = 50, 12_000
    orders = np.array([Permutation(size, (3, epoch))(np.arange(size)) for epoch in range(keys)])
    places = np.array([np.bincount(orders[:, place], minlength=size) for place in range(size)])
    freedom = (size - 1) ** 2
    assert abs(((places - keys / size) ** 2 / (keys / size)).sum() - freedom) < 4 * np.sqrt(2 * freedom)
    pairs = np.bincount(orders[:, 0] * size + orders[:, 1], minlength=size * size).reshape(size, size)
    expected = keys / (size * (size - 1))
    off_diagonal = pairs[~np.eye(size, dtype=bool)]
    freedom = len(off_diagonal) - 1
    assert abs(((off_diagonal - expected) ** 2 / expected).sum() - freedom) < 4 * np.sqrt(2 * freedom)
