"""Texts, vocabularies and options on which WordPiece is compared with the oracles."""

from __future__ import annotations

from hypothesis import strategies as st

from fastnlp.reference.text import unicode

OPTIONS = [(lowercase, strip_accents) for lowercase in (False, True) for strip_accents in (False, True)]
CONTEXTS = {"alone": "{0}", "among letters": "a{0}b a {0}b", "among marks": "a\u302f\u0360{0}\u0301b"}

# Characters on which the rules act, and which act upon each other; none is listed in docs/differences.md.
IDEOGRAPHS = "中\uf900\U00020000"
CHARACTERS = (
    "abABsS" * 3
    + "éÉe\u0301\u0327\u0345"
    + "각\u1100\u1161\u11a8"
    + ".-#…$[]"
    + " \n\t\x0b\x85\u00a0\u3000\u2028\u200b\u00ad\u0001\ufeff"
    + "ﬁ½²Ⅷ\u00b4ßİΣς\u3164\ufe0f\ue000\ufffd"
    + IDEOGRAPHS
)
SUFFIX_INDICATORS = ["##"] * 5 + ["", "#", "a", "ab", "@@", "é", "中", " "]

words = st.text(CHARACTERS, min_size=1, max_size=4) | st.text("ab", min_size=1, max_size=4)


@st.composite
def problems(draw, rules):
    """A vocabulary, options and texts."""
    suffix_indicator = draw(st.sampled_from(SUFFIX_INDICATORS))
    oov_token = draw(st.sampled_from(["[UNK]", "a", f"{suffix_indicator}b", "é", "unknown word"]))
    split = draw(st.booleans())
    split_on_cjk = draw(st.booleans())
    special_tokens = []
    if split and draw(st.booleans()):
        begin = draw(st.sampled_from(["[", "[A", "aB", " ", "é", "中", "."]))
        special_tokens = [f"{begin}{end}" for end in draw(st.lists(st.text("[]ABab. é中", max_size=4), max_size=4))]
        if rules == "keras" and split_on_cjk:  # KerasHub puts spaces around ideographs, then looks for special tokens
            special_tokens = [token for token in special_tokens if set(token).isdisjoint(" " + IDEOGRAPHS)]

    pieces = draw(st.lists(words, max_size=20)) + draw(st.just([]) | st.just(list(CHARACTERS)))
    suffixes = draw(st.lists(words, max_size=20)) + draw(st.just([]) | st.just(list(CHARACTERS)))
    tokens = {"x", oov_token, *pieces, *(suffix_indicator + suffix for suffix in suffixes)}
    tokens |= set(special_tokens) if rules == "bert" else set(draw(st.just([]) | st.just(special_tokens)))
    vocabulary = draw(st.permutations(sorted(tokens)))

    options = {
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.booleans()),
        "split": split,
        "split_on_cjk": split_on_cjk,
        "suffix_indicator": suffix_indicator,
        "oov_token": oov_token,
        # Where several begin at one place, KerasHub takes the first in this list, and we take the longest.
        "special_tokens": sorted(set(special_tokens), key=len, reverse=True),
        "special_tokens_in_strings": bool(special_tokens),
    }
    long = st.builds(str.__mul__, st.sampled_from(["a", "b", "é", "中", "각", "ab", "ß"]), st.integers(24, 102))
    parts = st.sampled_from(sorted({*CHARACTERS, *vocabulary, *special_tokens, suffix_indicator})) | words | long
    texts = draw(st.lists(st.lists(parts, max_size=12).map("".join), min_size=1, max_size=8))
    return vocabulary, options, texts


def spelling_vocabulary(characters: set[str]) -> list[str]:
    """A token for every character that words made of `characters` may hold, so that the ids spell the words."""
    table = unicode.table()
    mapped = {*table.decomposition, *table.lowercase, *table.casefold, *map(chr, range(0xAC00, 0xD7A4))}
    found = set(characters)
    for character in characters & mapped:
        for form in (character, unicode.nfd(character)):
            found.update(form, unicode.lowercase(form), unicode.nfkc_casefold(form))
    found.update(composite for pair, composite in table.composition.items() if found.issuperset(pair))
    found.discard("\0")  # it is in no word, and KerasHub cannot have it in a vocabulary
    return ["[UNK]", *sorted(found), *(f"##{character}" for character in sorted(found))]
