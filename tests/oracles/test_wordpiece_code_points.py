"""Every code point but the surrogates, against the oracles: equal, or listed in docs/differences.md."""

from __future__ import annotations

import random
from functools import lru_cache

import pytest
from oracle_texts import CONTEXTS, OPTIONS, spelling_vocabulary

import fastnlp
from fastnlp.ops import WordPiece
from fastnlp.reference.text import unicode

RULES = ["keras", "bert"]
PLANES = range(17)
# Planes without a character: each meets one of the options, all planes all of them; and of their code points, each
# 16th is a token, for vocabularies are what takes the time.
UNASSIGNED = range(4, 14)
STEPS = {plane: 16 if plane in UNASSIGNED else 1 for plane in PLANES}


@lru_cache(maxsize=1)
def characters_of(plane: int) -> list[str]:
    code_points = range(plane << 16, (plane + 1) << 16)
    return [chr(code_point) for code_point in code_points if not 0xD800 <= code_point < 0xE000]


@lru_cache(maxsize=1)
def vocabulary_of(plane: int) -> list[str]:
    return spelling_vocabulary({"a", "b", *characters_of(plane)[:: STEPS[plane]]})


def show(code_points: set[int]) -> list[str]:
    return [f"{code_point:04X}" for code_point in sorted(code_points)]


def assert_same_on_every_target(encoder: WordPiece, texts: list[str]) -> None:
    results = {}
    for target in fastnlp.show_config()["targets"]:
        with fastnlp.use_target(target):
            results[target] = encoder.encode(texts)
    for target, result in results.items():
        assert result == results["reference"], target


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("plane", PLANES)
def test_code_points(plane, rules, oracle, differing_rows, known_differences):
    characters, vocabulary = characters_of(plane), vocabulary_of(plane)
    theirs = oracle(rules, vocabulary)
    for lowercase, strip_accents in [OPTIONS[plane % len(OPTIONS)]] if plane in UNASSIGNED else OPTIONS:
        theirs.set_options(lowercase=lowercase, strip_accents=strip_accents)
        ours = WordPiece(vocabulary, rules=rules, lowercase=lowercase, strip_accents=strip_accents)
        for context in ("alone", "among letters"):
            texts = [CONTEXTS[context].format(character) for character in characters]
            ids = ours.encode(texts)
            assert (ours.encode(texts[:: STEPS[plane]]).flat_values != 0).all()
            differing = {ord(characters[row]) for row in differing_rows(ids, theirs.encode(texts))}
            listed = known_differences(rules, lowercase=lowercase, strip_accents=strip_accents, context=context)
            listed = listed.intersection(map(ord, characters))
            assert (show(differing - listed), show(listed - differing)) == ([], []), (lowercase, strip_accents, context)


@pytest.mark.parametrize("plane", PLANES)
def test_code_points_on_every_target(plane):
    """The reference is slow: every code point meets one of the combinations there, its neighbours the others."""
    combinations = [(rules, *options, context) for context in CONTEXTS for options in OPTIONS for rules in RULES]
    for number, (rules, lowercase, strip_accents, context) in enumerate(combinations):
        characters = characters_of(plane)[number :: len(combinations)]
        texts = [CONTEXTS[context].format(character) for character in characters]
        vocabulary = spelling_vocabulary({*"".join(texts)})
        encoder = WordPiece(vocabulary, rules=rules, lowercase=lowercase, strip_accents=strip_accents)
        assert_same_on_every_target(encoder, texts)


@pytest.mark.parametrize("rules", RULES)
def test_order_of_marks(rules, oracle, differing_rows, known_differences):
    characters = sorted(unicode.table().combining_class)
    texts = [CONTEXTS["among marks"].format(character) for character in characters]
    vocabulary = spelling_vocabulary({*"".join(texts)})
    theirs = oracle(rules, vocabulary)
    for lowercase, strip_accents in OPTIONS:
        theirs.set_options(lowercase=lowercase, strip_accents=strip_accents)
        ours = WordPiece(vocabulary, rules=rules, lowercase=lowercase, strip_accents=strip_accents)
        ids = ours.encode(texts)
        assert (ids.flat_values != 0).all()
        differing = {ord(characters[row]) for row in differing_rows(ids, theirs.encode(texts))}
        listed = known_differences(rules, lowercase=lowercase, strip_accents=strip_accents, context="among marks")
        assert show(differing) == show(listed.intersection(map(ord, characters)))


@pytest.mark.parametrize("rules", RULES)
def test_sequences(rules, oracle, differing_rows, known_differences):
    """Texts at random of the characters that act upon each other, without those that are known to differ."""
    table = unicode.table()
    mapped = {
        *table.decomposition,
        *table.lowercase,
        *table.casefold,
        *table.category,
        *map(chr, range(0xAC00, 0xD7A4)),
    }
    composing = {*"".join(table.composition), *map(chr, range(0x1100, 0x1200))}
    known = known_differences(rules, lowercase=True, strip_accents=True)
    pools = [
        sorted({character for character in pool if ord(character) not in known})
        for pool in (mapped, composing, table.combining_class, "aBΣς. \n中각")
    ]
    draw = random.Random(0)
    texts = ["".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(2, 8))) for _ in range(50_000)]
    vocabulary = spelling_vocabulary({*"".join(texts)})
    theirs = oracle(rules, vocabulary)
    for lowercase, strip_accents in OPTIONS:
        theirs.set_options(lowercase=lowercase, strip_accents=strip_accents)
        ours = WordPiece(vocabulary, rules=rules, lowercase=lowercase, strip_accents=strip_accents)
        differing = differing_rows(ours.encode(texts), theirs.encode(texts))
        assert [ascii(texts[row]) for row in differing] == []
        assert_same_on_every_target(ours, texts[:5000])
