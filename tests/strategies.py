"""Generated text, word counts and options for the tests of WordPiece."""

from __future__ import annotations

from hypothesis import strategies as st

# Characters that meet in the rules: letters and their accents in every normal form, Hangul in syllables and jamo,
# ideographs of both planes, marks of several combining classes, punctuation, every kind of space and of control,
# characters that case folding removes, expands or turns into a space, and the replacement character.
CHARACTERS = (
    "abcABCxyzIi019 _-.,!?'\"#[]()$+<=>^`|~@/\\\t\n\r\x0b\x0c\x00\x01\x1f\x7f"
    "\x80\x85\xa0\xad\xb4\xb5\xb2\xbd\xc0\xc9\xd8\xdf\xe9\xef\xff\u0130\u0131\u017f\u01c4\u0300\u0301\u0308\u0323\u0327\u0345"
    "\u03a3\u03c2\u03c3\u0390\u0416\u0439\u05d0\u05bc\u0627\u0651\u0652\u0915\u093c\u0958\u0b01\u0e01\u0e33\u1100\u1161\u11a8"
    "\u1e9e\u1ee9\u1fef\u1ffd\u2000\u2002\u200b\u200d\u2011\u2026\u2028\u2029\u202f\u2060\u2126\u212a\u2122\u2160\u2e43"
    "\u3000\u3001\u302e\u3042\u304c\u3164\u30ab\u3099\u4e00\u4e2d\u9fff\uac00\uac01\ud7a3\ue000\uf900\ufa0e\ufb01\ufdfa\ufe0f\ufeff\uff01\uff21\ufffd"
    "\U00010400\U0001d15e\U0001d165\U0001f600\U0001f1e6\U00020000\U0002a6d6\U0002b820\U0002f800\U000e0001\U000f0000"
)

characters = st.sampled_from(CHARACTERS)
texts = st.text(characters, max_size=40)
any_texts = st.one_of(texts, st.text(max_size=20))
raw_texts = st.one_of(any_texts.map(str.encode), st.binary(max_size=20))

tokens = st.text(characters, min_size=1, max_size=4)


@st.composite
def vocabularies(draw: st.DrawFn) -> list[str]:
    """Some tokens with and without the usual suffix indicator, single characters among them, and "[UNK]" somewhere."""
    words = draw(st.lists(st.one_of(tokens, characters), max_size=40))
    suffixes = draw(st.lists(st.one_of(tokens, characters), max_size=40))
    vocabulary = [word for word in words if word] + [f"##{suffix}" for suffix in suffixes]
    vocabulary.insert(draw(st.integers(0, len(vocabulary))), "[UNK]")
    return list(dict.fromkeys(vocabulary))


counting_options = st.fixed_dictionaries(
    {
        "rules": st.sampled_from(["keras", "bert"]),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, False, True]),
        "split": st.booleans(),
        "split_on_cjk": st.booleans(),
    }
)  # arguments of `count_words`


@st.composite
def wordpiece_options(draw: st.DrawFn) -> dict[str, object]:
    """Arguments of `WordPiece` after the vocabulary."""
    split = draw(st.booleans())
    return {
        "rules": draw(st.sampled_from(["keras", "bert"])),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, False, True])),
        "split": split,
        "split_on_cjk": draw(st.booleans()),
        "suffix_indicator": draw(st.sampled_from(["##", "", "#", "@@", "é"])),
        "special_tokens_in_strings": split and draw(st.booleans()),
    }


suffix_indicators = st.sampled_from(["##", "", "a", "ab", "#", "▁"])


@st.composite
def word_counts(draw: st.DrawFn, characters: str = "abc#é中𝒳") -> dict[str, int]:
    """Counts with a long tail, of words of which some begin with what may be the suffix indicator."""
    alphabet = draw(st.sampled_from([characters, characters[:2], characters[:4]]))
    words = st.text(alphabet, max_size=7) | st.text(alphabet, max_size=4).map("##".__add__)
    counts = st.integers(1, 12) | st.integers(1, 400)
    return draw(st.dictionaries(words, counts, min_size=1, max_size=25))


# The parameters of the vocabulary learners that have defaults, all of them.
learning_options = st.fixed_dictionaries(
    {
        "upper_threshold": st.just(10_000_000) | st.integers(1, 50),
        "lower_threshold": st.just(10) | st.integers(1, 50),
        "num_iterations": st.integers(1, 5),
        "max_input_tokens": st.just(5_000_000) | st.integers(1, 12),
        "max_token_length": st.just(50) | st.integers(1, 6),
        "max_unique_characters": st.just(1000) | st.integers(1, 4),
        "slack_ratio": st.sampled_from([0.05, 0.0, 0.3]),
    }
)
