"""Masking on tensors: equal to `fastnlp.ops.Masker`, whatever the shape and the mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnlp import _dispatch
from fastnlp import tf as fastnlp_tf
from fastnlp.ops import Masker
from fastnlp.ragged import Ragged
from fastnlp.tf._library import library

mask_tokens = fastnlp_tf.masking.mask_tokens
enumerate_epochs = fastnlp_tf.masking.enumerate_epochs

SIZE = 40
IDS = [[1, *range(5, 30), 2], [1, *range(20, 39), 2, *[0] * 6]]


def make(selection: str = "fixed", mask_selection_length: int | None = 5, **arguments: Any) -> Masker:
    if selection in ("whole_word", "span"):
        arguments["continuation_token_ids"] = range(25, SIZE)
    return Masker(
        SIZE,
        0.3,
        4,
        selection=selection,
        mask_selection_length=mask_selection_length,
        unselectable_token_ids=[0, 1, 2],
        **arguments,
    )


def assert_same(tensors: Any, arrays: Any) -> None:
    """Check tensors against what `fastnlp.ops` makes of the same ids as a `Ragged` or an array."""
    for name, tensor, array in zip(arrays._fields, tensors, arrays, strict=True):
        assert tensor.dtype.name == array.dtype.name, name
        if isinstance(tensor, tf.RaggedTensor):
            assert tensor.row_splits.dtype == tf.int64
            assert array == tensor.to_list(), name
        else:
            assert tensor.shape == array.shape, name
            np.testing.assert_array_equal(tensor, array, name)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, SIZE - 1), max_size=80), max_size=4),
    selection=st.sampled_from(["fixed", "bernoulli", "whole_word", "span"]),
    length=st.none() | st.integers(1, 8),
    options=st.fixed_dictionaries(
        {"seed": st.integers(0, 2**63 - 1)}, optional={"epoch": st.integers(-(2**63), 2**63 - 1)}
    ),
    data=st.data(),
)
def test_masks_equal_the_ops(rows, selection, length, options, data):
    masker = make(selection, length)
    ragged = Ragged.from_lists(rows) if rows else Ragged(np.zeros(0, np.int32), np.zeros(1, np.int64))
    if data.draw(st.booleans()):
        options["index"] = data.draw(st.lists(st.integers(0, 2**62), min_size=len(rows), max_size=len(rows)))
    special = None
    if data.draw(st.booleans()):
        special = ragged.with_flat_values(ragged.flat_values % 3 == 0)
    tensor = tf.RaggedTensor.from_row_splits(ragged.flat_values, ragged.row_splits)
    assert_same(
        mask_tokens(masker, tensor, **options, special_tokens_mask=special),
        masker.mask_tokens(ragged, **options, special_tokens_mask=special),
    )


@pytest.mark.parametrize("length", [None, 5])
@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8, tf.int32, tf.int64, tf.uint64])
def test_every_shape_and_dtype(length, dtype):
    masker = make(mask_selection_length=length)
    arrays = np.array(IDS, dtype.as_numpy_dtype)
    expected = masker.mask_tokens(arrays, seed=1)
    assert_same(mask_tokens(masker, tf.constant(IDS, dtype), seed=1), expected)
    assert_same(mask_tokens(masker, tf.constant(IDS[1], dtype), seed=1), masker.mask_tokens(arrays[1], seed=1))
    ragged = tf.ragged.constant(IDS, dtype, row_splits_dtype=tf.int32)
    masked = mask_tokens(masker, ragged, seed=1)
    assert masked.token_ids.row_splits.dtype == tf.int32, "as the input's"
    np.testing.assert_array_equal(masked.token_ids.to_tensor(), expected.token_ids)
    empty = mask_tokens(masker, tf.zeros([0, 7], dtype), seed=1)
    assert empty.token_ids.shape == [0, 7]
    assert empty.mask_weights.shape == [0, length]
    assert mask_tokens(masker, tf.zeros([3, 0], dtype), seed=1).mask_ids.shape == [3, length]
    assert mask_tokens(masker, IDS, seed=1, weights_dtype="float16").mask_weights.dtype == tf.float16


def test_shapes_that_a_graph_knows():
    def traced(shape: Any, masker: Masker) -> list[list[int | None]]:
        function = tf.function(lambda ids: mask_tokens(masker, ids, seed=1))
        outputs = function.get_concrete_function(tf.TensorSpec(shape, tf.int32)).structured_outputs
        return [part.shape.as_list() for part in outputs]

    assert traced([None, 7], make()) == [[None, 7], *[[None, 5]] * 3]
    assert traced([3, None], make()) == [[3, None], *[[3, 5]] * 3]
    assert traced([None], make()) == [[None], *[[5]] * 3]
    assert traced([3, 7], make(mask_selection_length=None)) == [[3, 7], *[[3, None]] * 3]
    assert traced([7], make(mask_selection_length=None)) == [[7], *[[None]] * 3]


@pytest.mark.parametrize("selection", ["fixed", "span"])
def test_batches_threads_and_order_change_nothing_in_a_dataset(selection):
    masker = make(selection)
    generator = np.random.default_rng(0)
    rows = generator.integers(0, SIZE, (64, 30), np.int32)
    dataset = tf.data.Dataset.from_tensor_slices(rows)
    expected = masker.mask_tokens(rows, seed=5)

    def check(masked: Any, places: Any = slice(None)) -> None:
        for name, part in zip(expected._fields, masked, strict=True):
            np.testing.assert_array_equal(part, getattr(expected, name)[places], name)

    for size in (1, 7, 64):
        batches = dataset.batch(size).map(lambda ids: mask_tokens(masker, ids, seed=5), tf.data.AUTOTUNE)
        check(next(iter(batches.unbatch().batch(64))))
    check(next(iter(dataset.map(lambda ids: mask_tokens(masker, ids, seed=5), tf.data.AUTOTUNE).batch(64))))
    numbered = dataset.enumerate().shuffle(64, seed=1).batch(64)
    places, masked = next(iter(numbered.map(lambda index, ids: (index, mask_tokens(masker, ids, seed=5)))))
    check(masked, places.numpy())


def test_every_epoch_draws_anew():
    masker = make()
    rows = np.random.default_rng(0).integers(5, SIZE, (20, 30), np.int32)
    dataset = tf.data.Dataset.from_tensor_slices(rows)

    def masks(*, shuffle_seed: int, size: int, epochs: int | None = 3) -> dict[tuple[int, int], list[int]]:
        numbered = enumerate_epochs(dataset, epochs)
        batches = numbered.take(60).shuffle(15, seed=shuffle_seed).batch(size)
        batches = batches.map(
            lambda epoch, index, ids: (epoch, index, mask_tokens(masker, ids, seed=5, epoch=epoch, index=index))
        )
        return {
            (int(epoch), int(index)): positions.tolist()
            for epochs, indices, masked in batches
            for epoch, index, positions in zip(epochs, indices, masked.mask_positions.numpy(), strict=True)
        }

    first = masks(shuffle_seed=1, size=8)
    assert sorted(first) == [(epoch, index) for epoch in range(3) for index in range(20)]
    assert masks(shuffle_seed=2, size=32) == first
    assert masks(shuffle_seed=2, size=1, epochs=None) == first
    assert sum(first[0, index] == first[1, index] for index in range(20)) < 3
    for epoch in range(3):
        expected = masker.mask_tokens(rows, seed=5, epoch=epoch, index=range(20)).mask_positions
        assert [first[epoch, index] for index in range(20)] == expected.tolist()


def test_epochs_number_elements_of_any_structure():
    dataset = tf.data.Dataset.from_tensor_slices(({"text": ["a", "b"]}, [0, 1]))
    numbered = list(enumerate_epochs(dataset, 2).as_numpy_iterator())
    assert numbered == [
        (epoch, index, ({"text": text}, label))
        for epoch in range(2)
        for index, (text, label) in enumerate([(b"a", 0), (b"b", 1)])
    ]
    assert list(enumerate_epochs(dataset, 0)) == []
    epoch, index, _ = enumerate_epochs(dataset).element_spec
    assert epoch == index == tf.TensorSpec([], tf.int64)
    with pytest.raises(ValueError, match="`epochs` must not be negative, or None; received -1"):
        enumerate_epochs(dataset, -1)


def test_without_a_seed():
    masker = make()
    ids = tf.constant([[*range(5, 30)]] * 2)
    function = tf.function(lambda ids: mask_tokens(masker, ids))
    for call in (lambda: mask_tokens(masker, ids), lambda: function(ids)):
        first, second = call().mask_positions.numpy().tolist()
        assert first != second, "equal rows of a batch have masks of their own"
        assert call().mask_positions.numpy().tolist() != [first, second], "and so has every call"
    tf.random.set_seed(3)
    first = mask_tokens(masker, ids)
    tf.random.set_seed(3)
    assert_same(mask_tokens(masker, ids), type(first)(*(part.numpy() for part in first)))
    dataset = tf.data.Dataset.from_tensors(ids[0]).repeat(50).map(lambda ids: mask_tokens(masker, ids).mask_positions)
    assert len({tuple(positions.numpy()) for positions in dataset}) > 40


def test_the_reference_runs_in_python():
    with _dispatch.use_target("reference"):
        for length in (None, 5):
            masker = make(mask_selection_length=length)
            special = np.array(IDS) % 3 == 0
            options = {"seed": 1, "index": [3, 4], "epoch": [0, 1], "special_tokens_mask": special}
            assert_same(
                mask_tokens(masker, tf.constant(IDS), **options), masker.mask_tokens(np.array(IDS, np.int32), **options)
            )
            function = tf.function(lambda ids, masker=masker: mask_tokens(masker, ids, seed=1))
            assert_same(function(tf.constant(IDS)), masker.mask_tokens(np.array(IDS, np.int32), seed=1))
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be in \[0, 39\]; received 40 in row 0"):
            mask_tokens(make(), tf.constant([40]), seed=1)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (tf.constant([[5, 6], [7, 40]]), r"`token_ids` must be in \[0, 39\]; received 40 in row 1, position 1\."),
        (tf.ragged.constant([[], [-1]], tf.int32), r"`token_ids` must be in \[0, 39\]; received -1 in row 1"),
        (tf.constant([2**32 + 5], tf.int64), r"`token_ids` must be in \[0, 39\]; received 2147483647 in row 0"),
        (tf.constant([-(2**32) + 5], tf.int64), r"`token_ids` must be in \[0, 39\]; received -2147483648 in row 0"),
    ],
)  # fmt: skip
def test_ids_that_are_not_in_the_vocabulary(ids, message):
    for function in (mask_tokens, tf.function(mask_tokens)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            function(make(), ids, seed=1)


@pytest.mark.parametrize(
    ("ids", "options", "error", "message"),
    [
        ([1.5], {}, TypeError, "`token_ids` must hold integers; received dtype float32"),
        (["a"], {}, TypeError, "`token_ids` must hold integers; received dtype string"),
        (5, {}, ValueError, r"`token_ids` must be of rank 1, or 2 for a batch; received shape \(\)"),
        (np.zeros((1, 1, 1), int), {}, ValueError, "`token_ids` must be of rank 1, or 2 for a batch; received shape"),
        ([5], {"seed": -1}, ValueError, r"`seed` must be in \[0, 9223372036854775807\]; received -1"),
        ([5], {"special_tokens_mask": [[0]]}, ValueError, "`special_tokens_mask` must have the shape of `token_ids`"),
    ],
)  # fmt: skip
def test_bad_arguments(ids, options, error, message):
    with pytest.raises(error, match=message):
        mask_tokens(make(), ids, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": [1]}, "`index` must hold 2 elements; received 1"),
        ({"index": []}, "`index` must hold 2 elements; received 0"),
        ({"epoch": [1, 2, 3]}, "`epoch` must hold 2 elements; received 3"),
        ({"special_tokens_mask": [[0] * 9] * 2}, "`special_tokens_mask` must have the shape of `token_ids`"),
        ({"special_tokens_mask": np.zeros([0, 0], bool)}, "`special_tokens_mask` must have the shape of `token_ids`"),
    ],
)
def test_shapes_that_do_not_fit(needs_library, options, message):
    ids = tf.constant(IDS)
    function = tf.function(lambda ids, **options: mask_tokens(make(), ids, seed=1, **options))
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=message):
        mask_tokens(make(), ids, seed=1, **options)
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=message):
        function(ids, **{name: tf.constant(value) for name, value in options.items()})


def test_the_raw_op_trusts_nothing(needs_library):
    model = tf.constant(np.frombuffer(make().dump(), np.uint8))
    none = tf.zeros([0], tf.bool)

    def call(
        model: Any = model,
        ids: Any = (5, 6),
        splits: Any = (0, 2),
        special: Any = none,
        seed: Any = (1,),
        epoch: Any = (0,),
    ) -> Any:
        return library().fastnlp_mask_tokens(model, ids, tf.constant(splits, tf.int64), special, seed, epoch, [])

    call()
    for arguments, message in (
        ({"model": model[:-1]}, "`model`: not a masking model of this version of fastnlp: it ends too early"),
        ({"splits": (0, 3)}, "`row_splits` must end with the number of values, 2; received 3"),
        ({"splits": (0, 3, 2)}, "`row_splits` must not decrease"),
        ({"special": [True]}, "`special_tokens_mask` must hold 2 elements; received 1"),
        ({"seed": (1, 2)}, "`seed` must hold 1 elements; received 2"),
        ({"epoch": (1, 2)}, "`epoch` must hold 1 elements; received 2"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            call(**arguments)


def test_one_small_constant_in_the_graph(needs_library):
    masker = make()
    function = tf.function(lambda ids: (mask_tokens(masker, ids, seed=1), mask_tokens(masker, ids, seed=2)))
    graph = function.get_concrete_function(tf.TensorSpec([None, None], tf.int32)).graph
    constants = [op for op in graph.get_operations() if op.type == "Const" and op.outputs[0].dtype == tf.uint8]
    assert [op.outputs[0].shape[0] for op in constants] == [len(masker.dump())]
    assert len(masker.dump()) < 100
    assert all("CPU" in op.device.upper() for op in graph.get_operations() if op.type.startswith("Fastnlp"))
