from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import vocabularies, word_counts

from fastnlp.ops import WordPiece, learn_vocabulary, vocabulary_report
from fastnlp.ops.vocabulary_report import Coverage, report_vocabulary


def test_examples():
    assert doctest.testmod(vocabulary_report).failed == 0


@given(vocabularies(), word_counts() | word_counts("abxyz"), st.sampled_from(["##", "", "a"]))
def test_coverage_is_that_of_the_words_one_by_one(vocabulary, counts, suffix_indicator):
    report = report_vocabulary(vocabulary, counts, size_asked=9, threshold=1, suffix_indicator=suffix_indicator)
    encoder = WordPiece(vocabulary, split=False, suffix_indicator=suffix_indicator)
    unknown = [encoder.token_to_id("[UNK]")]
    rows = {word: encoder.encode(word).tolist() for word in counts}
    assert report.corpus == Coverage(
        words=sum(counts.values()),
        different_words=len(counts),
        tokens=sum(count * len(rows[word]) for word, count in counts.items()),
        unknown_words=sum(count for word, count in counts.items() if rows[word] == unknown),
    )
    assert report.held_out is None


def test_report():
    counts = {"playing": 90, "played": 80, "[UNK]": 1, "x" * 101: 4}
    tokens = learn_vocabulary(counts, 40, lower_threshold=5)
    report = report_vocabulary(tokens, counts, size_asked=40, threshold=7, held_out={"player": 3, "z": 1})
    assert (report.size_asked, report.size, report.threshold) == (40, len(tokens), 7)
    # The word "[UNK]" is a token like any other; more than 100 bytes are no word.
    assert report.corpus == Coverage(words=175, different_words=4, tokens=175, unknown_words=4)
    assert report.corpus.tokens_per_word == 1
    assert report.corpus.unknown_share == 4 / 175
    assert report.held_out == Coverage(words=4, different_words=2, tokens=4, unknown_words=4)
    assert report.longest_tokens[:2] == ("playing", "played")
    assert len(report.longest_tokens) == 10


def test_texts_without_a_word():
    with pytest.raises(ValueError, match="`word_counts` must hold at least one word; received none"):
        report_vocabulary(["a"], {}, size_asked=1, threshold=1)
    with pytest.raises(ValueError, match="`held_out` must hold at least one word; received none"):
        report_vocabulary(["a"], {"a": 1}, size_asked=1, threshold=1, held_out={})
