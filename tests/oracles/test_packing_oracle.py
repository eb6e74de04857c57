"""Packing against KerasHub's layers, inside tf.data: generated segments and options, batched and not.

What differs is an error with us, and listed in docs/differences.md.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packing_strategies import packings, segments_of_rows

from fastnlp import layers
from fastnlp.reference.packing import Packing

tf = pytest.importorskip("tensorflow")
pytest.importorskip("tensorflow_text")
keras_hub = pytest.importorskip("keras_hub")


def packers(name, **options):
    """Our layer of this name, and KerasHub's held to its path through TensorFlow, which tf.data takes."""
    ours, theirs = getattr(layers, name), getattr(keras_hub.layers, name)
    return ours(**options), theirs(_allow_python_workflow=False, **options)


def pack(layer, segments, call):
    """What a layer makes of segments, tensors, in eager code."""
    packed = layer(segments if "Multi" in type(layer).__name__ else segments[0], **call)
    return packed if isinstance(packed, tuple) else (packed,)


def pack_in_dataset(layer, segments, call, batched):
    """The same, inside tf.data, batched or row by row."""
    dataset = tf.data.Dataset.from_tensor_slices(segments)
    if batched:
        dataset = dataset.batch(3)
    rows = list(dataset.map(lambda *segments: pack(layer, segments, call)))
    return [tf.concat(parts, 0) if batched else tf.stack(parts) for parts in zip(*rows, strict=True)]


def as_tensors(segments):
    return tuple(tf.ragged.constant(rows, tf.int32, ragged_rank=1) for rows in segments)


def fitting_length(data, segments, options, call):
    """A length that the special tokens fit into."""
    start = options["start_value"] if call.get("add_start_value", True) else ()
    end = options["end_value"] if call.get("add_end_value", True) else ()
    needed = Packing(0, start, end, options["sep_value"]).num_special_tokens(len(segments))
    return data.draw(st.integers(max(needed, 1), needed + 30))


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert tf.as_dtype(our.dtype) == tf.as_dtype(their.dtype)
        np.testing.assert_array_equal(our, their)


def as_passed(data, tokens):
    """Special tokens as a list, a tuple or, where there is one, as itself."""
    return data.draw(st.sampled_from([tokens, list(tokens), *(tokens if len(tokens) == 1 else [])]))


calls = st.fixed_dictionaries({}, optional={"add_start_value": st.booleans(), "add_end_value": st.booleans()})


@st.composite
def problems(draw):
    """Segments, the options of a layer, and the arguments of a call."""
    data = draw(st.data())
    segments, options, call = draw(segments_of_rows()), draw(packings()), draw(calls)
    length = fitting_length(data, segments, options, call)
    if draw(st.booleans()):
        call, length = {**call, "sequence_length": length}, 7
    for name in ("start_value", "end_value", "sep_value"):
        options[name] = as_passed(data, options[name])
    if options["sep_value"] == options["end_value"] and draw(st.booleans()):
        options["sep_value"] = None
    if options["pad_value"] == 0 and draw(st.booleans()):
        options["pad_value"] = None
    return segments, {"sequence_length": length, **options}, call


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_multi_segment_packer(problem):
    segments, options, call = problem
    ours, theirs = packers("MultiSegmentPacker", **options)
    expected = pack(theirs, as_tensors(segments), call)
    assert_same(pack(ours, as_tensors(segments), call), expected)
    assert_same(pack(ours, tuple(segments), call), expected)
    row = tuple(rows[0] for rows in segments)
    tensors = tuple(tf.constant(tokens, tf.int32, [len(tokens)]) for tokens in row)
    assert_same(pack(ours, row, call), pack(theirs, tensors, call))


@settings(max_examples=150, deadline=None)
@given(problem=problems(), return_padding_mask=st.booleans())
def test_start_end_packer(problem, return_padding_mask):
    segments, options, call = problem
    options = {name: value for name, value in options.items() if name not in ("sep_value", "truncate")}
    for name in ("start_value", "end_value"):
        options[name] = options[name] if options[name] != () else None
    ours, theirs = packers("StartEndPacker", return_padding_mask=return_padding_mask, **options)
    expected = pack(theirs, as_tensors(segments), call)
    assert_same(pack(ours, as_tensors(segments), call), expected)
    assert_same(pack(ours, tuple(segments), call), expected)
    tokens = segments[0][0]
    expected = pack(theirs, (tf.constant(tokens, tf.int32, [len(tokens)]),), call)
    assert_same(pack(ours, (tokens,), call), expected)


@settings(max_examples=10, deadline=None)
@given(problem=problems(), batched=st.booleans())
def test_inside_tf_data(problem, batched):
    """Building a pipeline is slow; the tests above call KerasHub's path through TensorFlow directly."""
    segments, options, call = problem
    ours, theirs = packers("MultiSegmentPacker", **options)
    expected = pack_in_dataset(theirs, as_tensors(segments), call, batched)
    assert_same(pack_in_dataset(ours, as_tensors(segments), call, batched), expected)
    assert_same(pack(ours, as_tensors(segments), call), expected)


@settings(max_examples=30, deadline=None)
@given(segments=segments_of_rows(), options=packings())
def test_too_short_a_row_is_an_error_and_not_a_cut(segments, options):
    """The difference that docs/differences.md lists."""
    packing = Packing(0, options["start_value"], options["end_value"], options["sep_value"])
    needed = packing.num_special_tokens(len(segments))
    assume(needed > 1)
    ours, theirs = packers("MultiSegmentPacker", sequence_length=needed - 1, **options)
    assert pack(theirs, as_tensors(segments), {})[0].shape == [len(segments[0]), needed - 1]
    for inputs in (as_tensors(segments), tuple(segments)):
        with pytest.raises(ValueError, match=rf"`sequence_length` must be at least {needed}, .* received {needed - 1}"):
            ours(inputs)


@pytest.mark.parametrize(
    "rows",
    [
        tf.ragged.constant([["x", "y"], ["é"]]),
        tf.constant([[5, 6]], tf.int64),
        tf.constant([5, 6, 7], tf.uint8),
        tf.zeros([0, 2], tf.int32),
    ],
)
def test_strings_and_other_dtypes(rows):
    special = ("a", "b", "c") if rows.dtype == tf.string else (1, 2, 3)
    ours, theirs = packers("MultiSegmentPacker", sequence_length=8, start_value=special[:2], end_value=special[2])
    # Outside of a graph KerasHub makes lists of strings.
    assert_same(*(tf.function(lambda layer=layer: pack(layer, (rows, rows), {}))() for layer in (ours, theirs)))
