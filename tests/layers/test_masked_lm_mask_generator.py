"""`MaskedLMMaskGenerator`: KerasHub's signature, on every kind of input, in every mode."""

from __future__ import annotations

import inspect
import json

import keras
import numpy as np
import pytest

from fastnlp.layers import MaskedLMMaskGenerator
from fastnlp.ops import Masker
from fastnlp.ragged import Ragged

NAMES = ["token_ids", "mask_positions", "mask_ids", "mask_weights"]
ROWS = [[1, *range(5, 30), 2], [1, *range(20, 39), 2]]


def make(**arguments):
    return MaskedLMMaskGenerator(
        **{
            "vocabulary_size": 40,
            "mask_selection_rate": 0.3,
            "mask_token_id": 4,
            "mask_selection_length": 5,
            "unselectable_token_ids": [0, 1, 2],
            "seed": 1,
            **arguments,
        }
    )


def plain(masked):
    """Nested lists, whatever holds them."""
    assert list(masked) == NAMES
    lists = [part.to_list() if hasattr(part, "to_list") else np.asarray(part).tolist() for part in masked.values()]
    return dict(zip(NAMES, lists, strict=True))


@pytest.mark.parametrize("length", [None, 5])
def test_every_input(length, target):
    layer = make(mask_selection_length=length)
    expected = plain(layer(ROWS))
    for inputs in (tuple(ROWS), Ragged.from_lists(ROWS), [np.array(row) for row in ROWS]):
        masked = layer(inputs)
        assert isinstance(masked["token_ids"], Ragged)
        assert isinstance(masked["mask_positions"], Ragged if length is None else np.ndarray)
        assert plain(masked) == expected
    dense = np.array([row[:20] for row in ROWS], np.int64)
    masked = layer(dense)
    assert isinstance(masked["token_ids"], np.ndarray)
    assert [masked[name].dtype.name for name in NAMES] == ["int64", "int64", "int64", "float32"]
    assert masked["token_ids"].shape == (2, 20)
    single = plain(layer(ROWS[1]))
    assert single == {name: rows[1] for name, rows in expected.items()}


def test_tensors_of_the_backend():
    layer = make()
    dense = np.array([row[:20] for row in ROWS], np.int32)
    expected = plain(layer(dense))
    assert plain(layer(keras.ops.convert_to_tensor(dense))) == expected
    assert plain(layer([keras.ops.convert_to_tensor(row) for row in dense])) == expected
    index = keras.ops.convert_to_tensor([3, 4])
    assert plain(layer(keras.ops.convert_to_tensor(dense), index=index)) == plain(layer(dense, index=[3, 4]))


def test_tensors_of_other_frameworks():
    layer = make()
    dense = np.array([row[:20] for row in ROWS], np.int32)
    torch = pytest.importorskip("torch")
    assert plain(layer(torch.tensor(dense))) == plain(layer(dense))
    jax = pytest.importorskip("jax")
    assert plain(layer(jax.numpy.array(dense))) == plain(layer(dense))


@pytest.mark.parametrize("length", [None, 5])
def test_tensorflow(length, target):
    tf = pytest.importorskip("tensorflow")
    layer = make(mask_selection_length=length)
    expected = plain(layer(ROWS))
    ragged = tf.ragged.constant(ROWS)
    masked = layer(ragged)
    assert isinstance(masked["token_ids"], tf.RaggedTensor)
    assert isinstance(masked["mask_ids"], tf.RaggedTensor if length is None else tf.Tensor)
    assert plain(masked) == expected
    dense = ragged.to_tensor()
    assert plain(layer(dense)) | {"token_ids": None} == expected | {"token_ids": None}, "padding changes nothing"
    dataset = tf.data.Dataset.from_tensor_slices(ragged)
    assert plain(next(iter(dataset.batch(2).map(layer)))) == expected
    for row, masked in enumerate(dataset.map(layer)):
        assert plain(masked) == {name: rows[row] for name, rows in expected.items()}
    numbered = dataset.enumerate().batch(2).map(lambda index, ids: layer(ids, index=index, epoch=3))
    assert plain(next(iter(numbered))) == plain(layer(ROWS, index=[0, 1], epoch=3))
    special = tf.cast(dense > 10, tf.bool)
    assert plain(layer(dense, special_tokens_mask=special)) == plain(
        layer(dense.numpy(), special_tokens_mask=special.numpy())
    )


def test_saved_model(tmp_path):
    tf = pytest.importorskip("tensorflow")
    if not tf.executing_eagerly():
        pytest.skip("needs eager TensorFlow")
    from fastnlp.tf import library

    if library() is None:
        pytest.skip("needs the registered ops")
    layer = make()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
        def mask(self, ids):
            return layer(ids)

    tf.saved_model.save(Module(), str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    masked = loaded.mask(tf.ragged.constant(ROWS))
    assert plain({name: masked[name] for name in NAMES}) == plain(layer(ROWS))


def test_epochs_draw_anew_and_a_seed_repeats_them():
    layer = make()
    epochs = [plain(layer(ROWS, index=[0, 1], epoch=epoch)) for epoch in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert plain(make()(ROWS, index=[0, 1], epoch=2)) == epochs[2]
    assert plain(make(seed=2)(ROWS, index=[0, 1], epoch=2)) != epochs[2]
    without = make(seed=None)
    assert plain(without(ROWS)) != plain(without(ROWS))
    keras.utils.set_random_seed(5)
    first = plain(without(ROWS))
    keras.utils.set_random_seed(5)
    assert plain(without(ROWS)) == first, "as random as Keras is"


@pytest.mark.parametrize("dtype", ["float32", "float16", "mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("length", [None, 5])
def test_weights_have_the_compute_dtype(dtype, length):
    tf = pytest.importorskip("tensorflow")
    layer = make(dtype=dtype, mask_selection_length=length)
    assert layer(ROWS)["mask_weights"].dtype.name == layer.compute_dtype
    assert layer(tf.ragged.constant(ROWS))["mask_weights"].dtype.name == layer.compute_dtype


@pytest.mark.parametrize("selection", ["fixed", "bernoulli", "whole_word", "span"])
def test_config(selection):
    continuations = list(range(25, 40)) if selection in ("whole_word", "span") else None
    layer = make(selection=selection, continuation_token_ids=continuations, name="masker", dtype="float16")
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is MaskedLMMaskGenerator
    assert again.get_config() == config
    assert again.masker == layer.masker
    assert plain(again(ROWS)) == plain(layer(ROWS))


def test_the_signature_and_the_config_are_those_of_keras_hub():
    keras_hub = pytest.importorskip("keras_hub")
    theirs = keras_hub.layers.MaskedLMMaskGenerator
    ours = inspect.signature(MaskedLMMaskGenerator).parameters
    for parameter, (name, expected) in zip(ours.values(), inspect.signature(theirs).parameters.items(), strict=False):
        if expected.kind is inspect.Parameter.VAR_KEYWORD:
            break
        assert parameter.name == name
        default = list(expected.default) if isinstance(expected.default, list) else expected.default
        assert (list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default) == default
    config = theirs(40, 0.3, 4, unselectable_token_ids=[0, 3], mask_selection_length=7).get_config()
    assert (
        config.items() <= {**MaskedLMMaskGenerator.from_config(config).get_config(), "dtype": config["dtype"]}.items()
    )


def test_attributes_may_change():
    layer = make()
    layer.mask_selection_length = 2
    layer.random_token_rate = 0
    layer.mask_token_rate = 1.0
    masked = layer(ROWS)
    assert masked["mask_positions"].shape == (2, 2)
    assert (masked["token_ids"].flat_values == 4).sum() == 4
    assert layer.masker == Masker(
        40, 0.3, 4, mask_selection_length=2, unselectable_token_ids=[0, 1, 2], mask_token_rate=1, random_token_rate=0
    )
    with pytest.raises(ValueError, match="`mask_token_rate` and `random_token_rate` must be at most 1 together"):
        layer.random_token_rate = 0.5


def test_symbolic_inputs():
    outputs = make()(keras.KerasTensor((None, 20), dtype="int32"))
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in outputs.items()} == {
        "token_ids": ((None, 20), "int32"),
        "mask_positions": ((None, 5), "int64"),
        "mask_ids": ((None, 5), "int32"),
        "mask_weights": ((None, 5), "float32"),
    }


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"mask_token_id": 40}, ValueError, r"`mask_token_id` must be in \[0, 39\]; received 40\."),
        ({"mask_selection_rate": 1.5}, ValueError, r"`mask_selection_rate` must be in \[0, 1\]; received 1\.5\."),
        ({"mask_selection_length": -1}, ValueError, r"`mask_selection_length` must be in .*; received -1\."),
        ({"mask_token_rate": 0.95}, ValueError, "must be at most 1 together; received 0.95 and 0.1"),
        ({"unselectable_token_ids": [40]}, ValueError, "`unselectable_token_ids` must be in .*; received 40"),
        ({"seed": -1}, ValueError, "`seed` must be in .*; received -1"),
        ({"seed": "a"}, TypeError, "`seed` must be an integer; received 'a'"),
        ({"selection": "whole_word"}, ValueError, "needs `continuation_token_ids`; received None"),
    ],
)
def test_errors_of_the_constructor(arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)


def test_errors_of_the_call(target):
    tf = pytest.importorskip("tensorflow")
    message = r"`token_ids` must be in \[0, 39\]; received 40 in row 0, position 1\."
    with pytest.raises(ValueError, match=message):
        make()([[5, 40]])
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        make()(tf.constant([[5, 40]]))
