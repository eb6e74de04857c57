"""`MultiSegmentPacker`: KerasHub's signature, on every kind of input."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import fastnlp
from fastnlp.layers import MultiSegmentPacker
from fastnlp.ragged import Ragged

FIRST, SECOND = [1, 2, 3, 4], [11, 12, 13, 14]


def lists(packed):
    return tuple(np.asarray(part).tolist() for part in packed)


def test_one_segment(target):
    packer = MultiSegmentPacker(sequence_length=8, start_value=101, end_value=102)
    expected = ([101, 1, 2, 3, 4, 102, 0, 0], [0] * 8)
    for inputs in (FIRST, (FIRST,), np.array(FIRST, np.int32), (np.array(FIRST, np.int32),)):
        token_ids, segment_ids = packer(inputs)
        assert token_ids.dtype == segment_ids.dtype == np.int32
        assert lists((token_ids, segment_ids)) == expected
    assert lists(packer([FIRST])) == ([expected[0]], [expected[1]])


def test_a_tuple_is_segments_and_a_list_is_rows(target):
    packer = MultiSegmentPacker(sequence_length=8, start_value=101, end_value=102)
    assert lists(packer((FIRST, SECOND))) == ([101, 1, 2, 3, 102, 11, 12, 102], [0, 0, 0, 0, 0, 1, 1, 1])
    assert lists(packer([FIRST, SECOND])) == (
        [[101, 1, 2, 3, 4, 102, 0, 0], [101, 11, 12, 13, 14, 102, 0, 0]],
        [[0] * 8] * 2,
    )


def test_options(target):
    def pack(**options):
        return lists(MultiSegmentPacker(8, 101, 102, **options)((FIRST, SECOND)))

    assert pack(sep_value=[102, 102])[0] == [101, 1, 2, 102, 102, 11, 12, 102]
    assert pack(truncate="waterfall")[0] == [101, 1, 2, 3, 4, 102, 11, 102]
    packer = MultiSegmentPacker(12, 101, 102, pad_value=7, padding_side="left")
    assert lists(packer((FIRST, [11]))) == (
        [7, 7, 7, 7, 101, 1, 2, 3, 4, 102, 11, 102],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    )
    assert lists(packer((FIRST, [11]), sequence_length=7, add_start_value=False))[0] == [1, 2, 3, 4, 102, 11, 102]
    assert lists(packer((FIRST, [11]), sequence_length=7, add_end_value=False))[0] == [101, 1, 2, 3, 4, 102, 11]
    assert lists(MultiSegmentPacker(3, None, None)((FIRST, SECOND)))[0] == [1, 2, 11]


def test_batches_in_every_container(target):
    packer = MultiSegmentPacker(sequence_length=7, start_value=101, end_value=102)
    first, second = [[1, 2, 3], [4]], [[11], [12, 13]]
    expected = (
        [[101, 1, 2, 3, 102, 11, 102], [101, 4, 102, 12, 13, 102, 0]],
        [[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 0]],
    )
    for left in (first, Ragged.from_lists(first), [np.array(row, np.int32) for row in first]):
        for right in (second, Ragged.from_lists(second)):
            assert lists(packer((left, right))) == expected


def test_strings(target):
    packer = MultiSegmentPacker(6, "[CLS]", "[SEP]", pad_value="[PAD]")
    token_ids, segment_ids = packer((["a"], ["b"]))
    assert token_ids.tolist() == ["[CLS]", "a", "[SEP]", "b", "[SEP]", "[PAD]"]
    assert segment_ids.tolist() == [0, 0, 0, 1, 1, 0]


def test_tensors_of_the_backend():
    packer = MultiSegmentPacker(sequence_length=6, start_value=1, end_value=2)
    batch = keras.ops.convert_to_tensor(np.array([[5, 6], [7, 8]], np.int32))
    assert lists(packer((batch, batch)))[0] == [[1, 5, 6, 2, 5, 2], [1, 7, 8, 2, 7, 2]]


def test_tensorflow():
    tf = pytest.importorskip("tensorflow")
    packer = MultiSegmentPacker(sequence_length=7, start_value=101, end_value=102)
    first, second = tf.ragged.constant([[1, 2, 3], [4]]), tf.ragged.constant([[11], [12, 13]])
    expected = lists(packer((first.to_list(), second.to_list())))
    packed = packer((first, second))
    assert all(isinstance(part, tf.Tensor) for part in packed)
    assert lists(packed) == expected
    assert lists(packer((first, second.to_list()))) == expected
    dataset = tf.data.Dataset.from_tensor_slices((first, second))
    one_by_one = list(dataset.map(lambda *segments: packer(segments)))
    assert tuple([lists(row)[part] for row in one_by_one] for part in range(2)) == expected
    batched = dataset.batch(2).map(lambda a, b: packer((a, b)), num_parallel_calls=tf.data.AUTOTUNE)
    assert [spec.shape.as_list() for spec in batched.element_spec] == [[None, 7]] * 2
    assert lists(next(iter(batched))) == expected
    with pytest.raises(ValueError, match="`sequence_length` must be an int"):
        dataset.map(packer)


def test_behind_a_tokenizer(target):
    tokenizer = fastnlp.tokenizers.WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "fox"])
    packer = MultiSegmentPacker(6, tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]"))
    token_ids, segment_ids = packer((tokenizer(["the fox", "fox"]), tokenizer(["fox", ""])))
    assert token_ids.tolist() == [[2, 4, 5, 3, 5, 3], [2, 5, 3, 3, 0, 0]]
    assert segment_ids.tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0]]


def test_config():
    packer = MultiSegmentPacker(
        9, start_value=1, end_value=2, sep_value=[2, 3], pad_value=4, truncate="waterfall", padding_side="left"
    )
    config = packer.get_config()
    expected = {
        "sequence_length": 9,
        "start_value": 1,
        "end_value": 2,
        "sep_value": [2, 3],
        "pad_value": 4,
        "truncate": "waterfall",
        "padding_side": "left",
    }
    assert expected.items() <= config.items()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(packer))
    assert again.get_config() == config
    assert lists(again((FIRST, SECOND))) == lists(packer((FIRST, SECOND)))
    assert MultiSegmentPacker(9, 1, 2).get_config()["sep_value"] is None


def test_symbolic_inputs():
    segment = keras.KerasTensor((None, None), dtype="int64")
    for inputs in (segment, (segment, segment)):
        token_ids, segment_ids = MultiSegmentPacker(9, 1, 2)(inputs)
        assert (token_ids.shape, token_ids.dtype) == ((None, 9), "int64")
        assert (segment_ids.shape, segment_ids.dtype) == ((None, 9), "int32")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sequence_length": 0}, ValueError, "`sequence_length` must be an int in"),
        ({"truncate": "longest"}, ValueError, "`truncate` must be 'round_robin' or 'waterfall'; received 'longest'"),
        ({"sep_value": 1.5}, TypeError, "`sep_value` must be int or str"),
        ({"padding_side": "both"}, ValueError, "`padding_side` must be 'right' or 'left'; received 'both'"),
    ],
)
def test_errors_of_the_constructor(arguments, error, message):
    with pytest.raises(error, match=message):
        MultiSegmentPacker(**{"sequence_length": 4, "start_value": 1, "end_value": 2, **arguments})


def test_errors_of_the_call(target):
    packer = MultiSegmentPacker(sequence_length=3, start_value=1, end_value=2)
    assert lists(packer((FIRST, SECOND))) == ([1, 2, 2], [0, 0, 1])
    with pytest.raises(ValueError, match=r"at least 4, the number of special tokens around 3 segment\(s\); received 3"):
        packer((FIRST, SECOND, FIRST))
    with pytest.raises(ValueError, match="`segments` must have the same rank"):
        packer((FIRST, [SECOND]))
    with pytest.raises(ValueError, match="`segments` must have the same number of rows"):
        packer(([FIRST], [SECOND, SECOND]))
    with pytest.raises(ValueError, match="at least one segment"):
        packer(())
