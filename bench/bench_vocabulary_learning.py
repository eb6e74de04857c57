"""Counting words and learning a WordPiece vocabulary: fastnlp next to its peers.

Under "keras" rules the learner of tensorflow-text, and KerasHub around it, define the right tokens. Hugging Face's
trainers learn other vocabularies, of the same size, from the words of "bert" rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

import fastnlp
from bench.corpus import IMDB, Corpus
from fastnlp.bench.names import (
    COUNT_WORDS,
    FASTNLP,
    FASTNLP_SUBTRACT_KEPT,
    KERAS_HUB_LEARN,
    LEARN,
    LEARN_FROM_TEXT,
    REFERENCE,
    TENSORFLOW_TEXT_LEARN,
    TOKENIZERS_BPE,
    TOKENIZERS_WORD_PIECE,
)
from fastnlp.ops import count_words, learn_vocabulary
from fastnlp.ops.vocabulary_learning import RESERVED_TOKENS

VOCABULARY_SIZE = 20_000
FAST, SLOW = 15, 3  # rounds
SLOW_DOCUMENTS = 500
REFERENCE_DOCUMENTS = 100
BATCH_SIZE = 1024
RULES = {"lowercase": True, "strip_accents": True}

# Of the tokens that KerasHub 0.32 learns from all reviews, joined by line feeds.
IMDB_DOCUMENTS = 25_000
IMDB_SHA256 = "5c415dd720142cd86ccf17f459f66b999a6b82c68efaa4ab9229456a773b24d7"


@pytest.fixture(scope="session")
def word_counts(corpus: Corpus) -> dict[str, int]:
    """Of all texts, under "keras" rules."""
    return count_words(corpus.texts, **RULES)


@pytest.fixture(scope="session")
def few_word_counts(corpus: Corpus) -> dict[str, int]:
    """Of the first texts, for those that are slow."""
    return count_words(corpus.texts[:SLOW_DOCUMENTS], **RULES)


def check(corpus: Corpus, tokens: list[str]) -> None:
    """Fail where these are not KerasHub's tokens, which are known of one corpus alone."""
    if corpus.name.startswith(IMDB) and len(corpus.texts) == IMDB_DOCUMENTS:
        assert hashlib.sha256("\n".join(tokens).encode()).hexdigest() == IMDB_SHA256


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
        counts = measure(COUNT_WORDS, REFERENCE, "keras", texts, lambda: count_words(texts, **RULES), rounds=SLOW)
    assert counts == count_words(texts, **RULES)


def bench_learn_fastnlp(measure: Callable[..., Any], corpus: Corpus, threads: int, word_counts: dict[str, int]) -> None:
    tokens = measure(
        LEARN,
        FASTNLP,
        "keras",
        corpus.texts,
        lambda: learn_vocabulary(word_counts, VOCABULARY_SIZE, num_threads=threads),
        rounds=FAST,
    )
    check(corpus, tokens)


def bench_learn_fastnlp_subtract_kept(
    measure: Callable[..., Any],
    corpus: Corpus,
    threads: int,
    word_counts: dict[str, int],
    few_word_counts: dict[str, int],
) -> None:
    def learn(counts: dict[str, int]) -> list[str]:
        return learn_vocabulary(counts, VOCABULARY_SIZE, algorithm="subtract_kept", num_threads=threads)

    measure(LEARN, FASTNLP_SUBTRACT_KEPT, "keras", corpus.texts, lambda: learn(word_counts), rounds=FAST)
    with fastnlp.use_target("reference"):
        expected = learn(few_word_counts)
    assert learn(few_word_counts) == expected


def bench_learn_tensorflow_text(measure: Callable[..., Any], corpus: Corpus, few_word_counts: dict[str, int]) -> None:
    learner = pytest.importorskip("tensorflow_text.tools.wordpiece_vocab.wordpiece_tokenizer_learner_lib")
    tokens = measure(
        LEARN,
        TENSORFLOW_TEXT_LEARN,
        "keras",
        corpus.texts[:SLOW_DOCUMENTS],
        lambda: learner.learn(few_word_counts, VOCABULARY_SIZE, list(RESERVED_TOKENS)),
        rounds=1,
    )
    assert tokens == learn_vocabulary(few_word_counts, VOCABULARY_SIZE)


def bench_learn_reference(measure: Callable[..., Any], corpus: Corpus, few_word_counts: dict[str, int]) -> None:
    with fastnlp.use_target("reference"):
        tokens = measure(
            LEARN,
            REFERENCE,
            "keras",
            corpus.texts[:SLOW_DOCUMENTS],
            lambda: learn_vocabulary(few_word_counts, VOCABULARY_SIZE),
            rounds=1,
        )
    assert tokens == learn_vocabulary(few_word_counts, VOCABULARY_SIZE)


@pytest.mark.parametrize("rules", ["keras", "bert"])
def bench_learn_from_text_fastnlp(measure: Callable[..., Any], corpus: Corpus, threads: int, rules: str) -> None:
    def learn() -> list[str]:
        counts = count_words(corpus.texts, rules=rules, **RULES)
        return learn_vocabulary(counts, VOCABULARY_SIZE, num_threads=threads)

    tokens = measure(LEARN_FROM_TEXT, FASTNLP, rules, corpus.texts, learn, rounds=SLOW)
    if rules == "keras":
        check(corpus, tokens)


@pytest.mark.parametrize("implementation", [TOKENIZERS_WORD_PIECE, TOKENIZERS_BPE])
def bench_learn_from_text_tokenizers(measure: Callable[..., Any], corpus: Corpus, implementation: str) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    is_word_piece = implementation == TOKENIZERS_WORD_PIECE
    model = tokenizers.models.WordPiece(unk_token="[UNK]") if is_word_piece else tokenizers.models.BPE()
    make_trainer = tokenizers.trainers.WordPieceTrainer if is_word_piece else tokenizers.trainers.BpeTrainer

    def learn() -> Any:
        tokenizer = tokenizers.Tokenizer(model)
        tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        trainer = make_trainer(vocab_size=VOCABULARY_SIZE, special_tokens=list(RESERVED_TOKENS), show_progress=False)
        tokenizer.train_from_iterator(corpus.texts, trainer)
        return tokenizer

    tokenizer = measure(LEARN_FROM_TEXT, implementation, "bert", corpus.texts, learn, rounds=SLOW)
    assert len(RESERVED_TOKENS) < tokenizer.get_vocab_size() <= VOCABULARY_SIZE


def bench_learn_from_text_keras_hub(
    measure: Callable[..., Any], request: pytest.FixtureRequest, tf: Any, corpus: Corpus
) -> None:
    """All of it takes minutes: few texts, unless asked for all."""
    keras_hub = pytest.importorskip("keras_hub")
    texts = corpus.texts if request.config.getoption("--keras-hub") else corpus.texts[:SLOW_DOCUMENTS]
    data = tf.data.Dataset.from_tensor_slices(texts).batch(BATCH_SIZE)
    tokens = measure(
        LEARN_FROM_TEXT,
        KERAS_HUB_LEARN,
        "keras",
        texts,
        lambda: keras_hub.tokenizers.compute_word_piece_vocabulary(data, VOCABULARY_SIZE, **RULES),
        rounds=1,
        warmup_rounds=0,
    )
    assert tokens == learn_vocabulary(count_words(texts, **RULES), VOCABULARY_SIZE)
