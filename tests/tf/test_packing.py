"""Packing on tensors: equal to `fastnlp.ops`, whatever the shape, the mode and the dtype."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from packing_strategies import packings, segments_of_rows

from fastnlp import ops
from fastnlp import tf as fastnlp_tf
from fastnlp.ragged import Ragged
from fastnlp.reference.packing import Packing
from fastnlp.tf._library import library

pack_segments = fastnlp_tf.packing.pack_segments
pack_start_end = fastnlp_tf.packing.pack_start_end


def as_tensor(rows: list[list[int]], dtype: Any = tf.int32, row_splits_dtype: Any = tf.int64) -> tf.RaggedTensor:
    return tf.ragged.constant(rows, dtype, ragged_rank=1, row_splits_dtype=row_splits_dtype)


def assert_same(packed: Any, expected: Any) -> None:
    for part, right in zip(packed, expected, strict=True):
        assert part.dtype.as_numpy_dtype == right.dtype
        assert part.shape == right.shape
        np.testing.assert_array_equal(part, right)


@settings(max_examples=150, deadline=None)
@given(segments=segments_of_rows(), options=packings(), data=st.data())
def test_equal_to_the_ops(segments: list[Any], options: dict[str, Any], data: st.DataObject) -> None:
    packing = Packing(0, options["start_value"], options["end_value"], options["sep_value"])
    needed = packing.num_special_tokens(len(segments))
    length = data.draw(st.integers(max(needed, 1), needed + 20))
    dtype = data.draw(st.sampled_from([tf.int32, tf.int64, tf.uint8]))
    row_splits_dtype = data.draw(st.sampled_from([tf.int32, tf.int64]))
    expected = ops.pack_segments(
        tuple(Ragged.from_lists(rows, dtype.as_numpy_dtype) for rows in segments), length, **options
    )
    tensors = tuple(as_tensor(rows, dtype, row_splits_dtype) for rows in segments)
    assert_same(pack_segments(tensors, length, **options), expected)
    graph = tf.function(lambda tensors: pack_segments(tensors, length, **options), reduce_retracing=True)
    assert_same(graph(tensors), expected)
    first = {name: options[name] for name in ("start_value", "end_value", "pad_value", "padding_side")}
    expected_first = ops.pack_start_end(Ragged.from_lists(segments[0], dtype.as_numpy_dtype), length, **first)
    assert_same(pack_start_end(tensors[0], length, **first), expected_first)
    single = tuple(tf.constant(rows[0], dtype, [len(rows[0])]) for rows in segments)
    alone = ops.pack_segments(tuple(rows[0] for rows in segments), length, **options)
    for part, right in zip(pack_segments(single, length, **options), alone, strict=True):
        np.testing.assert_array_equal(part, right)


@pytest.mark.parametrize("shape", [(3, 4), (3, 0), (0, 4), (0, 0)])
def test_dense_tensors(shape: tuple[int, int]) -> None:
    tokens = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    expected = ops.pack_segments((tokens, tokens), 9, start_value=1, end_value=[2, 3])
    packed = pack_segments((tf.constant(tokens), tf.constant(tokens)), 9, start_value=1, end_value=[2, 3])
    assert_same(packed, expected)


def test_strings() -> None:
    segments = (tf.ragged.constant([["a", "b"], []], tf.string), tf.constant([["é"], ["d"]]))
    packed = pack_segments(segments, 6, start_value="[CLS]", end_value="[SEP]", pad_value="[PAD]")
    assert packed.token_ids.numpy().tolist() == [
        [b"[CLS]", b"a", b"b", b"[SEP]", "é".encode(), b"[SEP]"],
        [b"[CLS]", b"[SEP]", b"d", b"[SEP]", b"[PAD]", b"[PAD]"],
    ]
    assert packed.segment_ids.numpy().tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 0, 0]]
    assert pack_segments(tf.constant(["a"]), 2).token_ids.numpy().tolist() == [b"a", b""]


def test_python_and_numpy_data() -> None:
    ragged = tf.ragged.constant([[5, 6], [7]])
    expected = pack_segments((ragged, ragged), 6, start_value=1)
    for second in ([[5, 6], [7]], Ragged.from_lists([[5, 6], [7]]), [tf.constant([5, 6]), tf.constant([7])]):
        for part, right in zip(pack_segments((ragged, second), 6, start_value=1), expected, strict=True):
            np.testing.assert_array_equal(part, right)
    assert pack_segments(([5], []), 2).token_ids.numpy().tolist() == [5, 0]
    assert pack_segments([[], []], 1).token_ids.numpy().tolist() == [[0], [0]]


def test_shapes_that_a_graph_knows() -> None:
    def traced(*specs: Any) -> Any:
        function = tf.function(lambda *segments: pack_segments(segments, 5, start_value=1))
        return [part.shape.as_list() for part in function.get_concrete_function(*specs).structured_outputs]

    assert traced(tf.TensorSpec([None], tf.int32)) == [[5]] * 3
    assert traced(tf.TensorSpec([3, None], tf.int32), tf.TensorSpec([None, None], tf.int32)) == [[3, 5]] * 3
    assert traced(tf.RaggedTensorSpec([None, None], tf.int32)) == [[None, 5]] * 3
    assert traced(tf.TensorSpec([None, 7], tf.int64)) == [[None, 5]] * 3
    with pytest.raises(ValueError, match="`segments` must be of a known rank"):
        traced(tf.TensorSpec(None, tf.int32))


def test_dataset() -> None:
    rows = [[*range(count % 11)] for count in range(40)]
    expected = ops.pack_segments((Ragged.from_lists(rows), Ragged.from_lists(rows)), 9, start_value=100, end_value=101)
    dataset = tf.data.Dataset.from_tensor_slices((as_tensor(rows), as_tensor(rows)))

    def pack(*segments: Any) -> Any:
        return pack_segments(segments, 9, start_value=100, end_value=101)

    one_by_one = list(dataset.map(pack, num_parallel_calls=tf.data.AUTOTUNE))
    batched = list(dataset.batch(7).map(pack, num_parallel_calls=tf.data.AUTOTUNE))
    for part, right in enumerate(expected):
        np.testing.assert_array_equal([row[part] for row in one_by_one], right)
        np.testing.assert_array_equal(np.concatenate([batch[part] for batch in batched]), right)


def test_saved_model(tmp_path: Path, needs_library: None) -> None:
    module = tf.Module()
    module.pack = tf.function(
        lambda tokens: pack_segments((tokens, tokens), 7, start_value=[1, 1], sep_value=[], truncate="waterfall")[:2],
        input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)],
    )
    tf.saved_model.save(module, str(tmp_path))
    again = tf.saved_model.load(str(tmp_path))
    rows = as_tensor([[5, 6, 7], []])
    for part, right in zip(again.pack(rows), module.pack(rows), strict=True):
        np.testing.assert_array_equal(part, right)


@pytest.mark.parametrize(
    ("segments", "options", "error", "message"),
    [
        (tf.constant([1]), {"sequence_length": 0}, ValueError, "`sequence_length` must be an int in"),
        (tf.constant([1]), {"sequence_length": tf.constant(4)}, ValueError, "`sequence_length` must be an int in"),
        (tf.constant([1]), {"sequence_length": 1}, ValueError, "`sequence_length` must be at least 2, the number of"),
        (tf.constant([1]), {"truncate": "x"}, ValueError, "`truncate` must be 'round_robin' or 'waterfall'"),
        (tf.constant([1]), {"start_value": "a"}, TypeError, "`start_value` must be int, as the tokens"),
        (tf.constant(["a"]), {}, TypeError, "`start_value` must be str, as the tokens"),
        (tf.constant([1], tf.int8), {"end_value": 128}, ValueError, "`end_value` must fit the dtype .* int8; received"),
        ((), {}, ValueError, "`segments` must hold at least one segment"),
        ((tf.constant([1]), tf.constant([[1]])), {}, ValueError, r"`segments` must have the same rank; .* \[1, 2\]"),
        ((tf.constant([[1]]), tf.constant([[1], [1]])), {}, ValueError, r"the same number of rows; received \[1, 2\]"),
        (tf.constant(1), {}, ValueError, "`segments` must be of rank 1, or 2 for a batch; received rank 0"),
        (tf.zeros([1, 1, 1], tf.int32), {}, ValueError, "received rank 3"),
        (tf.ragged.constant([[[1]]]), {}, ValueError, "received rank 3"),
        (tf.constant([1.5]), {}, TypeError, "`segments` must hold integers or strings; received dtype float32"),
        (tf.constant([True]), {}, TypeError, "received dtype bool"),
        ((tf.constant([1]), tf.constant(["a"])), {}, ValueError, r"the same dtype; received \['int32', 'string'\]"),
    ],
)
def test_errors(segments: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments = {"sequence_length": 8, "start_value": 1, "end_value": 2, **options}
    with pytest.raises(error, match=message):
        pack_segments(segments, **arguments)


def test_batches_that_differ_when_a_graph_runs() -> None:
    spec = tf.TensorSpec([None, None], tf.int32)
    function = tf.function(lambda a, b: pack_segments((a, b), 4), input_signature=[spec, spec])
    assert function(tf.zeros([2, 1], tf.int32), tf.zeros([2, 5], tf.int32)).token_ids.shape == [2, 4]
    message = r"`segments` must have the same number of rows; received \[2, 3\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        function(tf.zeros([2, 1], tf.int32), tf.zeros([3, 1], tf.int32))


def test_raw_ops_refuse_what_does_not_fit(needs_library: None) -> None:
    tokens, splits = tf.constant([1, 2]), tf.constant([0, 2], tf.int64)
    pack = library().fastnlp_pack_segments
    start_end = library().fastnlp_pack_start_end
    assert [part.shape for part in pack([tokens], [splits], sequence_length=3)] == [[3]] * 3
    for bad in ([], [1, 2], [0, 1], [0, 3, 2]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="`row_splits` must"):
            pack([tokens], [tf.constant(bad, tf.int64)], sequence_length=3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="`row_splits` must"):
            start_end(tokens, tf.constant(bad, tf.int64), sequence_length=3)
    message = r"`sequence_length` must be at least 2, the number of special tokens around 1 segment\(s\); received 1"
    for call in (
        lambda **options: pack([tokens], [splits], **options),
        lambda **options: start_end(tokens, splits, **options),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            call(sequence_length=1, start_value=[1, 2])
        with pytest.raises(tf.errors.InvalidArgumentError, match="`start_value` must fit int32; received 4294967296"):
            call(sequence_length=3, start_value=[2**32])
        with pytest.raises(tf.errors.InvalidArgumentError, match="`pad_value` must fit int32"):
            call(sequence_length=3, pad_value=-(2**31) - 1)
    function = tf.function(lambda tokens: pack([tokens], [splits], sequence_length=3))
    with pytest.raises(ValueError, match="must be rank 1"):
        function(tf.constant([[1, 2]]))
