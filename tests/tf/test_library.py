"""Loading the ops, and what happens where they cannot be loaded."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from fastnlp import tf as fastnlp_tf
from fastnlp._dispatch import REFERENCE, use_target
from fastnlp.ops import WordPiece


def test_the_library_is_loaded(needs_library: None) -> None:
    assert fastnlp_tf.library_error() is None


FALLBACK = """
import ctypes, importlib.util, sys, types, warnings

find_spec, path, problem = importlib.util.find_spec, sys.argv[1], sys.argv[2]

def find(name, *arguments):
    if name != "fastnlp._tf_ops":
        return find_spec(name, *arguments)
    return types.SimpleNamespace(origin=path) if path else None

importlib.util.find_spec = find

import numpy as np
import tensorflow as tf

if problem:
    ctypes.CDLL = lambda path: types.SimpleNamespace(fastnlp_tf_ops_error=lambda: problem.encode())

with warnings.catch_warnings(record=True) as at_import:
    warnings.simplefilter("always")
    from fastnlp import tf as fastnlp_tf
assert not [w for w in at_import if "fastnlp" in str(w.message)], at_import

from fastnlp.ops import WordPiece

encode, decode = fastnlp_tf.wordpiece.encode, fastnlp_tf.wordpiece.decode
encoder = WordPiece(["[UNK]", "the", "qu", "##ick", "fox"])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for texts in (["the quick fox", ""], [["the"], ["a"]]):
        assert encode(encoder, texts).to_list() == encoder.encode(texts).to_list()
    assert encode(encoder, tf.zeros([0], tf.string)).shape == [0, None]
    assert encode(encoder, "the fox", sequence_length=3).numpy().tolist() == [1, 4, 0]
    assert decode(encoder, tf.constant([[2, 3], [1, 4]])).numpy().tolist() == [b"quick", b"the fox"]
    assert decode(encoder, tf.zeros([0, 2], tf.int32)).shape == [0]
    dataset = tf.data.Dataset.from_tensor_slices(["the fox", "a"]).batch(2).map(lambda batch: encode(encoder, batch))
    assert dataset.element_spec.shape.as_list() == [None, None]
    assert next(iter(dataset)).to_list() == [[1, 4], [0]]
    for call in (lambda: encode(encoder, [b"the", b"\\xff"], errors="strict"), lambda: decode(encoder, [[1], [9]])):
        try:
            call()
        except tf.errors.InvalidArgumentError as error:
            print("row 1" in str(error))
warned = [w for w in caught if "fastnlp" in str(w.message)]
print(len(warned), warned[0].category.__name__)
print(warned[0].message)
print(fastnlp_tf.library_error())
"""


@pytest.mark.parametrize("kind", ["missing", "no library", "unfit TensorFlow"])
def test_python_does_the_work_where_the_library_cannot_be_loaded(
    run_python: Callable[..., str], tmp_path: Path, needs_library: None, kind: str
) -> None:
    path, problem, expected = "", "", "this build of fastnlp has no _tf_ops.so"
    if kind == "no library":
        (tmp_path / "_tf_ops.so").write_text("not a library")
        path = expected = str(tmp_path / "_tf_ops.so")
    elif kind == "unfit TensorFlow":
        spec = importlib.util.find_spec("fastnlp._tf_ops")
        assert spec is not None
        path = str(spec.origin)
        problem = "the TensorFlow in this process lacks TF_GetInput"
        expected = f"{path}: {problem}"
    strict, unknown, warned, message, reason = run_python(FALLBACK, path, problem).splitlines()
    assert (strict, unknown) == ("True", "True")
    assert warned == "1 RuntimeWarning"
    assert message.startswith("fastnlp.tf runs its ops in Python")
    assert reason in message
    assert expected in reason


def test_the_library_says_what_is_missing_without_tensorflow(
    run_python: Callable[..., str], needs_library: None
) -> None:
    code = """
import ctypes, importlib.util
library = ctypes.CDLL(importlib.util.find_spec("fastnlp._tf_ops").origin)
library.fastnlp_tf_ops_error.restype = ctypes.c_char_p
print(library.fastnlp_tf_ops_error().decode())
"""
    message = run_python(code)
    assert message.startswith("the TensorFlow in this process lacks TF_NewStatus, TF_DeleteStatus")


@pytest.mark.filterwarnings("error")
def test_the_reference_runs_where_it_is_the_target(encoder: WordPiece) -> None:
    with use_target(REFERENCE):
        function = tf.function(lambda texts: fastnlp_tf.wordpiece.encode(encoder, texts))
        graph = function.get_concrete_function(tf.TensorSpec([None], tf.string)).graph
        kinds = {op.type for op in graph.get_operations()}
        assert kinds & {"PyFunc", "PyFuncStateless"}
        assert not {kind for kind in kinds if kind.startswith("Fastnlp")}
        assert function(tf.constant(["the fox", ""])).to_list() == [[2, 6], []]
        assert fastnlp_tf.wordpiece.decode(encoder, [2, 6]).numpy() == b"the fox"


def test_the_reference_is_chosen_at_start_without_a_warning(run_python: Callable[..., str]) -> None:
    code = """
import tensorflow as tf
import warnings
warnings.simplefilter("error")
from fastnlp import tf as fastnlp_tf
from fastnlp.ops import WordPiece
print(fastnlp_tf.wordpiece.encode(WordPiece(["[UNK]", "fox"]), ["fox", "a fox"]).to_list())
"""
    assert run_python(code, FASTNLP_TARGET="reference").strip() == "[[1], [0, 1]]"
