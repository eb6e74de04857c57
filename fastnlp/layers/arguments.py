"""Checks of arguments that several layers share."""

from __future__ import annotations

import operator
from typing import Any


def positive_int(name: str, value: Any) -> int:
    """`value` as an int of at least 1.

    Raises:
        ValueError: where it is something else; the message begins with `name`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"`{name}` must be an int of at least 1; received {value!r}.")
    return number
