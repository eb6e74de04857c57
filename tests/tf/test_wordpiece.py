"""WordPiece on tensors: equal to `fastnlp.ops.WordPiece`, whatever the shape, the mode and the kind of string."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnlp import tf as fastnlp_tf
from fastnlp.ops import Masker, WordPiece
from fastnlp.ragged import Ragged
from fastnlp.tf._library import library

encode = fastnlp_tf.wordpiece.encode
decode = fastnlp_tf.wordpiece.decode

WORDS = ["the", "quick", "Brown", "foxes", "ÉÉ", "E\N{COMBINING ACUTE ACCENT}", "日本", "aaa", "zzz", ".", "\0", ""]
texts_of_words = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join).map(str.encode)
any_text = st.one_of(texts_of_words, st.text(max_size=40).map(str.encode), st.binary(max_size=40))


def assert_same(ragged: tf.RaggedTensor, expected: Ragged) -> None:
    assert ragged.dtype == tf.int32
    assert all(splits.dtype == tf.int64 for splits in ragged.nested_row_splits)
    np.testing.assert_array_equal(ragged.flat_values, expected.flat_values)
    assert len(ragged.nested_row_splits) == len(expected.nested_row_splits)
    for splits, expected_splits in zip(ragged.nested_row_splits, expected.nested_row_splits, strict=True):
        np.testing.assert_array_equal(splits, expected_splits)


@given(texts=st.lists(any_text, max_size=8))
def test_ids_and_row_splits_equal_the_ops(encoder: WordPiece, texts: list[bytes]) -> None:
    assert_same(encode(encoder, tf.constant(texts, tf.string, [len(texts)])), encoder.encode(texts))


@settings(max_examples=30)
@given(
    texts=st.lists(any_text, max_size=4),
    rules=st.sampled_from(["keras", "bert"]),
    lowercase=st.booleans(),
    strip_accents=st.booleans(),
    split=st.booleans(),
    split_on_cjk=st.booleans(),
    suffix_indicator=st.sampled_from(["##", "@@", ""]),
    special_tokens=st.sampled_from([(), ("[PAD]",), ("[PAD]", "the")]),
)
def test_every_option_travels_with_the_graph(texts: list[bytes], split: bool, **options: Any) -> None:
    encoder = WordPiece(
        ["[PAD]", "[UNK]", "the", "qu", "##ick", "@@ick", "fox", "é", "日"],
        split=split,
        special_tokens_in_strings=split and bool(options["special_tokens"]),
        **options,
    )
    assert_same(encode(encoder, tf.constant(texts, tf.string, [len(texts)])), encoder.encode(texts))


@given(shape=st.lists(st.integers(0, 3), max_size=4), data=st.data())
def test_every_dense_shape(encoder: WordPiece, shape: list[int], data: st.DataObject) -> None:
    size = int(np.prod(shape))
    flat = data.draw(st.lists(texts_of_words, min_size=size, max_size=size))
    texts = np.array(flat, dtype=object).reshape(shape)
    ids = encode(encoder, tf.constant(flat, tf.string, shape))
    dense = encode(encoder, tf.constant(flat, tf.string, shape), sequence_length=5)
    rows = np.zeros([size, 5], np.int32)
    for row, text in zip(rows, flat, strict=True):
        found = encoder.encode(text)[:5]
        row[: len(found)] = found
    np.testing.assert_array_equal(dense, rows.reshape([*shape, 5]))
    if shape:
        assert ids.shape.as_list() == [*shape, None]
        assert_same(ids, encoder.encode(texts))
    else:
        np.testing.assert_array_equal(ids, encoder.encode(flat[0]))


def test_dense_outer_dimensions_are_uniform_as_those_of_from_tensor(encoder: WordPiece) -> None:
    texts = tf.constant([[["the"], ["fox"]]])
    ids = encode(encoder, texts)
    like = tf.RaggedTensor.from_tensor(texts, ragged_rank=2)
    assert ids.ragged_rank == 3
    assert ids.uniform_row_length == like.uniform_row_length == 2
    assert ids.values.uniform_row_length == like.values.uniform_row_length == 1
    assert ids.values.values.uniform_row_length is None


@given(rows=st.lists(st.lists(st.lists(texts_of_words, max_size=3), max_size=3), min_size=1, max_size=3))
def test_ragged_texts_keep_their_nesting(encoder: WordPiece, rows: list[list[list[bytes]]]) -> None:
    texts = tf.ragged.constant(rows, dtype=tf.string, ragged_rank=2)
    ids = encode(encoder, texts)
    assert ids.to_list() == [[[encoder.encode(text).tolist() for text in inner] for inner in row] for row in rows]
    dense = encode(encoder, texts, sequence_length=3)
    np.testing.assert_array_equal(dense, ids.to_tensor(shape=[None, None, None, 3]))


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_row_splits_are_int64_whatever_those_of_the_texts(encoder: WordPiece, dtype: tf.DType) -> None:
    texts = tf.ragged.constant([["the"], [], ["fox", "."]], row_splits_dtype=dtype)
    ids = encode(encoder, texts)
    assert [splits.dtype for splits in ids.nested_row_splits] == [tf.int64, tf.int64]
    assert ids.to_list() == [[[2]], [], [[6], [8]]]


def test_ragged_texts_with_a_dense_inner_dimension(encoder: WordPiece) -> None:
    texts = tf.RaggedTensor.from_row_splits(tf.constant([["the", "fox"], [".", ""]]), [0, 0, 2])
    assert encode(encoder, texts).to_list() == [[], [[[2], [6]], [[8], []]]]


def test_every_kind_of_string(encoder: WordPiece, tmp_path: Path) -> None:
    """Inline (up to 22 bytes), allocated, and what other ops make: slices, parsed fields, records."""
    texts = ["a " * count for count in range(40)] + ["the quick brown foxes. " * 50]
    expected = encoder.encode(texts).to_list()
    assert encode(encoder, texts).to_list() == expected

    padded = tf.constant([f"<<{text}>>" for text in texts])
    slices = tf.strings.substr(padded, tf.fill([len(texts)], 2), tf.strings.length(padded) - 4)
    assert encode(encoder, slices).to_list() == expected
    assert encode(encoder, tf.strings.split(tf.strings.join(texts, "|"), "|")).to_list() == expected
    assert encode(encoder, tf.io.decode_csv([f"{text},1" for text in texts], ["", 0])[0]).to_list() == expected

    path = str(tmp_path / "texts.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for text in texts:
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
            writer.write(tf.train.Example(features=tf.train.Features(feature={"text": feature})).SerializeToString())
    records = tf.data.TFRecordDataset(path).batch(len(texts))
    parsed = records.map(lambda batch: tf.io.parse_example(batch, {"text": tf.io.FixedLenFeature([], tf.string)}))
    assert next(iter(parsed.map(lambda batch: encode(encoder, batch["text"])))).to_list() == expected

    serialized = tf.io.serialize_tensor(tf.constant(texts))
    assert encode(encoder, tf.io.parse_tensor(serialized, tf.string)).to_list() == expected


def test_nul_is_no_end_of_string(encoder: WordPiece) -> None:
    texts = [b"the\0fox", b"\0", b"\0" * 30, b"the fox \0 the"]
    assert_same(encode(encoder, texts), encoder.encode(texts))
    assert encode(encoder, [b"fox \0 the"]).to_list()[0][-1] == 2


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_invalid_utf8(encoder: WordPiece, graph: bool) -> None:
    def strict(texts: tf.Tensor) -> tf.RaggedTensor:
        return encode(encoder, texts, errors="strict")

    call = tf.function(strict) if graph else strict
    texts = tf.constant([b"the", b"a fox \xff", b"\xe6\x97"])
    assert_same(encode(encoder, texts), encoder.encode(texts.numpy()))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`texts` row 1: invalid UTF-8 at byte 6"):
        call(texts)
    assert call(tf.constant(["the", "日"])).to_list() == [[2], [11]]


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        (tf.constant([1, 2]), {}, TypeError, "`texts` must be a string tensor; received dtype int32"),
        (tf.ragged.constant([[1.0]]), {}, TypeError, "received dtype float32"),
        (["a"], {"errors": "ignore"}, ValueError, "`errors` must be 'replace' or 'strict'; received 'ignore'"),
        (["a"], {"sequence_length": 0}, ValueError, "`sequence_length` must be at least 1, or None; received 0"),
        (["a"], {"sequence_length": "8"}, ValueError, "received '8'"),
    ],
)
def test_unusable_arguments(
    encoder: WordPiece, texts: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        encode(encoder, texts, **options)


def test_shapes_that_a_graph_knows(encoder: WordPiece) -> None:
    def traced(shape: Any, **options: Any) -> Any:
        function = tf.function(lambda texts: encode(encoder, texts, **options))
        return function.get_concrete_function(tf.TensorSpec(shape, tf.string)).structured_outputs

    assert traced([None]).shape.as_list() == [None, None]
    assert traced([5]).shape.as_list() == [5, None]
    assert traced([]).shape.as_list() == [None]
    assert traced([None, 3]).shape.as_list() == [None, 3, None]
    assert traced([None], sequence_length=7).shape.as_list() == [None, 7]
    assert traced([], sequence_length=7).shape.as_list() == [7]
    assert traced([2, None], sequence_length=7).shape.as_list() == [2, None, 7]
    assert traced(None, sequence_length=7).shape.rank is None
    with pytest.raises(ValueError, match="`texts` must be of a known rank, or `sequence_length` given"):
        traced(None)


def test_unknown_rank_with_sequence_length(encoder: WordPiece) -> None:
    function = tf.function(
        lambda texts: encode(encoder, texts, sequence_length=3), input_signature=[tf.TensorSpec(None, tf.string)]
    )
    assert function(tf.constant("the fox")).numpy().tolist() == [2, 6, 0]
    assert function(tf.constant([["the"], ["fox"]])).numpy().tolist() == [[[2, 0, 0]], [[6, 0, 0]]]


def test_function_with_unknown_batch_is_traced_once(encoder: WordPiece) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def both(texts: tf.Tensor) -> tuple[tf.RaggedTensor, tf.Tensor]:
        ids = encode(encoder, texts)
        return ids, decode(encoder, ids)

    for texts in (["the quick fox."], [], ["the"] * 100):
        ids, decoded = both(tf.constant(texts, tf.string, [len(texts)]))
        assert_same(ids, encoder.encode(texts))
        assert [text.decode() for text in decoded.numpy()] == encoder.decode(encoder.encode(texts))
    assert both.experimental_get_tracing_count() == 1


def test_control_flow(encoder: WordPiece) -> None:
    """Branches and loop bodies are graphs of their own."""

    @tf.function
    def function(texts: tf.Tensor, first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        chosen = tf.cond(
            first,
            lambda: encode(encoder, texts[0], sequence_length=4),
            lambda: encode(encoder, texts[1], sequence_length=4),
        )
        spec = tf.TensorSpec([4], tf.int32)
        return chosen, tf.map_fn(lambda text: encode(encoder, text, sequence_length=4), texts, fn_output_signature=spec)

    texts = tf.constant(["the fox", "a"])
    for first in (True, False):
        chosen, mapped = function(texts, tf.constant(first))
        assert mapped.numpy().tolist() == [[2, 6, 0, 0], [13, 0, 0, 0]]
        assert chosen.numpy().tolist() == mapped.numpy().tolist()[0 if first else 1]


def test_graphs_and_sessions_of_tensorflow_1(encoder: WordPiece) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        texts = tf.compat.v1.placeholder(tf.string, [None])
        inside = tf.compat.v1.cond(
            tf.size(texts) > 1,
            lambda: encode(encoder, texts, sequence_length=2),
            lambda: encode(encoder, texts + " fox", sequence_length=2),
        )
        outside = encode(encoder, texts, sequence_length=2)
        constants = [node for node in session.graph.as_graph_def().node if node.name.endswith("wordpiece_model")]
        assert len(constants) <= 1
        assert session.run([inside, outside], {texts: ["the"]})[0].tolist() == [[2, 6]]
        assert session.run(outside, {texts: ["the", "a"]}).tolist() == [[2, 0], [13, 0]]


def test_dataset(encoder: WordPiece) -> None:
    texts = [word * count for word in ("the ", "fox ", "日本 ") for count in range(40)]
    expected = encoder.encode(texts).to_list()
    dataset = tf.data.Dataset.from_tensor_slices(texts)
    one_by_one = dataset.map(lambda text: encode(encoder, text), num_parallel_calls=tf.data.AUTOTUNE)
    assert [ids.numpy().tolist() for ids in one_by_one] == expected
    batched = dataset.batch(7).map(lambda batch: encode(encoder, batch), num_parallel_calls=tf.data.AUTOTUNE)
    assert [row for batch in batched for row in batch.to_list()] == expected
    assert batched.element_spec.shape.as_list() == [None, None]
    dense = dataset.batch(8, drop_remainder=True).map(lambda batch: encode(encoder, batch, sequence_length=16))
    assert dense.element_spec == tf.TensorSpec([8, 16], tf.int32)
    regrouped = one_by_one.ragged_batch(5).unbatch()
    assert [ids.numpy().tolist() for ids in regrouped] == expected


def test_one_constant_for_a_graph(encoder: WordPiece, needs_library: None) -> None:
    other = WordPiece(["[UNK]", "fox"])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def function(texts: tf.Tensor) -> list[tf.Tensor]:
        twice = [encode(encoder, texts) for _ in range(2)]
        return [*twice, decode(encoder, twice[0]), encode(other, texts)]

    graph = function.get_concrete_function().graph
    constants = [op for op in graph.get_operations() if op.type == "Const" and op.outputs[0].dtype == tf.uint8]
    assert sorted(op.outputs[0].shape[0] for op in constants) == sorted([len(encoder.dump()), len(other.dump())])
    assert all("CPU" in op.device.upper() for op in graph.get_operations() if op.type.startswith("Fastnlp"))


def test_constants_keep_neither_graphs_nor_encoders_alive(needs_library: None) -> None:
    def use() -> tuple[weakref.ref[tf.Graph], weakref.ref[WordPiece]]:
        encoder = WordPiece(["[UNK]", "fox", "only here"])
        encode(encoder, ["fox"])
        function = tf.function(lambda texts: encode(encoder, texts))
        graph = function.get_concrete_function(tf.TensorSpec([None], tf.string)).graph
        return weakref.ref(graph), weakref.ref(encoder)

    graph, alive = use()
    gc.collect()
    assert graph() is None
    assert alive() is None


def test_encoders_of_one_size_do_not_mix() -> None:
    tokens = [f"x{i}" for i in range(10, 30)]
    encoders = [WordPiece(["[UNK]", *tokens[start:], *tokens[:start]]) for start in range(len(tokens))]
    for _ in range(2):
        for encoder in encoders:
            assert encode(encoder, ["x10 x29"]).to_list() == encoder.encode(["x10 x29"]).to_list()


def test_a_constant_does_not_take_the_place_of_a_freed_one(needs_library: None) -> None:
    """TensorFlow gives the memory that one constant leaves to the next."""
    tokens = [f"x{i}" for i in range(10, 30)]
    for start in range(len(tokens)):
        encoder = WordPiece(["[UNK]", *tokens[start:], *tokens[:start]])
        model = tf.constant(np.frombuffer(encoder.dump(), np.uint8))
        ids, _ = library().fastnlp_wordpiece_encode(model, ["x10 x29"])
        assert ids.numpy().tolist() == encoder.encode("x10 x29").tolist()
        del model


def test_threads_share_one_function(encoder: WordPiece) -> None:
    other = WordPiece(["[UNK]", "fox"])
    function = tf.function(lambda texts: encode(encoder, texts), input_signature=[tf.TensorSpec([None], tf.string)])
    batches = [
        [f"the fox {'a' * (i % 9)} {'quick ' * (i % 30)}" for i in range(start, start + 20)] for start in range(60)
    ]
    expected = [encoder.encode(batch) for batch in batches]
    others = [other.encode(batch) for batch in batches]

    def work(index: int) -> None:
        batch = tf.constant(batches[index])
        assert_same(function(batch), expected[index])
        assert_same(encode(encoder, batch), expected[index])
        assert_same(encode(other, batch), others[index])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [index % len(batches) for index in range(400)]))


def test_large_batches(encoder: WordPiece) -> None:
    texts = ["the quick brown foxes. " * 1000, "", "日" * 100_000, *[""] * 100_000, "fox"]
    assert_same(encode(encoder, texts), encoder.encode(texts))


ids_of_texts = st.lists(st.lists(st.integers(0, 15), max_size=6), max_size=5)


@given(rows=ids_of_texts)
def test_decode_equals_the_ops(encoder: WordPiece, rows: list[list[int]]) -> None:
    ragged = tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=1)
    expected = [encoder.decode(row) for row in rows]
    assert [text.decode() for text in decode(encoder, ragged).numpy()] == expected
    assert [decode(encoder, row).numpy().decode() for row in rows] == expected


def test_decode_shapes(encoder: WordPiece) -> None:
    assert decode(encoder, [2, 3, 4]).numpy() == b"the quick"
    assert decode(encoder, tf.zeros([0], tf.int32)).numpy() == b""
    assert decode(encoder, tf.constant([[2, 6], [3, 4]])).numpy().tolist() == [b"the fox", b"quick"]
    assert decode(encoder, tf.zeros([2, 0], tf.int32)).numpy().tolist() == [b"", b""]
    assert decode(encoder, tf.zeros([0, 2], tf.int32)).shape == [0]
    assert decode(encoder, tf.fill([2, 3, 1], 6)).numpy().tolist() == [[b"fox"] * 3] * 2
    nested = tf.ragged.constant([[[2], [3, 4]], []], ragged_rank=2)
    assert decode(encoder, nested).to_list() == [[b"the", b"quick"], []]
    inner = tf.RaggedTensor.from_row_splits(tf.constant([[2, 6], [3, 4]]), [0, 0, 2])
    assert decode(encoder, inner).to_list() == [[], [b"the fox", b"quick"]]
    for dtype in (tf.int8, tf.uint16, tf.int64, tf.uint64):
        assert decode(encoder, tf.constant([2, 6], dtype)).numpy() == b"the fox"
    long = [2, 6] * 1000
    assert decode(encoder, long).numpy().decode() == encoder.decode(long)


def test_decode_shapes_that_a_graph_knows(encoder: WordPiece) -> None:
    def traced(shape: Any) -> Any:
        function = tf.function(lambda ids: decode(encoder, ids))
        return function.get_concrete_function(tf.TensorSpec(shape, tf.int32)).structured_outputs.shape

    assert traced([None]).as_list() == []
    assert traced([3, None]).as_list() == [3]
    assert traced([None, 2, 5]).as_list() == [None, 2]
    with pytest.raises(ValueError, match="`ids` must be of a known rank of 1 or more; received shape <unknown>"):
        traced(None)


@pytest.mark.parametrize(
    ("ids", "value", "row", "position"),
    [
        ([[2, 3], [16, 2]], 16, 1, 0),
        ([[2, -1]], -1, 0, 1),
        ([2, 3, 2**31 - 1], 2**31 - 1, 0, 2),
        ([-(2**31)], -(2**31), 0, 0),
    ],
)
def test_decode_names_an_unknown_id(encoder: WordPiece, ids: Any, value: int, row: int, position: int) -> None:
    message = rf"`ids` must be in \[0, 15\]; received {value} in row {row}, position {position}"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode(encoder, tf.constant(ids, tf.int32))


def test_decode_does_not_wrap_wide_ids(encoder: WordPiece) -> None:
    for ids in ([2**32 + 2], [-(2**32) + 2]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be in"):
            decode(encoder, tf.constant(ids, tf.int64))


@pytest.mark.parametrize(
    ("values", "row_splits", "message"),
    [
        ([2], [1, 1], "`row_splits` must begin with 0; received 1"),
        ([2], [0, 2], "`row_splits` must end with the number of values, 1; received 2"),
        ([2, 3, 4], [0, 2, 1, 3], "`row_splits` must not decrease; received 1 after 2 in row 1"),
        ([2, 3], [0, 2**62, 2], "`row_splits` must not decrease; received 2 after"),
        ([2, 3], [0, -5, 2], "`row_splits` must not decrease; received -5 after 0 in row 0"),
        ([2], [], "`row_splits` must hold at least one element; received none"),
    ],
)
def test_decode_refuses_unfit_row_splits(
    encoder: WordPiece, needs_library: None, values: list[int], row_splits: list[int], message: str
) -> None:
    model = tf.constant(np.frombuffer(encoder.dump(), np.uint8))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        library().fastnlp_wordpiece_decode(model, tf.constant(values, tf.int32), tf.constant(row_splits, tf.int64))


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (tf.constant([1.0]), TypeError, "`ids` must be integers; received dtype float32"),
        (["the"], TypeError, "received dtype string"),
        (tf.constant(3), ValueError, "`ids` must be of a known rank of 1 or more; received shape ()"),
    ],
)
def test_decode_refuses_other_than_ids(encoder: WordPiece, ids: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        decode(encoder, ids)


def test_a_constant_that_is_no_model(encoder: WordPiece, needs_library: None) -> None:
    for dumped in (b"", b"x", encoder.dump()[:-1], encoder.dump() + b"x"):
        model = tf.constant(np.frombuffer(dumped, np.uint8))
        with pytest.raises(tf.errors.InvalidArgumentError, match="`model`: not a WordPiece model"):
            library().fastnlp_wordpiece_encode(model, ["fox"])


def test_raw_ops_refuse_what_is_no_vector(encoder: WordPiece, needs_library: None) -> None:
    model = tf.constant(np.frombuffer(encoder.dump(), np.uint8))
    function = tf.function(lambda texts: library().fastnlp_wordpiece_encode(model, texts))
    with pytest.raises(ValueError, match="must be rank 1"):
        function(tf.constant([["fox"]]))
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="ignore"):
        library().fastnlp_wordpiece_encode(model, ["fox"], errors="ignore")


MEMORY = """
import tensorflow as tf
from fastnlp import tf as fastnlp_tf
from fastnlp.ops import WordPiece

def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

encode, decode = fastnlp_tf.wordpiece.encode, fastnlp_tf.wordpiece.decode
encoder = WordPiece(["[UNK]", "the", "quick", "fox"])
function = tf.function(lambda texts: encode(encoder, texts), input_signature=[tf.TensorSpec([None], tf.string)])
texts = tf.constant(["the quick fox " * 50] * 4)

def calls(count):
    for _ in range(count // 3):
        ids = function(texts)
        encode(encoder, texts)
        decode(encoder, ids)

calls(2000)
before = resident_bytes()
calls(20000)
grown_by_calls = resident_bytes() - before

for count in range(80):
    encode(WordPiece(["[UNK]", *(f"{count}-{i}" for i in range(10000))]), ["x"])
print(grown_by_calls, resident_bytes() - before)
"""


def test_memory_does_not_grow(run_python: Callable[..., str], needs_library: None) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc/self/statm")
    grown_by_calls, grown_by_encoders = map(int, run_python(MEMORY).split())
    assert grown_by_calls < 2 << 20  # a call reads 2.8 kB and makes 800 B
    assert grown_by_encoders < 32 << 20  # of 80 encoders, each almost 1 MB, 8 are kept


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(any_text, any_text), max_size=5), waterfall=st.booleans(), left=st.booleans())
def test_encode_and_pack_equals_the_ops(
    encoder: WordPiece, rows: list[tuple[bytes, bytes]], waterfall: bool, left: bool
) -> None:
    options: dict[str, Any] = {"start_value": [2, 3], "end_value": 4, "pad_value": 5, "sep_value": [6]}
    options["truncate"] = "waterfall" if waterfall else "round_robin"
    options["padding_side"] = "left" if left else "right"
    columns = [[row[part] for row in rows] for part in range(2)]
    tensors = tuple(tf.constant(column, tf.string, [len(rows)]) for column in columns)
    expected = encoder.encode_and_pack(tuple(np.array(column, object) for column in columns), 9, **options)
    packed = fastnlp_tf.wordpiece.encode_and_pack(encoder, tensors, 9, **options)
    for part, right in zip(packed, expected, strict=True):
        assert part.dtype.as_numpy_dtype == right.dtype
        np.testing.assert_array_equal(part, right)


def test_encode_and_pack_in_a_dataset(encoder: WordPiece) -> None:
    def pack(*texts: tf.Tensor) -> Any:
        return fastnlp_tf.wordpiece.encode_and_pack(encoder, texts, 8, start_value=0, end_value=1)

    texts = ["the quick fox", "fox", "", "the fox ."]
    dataset = tf.data.Dataset.from_tensor_slices((texts, texts))
    expected = encoder.encode_and_pack((texts, texts), 8, start_value=0, end_value=1)
    one_by_one = dataset.map(pack)
    assert [spec.shape.as_list() for spec in one_by_one.element_spec] == [[8]] * 3
    for part, right in enumerate(expected):
        np.testing.assert_array_equal([row[part] for row in one_by_one], right)
    batched = dataset.batch(4).map(pack)
    assert [spec.shape.as_list() for spec in batched.element_spec] == [[None, 8]] * 3
    for part, right in zip(next(iter(batched)), expected, strict=True):
        np.testing.assert_array_equal(part, right)


@pytest.mark.parametrize(
    ("segments", "options", "error", "message"),
    [
        ("a", {"sequence_length": 1}, ValueError, "`sequence_length` must be at least 2"),
        ("a", {"errors": "ignore"}, ValueError, "`errors` must be 'replace' or 'strict'"),
        ((), {}, ValueError, "`segments` must hold at least one segment"),
        (("a", ["b"]), {}, ValueError, "`segments` must have the same rank"),
        ((["a"], ["b", "c"]), {}, ValueError, "`segments` must have the same number of rows"),
        ([["a"]], {}, ValueError, "received rank 3"),
        (tf.constant([1]), {}, TypeError, "`segments` must hold string tensors; received dtype int32"),
        (b"a \xff", {"errors": "strict"}, tf.errors.InvalidArgumentError, "`texts` row 0: invalid UTF-8 at byte 2"),
    ],
)
def test_encode_and_pack_errors(
    encoder: WordPiece, segments: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments = {"sequence_length": 4, "start_value": 1, "end_value": 2, **options}
    with pytest.raises(error, match=message):
        fastnlp_tf.wordpiece.encode_and_pack(encoder, segments, **arguments)


MASKER = Masker(7, 0.5, 4, mask_selection_length=3, unselectable_token_ids=[2, 3])


@settings(max_examples=50)
@given(
    rows=st.lists(st.tuples(any_text, any_text), min_size=1, max_size=5), seed=st.integers(0, 2**63 - 1), data=st.data()
)
def test_encode_and_mask_equals_the_ops(rows: list[tuple[bytes, bytes]], seed: int, data: st.DataObject) -> None:
    encoder = WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b"])
    columns = [[row[part] for row in rows] for part in range(2)]
    numbers = st.lists(st.integers(0, 100), min_size=len(rows), max_size=len(rows))
    options: dict[str, Any] = {"start_value": [2, 3], "end_value": 3, "seed": seed}
    options["index"] = data.draw(st.none() | numbers)
    options["epoch"] = data.draw(st.integers(0, 9) | numbers)
    expected = encoder.encode_and_mask(tuple(columns), 9, MASKER, **options)
    masked = fastnlp_tf.wordpiece.encode_and_mask(encoder, tuple(map(tf.constant, columns)), 9, MASKER, **options)
    for part, right in zip(masked, expected, strict=True):
        assert part.dtype.as_numpy_dtype == right.dtype
        np.testing.assert_array_equal(part, right)


def test_encode_and_mask_in_a_dataset(encoder: WordPiece) -> None:
    masker = Masker(20, 0.5, 4, mask_selection_length=3)

    def mask(*texts: tf.Tensor) -> Any:
        return fastnlp_tf.wordpiece.encode_and_mask(encoder, texts, 8, masker, seed=3, start_value=0, end_value=1)

    texts = ["the quick fox", "fox", "", "the fox ."]
    dataset = tf.data.Dataset.from_tensor_slices((texts, texts))
    expected = encoder.encode_and_mask((texts, texts), 8, masker, seed=3, start_value=0, end_value=1)
    one_by_one = dataset.map(mask)
    assert [spec.shape.as_list() for spec in one_by_one.element_spec] == [[8]] * 3 + [[3]] * 3
    for part, right in enumerate(expected):
        np.testing.assert_array_equal([row[part] for row in one_by_one], right)
    batched = dataset.batch(4).map(mask)
    assert [spec.shape.as_list() for spec in batched.element_spec] == [[None, 8]] * 3 + [[None, 3]] * 3


def test_encode_and_mask_draws_anew_without_a_seed(encoder: WordPiece) -> None:
    masker = Masker(20, 0.5, 4, mask_selection_length=6)
    dataset = tf.data.Dataset.from_tensors(["the quick fox the quick fox"] * 30).repeat(2)
    first, second = dataset.map(lambda texts: fastnlp_tf.wordpiece.encode_and_mask(encoder, texts, 12, masker))
    assert len(np.unique(first.mask_positions, axis=0)) > 5
    assert not np.array_equal(first.mask_positions, second.mask_positions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": [1, 2]}, "`seed` must hold 1 elements; received 2"),
        ({"epoch": [1, 2, 3]}, "`epoch` must hold 2 elements; received 3"),
        ({"index": [[1]]}, "`index` must hold 2 elements; received 1"),
        ({"sequence_length": 1}, "`sequence_length` must be at least 2"),
        ({"texts": [["a", "b"], ["c"]]}, "`segments` must have the same number of rows"),
        ({"masking": np.zeros(3, np.uint8)}, "masking model"),
        ({"masking": np.frombuffer(Masker(20, 0.5, 4).dump(), np.uint8)}, "must have a `mask_selection_length`"),
        ({"masking": np.frombuffer(Masker(2, 1.0, 1, mask_selection_length=1).dump(), np.uint8)}, "in \\[0, 1\\]"),
    ],
)
def test_encode_and_mask_op_checks_its_inputs(
    encoder: WordPiece, needs_library: None, change: dict[str, Any], message: str
) -> None:
    inputs: dict[str, Any] = {
        "model": np.frombuffer(encoder.dump(), np.uint8),
        "masking": np.frombuffer(Masker(20, 0.5, 4, mask_selection_length=3).dump(), np.uint8),
        "seed": [1],
        "epoch": [0],
        "index": [[1, 2]],
        "texts": [["the fox", "fox"], ["", "."]],
        "sequence_length": 6,
        "start_value": [0],
        "end_value": [],
        "sep_value": [1],
        **change,
    }
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        library().fastnlp_wordpiece_encode_and_mask(**inputs)
