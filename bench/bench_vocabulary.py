"""Words counted, and vocabularies learned from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastnlp
from bench.corpus import Corpus
from fastnlp.bench.names import COUNT_WORDS, FASTNLP, REFERENCE
from fastnlp.ops import count_words

FAST = 15  # rounds
REFERENCE_DOCUMENTS = 100
RULES = {"rules": "keras", "lowercase": True, "strip_accents": True}


def bench_count_words_fastnlp(measure: Callable[..., Any], corpus: Corpus, threads: int) -> None:
    texts = corpus.texts
    counts = measure(
        COUNT_WORDS, FASTNLP, "keras", texts, lambda: count_words(texts, num_threads=threads, **RULES), rounds=FAST
    )
    few = texts[:REFERENCE_DOCUMENTS]
    with fastnlp.use_target("reference"):
        expected = count_words(few, **RULES)
    assert count_words(few, num_threads=threads, **RULES) == expected
    assert list(counts)[: len(expected)] == list(expected)


def bench_count_words_reference(measure: Callable[..., Any], corpus: Corpus) -> None:
    texts = corpus.texts[:REFERENCE_DOCUMENTS]
    with fastnlp.use_target("reference"):
        counts = measure(COUNT_WORDS, REFERENCE, "keras", texts, lambda: count_words(texts, **RULES), rounds=1)
    assert counts == count_words(texts, **RULES)
