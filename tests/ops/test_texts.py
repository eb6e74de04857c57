"""Every container of text gives the same ids as a list of its strings."""

from __future__ import annotations

import gc
import random
import sys
import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_texts

from fastnlp.ops import WordPiece
from fastnlp.ragged import Ragged

ENCODER = WordPiece(
    ["[UNK]", *map(chr, range(0x21, 0x7F)), *(f"##{chr(c)}" for c in range(0x21, 0x7F)), "é", "中", "##é"]
)

CONTAINERS = {
    "tuple": tuple,
    "bytes": lambda texts: [text.encode() for text in texts],
    "mixed": lambda texts: [text.encode() if i % 2 else text for i, text in enumerate(texts)],
    "str subclass": lambda texts: [np.str_(text) for text in texts],
    "object": lambda texts: np.array([*texts, ""], dtype=object)[:-1],
    "object bytes": lambda texts: np.array([*(text.encode() for text in texts), b""], dtype=object)[:-1],
    "StringDType": lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
    "StringDType with NA": lambda texts: np.array(texts, dtype=np.dtypes.StringDType(na_object=None)),
    "StringDType slice": lambda texts: np.array(["", *texts, "a"], dtype=np.dtypes.StringDType())[1:-1],
    "pyarrow string": lambda texts: pa.array(texts, pa.string()),
    "pyarrow large_string": lambda texts: pa.array(texts, pa.large_string()),
    "pyarrow string_view": lambda texts: pa.array(texts, pa.string_view()),
    "pyarrow binary": lambda texts: pa.array([text.encode() for text in texts], pa.binary()),
    "pyarrow slice": lambda texts: pa.array(["x", *texts, "y"], pa.string())[1:-1],
    "pyarrow dictionary": lambda texts: pa.array(texts, pa.string()).dictionary_encode(),
    "pyarrow dictionary slice": lambda texts: pa.array(["x", *texts, "y"], pa.string()).dictionary_encode()[1:-1],
    "pyarrow chunks": lambda texts: pa.chunked_array([texts[:2], [], texts[2:]], pa.string()),
    "polars": lambda texts: pl.Series(texts, dtype=pl.String),
    "polars categorical": lambda texts: pl.Series(texts, dtype=pl.Categorical),
    "pandas object": lambda texts: pd.Series(texts, dtype=object),
    "pandas string": lambda texts: pd.Series(texts, dtype="string"),
    "pandas pyarrow": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
}


@pytest.mark.parametrize("name", CONTAINERS)
@given(texts=st.lists(any_texts, max_size=6))
@settings(max_examples=40, deadline=None)
def test_containers(name, texts):
    expected = ENCODER.encode(texts)
    assert ENCODER.encode(CONTAINERS[name](texts)) == expected
    assert len(expected) == len(texts)


@given(texts=st.lists(any_texts, max_size=6))
@settings(max_examples=100, deadline=None)
def test_fixed_width(texts):
    """NumPy's fixed-width dtypes cannot hold NULs at the end of a text: they never come back."""
    unicode_array = np.array([*texts, ""], dtype=np.str_)[:-1]
    assert ENCODER.encode(unicode_array) == ENCODER.encode(unicode_array.tolist())
    assert ENCODER.encode(unicode_array.astype(unicode_array.dtype.newbyteorder(">"))) == ENCODER.encode(unicode_array)
    bytes_array = np.array([*(text.encode() for text in texts), b""], dtype=np.bytes_)[:-1]
    assert ENCODER.encode(bytes_array) == ENCODER.encode(bytes_array.tolist())
    assert ENCODER.encode(unicode_array[::2]) == ENCODER.encode(unicode_array.tolist()[::2])


@given(rows=st.lists(st.lists(st.lists(any_texts, max_size=3), max_size=3), max_size=3))
@settings(max_examples=100, deadline=None)
def test_nested_lists(rows):
    ids = ENCODER.encode(rows)
    expected = [[[ENCODER.encode(text).tolist() for text in texts] for texts in row] for row in rows]
    if any(texts for row in rows for texts in row) and rows[0] and rows[0][0]:
        assert ids.to_list() == expected
        assert len(ids.nested_row_splits) == 3


def test_arrays_of_any_rank(target):
    texts = np.array([["a", "b c", ""], ["中", "é", "a."]], dtype=object)
    for array in (texts, texts.astype(str), texts.astype(np.dtypes.StringDType()), np.asfortranarray(texts)):
        ids = ENCODER.encode(array)
        assert isinstance(ids, Ragged)
        assert ids.to_list() == [[ENCODER.encode(text).tolist() for text in row] for row in texts.tolist()]
    assert ENCODER.encode(np.empty((2, 0), dtype=object)).to_list() == [[], []]
    assert ENCODER.encode(np.empty((0, 2), dtype=object)).to_list() == []
    assert ENCODER.encode(np.array("a b")).tolist() == ENCODER.encode("a b").tolist()


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (pa.array(["a", None]), TypeError, "row 1 of the Arrow column is null"),
        (pa.chunked_array([["a"], ["b", None]]), TypeError, "row 2 of the Arrow column is null"),
        (pl.Series(["a", "b", None]), TypeError, "row 2 of the Arrow column is null"),
        (pa.array([1, 2]), TypeError, "Arrow column of strings; received the Arrow type with format 'l'"),
        (pa.table({"a": ["b"]}), TypeError, r"received the Arrow type with format '\+s'"),
        (np.array(["a", None], dtype=object), TypeError, "text 1 is NoneType"),
        (np.array(["a", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan)), TypeError, "text 1 is float: nan"),
        (np.array([1.0]), TypeError, "`texts` must be an array of dtype object, S, U or StringDType; .* float64"),
        (pd.Series([1, 2]), TypeError, "."),
        (object(), TypeError, "`texts` must be a str, bytes, a list, a NumPy array or an Arrow column"),
        ({"a": 1}, TypeError, "received dict"),
    ],
)
def test_what_is_no_text(texts, error, message):
    with pytest.raises(error, match=message):
        ENCODER.encode(texts)


def test_arrow_is_read_by_the_reference_too(target):
    assert ENCODER.encode(pa.array(["a b", "é"])) == ENCODER.encode(["a b", "é"])
    assert ENCODER.encode(np.array(["a b", "é"], dtype=np.dtypes.StringDType())) == ENCODER.encode(["a b", "é"])


@pytest.fixture
def long_list():
    """Enough for several threads, which begin before all of it is read. But for "", nobody else holds its texts."""
    return [f"text {i} é" if i % 3 else f"{i} b" * (i % 11) for i in range(60_000)]


@pytest.mark.parametrize("return_offsets", [False, True])
def test_a_long_list_is_read_while_others_work_on_it(long_list, return_offsets):
    expected = ENCODER.encode(long_list, num_threads=1, return_offsets=return_offsets)
    for container in (long_list, tuple(long_list), [text.encode() for text in long_list]):
        for num_threads in (2, 5):
            encoded = ENCODER.encode(container, num_threads=num_threads, return_offsets=return_offsets)
            assert encoded == expected if not return_offsets else encoded.byte_offsets == expected.byte_offsets


@pytest.mark.parametrize("num_threads", [1, 2, 5])
@pytest.mark.parametrize("row", [0, 30_000, 59_999])
def test_errors_in_a_long_list(long_list, num_threads, row):
    """Whoever found it, and however far the others were: the error is the same, and nothing leaks."""
    counts = [sys.getrefcount(text) for text in long_list if text]
    good = long_list[row]
    long_list[row] = 1.5
    with pytest.raises(TypeError, match=f"text {row} is float: 1.5"):
        ENCODER.encode(long_list, num_threads=num_threads)
    long_list[row] = b"\xff"
    with pytest.raises(ValueError, match=f"row {row}: invalid UTF-8 at byte 0"):
        ENCODER.encode(long_list, num_threads=num_threads, errors="strict")
    long_list[row] = good
    del good
    assert [sys.getrefcount(text) for text in long_list if text] == counts


def test_a_long_list_that_is_emptied_meanwhile():
    """What is let go of is gone if the list had the last reference: it must not be read again."""
    rng = random.Random(1)
    words = ["un", "real", "text", "é", "a", "zz"]
    for _ in range(20):
        texts = [" ".join(rng.choices(words, k=rng.randint(0, 8))) for _ in range(20_000)]
        expected = ENCODER.encode(tuple(texts), num_threads=1)
        started = threading.Event()

        def empty(texts=texts, started=started):
            started.wait()
            texts.clear()

        thread = threading.Thread(target=empty)
        thread.start()
        started.set()
        encoded = ENCODER.encode(texts, num_threads=2)
        thread.join()
        assert encoded in (expected, ENCODER.encode([]))


CHANGED_BY_GARBAGE = """
import gc
import sys
from fastnlp.ops import WordPiece

encoder = WordPiece(["[UNK]", "a"])
encoder.encode(["a"])
texts = ["a \\ud800" + "x" * (i % 3) for i in range(4000)]
change = {"shrink": lambda: texts.pop(), "grow": lambda: texts.extend(texts[:50])}[sys.argv[1]]

kept = []

class Garbage:
    def __init__(self):
        self.itself = self

    def __del__(self):
        change()
        texts[:] = list(texts)  # which lie elsewhere now
        kept.append(Garbage())  # as many new objects as make the next one collect garbage
        kept.append(Garbage())
        if len(kept) < 2000:
            Garbage()

Garbage()
gc.set_threshold(1)
ids = encoder.encode(texts)
gc.set_threshold(0)
assert ids.to_list() == [[1, 0]] * len(ids)
print(len(ids))
"""


@pytest.mark.parametrize("change", ["shrink", "grow"])
def test_garbage_that_changes_the_list(change, run_python):
    """Texts with lone surrogates make errors on the way; Python may collect garbage then, which runs any code."""
    assert 0 < int(run_python(CHANGED_BY_GARBAGE, change)) <= (4000 if change == "shrink" else 200_000)


def test_nothing_leaks():
    """References that a call takes are given back."""
    texts = [f"text {i} é" for i in range(20_000)]
    column = pa.array(texts)
    array = np.array(texts)
    for container in (texts, column, array):
        ENCODER.encode(container)
        gc.collect()
        before = sys.getrefcount(container), pa.total_allocated_bytes(), sys.getrefcount(texts[0])
        for _ in range(50):
            ENCODER.encode(container, num_threads=2)
        gc.collect()
        assert (sys.getrefcount(container), pa.total_allocated_bytes(), sys.getrefcount(texts[0])) == before
