"""How rows are packed, checked: what `fastnlp.ops`, `fastnlp.tf` and the layers share."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from fastnlp._dispatch import Packing

Tokens: TypeAlias = int | str | Sequence[int] | Sequence[str] | None  # special tokens, as they are passed

ROUND_ROBIN, WATERFALL = "round_robin", "waterfall"
MAX_LENGTH = 2**31 - 1


def as_packing(
    sequence_length: int,
    *,
    start_value: Tokens = None,
    end_value: Tokens = None,
    sep_value: Tokens = None,
    pad_value: int | str | None = None,
    truncate: str = ROUND_ROBIN,
    padding_side: str = "right",
) -> Packing:
    """Checked options. The tokens may still be str, and the pad token None, until `with_dtype`."""
    if truncate not in (ROUND_ROBIN, WATERFALL):
        raise ValueError(f"`truncate` must be 'round_robin' or 'waterfall'; received {truncate!r}.")
    if padding_side not in ("right", "left"):
        raise ValueError(f"`padding_side` must be 'right' or 'left'; received {padding_side!r}.")
    end = as_tokens(end_value, "end_value")
    return Packing(
        check_sequence_length(sequence_length),
        as_tokens(start_value, "start_value"),
        end,
        end if sep_value is None else as_tokens(sep_value, "sep_value"),
        None if pad_value is None else _as_token(pad_value, "`pad_value` must be int or str"),
        truncate,
        padding_side,
    )


def check_sequence_length(sequence_length: Any) -> int:
    """The length as an int.

    Raises:
        ValueError: where it is none, or out of range.
    """
    if not _is_integer(sequence_length) or not 1 <= sequence_length <= MAX_LENGTH:
        raise ValueError(f"`sequence_length` must be an int in [1, {MAX_LENGTH}]; received {sequence_length!r}.")
    return int(sequence_length)


def as_tokens(tokens: Tokens, name: str) -> tuple[Any, ...]:
    """Special tokens as a tuple; none for None."""
    if tokens is None:
        return ()
    rule = f"`{name}` must be int or str, or a list or tuple of them"
    return tuple(_as_token(token, rule) for token in (tokens if isinstance(tokens, (list, tuple)) else [tokens]))


def _as_token(token: Any, rule: str) -> int | str:
    if isinstance(token, str):
        return token
    if not _is_integer(token):
        raise TypeError(f"{rule}; received {token!r}.")
    return int(token)


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_fit(packing: Packing, num_segments: int) -> None:
    """The special tokens of a row must fit into it.

    Raises:
        ValueError: where they do not.
    """
    needed = packing.num_special_tokens(num_segments)
    if packing.sequence_length < needed:
        raise ValueError(
            f"`sequence_length` must be at least {needed}, the number of special tokens around {num_segments} "
            f"segment(s); received {packing.sequence_length}."
        )


def check_same(ranks: Sequence[int], rows: Sequence[int | None]) -> None:
    """All segments must have the same rank, 1 or 2, and the same number of rows, where it is known.

    Raises:
        ValueError: where they do not.
    """
    for rank in ranks:
        if rank not in (1, 2):
            raise ValueError(f"`segments` must be of rank 1, or 2 for a batch; received rank {rank}.")
    if len(set(ranks)) != 1:
        raise ValueError(f"`segments` must have the same rank; received ranks {list(ranks)}.")
    if len({size for size in rows if size is not None}) > 1:
        raise ValueError(f"`segments` must have the same number of rows; received {list(rows)}.")


def with_dtype(packing: Packing, dtype: np.dtype[Any]) -> Packing:
    """The same options for tokens of an integer dtype, or for str where it is object.

    Raises:
        TypeError: where a special token is of another kind.
        ValueError: where the dtype does not hold it.
    """
    is_string = dtype.hasobject
    pad_value = packing.pad_value if packing.pad_value is not None else "" if is_string else 0
    packing = packing._replace(pad_value=pad_value)
    for name in ("start_value", "end_value", "sep_value", "pad_value"):
        value = getattr(packing, name)
        for token in value if isinstance(value, tuple) else [value]:
            if isinstance(token, str) != is_string:
                kind = "str" if is_string else "int"
                raise TypeError(f"`{name}` must be {kind}, as the tokens of the segments are; received {token!r}.")
            if not is_string and not np.iinfo(dtype).min <= token <= np.iinfo(dtype).max:
                raise ValueError(f"`{name}` must fit the dtype of the segments, {dtype.name}; received {token}.")
    return packing


def as_places(packing: Packing) -> tuple[list[Any], Packing]:
    """A table of the special tokens, and options that name their places in it.

    What the kernel packs is int32. Tokens of any other dtype are packed as the places that they have in a table, which
    begins with this one and goes on with the values of the segments.
    """
    table = [packing.pad_value]
    places: dict[str, Any] = {}
    for name in ("start_value", "end_value", "sep_value"):
        tokens = getattr(packing, name)
        places[name] = tuple(range(len(table), len(table) + len(tokens)))
        table += tokens
    return table, packing._replace(pad_value=0, **places)
