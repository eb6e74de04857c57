"""`StartEndPacker`: KerasHub's signature, on every kind of input."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import fastnlp
from fastnlp.layers import StartEndPacker
from fastnlp.ragged import Ragged


def test_one_sequence(target):
    packer = StartEndPacker(sequence_length=7, start_value=1, end_value=2)
    for inputs in ([5, 6, 7], (5, 6, 7), np.array([5, 6, 7], np.int32)):
        packed = packer(inputs)
        assert isinstance(packed, np.ndarray)
        assert packed.dtype == np.int32
        assert packed.tolist() == [1, 5, 6, 7, 2, 0, 0]


def test_batches(target):
    packer = StartEndPacker(6, 1, 2, pad_value=9, return_padding_mask=True)
    rows = [[5, 6, 7], [8, 9, 10, 11, 12, 13, 14], []]
    for inputs in (rows, tuple(rows), Ragged.from_lists(rows), [np.array(row, np.int32) for row in rows]):
        packed, mask = packer(inputs)
        assert packed.tolist() == [[1, 5, 6, 7, 2, 9], [1, 8, 9, 10, 11, 2], [1, 2, 9, 9, 9, 9]]
        assert mask.tolist() == [[True] * 5 + [False], [True] * 6, [True] * 2 + [False] * 4]


def test_strings_and_several_tokens(target):
    packer = StartEndPacker(6, start_value=["</s>", "<s>"], end_value="</s>", pad_value="<pad>")
    assert packer([["this", "is", "fun"], ["awesome"]]).tolist() == [
        ["</s>", "<s>", "this", "is", "fun", "</s>"],
        ["</s>", "<s>", "awesome", "</s>", "<pad>", "<pad>"],
    ]


def test_padding_side(target):
    packer = StartEndPacker(5, start_value=1, end_value=2, padding_side="left", return_padding_mask=True)
    packed, mask = packer([[5], [6, 7, 8, 9]])
    assert packed.tolist() == [[0, 0, 1, 5, 2], [1, 6, 7, 8, 2]]
    assert mask.tolist() == [[False, False, True, True, True], [True] * 5]


def test_call_arguments(target):
    packer = StartEndPacker(sequence_length=4, start_value=1, end_value=2)
    assert packer([5], sequence_length=6).tolist() == [1, 5, 2, 0, 0, 0]
    assert packer([5], add_start_value=False).tolist() == [5, 2, 0, 0]
    assert packer([5], add_end_value=False).tolist() == [1, 5, 0, 0]
    packer.sequence_length = 3
    assert packer([5, 6]).tolist() == [1, 5, 2]
    assert StartEndPacker(None, 1)([5], sequence_length=2).tolist() == [1, 5]


def test_tensors_of_the_backend():
    packer = StartEndPacker(sequence_length=4, start_value=1, end_value=2)
    batch = keras.ops.convert_to_tensor(np.array([[5, 6], [7, 8]], np.int32))
    packed = np.asarray(packer(batch))
    assert packed.tolist() == [[1, 5, 6, 2], [1, 7, 8, 2]]
    assert packed.dtype == np.int32
    ragged = [keras.ops.convert_to_tensor(np.array(row, np.int32)) for row in ([5, 6], [7])]
    assert np.asarray(packer(ragged)).tolist() == [[1, 5, 6, 2], [1, 7, 2, 0]]


def test_tensors_of_other_frameworks():
    packer = StartEndPacker(sequence_length=4, start_value=1, end_value=2)
    torch = pytest.importorskip("torch")
    assert packer(torch.tensor([[5, 6]])).tolist() == [[1, 5, 6, 2]]
    jax = pytest.importorskip("jax")
    assert packer(jax.numpy.array([5, 6])).tolist() == [1, 5, 6, 2]


def test_tensorflow():
    tf = pytest.importorskip("tensorflow")
    packer = StartEndPacker(sequence_length=4, start_value=1, end_value=2, return_padding_mask=True)
    rows = tf.ragged.constant([[5, 6, 7], [8]])
    packed, mask = packer(rows)
    assert isinstance(packed, tf.Tensor)
    assert packed.numpy().tolist() == [[1, 5, 6, 2], [1, 8, 2, 0]]
    assert mask.numpy().tolist() == [[True] * 4, [True, True, True, False]]
    dataset = tf.data.Dataset.from_tensor_slices(rows)
    one_by_one = dataset.map(packer)
    assert one_by_one.element_spec == (tf.TensorSpec([4], tf.int32), tf.TensorSpec([4], tf.bool))
    assert [row[0].numpy().tolist() for row in one_by_one] == packed.numpy().tolist()
    batched = dataset.batch(2).map(packer)
    assert batched.element_spec[0].shape.as_list() == [None, 4]
    assert next(iter(batched))[1].numpy().tolist() == mask.numpy().tolist()
    assert packer([tf.constant([5, 6, 7]), tf.constant([8])])[0].numpy().tolist() == packed.numpy().tolist()


def test_behind_a_tokenizer(target):
    tokenizer = fastnlp.tokenizers.WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "fox"])
    packer = StartEndPacker(4, tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]"))
    assert packer(tokenizer(["the fox", "fox"])).tolist() == [[2, 4, 5, 3], [2, 5, 3, 0]]
    assert packer(tokenizer("fox")).tolist() == [2, 5, 3, 0]


def test_config(tmp_path):
    packer = StartEndPacker(
        5, start_value=[1, 7], end_value=2, pad_value=3, return_padding_mask=True, padding_side="left"
    )
    config = packer.get_config()
    expected = {
        "sequence_length": 5,
        "start_value": [1, 7],
        "end_value": 2,
        "pad_value": 3,
        "return_padding_mask": True,
        "padding_side": "left",
    }
    assert expected.items() <= config.items()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(packer))
    assert again.get_config() == config
    assert again([5])[0].tolist() == packer([5])[0].tolist()


def test_symbolic_inputs():
    packer = StartEndPacker(5, start_value=1, return_padding_mask=True)
    packed, mask = packer(keras.KerasTensor((None, None), dtype="int32"))
    assert (packed.shape, packed.dtype) == ((None, 5), "int32")
    assert (mask.shape, mask.dtype) == ((None, 5), "bool")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sequence_length": 0}, ValueError, "`sequence_length` must be an int in"),
        ({"sequence_length": -1}, ValueError, "received -1"),
        ({"start_value": 1.5}, TypeError, "`start_value` must be int or str, or a list or tuple of them; received 1.5"),
        ({"end_value": {1}}, TypeError, "`end_value` must be int or str"),
        ({"pad_value": [0]}, TypeError, r"`pad_value` must be int or str; received \[0\]"),
        ({"padding_side": "both"}, ValueError, "`padding_side` must be 'right' or 'left'; received 'both'"),
    ],
)
def test_errors_of_the_constructor(arguments, error, message):
    with pytest.raises(error, match=message):
        StartEndPacker(**{"sequence_length": 4, **arguments})


def test_errors_of_the_call(target):
    packer = StartEndPacker(sequence_length=2, start_value=[1, 1], end_value=2)
    with pytest.raises(ValueError, match="`sequence_length` must be at least 3, the number of special tokens"):
        packer([5])
    assert packer([5], add_end_value=False).tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"`sequence_length` must be an int in .*; received 0"):
        packer([5], sequence_length=0)
    with pytest.raises(ValueError, match=r"`sequence_length` must be an int in .*; received None"):
        StartEndPacker(None)([5])
    with pytest.raises(TypeError, match="`start_value` must be str"):
        packer(["a"], sequence_length=5)
