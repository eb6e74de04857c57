"""`ops.count_words` and `ops.word_counter.WordCounter`: every implementation, thread count and cut into batches."""

from __future__ import annotations

import json
import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import counting_options, raw_texts, texts

import fastnlp
from fastnlp.ops import count_words
from fastnlp.ops.text_rules import as_text_rules
from fastnlp.ops.word_counter import WordCounter
from fastnlp.reference.wordpiece import count_words as count_words_of_reference

TARGETS = fastnlp.show_config()["targets"]


def check_everywhere(texts, options):
    """Count on every target and for several numbers of threads; all must agree with the reference, order included."""
    expected = list(count_words_of_reference(texts, as_text_rules(**options)).items())
    for target in TARGETS:
        for num_threads in (1, 2, 5):
            with fastnlp.use_target(target):
                counts = count_words(texts, num_threads=num_threads, **options)
            assert list(counts.items()) == expected, (target, num_threads)


@given(st.lists(raw_texts, max_size=8), counting_options)
@settings(max_examples=500, deadline=None)
def test_twins_agree(texts, options):
    check_everywhere(texts, options)


@given(
    st.lists(st.one_of(texts, st.integers(0, 5000).map(lambda size: "Ab" * size)), min_size=1, max_size=12),
    counting_options,
    st.integers(4000, 4200),
    st.sampled_from(["", " ", ".", "é", "中", "\0"]),
)
@settings(max_examples=40, deadline=None)
def test_texts_longer_than_any_window(parts, options, shift, separator):
    """The kernel sees a text in windows; where one ends must not show."""
    text = separator.join(parts)
    long = text * (shift // max(len(text), 1) + 1)
    check_everywhere([long.encode(), b"Ab", (" " * shift + text).encode()], options)


@given(st.lists(st.lists(raw_texts, max_size=4), max_size=6), counting_options)
@settings(max_examples=200, deadline=None)
def test_batches_do_not_matter(batches, options):
    expected = count_words([text for batch in batches for text in batch], **options)
    for target in TARGETS:
        with fastnlp.use_target(target):
            counter = WordCounter(**options)
            for batch in batches:
                counter.add(batch)
            assert list(counter.take().to_dict().items()) == list(expected.items())
            assert len(counter.take()) == 0


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("num_threads", [1, 3])
def test_tables_grow(split, num_threads):
    """Many different words of every size, in chunks that several threads take."""
    words = [f"{'x' * (i % 13)}{i % 70001}" for i in range(210_000)]
    assert count_words(words, split=split, num_threads=num_threads) == count_everything(words)


def count_everything(words):
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def test_order_is_that_of_first_occurrence_on_many_threads():
    words = [f"w{i * i % 99991}" for i in range(300_000)]
    texts = [" ".join(words[i : i + 9]) for i in range(0, len(words), 9)]
    expected = list(count_everything(words).items())
    for num_threads in (1, 2, 7):
        assert list(count_words(texts, num_threads=num_threads).items()) == expected


def test_an_empty_word_counts(target):
    assert count_words(["", "a", ""], split=False) == {"": 2, "a": 1}
    assert count_words(["", "\ufffd"], split=False, rules="bert") == {}
    assert count_words(["\u0301", "a"], split=False, strip_accents=True) == {"": 1, "a": 1}
    assert count_words(["a \u034f b \u034f"], lowercase=True) == {"a": 1, "": 2, "b": 1}


def test_invalid_utf8_is_replaced_and_counted(target):
    counter = WordCounter()
    counter.add([b"a\xff b\xe4\xb8", "\ufffd".encode(), b"\xed\xa0\x80" + b"x" * 50, b"a\xff"])
    assert counter.take().to_dict() == {"a\ufffd": 2, "b\ufffd": 1, "\ufffd": 1, "\ufffd" * 3 + "x" * 50: 1}
    assert counter.num_replaced == 6
    counter.add([b"\xff"])
    assert counter.num_replaced == 6
    counter.take()
    assert counter.num_replaced == 7


def test_strict_names_the_first_bad_text_and_counts_none_of_the_batch(target):
    counter = WordCounter(errors="strict", num_threads=2)
    counter.add(["fine"])
    batch = ["fine"] * 300_000
    batch[250_000:250_002] = [b"a\xff", b"\xff"]
    with pytest.raises(ValueError, match=r"`texts` row 250000: invalid UTF-8 at byte 1 \(errors='strict'\)\."):
        counter.add(batch)
    assert counter.take().to_dict() == {"fine": 1}


def test_unusable_arguments():
    with pytest.raises(ValueError, match="`errors` must be 'replace' or 'strict'; received 'ignore'"):
        count_words("a", errors="ignore")
    with pytest.raises(ValueError, match="`num_threads` must be at least 1, or None; received 0"):
        count_words("a", num_threads=0)


def test_memory_grows_and_is_given_back():
    counter = WordCounter(num_threads=1)
    assert counter.memory() == 0
    counter.add([f"{i}" for i in range(100_000)])
    assert 100_000 * 32 < counter.memory() < 100_000 * 200
    counter.take()
    assert counter.memory() == 0


@pytest.mark.parametrize("rules", ["keras", "bert"])
def test_real_text(data, rules):
    with lzma.open(data / "imdb-train.jsonl.xz") as lines:
        reviews = [json.loads(line)["text"].encode() for line, _ in zip(lines, range(300), strict=False)]
    check_everywhere(
        reviews, {"rules": rules, "lowercase": True, "strip_accents": True, "split": True, "split_on_cjk": True}
    )


def test_flat_counts(target):
    flat = WordCounter()
    flat.add("b a é a")
    counts = flat.take()
    assert counts.words() == [b"b", b"a", "é".encode()]
    assert counts.counts.tolist() == [1, 2, 1]
    assert counts.take(np.array([2, 1])).to_dict() == {"é": 1, "a": 2}
    assert counts.take(np.array([], np.int64)).to_dict() == {}
    partitions = counts.partitions(4)
    assert partitions.dtype == np.uint16
    assert (partitions < 16).all()
    assert counts.take(np.array([1])).partitions(4).tolist() == [partitions[1]]
