"""Batches for Keras: read ahead, resumed, in other processes, and the same in tf.data."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest

from fastnlp.data import Batches, TextExamples
from fastnlp.ops import Masker

keras = pytest.importorskip("keras")

MASKER = Masker(100, 0.5, 4, mask_selection_length=4, unselectable_token_ids=[0])
ROWS = np.random.default_rng(0).integers(5, 100, (23, 8)).astype(np.int32)
STEPS = 6  # an epoch


def as_is(*parts):
    return parts[0] if len(parts) == 1 else parts


@pytest.fixture
def batches() -> Batches:
    return Batches(TextExamples(ROWS, preprocess=as_is, masker=MASKER), 4, seed=3)


def assert_same(found, expected):
    found, expected = keras.tree.flatten(found), keras.tree.flatten(expected)
    assert len(found) == len(expected) == 4
    for part, right in zip(found, expected, strict=True):
        assert part.dtype == right.dtype
        np.testing.assert_array_equal(part, right)


@pytest.mark.parametrize("num_threads", [0, 1, 3])
@pytest.mark.parametrize("first_step", [0, 4])
def test_batches(batches, first_step, num_threads):
    dataset = batches.as_py_dataset(first_step=first_step, epochs=3, num_threads=num_threads)
    assert dataset.num_batches == 3 * STEPS - first_step
    found = list(dataset)
    assert len(found) == dataset.num_batches
    for step, batch in enumerate(found, first_step):
        assert_same(batch, batches[step])
    for index in (3, 2, 2, 9, 0):  # in any order, too
        assert_same(dataset[index], batches[first_step + index])
    with pytest.raises(IndexError, match="is out of range"):
        dataset[dataset.num_batches]


def test_without_end(batches):
    dataset = batches.as_py_dataset()
    assert dataset.num_batches is None
    assert_same(dataset[100], batches[100])


def test_errors_arrive():
    def fail(x):
        raise RuntimeError("no such text")

    with pytest.raises(RuntimeError, match="no such text"):
        list(Batches(TextExamples(ROWS, preprocess=fail), 4).as_py_dataset())


def test_pickle(batches):
    dataset = batches.as_py_dataset(first_step=2)
    assert_same(dataset[0], batches[2])  # its threads are running now
    assert_same(pickle.loads(pickle.dumps(dataset))[1], batches[3])


OTHER_PROCESS = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from operator import getitem
import keras
import numpy as np
from fastnlp.data import Batches, TextExamples
from fastnlp.ops import Masker
masker = Masker(100, 0.5, 4, mask_selection_length=4)
batches = Batches(TextExamples(np.arange(100).reshape(25, 4), preprocess=np.asarray, masker=masker), 4)
dataset = batches.as_py_dataset(first_step=2)
dataset[0]  # its threads are running now
with ProcessPoolExecutor(1, mp_context=get_context(sys.argv[1])) as pool:
    found = pool.submit(getitem, dataset, 1).result()
keras.tree.map_structure(np.testing.assert_array_equal, found, batches[3])
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(method, run_python):
    run_python(OTHER_PROCESS, method)


@pytest.mark.parametrize("first_step", [0, 4])
def test_tf_dataset_has_the_same_batches(batches, first_step):
    tf = pytest.importorskip("tensorflow")
    found = list(batches.as_tf_dataset(epochs=2, first_step=first_step))
    assert len(found) == 2 * STEPS - first_step
    for step, batch in enumerate(found, first_step):
        assert_same(tf.nest.map_structure(lambda tensor: tensor.numpy(), batch), batches[step])
    spec = batches.as_tf_dataset().element_spec
    assert spec[0]["token_ids"] == tf.TensorSpec([None, 8], tf.int32)
    full = Batches(batches.examples, 4, drop_remainder=True)
    assert full.as_tf_dataset().element_spec[1] == tf.TensorSpec([4, 4], tf.int32)


def test_tf_dataset_of_strings():
    pytest.importorskip("tensorflow")
    batches = Batches(TextExamples(np.array(["é", "the"]), preprocess=as_is), 2, shuffle=False)
    assert next(iter(batches.as_tf_dataset())).numpy().tolist() == ["é".encode(), b"the"]


def test_tf_dataset_of_no_arrays():
    pytest.importorskip("tensorflow")
    batches = Batches(TextExamples(["a"], preprocess=lambda x: 3), 1)
    with pytest.raises(TypeError, match=r"`examples` must give NumPy arrays for a `tf\.data\.Dataset`; received int"):
        batches.as_tf_dataset()


def train(make_dataset, stops):
    """The weights after training that was stopped and begun anew at some steps."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(23, 3)).astype("float32"), generator.normal(size=(23, 1)).astype("float32")
    batches = Batches(TextExamples(x, y, preprocess=as_is), 4, seed=3)
    weights: list[np.ndarray] = []
    for first_step, end in pairwise(stops):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(1)])  # which Keras builds with a batch
        model.compile(keras.optimizers.SGD(0.1), "mse")
        if first_step:
            model.build((None, 3))
            model.set_weights(weights)
        model.fit(
            make_dataset(batches, first_step), steps_per_epoch=1, epochs=end - first_step, verbose=0, shuffle=False
        )
        weights = model.get_weights()
    return weights


@pytest.mark.parametrize("method", ["as_py_dataset", "as_tf_dataset"])
def test_training_that_is_resumed(method):
    if method == "as_tf_dataset":
        pytest.importorskip("tensorflow")

    def make(batches, first_step):
        return getattr(batches, method)(first_step=first_step)

    whole = train(make, [0, 15])
    for part, resumed in zip(whole, train(make, [0, 4, 9, 15]), strict=True):
        np.testing.assert_allclose(part, resumed, rtol=1e-6)
    for part, other in zip(whole[:1], train(lambda batches, _: make(batches, 0), [0, 4, 9, 15])[:1], strict=True):
        assert not np.allclose(part, other, rtol=1e-3)  # such as it would be with other batches
