"""Word2vec: what tokens mean, from the tokens that stand beside them, in minutes on one core.

A tiny BERT needs hundreds of millions of masked tokens to learn this through its layers; a sum of neighbours, a few
passes over the text.

References:
    [Mikolov et al., 2013, Efficient Estimation of Word Representations in Vector Space](https://arxiv.org/abs/1301.3781)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

import fastnlp

LONGEST = 10_000  # tokens: gensim leaves out what comes behind them


class Documents:
    """Documents as gensim reads them: lists of str, again every epoch."""

    def __init__(self, token_ids: fastnlp.Ragged, vocabulary_size: int) -> None:
        self.token_ids = token_ids
        self._names = [str(token_id) for token_id in range(vocabulary_size)]

    def __iter__(self) -> Iterator[list[str]]:
        for start, end in pairwise(self.token_ids.row_splits.tolist()):
            for piece in range(start, end, LONGEST):
                ids = self.token_ids.flat_values[piece : min(piece + LONGEST, end)]
                yield [self._names[token_id] for token_id in ids.tolist()]


def token_vectors(
    token_ids: fastnlp.Ragged,
    vocabulary_size: int,
    vector_size: int,
    *,
    epochs: int,
    window: int = 30,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn vectors of tokens (continuous bag of words with negative sampling).

    Args:
        token_ids: a row a document.
        vocabulary_size: ids are below it.
        vector_size: number of floats of a vector.
        epochs: how often to go through the documents.
        window: how many tokens to either side count as neighbours.
        seed: of the first vectors and of what is sampled.

    Returns:
        float32 `[vocabulary_size, vector_size]`, and bool `[vocabulary_size]`:
        which tokens occur, and so have a vector; the others have zeros.

    Raises:
        ImportError: where gensim is not installed.
    """
    try:
        from gensim.models import Word2Vec  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ImportError("Word2vec needs gensim: pip install gensim") from error

    model = Word2Vec(
        Documents(token_ids, vocabulary_size),
        vector_size=vector_size,
        window=window,
        epochs=epochs,
        negative=10,
        min_count=1,
        sample=1e-4,  # frequent tokens are neighbours of everything
        alpha=0.05,
        seed=seed,
        workers=1,  # with more, the vectors depend on which is faster
    )
    known = np.array([int(name) for name in model.wv.index_to_key], np.int64)
    vectors = np.zeros((vocabulary_size, vector_size), np.float32)
    vectors[known] = model.wv.vectors
    return vectors, np.isin(np.arange(vocabulary_size), known)
