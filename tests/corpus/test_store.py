"""`fastnlp.corpus.open` and `Corpus`."""

from __future__ import annotations

import json
import pickle
import shutil
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp import corpus
from fastnlp.corpus import Corpus
from fastnlp.ragged import Ragged

LINES = ["the quick", "", "brown fox .", "\u00c9 the ?", "", "fox"]
ROWS = [[1, 2, 3], [], [4, 5, 6, 7], [8, 1, 0], [], [6]]


@pytest.fixture(scope="session")
def store(tmp_path_factory, encoder) -> Corpus:
    folder = tmp_path_factory.mktemp("store")
    (folder / "a.txt").write_text("\n".join([*LINES, ""]), encoding="utf-8")
    return corpus.build(folder / "a.txt", folder / "tokens", encoder)


@pytest.fixture
def copy(store, tmp_path):
    return shutil.copytree(store.path, tmp_path / "copy")


def test_documents(store):
    assert len(store) == 6
    assert store.num_tokens == 11
    assert store.dtype == np.uint16
    assert [row.tolist() for row in store] == ROWS
    assert [store[index].tolist() for index in range(-6, 6)] == ROWS * 2
    assert store[np.int64(2)].tolist() == ROWS[2]
    for index in (6, -7):
        with pytest.raises(IndexError, match=f"document {index} is out of range for 6 documents"):
            store[index]
    with pytest.raises(TypeError):
        store["0"]


@given(st.slices(6))
def test_slices(store, index):
    rows = store[index]
    assert isinstance(rows, Ragged)
    assert rows.dtype == np.uint16
    assert rows.to_list() == ROWS[index]


@given(st.slices(0))
def test_slices_of_an_empty_store(tmp_path_factory, encoder, index):
    folder = tmp_path_factory.mktemp("store")
    (folder / "a.txt").touch()
    empty = corpus.build(folder / "a.txt", folder / "tokens", encoder)
    assert (len(empty), empty.num_tokens, list(empty)) == (0, 0, [])
    assert empty[index].to_list() == []


def test_views_are_not_copied(store):
    whole = store[:].flat_values
    assert np.shares_memory(whole, store[2])
    assert np.shares_memory(whole, store[1:4].flat_values)
    assert not whole.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        store[0][0] = 1


def test_decode(store, encoder):
    assert store.encoder == encoder
    assert store.decode(0) == "the quick"
    assert store.decode(-3) == "é the [UNK]"
    assert store.decode(slice(1, 3)) == ["", "brown fox ."]


def test_pickle(store):
    pickled = pickle.dumps(store)
    assert len(pickled) < 1000
    loaded = pickle.loads(pickled)
    assert loaded.path == store.path
    assert loaded[:] == store[:]


OTHER_PROCESS = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from fastnlp import corpus
path, method = sys.argv[1:]
store = corpus.open(path)
with ProcessPoolExecutor(1, mp_context=get_context(method)) as pool:
    print(pool.submit(corpus.Corpus.decode, store, slice(0, 3)).result())
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(store, method, run_python):
    assert run_python(OTHER_PROCESS, store.path, method) == f"{LINES[:3]}\n"


def test_threads(store):
    results = []
    threads = [threading.Thread(target=lambda: results.append(store[:].to_list())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [ROWS] * 4


def test_relative_path_stays_valid(store, monkeypatch, tmp_path):
    monkeypatch.chdir(store.path.parent)
    opened = corpus.open("tokens")
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(pickle.dumps(opened))[:] == store[:]


def test_repr(store):
    assert repr(store) == f"Corpus({str(store.path)!r}, documents=6, tokens=11, dtype=uint16)"


def test_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`path`: there is no folder '.*missing'"):
        corpus.open(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match=r"is no token store, it holds no corpus\.json"):
        corpus.open(tmp_path)


@pytest.mark.parametrize("name", ["corpus.json", "tokens.bin", "tokens.idx"])
def test_missing_file(copy, name):
    (copy / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        corpus.open(copy)


def edited(copy, **changes):
    path = copy / "corpus.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return copy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"documents": 7}, "is damaged: its files hold"),
        ({"tokens": 12}, "is damaged: its files hold"),
        ({"tokens": "11"}, "is damaged: its files hold"),
        ({"dtype": "int32"}, "is damaged: its files hold"),
        ({"format": "other"}, "its format is 'other'"),
        ({"version": 2}, "is of version 2; this fastnlp reads version 1"),
        ({"inputs": [{}]}, r"corpus\.json' is damaged"),
        ({"inputs": None}, r"corpus\.json' is damaged"),
        ({"more": 1}, r"corpus\.json' is damaged"),
    ],
)
def test_changed_manifest(copy, changes, message):
    with pytest.raises(ValueError, match=message):
        corpus.open(edited(copy, **changes))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_damaged_manifest(copy, content):
    (copy / "corpus.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"corpus\.json' is damaged"):
        corpus.open(copy)


def test_changed_vocabulary(copy):
    path = copy / "vocabulary.txt"
    path.write_bytes(path.read_bytes().replace(b"fox", b"cat"))
    opened = corpus.open(copy)
    assert opened[5].tolist() == [6]
    with pytest.raises(ValueError, match=r"vocabulary\.txt or the encoder in corpus\.json was changed"):
        opened.decode(5)


@pytest.mark.parametrize("encoder_description", [{}, {"options": {"other": 1}, "sha256": ""}, None])
def test_damaged_description_of_the_encoder(copy, encoder_description):
    opened = corpus.open(edited(copy, encoder=encoder_description))
    with pytest.raises(ValueError, match=r"corpus\.json' is damaged"):
        opened.decode(0)
