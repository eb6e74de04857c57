"""Columns of examples in memory: lists and arrays, in tuples and dicts of any depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def map_columns(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same tuples and dicts, with something else in place of their columns; None stays None.

    As `keras.tree.map_structure`, but a list is one column, not a structure.
    """
    if isinstance(structure, tuple):
        return tuple(map_columns(function, item) for item in structure)
    if isinstance(structure, dict):
        return {key: map_columns(function, item) for key, item in structure.items()}
    return None if structure is None else function(structure)


def number_of_rows(structure: Any) -> int:
    """The length of all columns.

    Raises:
        ValueError: where there are none, or they differ in length.
    """
    lengths: set[int] = set()
    map_columns(lambda column: lengths.add(len(column)), structure)
    if not lengths:
        raise ValueError("`x` must hold one item an example; received None.")
    if len(lengths) > 1:
        raise ValueError(f"`x`, `y` and `sample_weight` must be of one length; received lengths {sorted(lengths)}.")
    return lengths.pop()


def take(structure: Any, rows: np.ndarray) -> Any:
    """Some rows of all columns."""
    return map_columns(lambda column: _take(column, rows), structure)


def _take(column: Any, rows: np.ndarray) -> Any:
    if isinstance(column, list):
        return [column[row] for row in rows.tolist()]
    if not isinstance(column, np.ndarray) and hasattr(column, "take"):
        return column.take(rows)
    return column[rows]
