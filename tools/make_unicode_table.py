"""Write `fastnlp/reference/text/unicode_table.inc`, the one Unicode table of both twins.

    python tools/make_unicode_table.py [FOLDER]

FOLDER holds files of the Unicode Character Database of the version named below; without it they are
downloaded from unicode.org. Each line of the table is a macro call that C++ includes and Python parses:

    CATEGORY(first, last, NAME)         general category Cc, Cf, Co, Mn or P (any punctuation)
    WHITE_SPACE(first, last)            property White_Space
    COMBINING_CLASS(first, last, ccc)   canonical combining class, where it is not 0
    DECOMPOSITION(n, from, to…)         full canonical decomposition (NFD), Hangul syllables left out
    COMPOSITION(first, second, to)      primary composites, Hangul syllables left out
    LOWERCASE(n, from, to…)             full lower-case mapping without context or language
    CASEFOLD(n, from, to…)              NFKC_Casefold; n = 0 removes the code point
    CASEFOLD_REMOVED(first, last)       the same, for a range that it removes
"""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

VERSION = "17.0.0"
URL = f"https://www.unicode.org/Public/{VERSION}/ucd"
TARGET = Path(__file__).parents[1] / "fastnlp" / "reference" / "text" / "unicode_table.inc"
LAST = 0x10FFFF


def read(name: str, folder: Path | None) -> list[list[str]]:
    """The fields of every line of one data file."""
    if folder is not None:
        text = (folder / name).read_text(encoding="utf-8")
    else:
        with urllib.request.urlopen(f"{URL}/{name}") as answer:
            text = answer.read().decode("utf-8")
    if name != "UnicodeData.txt" and VERSION not in text.splitlines()[0]:
        raise SystemExit(f"{name}: not of Unicode {VERSION}: {text.splitlines()[0]!r}")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [[field.strip() for field in line.split(";")] for line in lines if line]


def span(field: str) -> range:
    first, _, last = field.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def code_points(field: str) -> list[int]:
    return [int(item, 16) for item in field.split()]


def ranges(values: Mapping[int, object]) -> Iterator[tuple[int, int, object]]:
    """Neighbouring code points of equal value, joined."""
    code_points = sorted(values)
    starts = [
        index
        for index, code_point in enumerate(code_points)
        if index == 0
        or (code_point - 1, values[code_point]) != (code_points[index - 1], values[code_points[index - 1]])
    ]
    for start, end in pairwise([*starts, len(code_points)]):
        yield code_points[start], code_points[end - 1], values[code_points[start]]


def number(value: int) -> str:
    return f"0x{value:04X}"


def mapping(name: str, source: int, target: Iterable[int]) -> str:
    target = list(target)
    return f"{name}({', '.join([str(len(target)), *map(number, [source, *target])])})"


def table(folder: Path | None) -> Iterator[str]:
    unicode_data = read("UnicodeData.txt", folder)
    derived = read("DerivedNormalizationProps.txt", folder)

    yield f"// Unicode {VERSION}, written by tools/make_unicode_table.py, which says what each line means."
    yield "// Copyright (c) 1991-2025 Unicode, Inc. Unicode License V3: https://www.unicode.org/license.txt"
    yield f'UNICODE_VERSION("{VERSION}")'

    wanted = {"Cc": "Cc", "Cf": "Cf", "Co": "Co", "Mn": "Mn"}
    wanted |= dict.fromkeys(("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"), "P")
    categories: dict[int, object] = {}
    combining: dict[int, object] = {}
    decompositions: dict[int, list[int]] = {}
    lowercase: dict[int, list[int]] = {}
    start = 0
    for code, name, category, ccc, _bidi, decomposition, *rest in unicode_data:
        code_point = int(code, 16)
        if name.endswith(", First>"):
            start = code_point
        covered = range(start, code_point + 1) if name.endswith(", Last>") else [code_point]
        if category in wanted:
            categories |= dict.fromkeys(covered, wanted[category])
        if int(ccc):
            combining[code_point] = int(ccc)
        if decomposition and not decomposition.startswith("<"):
            decompositions[code_point] = code_points(decomposition)
        if rest[7]:
            lowercase[code_point] = [int(rest[7], 16)]
    for first, last, value in ranges(categories):
        yield f"CATEGORY({number(first)}, {number(last)}, {value})"

    white_space: dict[int, object] = {}
    for field, name, *_ in read("PropList.txt", folder):
        if name == "White_Space":
            white_space |= dict.fromkeys(span(field))
    for first, last, _ in ranges(white_space):
        yield f"WHITE_SPACE({number(first)}, {number(last)})"

    for first, last, value in ranges(combining):
        yield f"COMBINING_CLASS({number(first)}, {number(last)}, {value})"

    def full(code_point: int) -> list[int]:
        if code_point not in decompositions:
            return [code_point]
        return [item for part in decompositions[code_point] for item in full(part)]

    for code_point in sorted(decompositions):
        yield mapping("DECOMPOSITION", code_point, full(code_point))

    excluded: set[int] = set()
    for field, name, *_ in derived:
        if name == "Full_Composition_Exclusion":
            excluded.update(span(field))
    for code_point, target in sorted(decompositions.items()):
        if code_point not in excluded:
            yield f"COMPOSITION({', '.join(map(number, [*target, code_point]))})"

    for code, lower, _title, _upper, *condition in read("SpecialCasing.txt", folder):
        if not any(condition):
            lowercase[int(code, 16)] = code_points(lower)
    for code_point, target in sorted(lowercase.items()):
        if target != [code_point]:
            yield mapping("LOWERCASE", code_point, target)

    casefold: dict[int, tuple[int, ...]] = {}
    for field, name, *rest in derived:
        if name == "NFKC_CF":
            casefold |= dict.fromkeys(span(field), tuple(code_points(rest[0])))
    removed = {code_point: target for code_point, target in casefold.items() if not target}
    for first, last, _ in ranges(removed):
        yield f"CASEFOLD_REMOVED({number(first)}, {number(last)})"
    for code_point, folded in sorted(casefold.items()):
        if folded:
            yield mapping("CASEFOLD", code_point, folded)


if __name__ == "__main__":
    lines = list(table(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    TARGET.write_text("\n".join(lines) + "\n", encoding="ascii")
    sys.stdout.write(f"{TARGET}: {len(lines)} lines\n")
