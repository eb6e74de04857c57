"""`wordpiece.encode` and `wordpiece.decode`: one test text, every implementation, container and thread count."""

from __future__ import annotations

import itertools
import pickle
import random
import subprocess
import sys
import threading
import unicodedata

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_texts, characters, raw_texts, texts, tokens, vocabularies, wordpiece_options

import fastnlp
from fastnlp.ops import WordPiece
from fastnlp.ragged import Ragged

TARGETS = fastnlp.show_config()["targets"]
VOCABULARY = ["[UNK]", "[CLS]", "[MASK]", "the", "qu", "##ick", "br", "##own", "fox", ".", "中", "e", "é", "##s"]


def encode_everywhere(encoder: WordPiece, texts: list[bytes]) -> Ragged:
    """Encode on every target and for several numbers of threads; all must agree."""
    results = {}
    for target in TARGETS:
        for num_threads in (1, 2, 5):
            with fastnlp.use_target(target):
                results[target, num_threads] = encoder.encode(texts, num_threads=num_threads)
    first = next(iter(results.values()))
    assert isinstance(first, Ragged)
    for name, result in results.items():
        assert result == first, name
        assert result.dtype == np.int32
        assert result.row_splits.dtype == np.int64
    return first


@given(vocabulary=vocabularies(), options=wordpiece_options(), texts=st.lists(raw_texts, max_size=6), data=st.data())
@settings(max_examples=600, deadline=None)
def test_twins_agree(vocabulary, options, texts, data):
    special = data.draw(st.lists(st.sampled_from(vocabulary), max_size=4)) if vocabulary else []
    encoder = WordPiece(vocabulary, special_tokens=special, **options)
    ids = encode_everywhere(encoder, texts)
    assert len(ids) == len(texts)
    one_by_one = [encoder.encode(text).tolist() for text in texts]
    assert ids.to_list() == one_by_one, "a row depends on its neighbours"
    decoded = set()
    for target in TARGETS:
        with fastnlp.use_target(target):
            decoded.add(tuple(encoder.decode(ids)))
    assert len(decoded) == 1


@given(text=any_texts, options=wordpiece_options())
@settings(max_examples=300, deadline=None)
def test_words_with_every_character_known_are_spelt(text, options):
    """With all single characters in the vocabulary, nothing is unknown but what is too long."""
    encoder = WordPiece(
        ["[UNK]", *(chr(c) for c in range(0x21, 0x7F)), *(f"##{chr(c)}" for c in range(0x21, 0x7F))],
        **{**options, "suffix_indicator": "##"},
    )
    ascii_text = "".join(c for c in text if " " <= c < "\x7f")
    ids = encoder.encode(ascii_text)
    words = encoder.decode(ids).split(" ")
    if options["split"] and all(len(word) < 100 for word in ascii_text.split()):
        assert 0 not in ids
        joined = "".join(words).replace("##", "")
        expected = ascii_text.lower() if options["lowercase"] else ascii_text
        assert joined.replace("#", "") == expected.replace(" ", "").replace("#", "")


@given(
    parts=st.lists(st.one_of(texts, st.integers(0, 5000).map(lambda size: "ab" * size)), min_size=1, max_size=12),
    options=wordpiece_options(),
    shift=st.integers(4000, 4200),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_texts_longer_than_any_window(parts, options, shift, data):
    """The kernels see a text in windows; where one ends must not show."""
    separator = data.draw(st.sampled_from(["", " ", ".", "é", "中"]))
    text = separator.join(parts)
    encoder = WordPiece(["[UNK]", "a", "##a", "##b", "b", ".", "##abab", "é", "中", "##é", "[X]"], **options)
    long = text * (shift // max(len(text), 1) + 1)
    encode_everywhere(encoder, [long.encode(), b"a", (" " * shift + text).encode()])


@given(
    letters=st.lists(
        characters | st.sampled_from("אбгдежкกขค각나다댁ﬁﬃがあいアイ亜ー々"), min_size=2, max_size=12, unique=True
    ),
    options=wordpiece_options().map(lambda options: options | {"split": True}),
    rng=st.integers(0, 2**32).map(random.Random),
)
@settings(max_examples=150, deadline=None)
def test_text_of_letters_that_are_tokens(letters, options, rng):
    """The kernels spell text letter by letter where most words have no token of two letters; that must not show."""

    def word(size: int) -> str:
        return "".join(rng.choices(letters, k=size))

    def normal(text: str) -> str:
        return unicodedata.normalize("NFD" if options["rules"] == "bert" else "NFKC", text)

    suffix_indicator = options["suffix_indicator"]
    known = [form for letter in letters if rng.random() < 0.95 for form in {letter, normal(letter), *normal(letter)}]
    longer = [(word(1) + normal(word(1)))[: rng.choice([2, 2, 3])] for _ in range(rng.choice([0, 1, 2, 3]))]
    suffixes = [suffix_indicator + token for token in known + longer if rng.random() < 0.97]
    encoder = WordPiece(list(dict.fromkeys(["[UNK]", *known, *longer, *suffixes])), **options)
    texts = []
    for _ in range(rng.randint(1, 20)):
        words = [word(rng.choice([1, 2, 3, 5, 8] * 20 + [34, 51, 101])) for _ in range(rng.randint(1, 60))]
        borders = rng.choice([[" ", " ", " ", ".", "中", " 19 ", "\u3000"], ["中", "\u3000"]])
        texts.append("".join(word + rng.choice(borders) for word in words).encode())
    if rng.random() < 0.1:
        texts.append(texts[0] * (5000 // len(texts[0]) + 1))
    encode_everywhere(encoder, texts)


@pytest.mark.parametrize(
    ("rules", "expanded", "longer"),
    [
        (
            "bert",
            ["\u1100\u1161", "##\u1100\u1161", "##\u1161", "\u1103\u1161\u11a8", "##\u11a8"],
            ["н\u1100", "н\u1103"],
        ),
        ("keras", ["fi", "##fi", "##i", "##f"], ["нf"]),
    ],
)
def test_letters_that_begin_few_longer_tokens(rules, expanded, longer):
    """The kernels spell such words letter by letter and look at what comes next: all that may come next, and vanish,
    and what becomes several with one token, of which a longer one takes the first."""
    letters = ["и", "н", "л", "д", "\u1103"]
    tokens = ["[UNK]", ".", *letters, *(f"##{letter}" for letter in letters), *expanded, "нл", "##нл", "##нии"]
    tokens += [f"##{token}" for token in longer]
    encoder = WordPiece(tokens, rules=rules, lowercase=True, strip_accents=True)
    characters = ["и", "н", "л", "Л", "й", "д", "ж", "\u0301", "\u00ad", ".", " ", "a", "ﬁ", "ﬃ", "가", "닥"]
    texts = ["".join(text) for size in range(4) for text in itertools.product(characters, repeat=size)]
    # Behind a long beginning, and behind one that makes a piece too long for the table of short ones.
    for start in ("", "иннл", "иннл" * 2):
        encode_everywhere(encoder, [(start + text).encode() for text in texts])
    decoded = {text: encoder.decode(encoder.encode(text)) for text in ("иннл", "инНЛ", "инн\u0301л", "инндй", "инж.")}
    assert list(decoded.values()) == ["иннл", "иннл", "иннл", "иннди", "[UNK] ."]
    assert encoder.encode("иннл").tolist() == [tokens.index(token) for token in ("и", "##н", "##нл")]


@pytest.mark.parametrize("size", [0, 70_000], ids=["ids of 16 bits", "ids of 32 bits"])
def test_rows_end_where_their_texts_do(size):
    """The kernels put the ids of many rows at once: in one group a piece, several, none, and more than there may be."""
    encoder = WordPiece(["[UNK]", "a", "##a", ".", *(f"[{i}]" for i in range(size))], strip_accents=True)
    rng = random.Random(5)

    def piece() -> str:
        size = rng.choice([1, 2, 5, 9, 15, 16, 21, 33, 40, 41, 46, 47, 60, 101])
        return rng.choice(["a" * size] * 6 + ["b" * size, "a" * (size // 2) + "\u0301" * (size // 4), "\u0301", "."])

    texts = [" ".join(piece() for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 20]))).encode() for _ in range(2_000)]
    ids = encode_everywhere(encoder, texts)
    assert ids.to_list() == [encoder.encode(text).tolist() for text in texts]


def test_rules_on_known_text(target):
    text = "The quick\u200b brown\tFox. 中é"
    keras = WordPiece(VOCABULARY, lowercase=True)
    assert keras.encode(text).tolist() == [3, 4, 5, 6, 7, 8, 9, 10, 12]
    stripped = WordPiece(VOCABULARY, lowercase=True, strip_accents=True)
    assert stripped.encode(text).tolist() == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    bert = WordPiece(VOCABULARY, rules="bert", lowercase=True)
    assert bert.encode(text).tolist() == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert WordPiece(VOCABULARY).encode("The fox").tolist() == [0, 8]
    assert WordPiece(VOCABULARY, split=False).encode(["fox", "the fox"]).to_list() == [[8], [0]]
    # A format character ends a word under "keras", and is removed under "bert".
    assert keras.encode("qu\u00adick").tolist() == [4, 0]
    assert bert.encode("qu\u00adick").tolist() == [4, 5]


def test_whole_texts_as_words(target):
    for rules in ("keras", "bert"):
        encoder = WordPiece(["[UNK]", "\t", " ", "a b", "##\n"], rules=rules, split=False)
        expected = [[2], [2], [3], []] if rules == "bert" else [[1], [2], [3], []]
        assert encoder.encode(["\t", " ", "a b", ""]).to_list() == expected


def test_special_tokens_in_strings(target):
    options = {"special_tokens": ["[MASK]", "[CLS]"], "special_tokens_in_strings": True, "lowercase": True}
    for rules in ("keras", "bert"):
        encoder = WordPiece(VOCABULARY, rules=rules, **options)
        assert encoder.encode("The[MASK]fox [CLS]. [cls]").tolist() == [3, 2, 8, 1, 9, 0, 0, 0]
        plain = WordPiece(VOCABULARY, rules=rules, lowercase=True, special_tokens=["[MASK]"])
        assert plain.encode("[MASK]").tolist() == [0, 0, 0]
    # A word that becomes one only when it is lower-cased is none, and neither is a part of it.
    lower = WordPiece(
        ["[UNK]", "ab", "abc", "##c"], lowercase=True, special_tokens=["ab"], special_tokens_in_strings=True
    )
    assert lower.encode("ABC abc").tolist() == [2, 1, 0]
    longest = WordPiece(["[UNK]", "ab", "abc", "##c"], special_tokens=["ab", "abc"], special_tokens_in_strings=True)
    assert longest.encode("abcab").tolist() == [2, 1]


def test_long_words(target):
    """The limits of a word: 100 bytes under "keras", 100 characters under "bert"."""
    vocabulary = ["[UNK]", "a", "##a", "é", "##é"]
    keras, bert = WordPiece(vocabulary), WordPiece(vocabulary, rules="bert")
    assert keras.encode("a" * 100).tolist() == [1] + [2] * 99
    assert keras.encode("a" * 101).tolist() == [0]
    assert keras.encode("é" * 50).tolist() == [3] + [4] * 49
    assert keras.encode("é" * 51).tolist() == [0]
    assert bert.encode("é" * 100).tolist() == [3] + [4] * 99
    assert bert.encode("é" * 101).tolist() == [0]


def test_two_bytes_inside_of_a_word():
    """Characters of two bytes are read without a branch in short words; what is no UTF-8 must not pass for them."""
    pairs = list(itertools.product(range(0xBE, 0xF8), range(0x70, 0xC8)))
    letters = [chr(c) for c in range(0x21, 0x800)]
    vocabulary = ["[UNK]", *letters, *(f"##{letter}" for letter in letters), "\ufffd", "##\ufffd"]
    for template in (b"a%sb", b"a" * 12 + b"%sb"):
        texts = [template % bytes(pair) for pair in pairs]
        for rules in ("keras", "bert"):
            encoder = WordPiece(vocabulary, rules=rules)
            ids = {}
            for target in TARGETS:
                with fastnlp.use_target(target):
                    ids[target] = encoder.encode(texts)
            assert all(found == ids["reference"] for found in ids.values())


def test_invalid_utf8(target):
    encoder = WordPiece(["[UNK]", "a", "\ufffd", "##\ufffd", "##a"])
    assert encoder.encode([b"a\xffa", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xc0\x80"]).to_list() == [
        [1, 3, 4],
        [2],
        [2, 3, 3],
        [2],
        [2, 3],
    ]
    with pytest.raises(ValueError, match=r"`texts` row 1: invalid UTF-8 at byte 2 \(errors='strict'\)\."):
        encoder.encode(["a", b"aa\xff"], errors="strict")
    assert encoder.encode(["a", "é".encode()], errors="strict").to_list() == [[1], [0]]
    assert encoder.encode("\ud800").tolist() == [2, 3, 3]


def test_decode(target):
    encoder = WordPiece(["[UNK]", "[PAD]", "a", "##b", "##", "c"])
    assert encoder.decode([2, 3, 3, 5]) == "abb c"
    assert encoder.decode([3, 3, 5]) == "##bb c"
    assert encoder.decode([2, 4, 1, 0]) == "a ## [PAD] [UNK]"
    assert encoder.decode([]) == ""
    assert encoder.decode([[2], [], [5, 3]]) == ["a", "", "cb"]
    assert encoder.decode(np.array([[2, 3], [5, 5]])) == ["ab", "c c"]
    assert encoder.decode(Ragged.from_lists([[[2], [3]], []])) == [["a", "##b"], []]
    assert encoder.decode(np.zeros((0, 3), np.int32)) == []
    assert WordPiece(["[UNK]", "a", "b"], suffix_indicator="").decode([1, 2, 1]) == "a b a"


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([[0], [1, 6]], ValueError, r"`ids` must be in \[0, 5\]; received 6 in row 1, position 1\."),
        ([-1], ValueError, r"`ids` must be in \[0, 5\]; received -1 in row 0, position 0\."),
        (np.array([2**40]), ValueError, r"received 1099511627776 in row 0"),
        ([0.5], TypeError, r"`ids` must be integers; received dtype float64\."),
        (["a"], TypeError, r"`ids` must be integers"),
        (3, TypeError, r"`ids` must be of rank 1 or more; received 3\."),
    ],
)
def test_decode_and_tokens_refuse(ids, error, message):
    encoder = WordPiece(["[UNK]", "[PAD]", "a", "##b", "##", "c"])
    for function in (encoder.decode, encoder.tokens):
        with pytest.raises(error, match=message):
            function(ids)


def test_decode_refuses_a_number_of_threads():
    with pytest.raises(ValueError, match="`num_threads` must be at least 1, or None; received 0"):
        WordPiece(VOCABULARY).decode([1], num_threads=0)


@st.composite
def encoders_and_rows(draw: st.DrawFn) -> tuple[WordPiece, list[list[int]]]:
    """An encoder with tokens of every size around that of a cell of the native table, and ids of it."""
    indicator = draw(st.sampled_from(["##", "", "#", "@@", "é"]))
    token = st.one_of(tokens, st.integers(1, 20).map(lambda size: "x" * size), st.text(characters, min_size=5))
    vocabulary = draw(st.lists(st.one_of(token, token.map(indicator.__add__)), max_size=20, unique=True))
    encoder = WordPiece([*dict.fromkeys([*vocabulary, "[UNK]"])], suffix_indicator=indicator)
    ids = st.integers(0, len(encoder.vocabulary) - 1)
    return encoder, draw(st.lists(st.lists(ids, max_size=20), max_size=8))


@given(encoder_and_rows=encoders_and_rows(), dtype=st.sampled_from([np.int32, np.uint8, np.int64, np.uint64]))
@settings(max_examples=400, deadline=None)
def test_decode_and_tokens_say_what_the_vocabulary_says(encoder_and_rows, dtype):
    encoder, rows = encoder_and_rows
    indicator = encoder.options["suffix_indicator"]
    expected_tokens = [[encoder.vocabulary[token_id] for token_id in row] for row in rows]
    expected = []
    for row in expected_tokens:
        joins = [bool(indicator) and token.startswith(indicator) and token != indicator for token in row]
        rest = [
            token[len(indicator) :] if join else f" {token}" for token, join in zip(row[1:], joins[1:], strict=True)
        ]
        expected.append("".join(row[:1] + rest))
    ids = Ragged.from_lists(rows, dtype)
    for target in TARGETS:
        with fastnlp.use_target(target):
            assert encoder.decode(ids) == expected
            assert encoder.tokens(ids) == expected_tokens


def test_decode_on_several_threads(target):
    """Rows far longer than what a thread takes at once, runs of empty ones, and text outside ASCII."""
    encoder = WordPiece(VOCABULARY)
    rows = [[], [], [3, 8], [12, 3] * 100_000, [], *([3, 4, 5, 10, 9] for _ in range(30_000)), [], []]
    ids = Ragged.from_lists(rows)
    expected = ["", "", "the fox", " ".join(["é the"] * 100_000), "", *["the quick 中 ."] * 30_000, "", ""]
    for num_threads in (1, 2, 5, None):
        assert encoder.decode(ids, num_threads=num_threads) == expected
    assert encoder.decode(rows[3]) == expected[3]


def test_tokens(target):
    encoder = WordPiece(["[UNK]", "a", "##b", "é"])
    assert encoder.tokens([1, 2, 3, 1]).tolist() == ["a", "##b", "é", "a"]
    assert encoder.tokens([]).tolist() == []
    assert encoder.tokens([[1], [], [2, 3]]) == [["a"], [], ["##b", "é"]]
    assert encoder.tokens(np.array([[1, 2], [3, 3]])) == [["a", "##b"], ["é", "é"]]
    assert encoder.tokens(Ragged.from_lists([[[1], [2]], []])) == [[["a"], ["##b"]], []]
    for result in (encoder.tokens([1, 1]), encoder.tokens([[1, 1]]).flat_values):
        assert result.dtype == object
        assert result[0] is result[1], "a token is one object"


def test_sequence_length(target):
    encoder = WordPiece(VOCABULARY)
    assert encoder.encode(["the fox .", "fox"], sequence_length=2).tolist() == [[3, 8], [8, 0]]
    assert encoder.encode("the", sequence_length=3).tolist() == [3, 0, 0]
    assert encoder.encode([["the"], []], sequence_length=2).tolist() == [[[3, 0]], [[0, 0]]]
    assert encoder.encode([], sequence_length=2).shape == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vocabulary": ["a"]}, ValueError, r"`oov_token` must be in the vocabulary; '\[UNK\]' is not among its 1 tok"),
        ({"vocabulary": []}, ValueError, "`vocabulary` holds no token"),
        ({"vocabulary": ["a", "b", "a"]}, ValueError, "token 2: 'a' is there already, as token 0"),
        ({"vocabulary": ["a", ""]}, ValueError, "token 1: a token must not be empty"),
        ({"vocabulary": ["a", 3]}, TypeError, "token 1: a token must be a str; received 3"),
        ({"vocabulary": ["\ud800"]}, ValueError, "lone surrogate"),
        ({"vocabulary": 3}, TypeError, "`vocabulary` must be a path or an iterable of str; received 3"),
        ({"rules": "hf"}, ValueError, "`rules` must be 'keras' or 'bert'; received 'hf'"),
        ({"oov_token": None}, TypeError, "`oov_token` must be a str; received None"),
        ({"suffix_indicator": 1}, TypeError, "`suffix_indicator` must be a str; received 1"),
        ({"special_tokens": [""]}, ValueError, "`special_tokens` must hold non-empty str; received ''"),
        ({"split": False, "special_tokens_in_strings": True}, ValueError, "needs `split=True`"),
        (
            {"rules": "bert", "special_tokens": ["[X]"], "special_tokens_in_strings": True},
            ValueError,
            r"`special_tokens` must be in the vocabulary under rules='bert'; '\[X\]' is not",
        ),
    ],
)
def test_constructor_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        WordPiece(**{"vocabulary": VOCABULARY, **arguments})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"texts": 3}, TypeError, "`texts` must be a str, bytes, a list, .*; received int: 3"),
        ({"texts": ["a", None]}, TypeError, "`texts` must hold str or bytes; text 1 is NoneType: None"),
        ({"texts": [["a"], "b"]}, ValueError, "nested to one depth; row 1 is str where row 0 is list"),
        ({"texts": ["b", ["a"]]}, TypeError, "text 1 is list"),
        ({"texts": np.arange(3)}, TypeError, "dtype int64"),
        ({"texts": "a", "errors": "ignore"}, ValueError, "`errors` must be 'replace' or 'strict'; received 'ignore'"),
        ({"texts": "a", "num_threads": 0}, ValueError, "`num_threads` must be at least 1, or None; received 0"),
        ({"texts": "a", "sequence_length": 0}, ValueError, "`sequence_length` must be at least 1, or None; received 0"),
    ],
)
def test_encode_refuses(target, arguments, error, message):
    with pytest.raises(error, match=message):
        WordPiece(VOCABULARY).encode(**arguments)


def test_empty_and_huge(target):
    encoder = WordPiece(VOCABULARY)
    assert encoder.encode([]).to_list() == []
    assert encoder.encode(["", " \n", "\x00"]).to_list() == [[], [], []]
    size = 1_000_000 if target == "reference" else 100_000_000
    huge = "the fox . " * (size // 10)
    ids = encoder.encode([huge, "fox"])
    assert ids.row_lengths().tolist() == [3 * size // 10, 1]
    assert np.array_equal(ids[0].reshape(-1, 3), np.broadcast_to([3, 8, 9], (size // 10, 3)))
    word = "a" * size
    assert encoder.encode([word, "fox"]).to_list() == [[0], [8]]


def test_ten_million_empty_texts():
    ids = WordPiece(VOCABULARY).encode([""] * 10_000_000)
    assert len(ids) == 10_000_000
    assert ids.flat_values.size == 0


def test_pickles_are_small_and_stable(tmp_path):
    encoder = WordPiece(VOCABULARY, lowercase=True, special_tokens={"[MASK]", "[CLS]"}, special_tokens_in_strings=True)
    pickled = pickle.dumps(encoder)
    assert len(pickled) < len(encoder.dump()) + 200
    encoder.encode("the")
    assert pickle.dumps(encoder) == pickled, "use changes the pickle"
    for module in (pickle, cloudpickle):
        copy = module.loads(module.dumps(encoder))
        assert copy == encoder
        assert hash(copy) == hash(encoder)
        assert copy.encode("The [MASK]").tolist() == encoder.encode("The [MASK]").tolist()
    script = (
        "import pickle, sys; from fastnlp.ops import WordPiece;"
        f"e = WordPiece({VOCABULARY!r}, lowercase=True, special_tokens={{'[CLS]', '[MASK]'}},"
        "special_tokens_in_strings=True); sys.stdout.buffer.write(pickle.dumps(e))"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert other.stdout == pickled, "another process pickles it otherwise"


def test_many_threads_share_one_encoder():
    encoder = WordPiece(VOCABULARY, lowercase=True)
    texts = [f"The quick brown fox {i}. é中" * (i % 50) for i in range(2000)]
    expected = encoder.encode(texts, num_threads=1)
    failures = []

    def work() -> None:
        failures.extend(i for i in range(10) if encoder.encode(texts, num_threads=2) != expected)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_works_after_fork():
    script = """
import os
from fastnlp.ops import WordPiece
encoder = WordPiece(["[UNK]", "the", "fox"])
texts = ["the fox"] * 200_000
expected = encoder.encode(texts, num_threads=2)
for _ in range(3):
    child = os.fork()
    if child == 0:
        os._exit(0 if encoder.encode(texts, num_threads=2) == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
assert encoder.encode(texts, num_threads=2) == expected
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=120)


def test_real_text(data):
    """Both twins on the first reviews, and native with itself for every number of threads on all."""
    import json
    import lzma
    import tarfile

    with tarfile.open(data / "vocab.tar.xz") as archive:
        vocabulary = archive.extractfile("vocab/bert-base-uncased-vocab.txt").read().decode().splitlines()
    with lzma.open(data / "imdb-train.jsonl.xz") as file:
        reviews = [json.loads(line)["text"] for line in file]
    for rules in ("keras", "bert"):
        encoder = WordPiece(vocabulary, rules=rules, lowercase=True, strip_accents=True)
        encode_everywhere(encoder, reviews[:200] + [review for review in reviews if not review.isascii()][:200])
        once = encoder.encode(reviews, num_threads=1)
        assert encoder.encode(reviews, num_threads=2) == once
        assert [ids.tolist() for ids in once[:50]] == [encoder.encode(review).tolist() for review in reviews[:50]]
