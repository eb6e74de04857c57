"""Every code point but the surrogates, against the oracles: equal, or listed in docs/differences.md."""

from __future__ import annotations

import random
from functools import lru_cache

import pytest

import fastnlp
from fastnlp.ops import WordPiece
from fastnlp.reference.text import unicode

OPTIONS = [(lowercase, strip_accents) for lowercase in (False, True) for strip_accents in (False, True)]
CODE_POINTS = [code_point for code_point in range(0x110000) if not 0xD800 <= code_point < 0xE000]


def alone(character: str) -> str:
    return character


def among_letters(character: str) -> str:
    """Between two letters, and after a space."""
    return f"a{character}b a {character}b"


@lru_cache(maxsize=1)
def characters_of(plane: int) -> list[str]:
    return [chr(code_point) for code_point in CODE_POINTS if code_point >> 16 == plane]


@lru_cache(maxsize=1)
def vocabulary_of(plane: int) -> list[str]:
    """A token for every character that a word may hold, so that the ids spell the words."""
    found = set()
    for character in characters_of(plane):
        decomposed = unicode.nfd(character)
        found.update(f"a{character}b", decomposed, unicode.lowercase(character), unicode.lowercase(decomposed))
        found.update(unicode.nfkc_casefold(f"a{character}b"), unicode.nfkc_casefold(decomposed))
    found.discard("\0")  # which KerasHub cannot have in a vocabulary, and which is in no word
    return ["[UNK]", *sorted(found), *(f"##{character}" for character in sorted(found))]


def show(code_points: set[int]) -> list[str]:
    return [f"{code_point:04X}" for code_point in sorted(code_points)]


@pytest.mark.parametrize("rules", ["keras", "bert"])
@pytest.mark.parametrize("plane", range(17))
def test_code_points(plane, rules, oracle, differing_rows, known_differences):
    characters, vocabulary = characters_of(plane), vocabulary_of(plane)
    theirs = oracle(rules, vocabulary)
    for lowercase, strip_accents in OPTIONS:
        theirs.set_options(lowercase=lowercase, strip_accents=strip_accents)
        ours = WordPiece(vocabulary, rules=rules, lowercase=lowercase, strip_accents=strip_accents)
        for context in (alone, among_letters):
            texts = [context(character) for character in characters]
            ids = ours.encode(texts)
            assert (ids.flat_values != 0).all()
            differing = {ord(characters[row]) for row in differing_rows(ids, theirs.encode(texts))}
            listed = known_differences(
                rules, lowercase=lowercase, strip_accents=strip_accents, alone=context is alone
            ).intersection(map(ord, characters))
            assert (show(differing - listed), show(listed - differing)) == ([], []), (context, lowercase, strip_accents)
