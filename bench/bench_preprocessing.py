"""From strings to packed and masked batches in tf.data: our preprocessors next to KerasHub's, on the same text.

Both read the same batches, on the same number of threads, with `sequence_length=256`, a quarter of the tokens masked,
at most 64 of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bench.corpus import Corpus

OPTIONS = {"sequence_length": 256, "mask_selection_rate": 0.25, "mask_selection_length": 64}
SLOW_DOCUMENTS = 5_000  # for KerasHub
IMPLEMENTATIONS = {"fastnlp": "fastnlp.models", "KerasHub": "keras_hub.models"}
BATCH_SIZES = (16, 256)


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request: pytest.FixtureRequest) -> str:
    """Whose preprocessor it is."""
    name: str = request.param
    return name


def make(implementation: str, corpus: Corpus, name: str, **options: Any) -> Any:
    """A preprocessor."""
    models = pytest.importorskip(IMPLEMENTATIONS[implementation])
    return getattr(models, name)(models.BertTokenizer(corpus.vocabulary, lowercase=True), **options)


def as_batches(tf: Any, texts: list[str], batch_size: int, preprocessor: Any, threads: int) -> Any:
    """The batches, and how they are made."""
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(batch_size)
    return dataset.map(preprocessor, num_parallel_calls=threads)


def read(dataset: Any) -> int:
    """Make all batches; their number."""
    batches: int = dataset.reduce(np.int64(0), lambda count, *batch: count + 1).numpy()
    return batches


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def bench_masked(
    measure: Callable[..., Any], corpus: Corpus, tf: Any, threads: int, implementation: str, batch_size: int
) -> None:
    """Strings to packed and masked rows."""
    preprocessor = make(implementation, corpus, "BertMaskedLMPreprocessor", **OPTIONS)
    texts = corpus.texts if implementation == "fastnlp" else corpus.texts[:SLOW_DOCUMENTS]
    dataset = as_batches(tf, texts, batch_size, preprocessor, threads)
    batches = measure(
        f"Strings to masked rows in tf.data, batches of {batch_size}",
        implementation,
        "keras",
        texts,
        lambda: read(dataset),
        rounds=7 if implementation == "fastnlp" else 3,
    )
    assert batches == -(-len(texts) // batch_size)
    check(next(iter(dataset)), batch_size)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def bench_packed(
    measure: Callable[..., Any], corpus: Corpus, tf: Any, threads: int, implementation: str, batch_size: int
) -> None:
    """Strings to packed rows, without masks."""
    preprocessor = make(implementation, corpus, "BertTextClassifierPreprocessor", sequence_length=256)
    texts = corpus.texts if implementation == "fastnlp" else corpus.texts[:SLOW_DOCUMENTS]
    dataset = as_batches(tf, texts, batch_size, preprocessor, threads)
    batches = measure(
        f"Strings to packed rows in tf.data, batches of {batch_size}",
        implementation,
        "keras",
        texts,
        lambda: read(dataset),
        rounds=7 if implementation == "fastnlp" else 3,
    )
    assert batches == -(-len(texts) // batch_size)
    # The other's result, where it is there.
    pytest.importorskip("keras_hub")
    other = make("KerasHub", corpus, "BertTextClassifierPreprocessor", sequence_length=256)
    expected = next(iter(as_batches(tf, texts, batch_size, other, threads)))
    for name, part in next(iter(dataset)).items():
        np.testing.assert_array_equal(part, expected[name])


def check(batch: Any, batch_size: int) -> None:
    """What masking leaves no choice in."""
    features, labels, weights = batch
    rows = min(batch_size, len(labels))
    assert features["token_ids"].shape == (rows, 256)
    assert labels.shape == (rows, 64)
    selectable = features["padding_mask"].numpy().sum(axis=1) - 2
    assert weights.numpy().sum(axis=1).tolist() == np.minimum(np.ceil(selectable * 0.25), 64).tolist()
