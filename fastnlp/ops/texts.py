"""What counts as text: every container that the ops take, seen as one flat source and the shape around it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from fastnlp.ops.lines import Lines


class Texts(NamedTuple):
    """A batch of texts.

    `source` is what the kernels read: a list or tuple of str and bytes, which they check, a NumPy array of rank 1
    (dtype object, S, U or StringDType), an object with the Arrow PyCapsule protocol, or a `DelimitedText`.
    `nested_row_splits` groups the texts again, outermost dimension first; it is empty for a flat batch. `scalar` says
    that one text came alone.
    """

    source: Any
    nested_row_splits: tuple[np.ndarray, ...] = ()
    scalar: bool = False


def is_strict(errors: str) -> bool:
    """Whether invalid UTF-8 is an error: `"strict"`, and not `"replace"`.

    Raises:
        ValueError: where it is neither.
    """
    if errors not in ("replace", "strict"):
        raise ValueError(f"`errors` must be 'replace' or 'strict'; received {errors!r}.")
    return errors == "strict"


def as_texts(texts: Any) -> Texts:
    """See any accepted container as `Texts`, without copying strings.

    Args:
        texts: a str or bytes; a list or tuple of them, nested to any depth; a NumPy array of dtype object, S, U or
            StringDType and any rank; an object with `__arrow_c_stream__` or `__arrow_c_array__` that holds a column of
            strings; `Lines`; or anything else that NumPy can see as one of these arrays (a pandas column, say).

    Raises:
        TypeError: where it holds anything but text.
        ValueError: where its rows are nested to different depths.
    """
    if isinstance(texts, (str, bytes)):
        return Texts([texts], scalar=True)
    if isinstance(texts, (list, tuple)):
        return _from_lists(texts)
    if isinstance(texts, Lines):
        return Texts(texts.source)
    if not isinstance(texts, np.ndarray):
        if hasattr(texts, "__arrow_c_stream__") or hasattr(texts, "__arrow_c_array__"):
            return Texts(texts)
        if not hasattr(texts, "__array__"):
            raise TypeError(
                "`texts` must be a str, bytes, a list, a NumPy array or an Arrow column of them; "
                f"received {type(texts).__name__}: {texts!r:.100}."
            )
        texts = np.asarray(texts)
    return _from_numpy(texts)


def _from_lists(rows: Sequence[Any]) -> Texts:
    """Nested rows, flat. What the items are is seen by who reads them: a second look costs as much as reading."""
    nested_row_splits = []
    while isinstance(next(iter(rows), None), (list, tuple)):
        rows = tuple(rows)  # another thread may change a list at any time
        for index, row in enumerate(rows):
            if not isinstance(row, (list, tuple)):
                raise ValueError(
                    "`texts` must be nested to one depth; "
                    f"row {index} is {type(row).__name__} where row 0 is {type(rows[0]).__name__}: {row!r:.100}."
                )
        rows = tuple(map(tuple, rows))
        nested_row_splits.append(np.cumsum([0, *map(len, rows)], dtype=np.int64))
        rows = tuple(chain.from_iterable(rows))
    return Texts(rows, tuple(nested_row_splits))


def _from_numpy(texts: np.ndarray) -> Texts:
    if texts.dtype.kind not in "OSUT":
        raise TypeError(f"`texts` must be an array of dtype object, S, U or StringDType; received dtype {texts.dtype}.")
    if texts.ndim == 0:
        return as_texts(texts.item())
    nested_row_splits = []
    rows = 1
    for size, inner in zip(texts.shape[:-1], texts.shape[1:], strict=True):
        rows *= size
        nested_row_splits.append(np.arange(rows + 1, dtype=np.int64) * inner)
    flat = np.ascontiguousarray(texts, dtype=texts.dtype.newbyteorder("=") if texts.dtype.kind == "U" else None)
    flat = flat.reshape(-1)
    if flat.dtype.kind == "O" or hasattr(flat.dtype, "na_object"):
        # Items that are no text are found one by one.
        return Texts(_from_lists(flat.tolist()).source, tuple(nested_row_splits))
    return Texts(flat, tuple(nested_row_splits))
