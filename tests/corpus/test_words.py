"""`fastnlp.corpus.count_words`."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st
from strategies import any_texts

from fastnlp import corpus
from fastnlp.corpus import inputs, words
from fastnlp.ops.vocabulary_learning import count_words

OPTIONS = st.fixed_dictionaries(
    {
        "rules": st.sampled_from(["keras", "bert"]),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, False, True]),
        "split": st.booleans(),
        "split_on_cjk": st.booleans(),
    }
)


@given(st.lists(any_texts), OPTIONS)
def test_the_words_of_files_are_those_of_their_documents(tmp_path_factory, texts, options):
    path = tmp_path_factory.mktemp("inputs") / "a.jsonl"
    path.write_bytes(b"".join(orjson.dumps({"body": text}) + b"\n" for text in texts))
    counts = corpus.count_words(path, field="body", **options)
    assert list(counts.items()) == list(count_words(texts, **options).items())


def test_batches_are_added_up(write, monkeypatch):
    monkeypatch.setattr(inputs, "READ_BYTES", 8)
    monkeypatch.setattr(words, "READ_BYTES", 8)
    path = write("a.txt", b"to be, or\nnot to be\n" * 3)
    seen = []
    counts = corpus.count_words([path, path], progress=lambda done, total: seen.append((done, total)))
    assert list(counts.items()) == [("to", 12), ("be", 12), (",", 6), ("or", 6), ("not", 6)]
    assert len(seen) > 4
    assert seen == sorted(seen)
    assert seen[-1] == (2 * path.stat().st_size,) * 2
