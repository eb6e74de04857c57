"""Unicode properties and normal forms, frozen to the version of `unicode_table.inc`.

The table is the one that the C++ kernels compile in; Python's own `unicodedata` changes with the interpreter and is
not used. Normal forms follow Unicode Standard Annex 15; NFKC_Casefold follows section 3.13 of the Unicode Standard.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

MARK = "Mn"
CONTROL = "Cc"
FORMAT = "Cf"
PRIVATE_USE = "Co"
PUNCTUATION = "P"

# The CJK ideographs that BERT sets apart: no kana, no hangul, and no block added after Unicode 8.
CJK_RANGES = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)

# Hangul syllables are decomposed and composed by arithmetic (section 3.12 of the Unicode Standard).
S_BASE, L_BASE, V_BASE, T_BASE = 0xAC00, 0x1100, 0x1161, 0x11A7
L_COUNT, V_COUNT, T_COUNT = 19, 21, 28
S_COUNT = L_COUNT * V_COUNT * T_COUNT


class Table(NamedTuple):
    """What `unicode_table.inc` holds. `tools/make_unicode_table.py` says what each kind of line means."""

    version: str
    category: dict[str, str]
    white_space: set[str]
    combining_class: dict[str, int]
    decomposition: dict[str, str]
    composition: dict[str, str]
    lowercase: dict[str, str]
    casefold: dict[str, str]


@cache
def table() -> Table:
    """The table, read at first use."""
    lines: dict[str, list[list[str]]] = defaultdict(list)
    text = Path(__file__).with_name("unicode_table.inc").read_text(encoding="ascii")
    for name, arguments in re.findall(r"^([A-Z_]+)\((.*)\)$", text, re.MULTILINE):
        lines[name].append(arguments.split(", "))

    def mapping(name: str) -> dict[str, str]:
        return {source: "".join(target) for source, *target in (_characters(fields[1:]) for fields in lines[name])}

    return Table(
        version=lines["UNICODE_VERSION"][0][0].strip('"'),
        category={c: fields[2] for fields in lines["CATEGORY"] for c in _span(fields)},
        white_space={c for fields in lines["WHITE_SPACE"] for c in _span(fields)},
        combining_class={c: int(fields[2]) for fields in lines["COMBINING_CLASS"] for c in _span(fields)},
        decomposition=mapping("DECOMPOSITION"),
        composition={first + second: to for first, second, to in map(_characters, lines["COMPOSITION"])},
        lowercase=mapping("LOWERCASE"),
        casefold=mapping("CASEFOLD") | {c: "" for fields in lines["CASEFOLD_REMOVED"] for c in _span(fields)},
    )


def _span(fields: list[str]) -> list[str]:
    return [chr(code_point) for code_point in range(int(fields[0], 16), int(fields[1], 16) + 1)]


def _characters(fields: list[str]) -> list[str]:
    return [chr(int(field, 16)) for field in fields]


def category(character: str) -> str | None:
    """The general category where it is one of those named above (all punctuation is "P"), else None."""
    return table().category.get(character)


def is_white_space(character: str) -> bool:
    """The property White_Space."""
    return character in table().white_space


def is_cjk(character: str) -> bool:
    """Whether the character is one of `CJK_RANGES`."""
    return any(first <= ord(character) <= last for first, last in CJK_RANGES)


def is_punctuation(character: str) -> bool:
    """Unicode punctuation, and every printable ASCII character that is no letter, digit or space."""
    return category(character) == PUNCTUATION or character in "$+<=>^`|~"


def lowercase(text: str) -> str:
    """Each character's full lower case, whatever its neighbours: a final sigma becomes a plain one."""
    mapping = table().lowercase
    return "".join(mapping.get(character, character) for character in text)


def casefold(text: str) -> str:
    """Each character's property NFKC_Casefold."""
    mapping = table().casefold
    return "".join(mapping.get(character, character) for character in text)


def nfkc_casefold(text: str) -> str:
    """toNFKC_Casefold: every character's NFKC_Casefold, then Normalization Form C."""
    return nfc(casefold(text))


def nfd(text: str) -> str:
    """Normalization Form D."""
    return _canonical_order("".join(decompose(character) for character in text))


def nfc(text: str) -> str:
    """Normalization Form C."""
    composed: list[str] = []
    starter = None  # the index of the last character of combining class 0
    last_class = -1  # of the last character kept after that starter
    for character in nfd(text):
        combining_class = table().combining_class.get(character, 0)
        if starter is not None and last_class < combining_class:
            composite = compose(composed[starter], character)
            if composite is not None:
                composed[starter] = composite
                continue
        if combining_class == 0:
            starter = len(composed)
            last_class = -1
        else:
            last_class = combining_class
        composed.append(character)
    return "".join(composed)


def decompose(character: str) -> str:
    """The full canonical decomposition of a character."""
    index = ord(character) - S_BASE
    if 0 <= index < S_COUNT:
        lead, vowel, trail = index // (V_COUNT * T_COUNT), index // T_COUNT % V_COUNT, index % T_COUNT
        return chr(L_BASE + lead) + chr(V_BASE + vowel) + (chr(T_BASE + trail) if trail else "")
    return table().decomposition.get(character, character)


def compose(first: str, second: str) -> str | None:
    """The primary composite of two characters, where there is one."""
    lead, vowel = ord(first) - L_BASE, ord(second) - V_BASE
    if 0 <= lead < L_COUNT and 0 <= vowel < V_COUNT:
        return chr(S_BASE + (lead * V_COUNT + vowel) * T_COUNT)
    index, trail = ord(first) - S_BASE, ord(second) - T_BASE
    if 0 <= index < S_COUNT and index % T_COUNT == 0 and 0 < trail < T_COUNT:
        return chr(ord(first) + trail)
    return table().composition.get(first + second)


def _canonical_order(text: str) -> str:
    combining_class = table().combining_class
    ordered: list[str] = []
    run: list[str] = []  # neighbours of a combining class above 0
    for character in text:
        if character in combining_class:
            run.append(character)
        else:
            ordered += [*sorted(run, key=combining_class.__getitem__), character]
            run = []
    return "".join(ordered + sorted(run, key=combining_class.__getitem__))
