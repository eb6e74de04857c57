"""Batches by step: orders, epochs, shards, and what does not change a mask."""

from __future__ import annotations

import itertools
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.data import Batches, TextExamples
from fastnlp.ops import Masker

MASKER = Masker(100, 0.5, 4, mask_selection_length=4, unselectable_token_ids=[0])
ROWS = np.random.default_rng(0).integers(5, 100, (23, 8))


class Numbers:
    """Examples that are their own numbers."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def read(self, index, *, seed, epoch):
        return index


def as_is(x):
    return x


def epoch_of(batches, epoch):
    return [batches[step].tolist() for step in range(epoch * len(batches), (epoch + 1) * len(batches))]


@given(
    st.integers(1, 60), st.integers(1, 20), st.booleans(), st.booleans(), st.integers(1, 4), st.integers(0, 2**63 - 1)
)
def test_an_epoch_has_every_example_once(length, batch_size, shuffle, drop_remainder, workers, seed):
    shards = []
    whole = Batches(Numbers(length), length, seed=seed, shuffle=shuffle)
    for worker in range(workers):
        options = {"seed": seed, "shuffle": shuffle, "drop_remainder": drop_remainder, "shard": (worker, workers)}
        each = length // workers
        if each < (batch_size if drop_remainder else 1):
            with pytest.raises(ValueError, match="`examples` must be enough for a batch"):
                Batches(Numbers(length), batch_size, **options)
            return
        shards.append(Batches(Numbers(length), batch_size, **options))
    for epoch in range(3):
        expected = whole[epoch].tolist()
        for worker, shard in enumerate(shards):
            sizes = [len(batch) for batch in epoch_of(shard, epoch)]
            assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
            assert sizes[-1] == batch_size or not drop_remainder
            taken = [number for batch in epoch_of(shard, epoch) for number in batch]
            assert taken == expected[worker::workers][: each - (each % batch_size if drop_remainder else 0)]
        assert sorted(expected) == list(range(length))
        assert shuffle or expected == list(range(length))


def test_every_epoch_has_an_order_of_its_own():
    orders = [epoch_of(Batches(Numbers(100), 100, seed=seed), epoch)[0] for seed in range(3) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == len(orders)
    assert orders[0] == epoch_of(Batches(Numbers(100), 100, seed=0), 0)[0]


def test_iteration_goes_on():
    batches = Batches(Numbers(5), 2, seed=1)
    found = [batch.tolist() for batch in itertools.islice(batches, 7)]
    assert found == [batches[step].tolist() for step in range(7)]


def masks(batches, epoch):
    """What each example became."""
    found = {}
    for step in range(epoch * len(batches), (epoch + 1) * len(batches)):
        x, y, weights = batches[step]
        for row, number in enumerate(batches.index(step)[1].tolist()):
            found[number] = [part[row].tolist() for part in (x["token_ids"], x["mask_positions"], y, weights)]
    return found


def test_order_and_batches_change_no_mask():
    examples = TextExamples(ROWS, preprocess=as_is, masker=MASKER)
    for epoch in range(2):
        expected = masks(Batches(examples, 23, seed=5, shuffle=False), epoch)
        masked = MASKER.mask_tokens(ROWS, seed=5, epoch=epoch, index=np.arange(23))
        assert [row[0] for _, row in sorted(expected.items())] == masked.token_ids.tolist()
        for batch_size, shuffle in ((1, True), (4, False), (7, True)):
            assert masks(Batches(examples, batch_size, seed=5, shuffle=shuffle), epoch) == expected
    assert masks(Batches(examples, 23, seed=5), 0) != masks(Batches(examples, 23, seed=5), 1)
    assert masks(Batches(examples, 23, seed=5), 0) != masks(Batches(examples, 23, seed=6), 0)


def test_pickle():
    batches = Batches(TextExamples(ROWS, preprocess=as_is, masker=MASKER), 4, seed=3, shard=(1, 2))
    assert masks(pickle.loads(pickle.dumps(batches)), 2) == masks(batches, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "`batch_size` must be at least 1; received 0."),
        ({"batch_size": 2.0}, TypeError, "`batch_size` must be an integer; received 2.0."),
        ({"seed": -1}, ValueError, "`seed` must be in [0, 9223372036854775807]; received -1."),
        ({"seed": None}, TypeError, "`seed` must be an integer; received None."),
        ({"shard": 3}, TypeError, "`shard` must be a tuple (i, n); received 3."),
        ({"shard": (2, 2)}, ValueError, "`shard` must be (i, n) with i below n; received (2, 2)."),
        ({"shard": (-1, 2)}, ValueError, "`shard` must be at least 0; received -1."),
        ({"batch_size": 6, "drop_remainder": True}, ValueError, "`examples` must be enough for a batch; received 5"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)):
        Batches(Numbers(5), **{"batch_size": 2, **arguments})


def test_no_examples():
    with pytest.raises(ValueError, match="`examples` must be enough for a batch; received 0"):
        Batches(Numbers(0), 1)


def test_negative_step():
    with pytest.raises(IndexError, match="`step` must not be negative; received -1"):
        Batches(Numbers(5), 2)[-1]


@pytest.mark.parametrize("method", ["as_py_dataset", "as_tf_dataset"])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "`epochs` must be at least 1; received 0."),
        ({"first_step": -1}, ValueError, "`first_step` must be at least 0; received -1."),
        ({"first_step": 1.0}, TypeError, "`first_step` must be an integer; received 1.0."),
        ({"epochs": 2, "first_step": 6}, ValueError, "`first_step` must be below 6, the steps of 2 epoch(s)"),
    ],
)
def test_bad_arguments_of_datasets(method, arguments, error, message):
    pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    with pytest.raises(error, match=re.escape(message)):
        getattr(Batches(Numbers(5), 2), method)(**arguments)
