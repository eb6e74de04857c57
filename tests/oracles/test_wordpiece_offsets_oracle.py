"""Offsets and word numbers under "bert" rules against Hugging Face: equal wherever the ids are.

`tokenizers` gives offsets in characters; what the bytes must be follows from the text.
"""

from __future__ import annotations

import random
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from oracle_texts import CONTEXTS, OPTIONS, problems, spelling_vocabulary

import fastnlp
from fastnlp.ops import Encoding, WordPiece
from fastnlp.reference.text import unicode

TARGETS = fastnlp.show_config()["targets"]


def assert_same(ours: Encoding, theirs: Any, texts: list[str]) -> None:
    """Compare with the encodings of `tokenizers` of the same texts."""
    lengths = [len(row.ids) for row in theirs]
    differing = np.flatnonzero(ours.ids.row_lengths() != lengths)
    assert [ascii(texts[row]) for row in differing] == []
    offsets = np.array(list(chain.from_iterable(row.offsets for row in theirs)), np.int64).reshape(-1, 2)
    word_ids = np.array(list(chain.from_iterable(row.word_ids for row in theirs)), np.int64)
    same = (ours.char_offsets.flat_values == offsets).all(axis=1) & (ours.word_ids.flat_values == word_ids)
    rows = np.searchsorted(ours.ids.row_splits, np.flatnonzero(~same), side="right") - 1
    assert [ascii(texts[row]) for row in np.unique(rows)] == []

    for row, text in enumerate(texts):
        byte_of = np.cumsum([0, *(len(character.encode()) for character in text)])
        assert np.array_equal(ours.byte_offsets[row], byte_of[ours.char_offsets[row]])


@settings(max_examples=400, deadline=None)
@given(problem=problems("bert"))
def test_generated(problem, oracle):
    vocabulary, options, texts = problem
    theirs = oracle("bert", vocabulary, **options).tokenizer.encode_batch(texts, add_special_tokens=False)
    encoder = WordPiece(vocabulary, rules="bert", **options)
    for target in TARGETS:
        with fastnlp.use_target(target):
            ours = encoder.encode(texts, return_offsets=True)
        assert ours.ids.to_list() == [row.ids for row in theirs]
        assert_same(ours, theirs, texts)


@pytest.mark.parametrize(
    ("name", "uncased"),
    [("bert-base-uncased", True), ("bert-base-cased", False), ("bert-base-multilingual-uncased", True)],
)
def test_real_text(name, uncased, reviews, multilingual, vocabularies, oracle):
    texts = reviews[:1000] + [text for lines in multilingual.values() for text in lines[::20]]
    options = {"lowercase": uncased, "strip_accents": uncased}
    theirs = oracle("bert", vocabularies[name], **options).tokenizer.encode_batch(texts, add_special_tokens=False)
    encoder = WordPiece(vocabularies[name], rules="bert", **options)
    assert_same(encoder.encode(texts, return_offsets=True), theirs, texts)


@pytest.mark.parametrize("rules", ["keras", "bert"])
def test_twins_on_real_text(rules, reviews, multilingual, vocabularies):
    texts = reviews[:20] + [text for lines in multilingual.values() for text in lines[::500]]
    encoder = WordPiece(vocabularies["bert-base-multilingual-uncased"], rules=rules, lowercase=True)
    ours = encoder.encode(texts, return_offsets=True)
    assert ours.ids == encoder.encode(texts)
    with fastnlp.use_target("reference"):
        definition = encoder.encode(texts, return_offsets=True)
    for field in ("ids", "byte_offsets", "char_offsets", "word_ids"):
        assert getattr(ours, field) == getattr(definition, field)


def changed_characters() -> set[str]:
    """The characters that the rules remove, replace, or move; of those of private use, which are removed, one."""
    table = unicode.table()
    categories = {character for character, category in table.category.items() if category != unicode.PRIVATE_USE}
    hangul = {chr(code_point) for code_point in range(0xAC00, 0xD7A4)}
    mapped = {*table.decomposition, *table.lowercase, *table.white_space}
    return categories | {"\ue000"} | hangul | mapped | {*table.combining_class}


@pytest.mark.parametrize(("lowercase", "strip_accents"), OPTIONS)
def test_changed_characters(lowercase, strip_accents, oracle, known_differences):
    options = {"lowercase": lowercase, "strip_accents": strip_accents}
    known = {chr(code_point) for code_point in known_differences("bert", **options)}
    characters = sorted(changed_characters() - known)
    for context in CONTEXTS.values():
        texts = [context.format(character) for character in characters]
        vocabulary = spelling_vocabulary({*"".join(texts)})
        theirs = oracle("bert", vocabulary, **options).tokenizer.encode_batch(texts, add_special_tokens=False)
        ours = WordPiece(vocabulary, rules="bert", **options).encode(texts, return_offsets=True)
        assert_same(ours, theirs, texts)


@pytest.mark.parametrize(("lowercase", "strip_accents"), OPTIONS)
def test_sequences(lowercase, strip_accents, oracle, known_differences):
    """Texts at random of the characters that act upon each other; marks that are not stripped among them."""
    table = unicode.table()
    known = {chr(code_point) for code_point in known_differences("bert", lowercase=True, strip_accents=True)}
    kept_marks = {mark for mark in table.combining_class if table.category.get(mark) != unicode.MARK}
    others = ["".join(table.composition), table.combining_class, kept_marks, "aBΣς. \n中각"]
    pools = [sorted({*pool} - known) for pool in (changed_characters(), *others)]
    draw = random.Random(0)
    texts = ["".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(2, 8))) for _ in range(20_000)]
    vocabulary = spelling_vocabulary({*"".join(texts)})
    options = {"lowercase": lowercase, "strip_accents": strip_accents}
    theirs = oracle("bert", vocabulary, **options).tokenizer.encode_batch(texts, add_special_tokens=False)
    encoder = WordPiece(vocabulary, rules="bert", **options)
    assert_same(encoder.encode(texts, return_offsets=True), theirs, texts)
    with fastnlp.use_target("reference"):
        assert_same(encoder.encode(texts[:2000], return_offsets=True), theirs[:2000], texts[:2000])
