"""What kernels read beside their inputs, as constants: encoders and maskers in their canonical forms."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf

_eager_constants: weakref.WeakKeyDictionary[Hashable, dict[str, tf.Tensor]] = weakref.WeakKeyDictionary()
_names_in_graphs: weakref.WeakKeyDictionary[tf.Graph, dict[tuple[Hashable, str], str]] = weakref.WeakKeyDictionary()


def as_constant(owner: Hashable, name: str, value: Callable[[], Any]) -> tf.Tensor:
    """What the kernels of `owner` read: made a tensor once for each graph, and once for eager code."""
    if tf.executing_eagerly():
        constants = _eager_constants.setdefault(owner, {})
        if name not in constants:
            constants[name] = tf.constant(value(), name=name)
        return constants[name]
    graph = tf.compat.v1.get_default_graph()
    # By name, because a tensor would keep its graph alive.
    names = _names_in_graphs.setdefault(graph, {})
    if (owner, name) not in names:
        with graph.control_dependencies(None):  # out of a tf.compat.v1.cond, where nothing else could use it
            names[owner, name] = tf.constant(value(), name=name).name
    return graph.get_tensor_by_name(names[owner, name])
