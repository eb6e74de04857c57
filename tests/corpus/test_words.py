"""`fastnlp.corpus.count_words` and `count_words_to_file`."""

from __future__ import annotations

import os
import tempfile

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_texts, counting_options

import fastnlp
from fastnlp import corpus
from fastnlp.corpus import WordCounts, inputs
from fastnlp.ops.vocabulary_learning import count_words

TARGETS = fastnlp.show_config()["targets"]
MANY_WORDS = "\n".join(f"w{i * i % 5003} {'x' * (i % 40)}é w{i % 7}" for i in range(20_000)).encode()


@given(st.lists(any_texts), counting_options)
def test_the_words_of_files_are_those_of_their_documents(tmp_path_factory, texts, options):
    path = tmp_path_factory.mktemp("inputs") / "a.jsonl"
    path.write_bytes(b"".join(orjson.dumps({"body": text}) + b"\n" for text in texts))
    counts = corpus.count_words(path, field="body", **options)
    assert list(counts.items()) == list(count_words(texts, **options).items())


def test_batches_are_added_up(write, monkeypatch):
    monkeypatch.setattr(inputs, "READ_BYTES", 8)
    monkeypatch.setattr(inputs, "BATCH_BYTES", 8)
    monkeypatch.setattr(inputs.InputReader.batches, "__defaults__", (8,))
    path = write("a.txt", b"to be, or\nnot to be\n" * 3)
    seen = []
    counts = corpus.count_words([path, path], progress=lambda done, total: seen.append((done, total)))
    assert list(counts.items()) == [("to", 12), ("be", 12), (",", 6), ("or", 6), ("not", 6)]
    assert len(seen) > 4
    assert seen == sorted(seen)
    assert seen[-1] == (2 * path.stat().st_size,) * 2


@given(
    st.lists(st.lists(any_texts, max_size=5), min_size=1, max_size=6),
    counting_options,
    st.integers(1, 3000),
    st.sampled_from(TARGETS),
)
@settings(max_examples=100, deadline=None)
def test_a_bound_on_memory_changes_nothing(tmp_path_factory, documents, options, max_memory, target):
    folder = tmp_path_factory.mktemp("inputs")
    paths = []
    for number, texts in enumerate(documents):
        paths.append(folder / f"{number}.jsonl")
        paths[-1].write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
    expected = corpus.count_words(paths, **options)
    with pytest.MonkeyPatch.context() as patch, fastnlp.use_target(target):
        patch.setattr(inputs, "READ_BYTES", 16)
        patch.setattr(inputs.InputReader.batches, "__defaults__", (16,))
        counts = corpus.count_words(paths, max_memory=max_memory, **options)
        corpus.count_words_to_file(paths, folder / "counts.parquet", max_memory=max_memory, **options)
    assert list(counts.items()) == list(expected.items())
    assert list(WordCounts.load(folder / "counts.parquet").items()) == list(expected.items())


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.xz"])
@pytest.mark.parametrize("max_memory", [1, 1 << 16, 1 << 30])
def test_many_runs(write, monkeypatch, name, max_memory):
    monkeypatch.setattr(inputs.InputReader.batches, "__defaults__", (1 << 14,))
    monkeypatch.setattr(inputs, "READ_BYTES", 1 << 14)
    expected = count_words([MANY_WORDS.decode()])
    for num_threads in (1, 3):
        counts = corpus.count_words(write(name, MANY_WORDS), max_memory=max_memory, num_threads=num_threads)
        assert list(counts.items()) == list(expected.items())


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_errors_leave_no_file(write, tmp_path, monkeypatch, error):
    """Neither the counts file nor anything that was spilled."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(inputs.InputReader.batches, "__defaults__", (1 << 14,))
    monkeypatch.setattr(inputs, "READ_BYTES", 1 << 14)
    path = write("a.txt", MANY_WORDS)
    before = sorted(tmp_path.rglob("*"))
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    def stop(done, total):
        if done == total:
            assert sorted(temporary.iterdir()) == []  # what is spilled has no name
            raise error

    with pytest.raises(error):
        corpus.count_words_to_file(path, tmp_path / "counts.parquet", max_memory=1, progress=stop)
    assert sorted(tmp_path.rglob("*")) == before
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_full_disk_is_an_error_and_leaves_nothing(write, tmp_path, monkeypatch):
    def refuse():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    path = write("a.txt", b"a b c")
    with pytest.raises(OSError, match="No space left"):
        corpus.count_words_to_file(path, tmp_path / "counts.parquet", max_memory=1)
    assert [found.name for found in tmp_path.iterdir()] == ["inputs"]


def test_replaced_bytes_are_counted(write):
    path = write("a.txt", b"a\xff b\n\xe4\xb8\n" * 10)
    for max_memory in (1, 1 << 30):
        counts = corpus.count_words(path, max_memory=max_memory)
        assert counts.num_replaced == 20
        assert counts == {"a\ufffd": 10, "b": 10, "\ufffd": 10}


@pytest.mark.parametrize("max_memory", [0, -1, 1.5, None])
def test_unusable_bound(write, max_memory):
    with pytest.raises(ValueError, match=f"`max_memory` must be at least 1; received {max_memory}"):
        corpus.count_words(write("a.txt", b""), max_memory=max_memory)
