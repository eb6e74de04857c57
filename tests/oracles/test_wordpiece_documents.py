"""Real text against the oracles: every document is equal, or holds a code point listed in docs/differences.md."""

from __future__ import annotations

import pytest

from fastnlp.ops import WordPiece

UNCASED = {"lowercase": True, "strip_accents": True}
CASED = {"lowercase": False, "strip_accents": False}


def compare(rules, vocabulary, options, texts, oracle, differing_rows, known_differences):
    ours = WordPiece(vocabulary, rules=rules, **options).encode(texts)
    differing = differing_rows(ours, oracle(rules, vocabulary, **options).encode(texts))
    known = {chr(code_point) for code_point in known_differences(rules, **options)}
    assert [texts[row] for row in differing if known.isdisjoint(texts[row])] == []
    return len(differing)


@pytest.mark.parametrize(
    ("rules", "name", "lowercase", "strip_accents"),
    [
        ("keras", "bert-base-uncased", True, True),
        ("keras", "bert-base-uncased", True, False),
        ("keras", "bert-base-uncased", False, True),
        ("keras", "bert-base-cased", False, False),
        ("bert", "bert-base-uncased", True, True),
        ("bert", "bert-base-cased", False, False),
    ],
)
def test_reviews(rules, name, lowercase, strip_accents, reviews, vocabularies, oracle, differing_rows, known_differences):
    options = {"lowercase": lowercase, "strip_accents": strip_accents}
    assert len(reviews) == 25_000
    compared = oracle, differing_rows, known_differences
    print(compare(rules, vocabularies[name], options, reviews, *compared))


@pytest.mark.parametrize("rules", ["keras", "bert"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bert-base-multilingual-cased", CASED),
        ("bert-base-multilingual-uncased", UNCASED),
        ("bert-base-chinese", UNCASED),
    ],
)
def test_multilingual(rules, name, options, multilingual, vocabularies, oracle, differing_rows, known_differences):
    compared = oracle, differing_rows, known_differences
    for file, texts in multilingual.items():
        print(rules, name, file, len(texts), sum(len(t.encode()) for t in texts), compare(rules, vocabularies[name], options, texts, *compared))
