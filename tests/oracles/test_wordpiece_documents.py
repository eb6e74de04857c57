"""Real text against the oracles: it holds none of the code points listed as differing, and no document differs."""

from __future__ import annotations

import pytest

from fastnlp.ops import WordPiece

UNCASED = {"lowercase": True, "strip_accents": True}
CASED = {"lowercase": False, "strip_accents": False}
FILES = ["tatoeba", "udhr2", "kowiki-sample", "zh-reviews", "ar-openiti-0125AH", "ja-wagahai-neko"]


@pytest.mark.parametrize(
    ("rules", "name", "options"),
    [
        ("keras", "bert-base-uncased", UNCASED),
        ("keras", "bert-base-uncased", {"lowercase": True, "strip_accents": False}),
        ("keras", "bert-base-uncased", {"lowercase": False, "strip_accents": True}),
        ("keras", "bert-base-cased", CASED),
        ("bert", "bert-base-uncased", UNCASED),
        ("bert", "bert-base-cased", CASED),
    ],
)
def test_reviews(rules, name, options, reviews, vocabularies, oracle, differing_rows):
    assert len(reviews) == 25_000
    ids = WordPiece(vocabularies[name], rules=rules, **options).encode(reviews)
    differing = differing_rows(ids, oracle(rules, vocabularies[name], **options).encode(reviews))
    assert [reviews[row] for row in differing] == []


@pytest.mark.parametrize("rules", ["keras", "bert"])
@pytest.mark.parametrize(
    ("name", "options", "files"),
    [
        ("bert-base-multilingual-cased", CASED, FILES),
        ("bert-base-multilingual-uncased", UNCASED, FILES),
        ("bert-base-chinese", UNCASED, ["kowiki-sample", "zh-reviews", "ja-wagahai-neko"]),
    ],
)
def test_multilingual(rules, name, options, files, multilingual, vocabularies, oracle, differing_rows):
    texts = [text for file in files for text in multilingual[file]]
    assert len(texts) == {6: 304_040, 3: 20_872}[len(files)]
    ids = WordPiece(vocabularies[name], rules=rules, **options).encode(texts)
    differing = differing_rows(ids, oracle(rules, vocabularies[name], **options).encode(texts))
    assert [texts[row] for row in differing] == []
