"""Word2vec: what tokens mean, from the tokens that stand beside them, in minutes on one core.

A tiny BERT learns little of this in an hour of masked tokens (docs/results.md): attention sees a neighbour here and
there, a sum of neighbours all of them.

References:
    [Mikolov et al., 2013, Efficient Estimation of Word Representations in Vector Space](https://arxiv.org/abs/1301.3781)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

import fastnlp

try:
    from gensim.models import Word2Vec
except ImportError as error:
    raise ImportError("Word2vec needs gensim: pip install gensim") from error

LONGEST = 10_000  # tokens: gensim leaves out what comes behind them


class Documents:
    """Documents as gensim reads them: lists of str, again every epoch."""

    def __init__(self, token_ids: fastnlp.Ragged) -> None:
        self.token_ids = token_ids

    def __iter__(self) -> Iterator[list[str]]:
        for start, end in pairwise(self.token_ids.row_splits.tolist()):
            document = self.token_ids.flat_values[start:end].tolist()
            for piece in range(0, len(document), LONGEST):
                yield [str(token_id) for token_id in document[piece : piece + LONGEST]]


def token_vectors(
    token_ids: fastnlp.Ragged, vector_size: int, *, epochs: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Learn vectors of tokens (continuous bag of words with negative sampling).

    Args:
        token_ids: a row a document.
        vector_size: number of floats of a vector.
        epochs: how often to go through the documents.
        seed: of the first vectors and of what is sampled.

    Returns:
        int64 `[n]`, the ids of the tokens that occur, and float32
        `[n, vector_size]`, their vectors.
    """
    model = Word2Vec(
        Documents(token_ids),
        vector_size=vector_size,
        window=30,  # tokens to either side: what a text is about, rather than its grammar
        epochs=epochs,
        negative=10,
        min_count=1,
        sample=1e-4,  # frequent tokens are neighbours of everything
        alpha=0.05,
        seed=seed,
        workers=1,  # with more, the vectors depend on which is faster
    )
    return np.array(model.wv.index_to_key, np.int64), model.wv.vectors
