"""Corpora on disk: text files in, a memory-mapped token store out.

>>> encoder = fastnlp.ops.WordPiece("vocab.txt", lowercase=True)            # doctest: +SKIP
>>> corpus = fastnlp.corpus.build(["reviews/"], "reviews.tokens", encoder)  # doctest: +SKIP
>>> corpus[0], corpus.decode(0)                                             # doctest: +SKIP
"""

from fastnlp.corpus.builder import build
from fastnlp.corpus.store import Corpus, open
from fastnlp.corpus.vocabulary import learn_vocabulary, write_vocabulary

__all__ = ["Corpus", "build", "learn_vocabulary", "open", "write_vocabulary"]
