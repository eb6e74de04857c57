"""From raw text to words: the two sets of rules, "keras" and "bert".

"keras" is what KerasHub's `WordPieceTokenizer` does inside tf.data: remove accents, split, then case-fold word by word.
"bert" is Hugging Face's `BertNormalizer` and `BertPreTokenizer`: clean, remove accents, lower-case, then split.
`docs/differences.md` lists where either of them is not followed, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fastnlp.reference.text import unicode
from fastnlp.reference.text.unicode import CONTROL, FORMAT, MARK, PRIVATE_USE, category, is_cjk, is_punctuation

KERAS = "keras"
BERT = "bert"


class TextRules(NamedTuple):
    """How text becomes words."""

    rules: str = KERAS
    lowercase: bool = False
    strip_accents: bool = False
    split: bool = True
    split_on_cjk: bool = True
    special_tokens: tuple[str, ...] = ()  # found in the text, never split or lower-cased; needs `split`


class Word(NamedTuple):
    """One word of a text; `special` where it is a special token found in it."""

    text: str
    special: bool = False


def decode_utf8(text: bytes) -> str:
    """Decode UTF-8; every maximal ill-formed subsequence becomes one U+FFFD (Unicode Standard, section 3.9)."""
    return text.decode("utf-8", errors="replace")


def words(text: str, rules: TextRules) -> list[Word]:
    """The normalised words of a text, in order. Case folding can leave an empty one."""
    return _keras_words(text, rules) if rules.rules == KERAS else _bert_words(text, rules)


def _keras_words(text: str, rules: TextRules) -> list[Word]:
    if rules.strip_accents:
        text = _strip_accents(text)
    found = _split(text, rules, is_keras_space) if rules.split else [Word(text)]
    if rules.lowercase:
        found = [word if word.special else Word(unicode.nfkc_casefold(word.text)) for word in found]
    return found


def _bert_words(text: str, rules: TextRules) -> list[Word]:
    found: list[Word] = []
    for part in cut_special_tokens(text, rules.special_tokens):
        if part.special:
            found.append(part)
            continue
        normalized = "".join(clean(character) for character in part.text)
        if rules.strip_accents:
            normalized = _strip_accents(normalized)
        if rules.lowercase:
            normalized = unicode.lowercase(normalized)
        if rules.split:
            found += _split(normalized, rules._replace(special_tokens=()), unicode.is_white_space)
        elif normalized:
            found.append(Word(normalized))
    return found


def clean(character: str) -> str:
    """What Hugging Face's `clean_text` makes of a character: nothing, a space, or itself."""
    if character in "\t\n\r":
        return " "
    if character == "\ufffd" or category(character) in (CONTROL, FORMAT, PRIVATE_USE):
        return ""
    return " " if unicode.is_white_space(character) else character


def _strip_accents(text: str) -> str:
    return "".join(character for character in unicode.nfd(text) if category(character) != MARK)


def is_keras_space(character: str) -> bool:
    """Whether KerasHub cuts a text at the character, and drops it."""
    return character == " " or category(character) in (CONTROL, FORMAT)


def _split(text: str, rules: TextRules, is_space: Callable[[str], bool]) -> list[Word]:
    """Cut at white space, and set punctuation and CJK characters apart as words of their own."""
    found: list[Word] = []
    for part in cut_special_tokens(text, rules.special_tokens):
        if part.special:
            found.append(part)
            continue
        word = ""
        for character in part.text:
            alone = is_punctuation(character) or (rules.split_on_cjk and is_cjk(character))
            if alone or is_space(character):
                found += [Word(word)] * bool(word)
                word = ""
                found += [Word(character)] * alone
            else:
                word += character
        found += [Word(word)] * bool(word)
    return found


def cut_special_tokens(text: str, special_tokens: tuple[str, ...]) -> list[Word]:
    """Cut a text before and after every special token; the leftmost first, and of those the longest."""
    parts: list[Word] = []
    start = position = 0
    while position < len(text):
        token = max((token for token in special_tokens if text.startswith(token, position)), key=len, default="")
        if token:
            parts += [Word(text[start:position]), Word(token, special=True)]
            start = position = position + len(token)
        else:
            position += 1
    return [part for part in [*parts, Word(text[start:])] if part.text]
