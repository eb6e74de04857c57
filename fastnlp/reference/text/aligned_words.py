"""The words of `words.py`, whose characters know which characters of the original text they came from.

What a character is aligned with is what Hugging Face's `NormalizedString` says:

- A character that stays, or is replaced by one other, keeps its place. Of one that becomes several, each has its place.
- A removed character (an accent, a control character) has no place. A word may begin before it and end behind it.
- Putting marks into canonical order moves no places: the marks that began a decomposition take the places of the run
  one after another, and every other mark has the place of the one before it.

KerasHub has no offsets. Under "keras" rules there is one rule more:

- A composed character has the places of all that it is composed of, and of what lies between them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from fastnlp.reference.text import unicode
from fastnlp.reference.text.unicode import MARK, category, is_cjk, is_punctuation
from fastnlp.reference.text.words import KERAS, TextRules, clean, cut_special_tokens, is_keras_space


class AlignedCharacter(NamedTuple):
    """A character of a normalised text, and the range of characters of the original text that it came from."""

    character: str
    start: int
    end: int


AlignedText = list[AlignedCharacter]


class AlignedWord(NamedTuple):
    """One word of a text, never empty; `special` where it is a special token found in it."""

    characters: AlignedText
    special: bool = False

    @property
    def text(self) -> str:
        """The word without its alignment."""
        return _string(self.characters)


def aligned_words(text: str, rules: TextRules) -> list[AlignedWord]:
    """The normalised words of a text, in order, but for those that case folding leaves empty."""
    original = [AlignedCharacter(character, index, index + 1) for index, character in enumerate(text)]
    found = _keras_words(original, rules) if rules.rules == KERAS else _bert_words(original, rules)
    return [word for word in found if word.characters]


def _string(text: AlignedText) -> str:
    return "".join(character for character, _, _ in text)


def _keras_words(text: AlignedText, rules: TextRules) -> list[AlignedWord]:
    if rules.strip_accents:
        text = _strip_accents(text)
    found = _split(text, rules, is_keras_space) if rules.split else [AlignedWord(text)]
    if rules.lowercase:
        found = [word if word.special else AlignedWord(_nfkc_casefold(word.characters)) for word in found]
    return found


def _bert_words(text: AlignedText, rules: TextRules) -> list[AlignedWord]:
    found: list[AlignedWord] = []
    for part in _cut_special_tokens(text, rules.special_tokens):
        if part.special:
            found.append(part)
            continue
        normalized = _map(part.characters, clean)
        if rules.strip_accents:
            normalized = _strip_accents(normalized)
        if rules.lowercase:
            normalized = _map(normalized, unicode.lowercase)
        if rules.split:
            found += _split(normalized, rules._replace(special_tokens=()), unicode.is_white_space)
        else:
            found.append(AlignedWord(normalized))
    return found


def _map(text: AlignedText, change: Callable[[str], str]) -> AlignedText:
    return [AlignedCharacter(new, start, end) for character, start, end in text for new in change(character)]


def _strip_accents(text: AlignedText) -> AlignedText:
    return [character for character in _nfd(text) if category(character.character) != MARK]


def _nfkc_casefold(text: AlignedText) -> AlignedText:
    return _nfc(_map(text, unicode.casefold))


def _nfd(text: AlignedText) -> AlignedText:
    combining_class = unicode.table().combining_class
    parts = [(part, index == 0) for character, _, _ in text for index, part in enumerate(unicode.decompose(character))]
    places = iter(text)
    decomposed: AlignedText = []
    for _, run in groupby(parts, key=lambda part: part[0] in combining_class):
        for character, is_first in sorted(run, key=lambda part: combining_class.get(part[0], 0)):
            place = next(places) if is_first else decomposed[-1]
            decomposed.append(AlignedCharacter(character, place.start, place.end))
    return decomposed


def _nfc(text: AlignedText) -> AlignedText:
    composed: AlignedText = []
    starter = None  # the index of the last character of combining class 0
    last_class = -1  # of the last character kept after that starter
    for character in _nfd(text):
        combining_class = unicode.table().combining_class.get(character.character, 0)
        if starter is not None and last_class < combining_class:
            first = composed[starter]
            composite = unicode.compose(first.character, character.character)
            if composite is not None:
                composed[starter] = AlignedCharacter(composite, first.start, character.end)
                continue
        if combining_class == 0:
            starter = len(composed)
            last_class = -1
        else:
            last_class = combining_class
        composed.append(character)
    return composed


def _split(text: AlignedText, rules: TextRules, is_space: Callable[[str], bool]) -> list[AlignedWord]:
    """Cut at white space, and set punctuation and CJK characters apart as words of their own."""
    found: list[AlignedWord] = []
    for part in _cut_special_tokens(text, rules.special_tokens):
        if part.special:
            found.append(part)
            continue
        word: AlignedText = []
        for character in part.characters:
            alone = is_punctuation(character.character) or (rules.split_on_cjk and is_cjk(character.character))
            if alone or is_space(character.character):
                found += [AlignedWord(word), AlignedWord([character] * alone)]
                word = []
            else:
                word.append(character)
        found.append(AlignedWord(word))
    return [word for word in found if word.characters]


def _cut_special_tokens(text: AlignedText, special_tokens: tuple[str, ...]) -> list[AlignedWord]:
    parts: list[AlignedWord] = []
    start = 0
    for part in cut_special_tokens(_string(text), special_tokens):
        end = start + len(part.text)
        parts.append(AlignedWord(text[start:end], part.special))
        start = end
    return parts
