"""Token vectors of made-up documents, of which it is known what belongs together."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fastnlp import Ragged
from fastnlp.examples import pretraining
from fastnlp.examples.word2vec import LONGEST, Documents, token_vectors

TOPIC = 10  # tokens of a topic; a document has one topic


def documents(number: int = 400) -> Ragged:
    draw = np.random.default_rng(0)
    return Ragged.from_lists([draw.integers(0, TOPIC, 30) + TOPIC * (row % 2) for row in range(number)])


def cosines(vectors: np.ndarray) -> np.ndarray:
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


def test_tokens_of_one_topic_are_alike():
    token_ids, vectors = token_vectors(documents(), 8, epochs=5, seed=1)
    assert (token_ids.dtype, vectors.dtype, vectors.shape) == (np.int64, np.float32, (20, 8))
    assert sorted(token_ids) == list(range(20))
    found = cosines(vectors)
    topic = token_ids // TOPIC
    alike = topic == topic[:, None]
    assert found[alike].min() > found[~alike].max()


def test_seed():
    first, second, other = (token_vectors(documents(20), 4, epochs=1, seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("length", [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST + 1])
def test_long_documents_are_not_cut(length):
    row = np.arange(length) % 7
    pieces = list(Documents(Ragged.from_lists([[6], row, [5]])))
    assert max(map(len, pieces)) <= LONGEST
    assert pieces[0] == ["6"]
    assert pieces[-1] == ["5"]
    assert [int(name) for piece in pieces[1:-1] for name in piece] == row.tolist()


def test_without_gensim(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    monkeypatch.delitem(sys.modules, "fastnlp.examples.word2vec")
    with pytest.raises(ImportError, match="pip install gensim"):
        pretraining.run(word2vec_epochs=1)
