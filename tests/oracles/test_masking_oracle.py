"""Masking against KerasHub's layer inside tf.data: all that is not left to chance, and the distribution of what is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnlp.layers import MaskedLMMaskGenerator

tf = pytest.importorskip("tensorflow")
pytest.importorskip("tensorflow_text")
keras_hub = pytest.importorskip("keras_hub")
no_convert_scope = pytest.importorskip("keras_hub.src.utils.tensor_utils").no_convert_scope

SIZE = 30

configurations = st.fixed_dictionaries(
    {
        "vocabulary_size": st.just(SIZE),
        "mask_selection_rate": st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0]) | st.floats(0, 1),
        "mask_token_id": st.integers(0, SIZE - 1),
        "mask_selection_length": st.none() | st.integers(1, 12),
        "unselectable_token_ids": st.lists(st.integers(0, SIZE - 1), max_size=12),
        "mask_token_rate": st.sampled_from([0.0, 0.5, 0.8]),
        "random_token_rate": st.sampled_from([0.0, 0.1, 0.2]),
    }
)
rows_of_ids = st.lists(st.lists(st.integers(0, SIZE - 1), max_size=40), min_size=1, max_size=5)
some_rows_of_ids = rows_of_ids.filter(any)


def makers(configuration, **options):
    """Our layer, and KerasHub's held to its path through TensorFlow, which tf.data takes."""
    theirs = keras_hub.layers.MaskedLMMaskGenerator(_allow_python_workflow=False, **configuration, **options)

    def mask(batch):
        with no_convert_scope():  # in eager code it would make lists of its tensors
            return theirs(batch)

    return MaskedLMMaskGenerator(**configuration, **options), mask


def assert_same_spec(ours, theirs):
    """Equal names, dtypes, kinds of tensor and shapes."""
    assert sorted(ours) == sorted(theirs)
    for name, tensor in ours.items():
        assert tensor.dtype == theirs[name].dtype, name
        assert isinstance(tensor, tf.RaggedTensor) == isinstance(theirs[name], tf.RaggedTensor), name
        assert tensor.shape.rank == theirs[name].shape.rank, name
        if isinstance(tensor, tf.RaggedTensor):
            np.testing.assert_array_equal(tensor.row_splits, theirs[name].row_splits, name)
        else:
            assert tensor.shape == theirs[name].shape, name


def rows(part):
    return part.to_list() if isinstance(part, tf.RaggedTensor) else part.numpy().tolist()


def assert_same_rules(batch, configuration, ours, theirs):
    """Equal numbers of selected tokens; and both select and replace as the configuration lets them."""
    assert_same_spec(ours, theirs)
    assert rows(ours["mask_weights"]) == rows(theirs["mask_weights"])
    for masked in (ours, theirs):
        for before, after, positions, labels, weights in zip(
            rows(batch),
            *(rows(masked[name]) for name in ("token_ids", "mask_positions", "mask_ids", "mask_weights")),
            strict=True,
        ):
            count = int(sum(weights))
            assert positions[:count] == sorted(set(positions[:count]))
            assert labels[:count] == [before[position] for position in positions[:count]]
            assert not any(positions[count:] + labels[count:])
            assert not set(labels[:count]) & set(configuration["unselectable_token_ids"])
            changed = {place for place in range(len(before)) if before[place] != after[place]}
            assert changed <= set(positions[:count])
            if configuration["random_token_rate"] == 0:
                assert all(after[place] == configuration["mask_token_id"] for place in changed)


@settings(max_examples=80, deadline=None)
@given(configuration=configurations, ids=rows_of_ids, dtype=st.sampled_from([tf.int32, tf.int64]))
def test_ragged_batches(configuration, ids, dtype):
    ours, theirs = makers(configuration)
    batch = tf.ragged.constant(ids, dtype, ragged_rank=1)
    assert_same_rules(batch, configuration, ours(batch), theirs(batch))


@settings(max_examples=40, deadline=None)
@given(configuration=configurations, ids=some_rows_of_ids)
def test_dense_batches(configuration, ids):
    ours, theirs = makers(configuration)
    batch = tf.ragged.constant(ids, tf.int32, ragged_rank=1).to_tensor()
    assert_same_rules(batch, configuration, ours(batch), theirs(batch))


@settings(max_examples=6, deadline=None)
@given(configuration=configurations, ids=rows_of_ids.filter(all))
def test_inside_a_dataset_batched_and_not(configuration, ids):
    dataset = tf.data.Dataset.from_tensor_slices(tf.ragged.constant(ids, tf.int32, ragged_rank=1))
    ours, theirs = makers(configuration)
    for batch, our, their in zip(
        dataset.batch(2), dataset.batch(2).map(ours), dataset.batch(2).map(theirs), strict=True
    ):
        assert_same_rules(batch, configuration, our, their)
    for row, our, their in zip(dataset, dataset.map(ours), dataset.map(theirs), strict=True):
        assert_same_spec(our, their)
        stacked = [{name: part[tf.newaxis] for name, part in masked.items()} for masked in (our, their)]
        assert_same_rules(row[tf.newaxis], configuration, *stacked)


@pytest.mark.parametrize("rate", [0.1, 0.15, 0.2, 0.25, 0.3, 0.7, 1 / 3])
def test_the_count_for_every_length(rate):
    """Rounded up in single precision."""
    ours, theirs = makers({"vocabulary_size": 10, "mask_selection_rate": rate, "mask_token_id": 1})
    batch = tf.RaggedTensor.from_row_lengths(tf.fill([512 * 513 // 2], 5), tf.range(513))
    counts = [layer(batch)["mask_ids"].row_lengths() for layer in (ours, theirs)]
    np.testing.assert_array_equal(*counts)


@pytest.mark.parametrize("dtype", ["float32", "float16", "mixed_float16", "mixed_bfloat16"])
def test_the_dtype_of_the_weights(dtype):
    configuration = {"vocabulary_size": 10, "mask_selection_rate": 0.5, "mask_token_id": 1}
    for length in (None, 3):
        ours, theirs = makers({**configuration, "mask_selection_length": length}, dtype=dtype)
        batch = tf.constant([[5, 6, 7]])
        assert_same_spec(ours(batch), theirs(batch))


def test_the_distributions_are_the_same():
    """Places, kinds of replacement and random tokens: two samples, one from each, that chi-square cannot tell apart."""
    configuration = {
        "vocabulary_size": SIZE,
        "mask_selection_rate": 0.3,
        "mask_token_id": 4,
        "unselectable_token_ids": [0, 1],
    }
    batch = tf.constant([[1, *[7] * 20, 1, 0]] * 3_000)
    tf.random.set_seed(6)
    ours, theirs = makers(configuration)
    ours.seed = 6
    samples = []
    for masked in (ours(batch, index=np.arange(3_000)), theirs(batch)):
        positions = masked["mask_positions"].flat_values.numpy()
        tokens = tf.gather(masked["token_ids"], masked["mask_positions"], batch_dims=1).flat_values.numpy()
        samples.append((np.bincount(positions, minlength=23), np.bincount(tokens, minlength=SIZE)))
    for our, their in zip(*samples, strict=True):
        assert our.sum() == their.sum()
        used = our + their > 0
        statistic = ((our - their)[used] ** 2 / (our + their)[used]).sum()
        freedom = used.sum() - 1
        assert statistic < freedom + 4 * np.sqrt(2 * freedom)
