"""Input files: which ones are found, and what documents they hold."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import lzma
import os
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnlp.corpus import inputs
from fastnlp.corpus.inputs import SUFFIXES, InputReader, find_inputs
from fastnlp.ops import WordPiece

NAMES = r"\*\.txt, \*\.txt\.gz, \*\.txt\.xz, \*\.jsonl, \*\.jsonl\.gz, \*\.jsonl\.xz"


def read(paths, **options):
    return [document for batch in InputReader(paths, **options).batches() for document in batch]


def lines_of(content: bytes) -> list[bytes]:
    """The rule: lines end with LF, before which one CR is dropped; a last line without an end is a line."""
    *lines, last = content.split(b"\n")
    return [line.removesuffix(b"\r") for line in lines] + ([last] if last else [])


def test_folders_are_searched_and_sorted(write, tmp_path):
    for name in ("b.txt", "a/z.jsonl.gz", "a/b/c.TXT", "B.txt.xz", "notes.md", "a/data.json", "txt"):
        write(name, b"")
    folder = tmp_path / "inputs"
    found = find_inputs(folder)
    assert [path.relative_to(folder).as_posix() for path in found] == ["B.txt.xz", "a/b/c.TXT", "a/z.jsonl.gz", "b.txt"]
    assert find_inputs([folder / "b.txt", str(folder / "a"), folder / "b.txt"]) == [
        folder / "b.txt",
        folder / "a/b/c.TXT",
        folder / "a/z.jsonl.gz",
        folder / "b.txt",
    ]


def test_what_is_no_input(write, tmp_path):
    other = write("notes.md", b"")
    with pytest.raises(ValueError, match=rf"`inputs` must be folders, or files named {NAMES}; received '.*notes.md'"):
        find_inputs(other)
    with pytest.raises(FileNotFoundError, match=rf"the folder '.*inputs' holds no file named {NAMES}"):
        find_inputs(tmp_path / "inputs")
    with pytest.raises(FileNotFoundError, match=r"'missing\.txt' does not exist"):
        find_inputs([other.parent / "notes.md", "missing.txt"][1:])
    with pytest.raises(ValueError, match="must name at least one"):
        find_inputs([])


def test_a_folder_that_cannot_be_listed(write, tmp_path, ordinary_user):
    write("closed/a.txt", b"")
    write("b.txt", b"")
    closed = tmp_path / "inputs/closed"
    closed.chmod(0)
    try:
        with ordinary_user(), pytest.raises(PermissionError, match="closed"):
            find_inputs(tmp_path / "inputs")
    finally:
        closed.chmod(0o700)


@pytest.mark.parametrize("name", ["document", "errors"])
def test_unknown_option(write, name):
    with pytest.raises(ValueError, match=f"`{name}` must be .*; received 'other'"):
        InputReader(write("a.txt", b""), **{name: "other"})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format(write, suffix):
    texts = ["the quick", "", "brown\tfox", "\u00e9\u4e2d\U0001f600\u2028\x85\x0b"]
    if "jsonl" in suffix:
        content = b"".join(orjson.dumps({"id": 1, "text": text}) + b"\n" for text in texts)
        assert read(write(f"a{suffix}", content)) == texts
    else:
        content = "\n".join([*texts, ""]).encode()
        assert read(write(f"a{suffix}", content)) == [text.encode() for text in texts]
        assert read(write(f"a{suffix.upper()}", content)) == [text.encode() for text in texts]
        assert read(write(f"a{suffix}", content), document="file") == [content]


@pytest.mark.parametrize(
    ("content", "documents"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a", [b"a"]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"a\r\n\r\nb\r\r\n\rc\r", [b"a", b"", b"b\r", b"\rc\r"]),
        (b"a\x00b\n\x00", [b"a\x00b", b"\x00"]),
        (b"\xff\n", [b"\xff"]),
        (codecs.BOM_UTF8 + b"a\n" + codecs.BOM_UTF8, [b"a", codecs.BOM_UTF8]),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_lines(write, content, documents, suffix):
    assert read(write(f"a.txt{suffix}", content)) == documents


@given(
    content=st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bc", b"\xc3\xa9", b"\x00"])).map(b"".join),
    read_bytes=st.integers(1, 7),
    batch_bytes=st.integers(1, 7),
)
def test_lines_do_not_depend_on_how_a_file_is_read(tmp_path_factory, content, read_bytes, batch_bytes):
    path = tmp_path_factory.mktemp("inputs") / "a.txt"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "READ_BYTES", read_bytes)
        batches = list(InputReader(path).batches(batch_bytes))
    assert [line for batch in batches for line in batch] == lines_of(content)
    assert all(batches)


def test_batches_hold_whole_documents_of_several_files(write, tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "READ_BYTES", 8)
    for name in "abcd":
        write(f"{name}.txt", name.encode() * 3 + b"\n")
    long = write("long.txt", b"x" * 103 + b"\ny\n")
    assert list(InputReader(tmp_path / "inputs").batches(8)) == [
        [b"aaa", b"bbb"],
        [b"ccc", b"ddd"],
        [b"x" * 103],
        [b"y"],
    ]
    assert list(InputReader([long, long]).batches(1000)) == [[b"x" * 103, b"y"] * 2]


def test_blank_lines_of_json_lines(write):
    assert read(write("a.jsonl", b'\n{"text": "a"}\r\n \t\r\n\n{"text": ""}')) == ["a", ""]


def test_field(write):
    path = write("a.jsonl", b'{"text": 1, "body": "a"}\n')
    assert read(path, field="body") == ["a"]


def test_records(write, monkeypatch):
    text, packed = b"the\nquick\n", b'{"text": "fox"}\n' * 1000
    paths = [write("a.txt", text), write("b.jsonl.xz", packed)]
    reader = InputReader(paths)
    assert (reader.bytes_read, reader.total_bytes) == (0, sum(path.stat().st_size for path in paths))
    assert sum(map(len, reader.batches())) == 1002
    assert reader.bytes_read == reader.total_bytes
    for record, path, content, documents in zip(reader.records, paths, (text, packed), (2, 1000), strict=True):
        on_disk = path.read_bytes()
        assert record.path == str(path)
        assert record.size == len(on_disk)
        assert record.sha256 == hashlib.sha256(on_disk).hexdigest()
        assert record.uncompressed_size == len(content)
        assert record.documents == documents


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_several_packed_parts_in_one_file(write, suffix, pack):
    path = write(f"a.txt{suffix}", b"one\nt")
    path.write_bytes(path.read_bytes() + pack(b"wo\n"))
    assert read(path) == [b"one", b"two"]


INVALID = b"ok\n\xc3\xa9\na\xc3\xa9\xff\n"


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.txt", INVALID, {}, r"a\.txt, line 3: invalid UTF-8 at byte 3 \(errors='strict'\)"),
        ("a.txt", INVALID, {"document": "file"}, r"a\.txt: invalid UTF-8 at byte 9 \(errors='strict'\)"),
        ("a.jsonl", b'\n{"text": "\xff"}', {}, r"a\.jsonl, line 2: invalid JSON"),
        ("a.jsonl", b'{"text": "\\ud800"}', {}, r"a\.jsonl, line 1: invalid JSON at column \d+: no low surrogate"),
    ],
)
def test_what_is_not_unicode(write, name, content, options, message):
    path = write(name, content)
    with pytest.raises(ValueError, match=message):
        read(path, errors="strict", **options)
    documents = read(path, **options)
    encoder = WordPiece(["[UNK]", "ok", "é", "##é", "##\ufffd", "a", "\ufffd"])
    assert encoder.decode(encoder.encode(documents)[-1])[-1] == "\ufffd"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "a"}\n\n{"text" "b"}\n', "line 3: invalid JSON at column 9: "),
        (b'{"text": "a"', "line 1: invalid JSON at column "),
        (b"[" * 100_000, "line 1: invalid JSON at column "),
        (b'{"text": "a"}\n["a"]', r"line 2: must hold a JSON object; received \['a'\]"),
        (b'{"body": "a", "id": 1}', r"line 1: has no field 'text'; its fields are \['body', 'id'\]"),
        (b'{"text": 3}', "line 1: the field 'text' must be a string; received 3"),
        (b'{"text": null}', "line 1: the field 'text' must be a string; received None"),
    ],
)
@pytest.mark.parametrize("errors", ["replace", "strict"])
def test_lines_that_hold_no_document(write, content, message, errors):
    with pytest.raises(ValueError, match=r"a\.jsonl\.gz, " + message):
        read(write("a.jsonl.gz", content), errors=errors)


def test_line_numbers_go_on_from_read_to_read(write, monkeypatch):
    monkeypatch.setattr(inputs, "READ_BYTES", 16)
    with pytest.raises(ValueError, match=r"line 51: invalid JSON"):
        read(write("a.jsonl", json.dumps({"text": "a"}).encode() + b"\n" + b"\n" * 49 + b"x\n"))
    with pytest.raises(ValueError, match=r"line 51: invalid UTF-8"):
        read(write("a.txt", b"aa\n" * 50 + b"\xff\n"), errors="strict")


def cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def corrupt(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1 :]


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("damage", [cut, corrupt, lambda packed: b"", lambda packed: b"no such format"])
def test_damaged_packed_files(write, suffix, damage):
    path = write(f"a.txt{suffix}", os.urandom(10_000))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"a\.txt{suffix} is cut short or corrupt: "):
        read(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.txt"
    path.symlink_to("/proc/self/mem")  # which fails for root too
    with pytest.raises(OSError, match=r"Input/output error: '.*a\.txt'"):
        read(path)


def test_a_link_to_nothing_in_a_folder(write, tmp_path):
    write("a.txt", b"a")
    (tmp_path / "inputs/b.txt").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError, match=r"b\.txt"):
        read(tmp_path / "inputs")
