"""Lines, Unicode, and the rules that turn raw text into words."""

from fastnlp.reference.text.aligned_words import aligned_words
from fastnlp.reference.text.lines import split_lines
from fastnlp.reference.text.words import BERT, KERAS, TextRules, Word, decode_utf8, words

__all__ = ["BERT", "KERAS", "TextRules", "Word", "aligned_words", "decode_utf8", "split_lines", "words"]
