"""`wordpiece.encode_with_offsets`: where in the original texts the tokens came from, on every implementation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import raw_texts, texts, vocabularies, wordpiece_options

import fastnlp
from fastnlp.ops import Encoding, WordPiece
from fastnlp.ragged import Ragged

TARGETS = fastnlp.show_config()["targets"]
FIELDS = ["ids", "byte_offsets", "char_offsets", "word_ids"]


def encode_everywhere(encoder: WordPiece, texts: list[bytes]) -> Encoding:
    """Encode on every target and for several numbers of threads; all must agree."""
    results = {}
    for target in TARGETS:
        for num_threads in (1, 2, 5):
            with fastnlp.use_target(target):
                results[target, num_threads] = encoder.encode(texts, num_threads=num_threads, return_offsets=True)
    first = next(iter(results.values()))
    for name, result in results.items():
        for field in FIELDS:
            values = getattr(result, field)
            assert isinstance(values, Ragged)
            assert values == getattr(first, field), (name, field)
            assert values.dtype == (np.int32 if field == "ids" else np.int64)
            assert values.flat_values.shape[1:] == ((2,) if field.endswith("offsets") else ())
    return first


def check(text: bytes, row: list[tuple]) -> None:
    """What must hold for the tokens (id, bytes, characters, word) of any text."""
    decoded = text.decode(errors="replace")
    last = (0, 0)
    for _, (byte_start, byte_end), (char_start, char_end), word in row:
        assert 0 <= byte_start < byte_end <= len(text)
        assert 0 <= char_start < char_end <= len(decoded)
        assert text[:byte_start].decode(errors="replace") == decoded[:char_start]
        assert text[byte_start:byte_end].decode(errors="replace") == decoded[char_start:char_end]
        assert (char_start, word) >= last
        last = (char_start, word)
    numbers = [word for *_, word in row]
    assert sorted(set(numbers)) == list(range(len(set(numbers)))), "words are numbered one by one"
    for (_, _, (_, end), word), (_, _, (start, _), next_word) in pairwise(row):
        if word != next_word:
            assert end <= start, "words overlap"


def rows_of(encoding: Encoding) -> list[list[tuple]]:
    columns = [getattr(encoding, field).to_list() for field in FIELDS]
    return [list(zip(*row, strict=True)) for row in zip(*columns, strict=True)]


@given(vocabulary=vocabularies(), options=wordpiece_options(), texts=st.lists(raw_texts, max_size=6), data=st.data())
@settings(max_examples=600, deadline=None)
def test_twins_agree(vocabulary, options, texts, data):
    special = data.draw(st.lists(st.sampled_from(vocabulary), max_size=4))
    encoder = WordPiece(vocabulary, special_tokens=special, **options)
    encoding = encode_everywhere(encoder, texts)
    assert encoding.ids == encoder.encode(texts)
    rows = rows_of(encoding)
    for text, row in zip(texts, rows, strict=True):
        check(text, row)
        alone = encoder.encode(text, return_offsets=True)
        assert row == [
            (token_id, list(in_bytes), list(in_characters), word)
            for token_id, in_bytes, in_characters, word in zip(
                *(getattr(alone, field).tolist() for field in FIELDS), strict=True
            )
        ], "a row depends on its neighbours"


@given(
    parts=st.lists(st.one_of(texts, st.integers(0, 300).map(lambda size: "aé" * size)), min_size=1, max_size=8),
    options=wordpiece_options(),
)
@settings(max_examples=100, deadline=None)
def test_long_texts_in_many_chunks(parts, options):
    """Native for every number of threads; one copy of the texts on every target."""
    encoder = WordPiece(["[UNK]", "a", "##a", "##é", "b", ".", "##e", "é", "中", "[X]", "##b"], **options)
    encode_everywhere(encoder, [part.encode() for part in parts])
    many = parts * (600_000 // (sum(map(len, parts)) + len(parts)) + 1)
    one = encoder.encode(many, num_threads=1, return_offsets=True)
    three = encoder.encode(many, num_threads=3, return_offsets=True)
    for field in FIELDS:
        assert getattr(one, field) == getattr(three, field)
    assert one.ids == encoder.encode(many)


def tokens(encoder: WordPiece, text: str | bytes) -> list[tuple[str, str, int]]:
    """Every token, the characters and bytes that it came from, which must be the same, and its word."""
    encoding = encoder.encode(text, return_offsets=True)
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    decoded = raw.decode(errors="replace")
    found = []
    for token_id, in_bytes, in_characters, word in zip(
        *(getattr(encoding, field).tolist() for field in FIELDS), strict=True
    ):
        part = decoded[slice(*in_characters)]
        assert raw[slice(*in_bytes)].decode(errors="replace") == part
        found.append((encoder.id_to_token(token_id), part, word))
    return found


VOCABULARY = ["[UNK]", "[MASK]", "the", "qu", "##ick", "fox", ".", "中", "e", "##e", "é", "ss", "##ss", "i", "##\u0307"]


def test_ascii(target):
    encoder = WordPiece(VOCABULARY, lowercase=True)
    assert tokens(encoder, " The quick\tFOX..unknown ") == [
        ("the", "The", 0),
        ("qu", "qu", 1),
        ("##ick", "ick", 1),
        ("fox", "FOX", 2),
        (".", ".", 3),
        (".", ".", 4),
        ("[UNK]", "unknown", 5),
    ]


def test_accents(target):
    bert = WordPiece(VOCABULARY, rules="bert", lowercase=True)
    assert tokens(bert, "E\u0301\u0301É \u0301") == [("e", "E", 0), ("##e", "É", 0)]
    assert tokens(bert, "é中é") == [("e", "é", 0), ("中", "中", 1), ("e", "é", 2)]
    keras = WordPiece(VOCABULARY, lowercase=True)
    assert tokens(keras, "fox E\u0301") == [("fox", "fox", 0), ("é", "E\u0301", 1)]
    stripped = WordPiece(VOCABULARY, lowercase=True, strip_accents=True)
    assert tokens(stripped, "fox E\u0301E") == [("fox", "fox", 0), ("e", "E", 1), ("##e", "E", 1)]


def test_removed_characters(target):
    bert = WordPiece(VOCABULARY, rules="bert")
    text = "\u00adqu\u00adi\x01ck\u00ad \ufffd fox"
    assert tokens(bert, text) == [("qu", "qu", 0), ("##ick", "i\x01ck", 0), ("fox", "fox", 1)]
    assert tokens(WordPiece(VOCABULARY), "qu\u00adick") == [("qu", "qu", 0), ("[UNK]", "ick", 1)]
    # Case folding removes a variation selector, and may leave no word.
    assert tokens(WordPiece(VOCABULARY, lowercase=True), "\ufe0f fo\ufe0fx") == [("fox", "fo\ufe0fx", 0)]


def test_characters_that_become_several(target):
    assert tokens(WordPiece(VOCABULARY, lowercase=True), "ßẞ") == [("ss", "ß", 0), ("##ss", "ẞ", 0)]
    assert tokens(WordPiece(VOCABULARY, rules="bert", lowercase=True, strip_accents=False), "İ") == [
        ("i", "İ", 0),
        ("##\u0307", "İ", 0),
    ]


def test_marks_out_of_order(target):
    """A composed character came from all up to its last mark; the mark between them is a token inside it."""
    encoder = WordPiece(["[UNK]", "ạ", "##\u0315"], lowercase=True)
    assert tokens(encoder, "a\u0315\u0323") == [("ạ", "a\u0315", 0), ("##\u0315", "\u0323", 0)]
    encoder = WordPiece(["[UNK]", "á", "##\u0333"], lowercase=True)
    assert tokens(encoder, "a\u0333\u0301") == [("á", "a\u0333\u0301", 0), ("##\u0333", "\u0333", 0)]
    assert tokens(WordPiece(["[UNK]"], lowercase=True), "a\u0333\u0301") == [("[UNK]", "a\u0333\u0301", 0)]


def test_special_tokens(target):
    options = {"special_tokens": ["[MASK]", "é"], "special_tokens_in_strings": True, "lowercase": True}
    text = "The[MASK]é\u0301fox [mask]"
    assert tokens(WordPiece(VOCABULARY, rules="bert", **options), text) == [
        ("the", "The", 0),
        ("[MASK]", "[MASK]", 1),
        ("é", "é", 2),
        ("fox", "fox", 3),
        ("[UNK]", "[", 4),
        ("[UNK]", "mask", 5),
        ("[UNK]", "]", 6),
    ]
    # Under "keras" rules special tokens are found after accents are gone.
    keras = WordPiece(VOCABULARY, strip_accents=True, **options)
    assert tokens(keras, "[MÁSK]é") == [("[MASK]", "[MÁSK]", 0), ("e", "é", 1)]


def test_whole_texts_as_words(target):
    bert = WordPiece(["[UNK]", "a b", "##é", "##."], rules="bert", split=False)
    assert tokens(bert, "\x01a\tb\x02é.") == [("a b", "a\tb", 0), ("##é", "é", 0), ("##.", ".", 0)]
    assert tokens(bert, "\x01") == []
    assert tokens(WordPiece(["[UNK]", "a\t"], split=False), "a\t") == [("a\t", "a\t", 0)]


def test_long_words(target):
    encoder = WordPiece(["[UNK]", "é", "##é"], rules="bert")
    assert tokens(encoder, "é" * 101 + " é") == [("[UNK]", "é" * 101, 0), ("é", "é", 1)]
    assert len(tokens(encoder, "é" * 100)) == 100


def test_invalid_utf8(target):
    encoder = WordPiece(["[UNK]", "a", "##a", "\ufffd", "##\ufffd"])
    encoding = encoder.encode(b"a\xe2\x82a \xff\xc3\xa9 a", return_offsets=True)
    assert encoding.ids.tolist() == [1, 4, 2, 0, 1]
    assert encoding.byte_offsets.tolist() == [[0, 1], [1, 3], [3, 4], [5, 8], [9, 10]]
    assert encoding.char_offsets.tolist() == [[0, 1], [1, 2], [2, 3], [4, 6], [7, 8]]
    with pytest.raises(ValueError, match=r"`texts` row 1: invalid UTF-8 at byte 2 \(errors='strict'\)\."):
        encoder.encode(["a", b"aa\xff"], errors="strict", return_offsets=True)
    # A special token is found in ill-formed bytes, as they are U+FFFD.
    encoder = WordPiece(["[UNK]", "\ufffd."], special_tokens=["\ufffd."], special_tokens_in_strings=True)
    assert tokens(encoder, b"\xff.\xfe") == [("\ufffd.", "\ufffd.", 0), ("[UNK]", "\ufffd", 1)]


def test_shapes(target):
    encoder = WordPiece(VOCABULARY)
    nested = encoder.encode([["the fox", ""], [], ["."]], return_offsets=True)
    assert nested.ids.to_list() == [[[2, 5], []], [], [[6]]]
    assert nested.char_offsets.to_list() == [[[[0, 3], [4, 7]], []], [], [[[0, 1]]]]
    assert nested.word_ids.to_list() == [[[0, 1], []], [], [[0]]]
    dense = encoder.encode(["the fox .", "fox"], sequence_length=2, return_offsets=True)
    assert dense.ids.tolist() == [[2, 5], [5, 0]]
    assert dense.byte_offsets.tolist() == [[[0, 3], [4, 7]], [[0, 3], [0, 0]]]
    assert dense.char_offsets.tolist() == dense.byte_offsets.tolist()
    assert dense.word_ids.tolist() == [[0, 1], [0, -1]]
    alone = encoder.encode("fox", sequence_length=2, return_offsets=True)
    assert alone.word_ids.tolist() == [0, -1]
    assert alone.byte_offsets.tolist() == [[0, 3], [0, 0]]
    empty = encoder.encode([], return_offsets=True)
    assert [getattr(empty, field).to_list() for field in FIELDS] == [[]] * 4
    assert encoder.encode("", return_offsets=True).byte_offsets.shape == (0, 2)


def test_containers(target):
    pyarrow = pytest.importorskip("pyarrow")
    texts = ["the fóx", "", "quick."]
    encoder = WordPiece(VOCABULARY)
    expected = encoder.encode(texts, return_offsets=True)
    for container in (tuple(texts), [text.encode() for text in texts], np.array(texts), pyarrow.array(texts)):
        found = encoder.encode(container, return_offsets=True)
        for field in FIELDS:
            assert getattr(found, field) == getattr(expected, field)
