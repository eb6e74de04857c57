"""`fastnlp.corpus.WordCounts` and counts files."""

from __future__ import annotations

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import any_texts, counting_options

from fastnlp import corpus
from fastnlp.corpus import WordCounts, word_counts
from fastnlp.ops import count_words, learn_vocabulary


@pytest.fixture
def counts(write) -> WordCounts:
    return corpus.count_words(write("a.txt", b"to be, or\nnot to \xff\n" * 5), lowercase=True)


def test_a_mapping(counts):
    expected = {"to": 10, "be": 5, ",": 5, "or": 5, "not": 5, "\ufffd": 5}
    assert counts == expected
    assert list(counts) == list(expected)
    assert counts["to"] == 10
    assert "To" not in counts
    assert (len(counts), counts.num_words, counts.num_replaced) == (6, 35, 5)
    assert counts.rules.lowercase
    assert repr(counts) == "WordCounts(6 different words of 35)"
    assert learn_vocabulary(counts, 40) == learn_vocabulary(expected, 40)


@pytest.mark.parametrize("rows_per_group", [1, 4, 1 << 20])
def test_saved_counts_come_back(counts, tmp_path, monkeypatch, rows_per_group):
    monkeypatch.setattr(word_counts, "ROWS_PER_GROUP", rows_per_group)
    path = tmp_path / "counts.parquet"
    counts.save(path)
    loaded = WordCounts.load(path)
    assert list(loaded.items()) == list(counts.items())
    assert (loaded.rules, loaded.num_replaced) == (counts.rules, counts.num_replaced)
    assert pq.read_table(path).to_pydict() == {"word": list(counts), "count": list(counts.values())}


def test_no_words_are_saved_too(write, tmp_path):
    counts = corpus.count_words(write("empty.txt", b"\n"))
    counts.save(tmp_path / "counts.parquet")
    assert dict(WordCounts.load(tmp_path / "counts.parquet")) == {}


@given(st.lists(st.lists(any_texts, max_size=4), min_size=1, max_size=4), counting_options)
def test_merged_counts_are_those_of_all_texts(tmp_path_factory, parts, options):
    folder = tmp_path_factory.mktemp("inputs")
    merged = []
    for number, texts in enumerate(parts):
        path = folder / f"{number}.parquet"
        source = folder / "a.jsonl"
        source.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts))
        corpus.count_words(source, **options).save(path)
        merged.append(WordCounts.load(path))
    expected = count_words([text for texts in parts for text in texts], **options)
    assert list(WordCounts.merge(merged).items()) == list(expected.items())


def test_counts_of_different_rules_are_not_merged(counts, write):
    other = corpus.count_words(write("b.txt", b"a"), strip_accents=True)
    with pytest.raises(
        ValueError,
        match=r"different rules cannot be added up: lowercase=True, strip_accents=False and "
        r"lowercase=False, strip_accents=True\.",
    ):
        WordCounts.merge([counts, other])
    with pytest.raises(ValueError, match="at least one set of word counts to add up; received none"):
        WordCounts.merge([])


def test_files_that_are_no_counts_files(tmp_path, counts):
    with pytest.raises(FileNotFoundError, match=r"There is no counts file '.*missing\.parquet'"):
        WordCounts.load(tmp_path / "missing.parquet")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        WordCounts.load(tmp_path)
    path = tmp_path / "counts.parquet"
    path.write_bytes(b"word,count\n")
    with pytest.raises(ValueError, match=r"'.*counts\.parquet' is not a counts file: "):
        WordCounts.load(path)
    pq.write_table(pa.table({"word": ["a"], "count": [1]}), path)
    with pytest.raises(ValueError, match=r"'.*counts\.parquet' is not a counts file: it was not written by fastnlp"):
        WordCounts.load(path)
    counts.save(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"'.*counts\.parquet' is not a counts file: "):
        WordCounts.load(path)


def test_files_of_another_version(tmp_path, counts, monkeypatch):
    path = tmp_path / "counts.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(word_counts, "FORMAT_VERSION", 2)
        counts.save(path)
    with pytest.raises(ValueError, match=r"was written by another version of fastnlp, \d"):
        WordCounts.load(path)


def test_saving_fails_whole(tmp_path, counts):
    with pytest.raises(FileNotFoundError, match="missing"):
        counts.save(tmp_path / "missing" / "counts.parquet")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        counts.save(tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "inputs"]
