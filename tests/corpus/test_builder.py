"""`fastnlp.corpus.build`."""

from __future__ import annotations

import codecs
import json
import lzma
import os
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_texts, raw_texts, vocabularies, wordpiece_options

import fastnlp
from fastnlp import corpus
from fastnlp.corpus import inputs
from fastnlp.ops import WordPiece

needs_extension = pytest.mark.skipif(
    fastnlp.show_config()["target"] == "reference", reason="takes hours on the reference"
)


@st.composite
def encoders(draw: st.DrawFn) -> WordPiece:
    options = draw(wordpiece_options())
    vocabulary = [token for token in draw(vocabularies()) if not set(token) & {"\n", "\r"}]
    special_tokens = vocabulary[:2] if options["special_tokens_in_strings"] else ()
    return WordPiece(vocabulary, special_tokens=special_tokens, **options)


def check(folder: Path, out: Path, encoder: WordPiece, documents: list, **options) -> None:
    """Build a store with reads and batches of a few bytes, and compare it with the encoder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "READ_BYTES", 16)
        store = corpus.build(folder, out, encoder, **options)
    expected = encoder.encode(documents)
    assert len(store) == len(documents)
    assert store[:] == expected
    assert [row.tolist() for row in store] == expected.to_list()
    assert store.encoder == encoder
    assert store.decode(slice(None)) == encoder.decode(expected)


@settings(max_examples=50)
@given(st.lists(raw_texts), encoders(), st.sampled_from(["\n", "\r\n"]), st.sampled_from([None, 1, 3]))
def test_round_trip_of_lines(tmp_path_factory, texts, encoder, end, num_threads):
    folder = tmp_path_factory.mktemp("build")
    lines = [line.removesuffix(b"\r") for text in texts for line in text.split(b"\n")]
    content = b"".join(line + end.encode() for line in lines)
    (folder / "a.txt").write_bytes(content)
    if content.startswith(codecs.BOM_UTF8):
        lines[0] = lines[0][3:]
    check(folder / "a.txt", folder / "out", encoder, lines, num_threads=num_threads)


@settings(max_examples=50)
@given(st.lists(any_texts), encoders())
def test_round_trip_of_json_lines(tmp_path_factory, texts, encoder):
    folder = tmp_path_factory.mktemp("build")
    (folder / "a.jsonl").write_bytes(b"".join(orjson.dumps({"body": text}) + b"\n" for text in texts))
    check(folder / "a.jsonl", folder / "out", encoder, texts, field="body")


@settings(max_examples=50)
@given(st.lists(raw_texts, min_size=1, max_size=5), encoders())
def test_round_trip_of_files(tmp_path_factory, texts, encoder):
    folder = tmp_path_factory.mktemp("build")
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_bytes(text)
    documents = [text.removeprefix(codecs.BOM_UTF8) for text in texts]
    check(folder, folder / "out", encoder, documents, document="file")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_equal_builds_give_equal_bytes(write, tmp_path, encoder, target):
    write("a.txt", b"the quick\n\nbrown fox\n" * 500)
    write("b.jsonl.xz", b'{"text": "the fox"}\n' * 500)
    folder = tmp_path / "inputs"
    first = corpus.build(folder, tmp_path / "first", encoder, num_threads=1)
    second = corpus.build(folder, tmp_path / "second", encoder, num_threads=3)
    assert files(first.path) == files(second.path)
    assert set(files(first.path)) == {"corpus.json", "tokens.bin", "tokens.idx", "vocabulary.txt"}


def test_manifest(write, tmp_path, encoder):
    path = write("a.txt", b"the quick\nfox ?")
    corpus.build(path, tmp_path / "out", encoder, errors="strict")
    manifest = json.loads((tmp_path / "out/corpus.json").read_bytes())
    encoder_description = manifest.pop("encoder")
    assert encoder_description["options"]["lowercase"] is True
    assert len(encoder_description["sha256"]) == 64
    assert manifest.pop("inputs")[0]["path"] == str(path)
    assert manifest == {
        "format": "fastnlp token store",
        "version": 1,
        "documents": 2,
        "tokens": 5,
        "dtype": "uint16",
        "options": {"document": "line", "field": "text", "errors": "strict"},
        "fastnlp": fastnlp.__version__,
    }


def test_large_vocabularies_take_int32(write, tmp_path):
    encoder = WordPiece(["[UNK]", *(f"t{number}" for number in range(65_499))])
    store = corpus.build(write("a.txt", b"t65498 t0\n"), tmp_path / "out", encoder)
    assert store.dtype == np.int32
    assert store[0].tolist() == [65_499, 1]


def test_progress(write, tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(inputs.InputReader.batches, "__defaults__", (1,))
    paths = [write(name, b"the fox\n" * 10) for name in ("a.txt", "b.txt", "c.txt.gz")]
    total = sum(path.stat().st_size for path in paths)
    seen = []
    corpus.build(paths, tmp_path / "out", encoder, progress=lambda done, all_bytes: seen.append((done, all_bytes)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) == 3
    assert {all_bytes for _, all_bytes in seen} == {total}


def test_out(write, tmp_path, encoder, monkeypatch):
    path = write("a.txt", b"the\n")
    full = tmp_path / "full"
    (full / "kept").mkdir(parents=True)
    for out, kind in ((full, "is not empty"), (path, "is a file")):
        with pytest.raises(FileExistsError, match=f"`out` must be a new or an empty folder; '{out}' {kind}"):
            corpus.build("missing.txt", out, encoder)
    assert [item.name for item in full.iterdir()] == ["kept"]
    (full / "kept").rmdir()
    assert len(corpus.build(path, full, encoder)) == 1
    monkeypatch.chdir(tmp_path)
    assert corpus.build(str(path), "new/folders/out", encoder).path == tmp_path / "new/folders/out"


def test_file_names_of_any_bytes(tmp_path, encoder):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    try:
        path.write_bytes(b"the\n")
    except OSError:
        pytest.skip("this file system takes no such name")
    store = corpus.build(path, tmp_path / "out", encoder)
    assert store.manifest.inputs[0].path == f"{tmp_path}/\ufffd.txt"


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("b.txt", b"the\n\xff\n", {"errors": "strict"}, r"b\.txt, line 2: invalid UTF-8"),
        ("b.jsonl", b'{"text": "the"}\n{}\n', {}, r"b\.jsonl, line 2: has no field 'text'"),
        ("b.txt", b"the\n", {"num_threads": 0}, "`num_threads` must be at least 1"),
    ],
)
def test_an_error_leaves_nothing(write, tmp_path, encoder, name, content, options, message):
    paths = [write("a.txt", b"the quick\n"), write(name, content)]
    with pytest.raises(ValueError, match=message):
        corpus.build(paths, tmp_path / "out", encoder, **options)
    assert left_in(tmp_path) == ["inputs"]


def test_a_cut_file_leaves_nothing(write, tmp_path, encoder):
    path = write("a.txt.xz", b"the quick\n" * 10_000)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"a\.txt\.xz is cut short or corrupt"):
        corpus.build(path, tmp_path / "out", encoder)
    assert left_in(tmp_path) == ["inputs"]


def test_ctrl_c_leaves_nothing(write, tmp_path, encoder):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.build(write("a.txt", b"the quick\n"), tmp_path / "out", encoder, progress=interrupt)
    assert left_in(tmp_path) == ["inputs"]


def test_a_vocabulary_that_cannot_be_a_file_leaves_nothing(write, tmp_path):
    encoder = WordPiece(["[UNK]", "a\nb"])
    with pytest.raises(ValueError, match="must not hold the end of a line"):
        corpus.build(write("a.txt", b"the quick\n"), tmp_path / "out", encoder)
    assert left_in(tmp_path) == ["inputs"]


def test_a_folder_that_appears_meanwhile_is_kept(write, tmp_path, encoder):
    out = tmp_path / "out"

    def meddle(done: int, total: int) -> None:
        (out / "kept").mkdir(parents=True)

    with pytest.raises(OSError, match="not empty"):
        corpus.build(write("a.txt", b"the quick\n"), out, encoder, progress=meddle)
    assert left_in(tmp_path) == ["inputs", "out"]
    assert left_in(out) == ["kept"]


def run(code: str, *arguments: object, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


BUILD = """
import resource, sys
from fastnlp import corpus
from fastnlp.ops import WordPiece
encoder = WordPiece(["[UNK]", "the", "quick", "fox"])
encoder.encode(["the fox"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store = corpus.build(sys.argv[1], sys.argv[2], encoder)
print(len(store), store.num_tokens, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_full_disk(write, tmp_path):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    path = write("a.txt", b"the quick fox\n" * 10_000)
    done = run(BUILD, path, tmp_path / "out", preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"OSError: [Errno 27] File too large: '{tmp_path / 'out'}'"
    assert left_in(tmp_path) == ["inputs"]


def build_measured(path: Path, out: Path) -> tuple[int, int, int]:
    """Documents, tokens, and the most memory that the build took, in MB."""
    done = run(BUILD, path, out)
    assert done.returncode == 0, done.stderr
    documents, tokens, kilobytes = map(int, done.stdout.split())
    return documents, tokens, kilobytes // 1000


@needs_extension
def test_ten_million_empty_lines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n" * 10_000_000)
    documents, tokens, megabytes = build_measured(path, tmp_path / "out")
    assert (documents, tokens) == (10_000_000, 0)
    assert megabytes < 300
    store = corpus.open(tmp_path / "out")
    assert store[9_999_999].tolist() == []
    assert (tmp_path / "out/tokens.idx").stat().st_size == 34 + 20 * 10_000_000 + 8


@needs_extension
def test_one_line_of_100_megabytes(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"the quick fox jumps " * 5_000_000)
    documents, tokens, _ = build_measured(path, tmp_path / "out")
    assert (documents, tokens) == (1, 20_000_000)
    assert corpus.open(tmp_path / "out")[0][-4:].tolist() == [1, 2, 3, 0]


@needs_extension
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl.gz"])
def test_memory_is_bounded(write, tmp_path, name):
    line = b"the quick fox " * 20 + b"\n"
    if name == "a.txt":
        path = write(name, b"")
        with path.open("wb") as file:
            for _ in range(300):
                file.write(line * 3571)  # a megabyte
    else:
        path = write(name, b'{"text": "%s"}\n' % line.strip() * 357_100)
    documents, _, megabytes = build_measured(path, tmp_path / "out")
    assert documents == (1_071_300 if name == "a.txt" else 357_100)
    assert megabytes < 100


@needs_extension
@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
def test_real_text(data, write, tmp_path, suffix):
    with tarfile.open(data / "vocab.tar.xz") as archive:
        archive.extract("vocab/bert-base-uncased-vocab.txt", tmp_path, filter="data")
    encoder = WordPiece(tmp_path / "vocab/bert-base-uncased-vocab.txt", rules="bert", lowercase=True)
    with lzma.open(data / "imdb-train.jsonl.xz") as file:
        packed = file.read()
    texts = [json.loads(line)["text"] for line in packed.splitlines()]
    assert len(texts) == 25_000
    if suffix == ".jsonl":
        path = data / "imdb-train.jsonl.xz"
    else:
        texts = [text.replace("\n", " ") for text in texts]
        path = write("a.txt.gz", "\n".join(texts).encode())
    store = corpus.build(path, tmp_path / "out", encoder)
    assert store[:] == encoder.encode(texts)
