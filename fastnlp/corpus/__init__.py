"""Corpora on disk: files of text in, a memory-mapped token store out."""

from fastnlp.corpus.builder import build
from fastnlp.corpus.store import Corpus, open
from fastnlp.corpus.words import count_words

__all__ = ["Corpus", "build", "count_words", "open"]
