"""The library of ops that C++ registers with TensorFlow."""

from __future__ import annotations

import ctypes
import importlib.util
import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import tensorflow as tf

from fastnlp import _dispatch


def library() -> ModuleType | None:
    """The ops as Python functions; None where the library cannot be loaded."""
    return _load()[0]


def library_error() -> str | None:
    """Why the library cannot be loaded; None where it is."""
    return _load()[1]


def ops_in_use() -> ModuleType | None:
    """The ops as Python functions; None where Python must do their work.

    It must where the reference is the target, and where the library cannot be loaded, which warns once.
    """
    if _dispatch.target() == _dispatch.REFERENCE:
        return None
    if library() is None:
        _warn()
    return library()


def run_in_python(function: Callable[..., Any], inputs: list[tf.Tensor], dtypes: Any) -> Any:
    """What `function` makes of the inputs as arrays; its ValueErrors become TensorFlow's."""
    try:
        return tf.numpy_function(function, inputs, dtypes, stateful=False)
    except ValueError as error:  # in eager code; a graph turns it into the same
        raise tf.errors.InvalidArgumentError(None, None, str(error)) from error


@cache
def _load() -> tuple[ModuleType | None, str | None]:
    spec = importlib.util.find_spec("fastnlp._tf_ops")  # not to be imported: it is no Python extension
    if spec is None or spec.origin is None:
        return None, "this build of fastnlp has no _tf_ops.so"
    try:
        module = tf.load_op_library(spec.origin)
    except (tf.errors.OpError, RuntimeError) as error:
        return None, f"{spec.origin}: {error}"
    describe = ctypes.CDLL(spec.origin).fastnlp_tf_ops_error
    describe.restype = ctypes.c_char_p
    problem: bytes = describe()
    return (None, f"{spec.origin}: {problem.decode()}") if problem else (module, None)


@cache
def _warn() -> None:
    warnings.warn(
        f"fastnlp.tf runs its ops in Python, where they hold the GIL and cannot be saved with a graph, because "
        f"TensorFlow cannot load them: {library_error()}.",
        RuntimeWarning,
        stacklevel=2,
    )
