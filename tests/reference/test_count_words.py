from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fastnlp.reference.text import BERT, KERAS, TextRules, decode_utf8, words
from fastnlp.reference.wordpiece import count_words

TEXTS = st.lists(st.text("abA é,中 \u0301\n").map(str.encode) | st.binary(max_size=6), max_size=8)
RULES = st.builds(
    TextRules,
    rules=st.sampled_from([KERAS, BERT]),
    lowercase=st.booleans(),
    strip_accents=st.booleans(),
    split=st.just(True),
    split_on_cjk=st.booleans(),
    special_tokens=st.just(()),
)


@given(TEXTS, RULES)
def test_counts_words_in_the_order_in_which_they_come(texts, rules):
    expected = Counter(word.text for text in texts for word in words(decode_utf8(text), rules))
    assert list(count_words(texts, rules).items()) == list(expected.items())


def test_normalised_words_are_counted():
    rules = TextRules(lowercase=True, strip_accents=True)
    texts = ["Café, CAFÉ".encode(), b"", "中文 cafe".encode()]
    assert count_words(texts, rules) == {"cafe": 3, ",": 1, "中": 1, "文": 1}


def test_without_split_each_text_is_a_word_and_an_empty_text_the_empty_word():
    assert count_words([b"a b", b"", b"a b", b""], TextRules(split=False)) == {"a b": 2, "": 2}


def test_invalid_utf8_counts_as_replacement_character():
    assert count_words([b"a\xff b\xe4\xb8"], TextRules()) == {"a\ufffd": 1, "b\ufffd": 1}
