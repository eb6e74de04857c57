"""Megatron's indexed dataset, read back by an independent reader."""

from __future__ import annotations

import struct
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.corpus import megatron
from fastnlp.corpus.megatron import TokenWriter, map_tokens, smallest_dtype

CODES = {1: "B", 2: "b", 3: "h", 4: "i", 5: "q", 6: "d", 7: "f", 8: "H"}  # of Megatron-LM's DType, as struct knows them

documents_of_ids = st.lists(st.lists(st.integers(0, 65_535), max_size=8), max_size=20)


def read_megatron(folder: Path) -> list[list[int]]:
    """The documents, from the description of the format alone, byte by byte."""
    index = (folder / "tokens.idx").read_bytes()
    assert index[:9] == b"MMIDIDX\x00\x00"
    assert struct.unpack_from("<Q", index, 9) == (1,)
    kind = CODES[index[17]]
    sequences, document_indices = struct.unpack_from("<QQ", index, 18)
    position = 34
    parts = []
    for count, code in ((sequences, "i"), (sequences, "q"), (document_indices, "q")):
        parts.append(struct.unpack_from(f"<{count}{code}", index, position))
        position += struct.calcsize(f"<{count}{code}")
    assert position == len(index)
    lengths, offsets, indices = parts
    tokens = (folder / "tokens.bin").read_bytes()
    rows = [list(struct.unpack_from(f"<{n}{kind}", tokens, at)) for n, at in zip(lengths, offsets, strict=True)]
    assert sum(lengths) * struct.calcsize(f"<{kind}") == len(tokens)
    return [flat(rows[start:end]) for start, end in pairwise(indices)]


def flat(rows: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(rows))


def write(folder: Path, documents: list[list[int]], dtype: str, batch: int = 1000) -> None:
    with TokenWriter(folder, np.dtype(dtype)) as writer:
        for start in range(0, len(documents), batch):
            part = documents[start : start + batch]
            writer.append(np.array(flat(part), np.int32), np.array([len(row) for row in part], np.int64))
    assert (writer.documents, writer.tokens) == (len(documents), sum(map(len, documents)))


@given(documents_of_ids, st.sampled_from(["<u2", "<i4"]), st.integers(1, 5), st.integers(1, 5))
def test_what_is_written_is_megatrons(tmp_path_factory, documents, dtype, batch, chunk):
    folder = tmp_path_factory.mktemp("tokens")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(megatron, "CHUNK", chunk)
        write(folder, documents, dtype, batch)
    assert read_megatron(folder) == documents
    ids, lengths, offsets = map_tokens(folder)
    assert (ids.dtype, lengths.dtype, offsets.dtype) == (np.dtype(dtype), np.int32, np.int64)
    assert ids.tolist() == flat(documents)
    assert lengths.tolist() == [len(row) for row in documents]
    assert offsets.tolist() == (np.cumsum([0, *lengths])[:-1] * ids.dtype.itemsize).tolist()


def test_bytes_of_the_index(tmp_path):
    write(tmp_path, [[1, 2], [], [3]], "<u2")
    assert (tmp_path / "tokens.bin").read_bytes() == bytes([1, 0, 2, 0, 3, 0])
    assert (tmp_path / "tokens.idx").read_bytes() == (
        b"MMIDIDX\0\0"
        + struct.pack("<QBQQ", 1, 8, 3, 4)
        + struct.pack("<3i", 2, 0, 1)
        + struct.pack("<3q", 0, 4, 4)
        + struct.pack("<4q", 0, 1, 2, 3)
    )


@pytest.mark.parametrize(("size", "dtype"), [(1, "uint16"), (65_499, "uint16"), (65_500, "int32"), (10**6, "int32")])
def test_dtype_follows_from_the_vocabulary(size, dtype):
    assert smallest_dtype(size) == np.dtype(dtype)


def test_a_document_longer_than_int32(tmp_path):
    with TokenWriter(tmp_path, np.dtype("<u2")) as writer:
        writer.append(np.zeros(2, np.int32), np.array([1, 1], np.int64))
        with pytest.raises(ValueError, match="document 3 has 2147483648 tokens; the store takes up to 2147483647 in"):
            writer.append(np.zeros(0, np.int32), np.array([0, 2**31], np.int64))
    assert read_megatron(tmp_path) == [[0], [0]]


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("tokens.idx", lambda data: data[:20], "does not begin as a Megatron index does"),
        ("tokens.idx", lambda data: b"PK" + data[2:], "does not begin as a Megatron index does"),
        ("tokens.idx", lambda data: data[:9] + b"\x02" + data[10:], "version 2,"),
        ("tokens.idx", lambda data: data[:17] + b"\x07" + data[18:], "dtype code 7,"),
        ("tokens.idx", lambda data: data[:26] + b"\x09" + data[27:], "9 document indices"),
        ("tokens.idx", lambda data: data[:-1], "101 bytes where 3 documents take 102"),
        ("tokens.idx", lambda data: data + b"\x00", "103 bytes where 3 documents take 102"),
        ("tokens.bin", lambda data: data[:-1], "5 bytes where tokens.idx says 6"),
        ("tokens.bin", lambda data: data + b"\x00\x00", "8 bytes where tokens.idx says 6"),
    ],
)
def test_damaged_files(tmp_path, name, damage, message):
    write(tmp_path, [[1, 2], [], [3]], "<u2")
    path = tmp_path / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"{name}' is damaged.*{message}"):
        map_tokens(tmp_path)


@pytest.mark.parametrize("name", ["tokens.idx", "tokens.bin"])
def test_missing_files(tmp_path, name):
    write(tmp_path, [[1]], "<u2")
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        map_tokens(tmp_path)
