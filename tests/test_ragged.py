"""`Ragged` against nested lists."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.ragged import Ragged

rows_of_numbers = st.lists(st.lists(st.integers(-5, 5), max_size=4), max_size=5)
rows_of_rows = st.lists(st.lists(st.lists(st.integers(0, 5), max_size=3), max_size=3), max_size=4)


def make(rows: list, depth: int) -> Ragged:
    """A `Ragged` with `depth` ragged dimensions, whatever is empty."""
    row_splits = []
    for _ in range(depth):
        row_splits.append(np.cumsum([0, *map(len, rows)]))
        rows = [item for row in rows for item in row]
    return Ragged(np.array(rows, np.int32), *row_splits)


@given(rows_of_numbers)
def test_one_ragged_dimension(rows):
    ragged = make(rows, 1)
    assert ragged.to_list() == rows
    assert ragged == rows
    assert len(ragged) == len(rows)
    assert [row.tolist() for row in ragged] == rows
    assert ragged.row_lengths().tolist() == [len(row) for row in rows]
    assert pickle.loads(pickle.dumps(ragged)) == ragged
    assert ragged.merge_inner().tolist() == [item for row in rows for item in row]
    assert ragged.with_flat_values(ragged.flat_values + 1) == [[item + 1 for item in row] for row in rows]


@given(rows_of_rows, st.slices(4))
def test_two_ragged_dimensions(rows, index):
    ragged = make(rows, 2)
    assert ragged.to_list() == rows
    assert [row.to_list() for row in ragged] == rows
    assert ragged[index].to_list() == rows[index]
    assert ragged.merge_inner().to_list() == [[item for inner in row for item in inner] for row in rows]
    longest = max((len(row) for row in rows), default=0)
    dense = ragged.to_dense(2, pad_value=9)
    assert dense.shape == (len(rows), longest, 2)
    padded = [[[*inner, 9, 9][:2] for inner in row] + [[9, 9]] * (longest - len(row)) for row in rows]
    assert dense.tolist() == padded


@given(rows_of_numbers, st.slices(5), st.integers(1, 6))
def test_slices_and_dense(rows, index, length):
    ragged = make(rows, 1)
    assert ragged[index].to_list() == rows[index]
    assert ragged.to_dense(length, -1).tolist() == [(row + [-1] * length)[:length] for row in rows]
    longest = max(map(len, rows), default=0)
    assert ragged.to_dense().tolist() == [row + [0] * (longest - len(row)) for row in rows]


def test_rows_are_views():
    ragged = make([[1, 2], [3]], 1)
    assert np.shares_memory(ragged[0], ragged.flat_values)
    assert np.shares_memory(ragged[0:1].flat_values, ragged.flat_values)
    assert ragged[-1].tolist() == [3]
    with pytest.raises(IndexError, match="row 2 is out of range for 2 rows"):
        ragged[2]
    assert ragged != [[1, 2]]
    assert ragged != make([[1], [2, 3]], 1)
    assert ragged != 3
    assert repr(ragged) == "Ragged([[1, 2], [3]], rows=2, values=3, dtype=int32)"


def test_from_lists():
    assert Ragged.from_lists([[1, 2], []]).to_list() == [[1, 2], []]
    assert Ragged.from_lists([[[1], [2, 3]], []]).to_list() == [[[1], [2, 3]], []]
    assert Ragged.from_lists([]).to_list() == []


@pytest.mark.parametrize(
    ("row_splits", "message"),
    [
        ([[0, 1]], "end with 3"),
        ([[1, 3]], "begin with 0"),
        ([[0, 2, 1, 3]], "must not decrease"),
        ([[]], "begin with 0"),
        ([[0, 3], [0, 1, 3]], "end with 2"),
        ([], "at least one array"),
    ],
)
def test_row_splits_that_do_not_fit(row_splits, message):
    with pytest.raises(ValueError, match=message):
        Ragged(np.arange(3), *(np.array(splits, np.int64) for splits in row_splits))


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).map(list), max_size=3), max_size=4))
def test_values_of_higher_rank(rows):
    values = np.array([pair for row in rows for pair in row], np.int64).reshape(-1, 2)
    ragged = Ragged(values, np.cumsum([0, *map(len, rows)]))
    assert ragged.to_list() == rows
    assert ragged.shape == (len(rows), None, 2)
    assert ragged[1:3].to_list() == rows[1:3]
    assert ragged[::2].to_list() == rows[::2]
    assert ragged.to_dense(2, -1).tolist() == [[*row, [-1, -1], [-1, -1]][:2] for row in rows]
