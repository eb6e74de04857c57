"""Corpora on disk: files of text in, a memory-mapped token store or word counts out."""

from fastnlp.corpus.builder import build
from fastnlp.corpus.store import Corpus, open
from fastnlp.corpus.word_counts import WordCounts
from fastnlp.corpus.words import count_words, count_words_to_file

__all__ = ["Corpus", "WordCounts", "build", "count_words", "count_words_to_file", "open"]
