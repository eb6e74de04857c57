"""Masking rows of 256 tokens: fastnlp next to KerasHub's layer and to a copy of the same output.

The rows are the documents' own, packed, with the defaults of KerasHub's guide: a quarter of the tokens, at most 64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bench.corpus import Corpus
from fastnlp.bench.names import COPY, FASTNLP, KERAS_HUB_MASKER, MASK_DATASET, MASK_TOKENS
from fastnlp.layers import MaskedLMMaskGenerator
from fastnlp.ops import Masker, WordPiece, pack_start_end

BATCH_SIZE = 256
SEQUENCE_LENGTH = 256
ROUNDS = 15
KERAS_HUB_ROUNDS = 3
KERAS_HUB_DOCUMENTS = 2000
RATE, LENGTH = 0.25, 64


@pytest.fixture(scope="session")
def special_ids(corpus: Corpus) -> list[int]:
    """The ids of padding, start and end, which are never masked, and of the mask token."""
    return [corpus.vocabulary.index(token) for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")]


@pytest.fixture(scope="session")
def ids(corpus: Corpus, special_ids: list[int]) -> np.ndarray:
    """A row of token ids for every document."""
    encoder = WordPiece(corpus.vocabulary, lowercase=True, strip_accents=True)
    _, start, end, _ = special_ids
    return pack_start_end(encoder.encode(corpus.texts), SEQUENCE_LENGTH, start_value=start, end_value=end).token_ids


def check(masked: Any, ids: np.ndarray, special_ids: list[int]) -> None:
    """As many tokens are selected as there should be, all of them selectable, and no others changed."""
    selectable = ~np.isin(ids, special_ids)
    counts = np.minimum(np.ceil(selectable.sum(axis=1).astype(np.float32) * np.float32(RATE)), LENGTH)
    np.testing.assert_array_equal(masked["mask_weights"].sum(axis=1), counts)
    rows, places = np.nonzero(masked["mask_weights"])
    positions = masked["mask_positions"][rows, places]
    assert selectable[rows, positions].all()
    np.testing.assert_array_equal(ids[rows, positions], masked["mask_ids"][rows, places])
    restored = masked["token_ids"].copy()
    restored[rows, positions] = ids[rows, positions]
    np.testing.assert_array_equal(restored, ids)


@pytest.mark.parametrize("selection", ["fixed", "bernoulli", "whole_word", "span"])
@pytest.mark.parametrize("implementation", [FASTNLP, COPY])
def bench_mask_tokens(
    measure: Callable[..., Any],
    corpus: Corpus,
    threads: int,
    ids: np.ndarray,
    special_ids: list[int],
    selection: str,
    implementation: str,
) -> None:
    """All rows in one call."""
    continuations = [token_id for token_id, token in enumerate(corpus.vocabulary) if token.startswith("##")]
    masker = Masker(
        len(corpus.vocabulary),
        RATE,
        special_ids[3],
        mask_selection_length=LENGTH,
        unselectable_token_ids=special_ids,
        selection=selection,
        continuation_token_ids=continuations if selection in ("whole_word", "span") else None,
    )
    index = np.arange(len(ids))

    def mask() -> Any:
        return masker.mask_tokens(ids, seed=1, index=index, num_threads=threads)

    right = mask()
    if selection == "fixed":
        check(right._asdict(), ids, special_ids)
    function = mask if implementation == FASTNLP else lambda: [part.copy() for part in right]
    masked = measure(MASK_TOKENS.format(selection), implementation, "keras", corpus.texts, function, rounds=ROUNDS)
    assert all(map(np.array_equal, masked, right))


@pytest.mark.parametrize("implementation", [FASTNLP, KERAS_HUB_MASKER])
def bench_mask_dataset(
    measure: Callable[..., Any],
    tf: Any,
    corpus: Corpus,
    threads: int,
    ids: np.ndarray,
    special_ids: list[int],
    implementation: str,
) -> None:
    """Dense batches, inside tf.data."""
    arguments = {
        "vocabulary_size": len(corpus.vocabulary),
        "mask_selection_rate": RATE,
        "mask_token_id": special_ids[3],
        "mask_selection_length": LENGTH,
        "unselectable_token_ids": special_ids,
    }
    texts = corpus.texts
    if implementation == FASTNLP:
        layer = MaskedLMMaskGenerator(**arguments, seed=1)
    else:
        pytest.importorskip("tensorflow_text")
        layer = pytest.importorskip("keras_hub").layers.MaskedLMMaskGenerator(**arguments)
        ids, texts = ids[:KERAS_HUB_DOCUMENTS], texts[:KERAS_HUB_DOCUMENTS]
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    dataset = tf.data.Dataset.from_tensor_slices(ids).batch(BATCH_SIZE)
    dataset = dataset.map(layer, num_parallel_calls=tf.data.AUTOTUNE if threads > 1 else None).with_options(options)

    def drain() -> None:
        for _ in dataset:
            pass

    rounds = ROUNDS if implementation == FASTNLP else KERAS_HUB_ROUNDS
    measure(MASK_DATASET, implementation, "keras", texts, drain, rounds=rounds)
    batches = list(dataset)
    masked = {name: np.concatenate([batch[name].numpy() for batch in batches]) for name in batches[0]}
    check(masked, ids, special_ids)
