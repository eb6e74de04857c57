"""WordPiece, text to token ids and back: fastnlp next to its peers.

Under "bert" rules `tokenizers` defines the right ids, under "keras" rules KerasHub inside tf.data. Every other row is
compared with them, document by document.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import fastnlp
from bench.corpus import Corpus
from fastnlp import Ragged
from fastnlp.bench import peers
from fastnlp.bench.contest import count_different
from fastnlp.bench.names import (
    DECODE,
    DECODE_DATASET,
    ENCODE,
    ENCODE_AND_MASK,
    ENCODE_AND_PACK,
    ENCODE_DATASET,
    ENCODE_LINES,
    ENCODE_TOKENS_DATASET,
    ENCODE_WITH_OFFSETS,
    FAST_BERT,
    FASTNLP,
    FASTNLP_COLD,
    FASTNLP_TWO_CALLS,
    FASTNLP_TWO_MASKING_CALLS,
    KERAS_HUB,
    NANOTOKEN_COLD,
    NANOTOKEN_DECODE,
    NANOTOKEN_WARM,
    REFERENCE,
    TOKENIZERS_DECODE,
    TOKENIZERS_ENCODE,
    TOKENIZERS_TOKENS,
    TOKENS,
)
from fastnlp.bench.peers import BATCH_SIZE, drain, join, map_dataset
from fastnlp.ops import Lines, Masker, WordPiece, pack_segments
from fastnlp.tokenizers import WordPieceTokenizer

FAST, MEDIUM, SLOW = 15, 5, 3  # rounds
SLOW_DOCUMENTS = 5000
REFERENCE_DOCUMENTS = 100


@pytest.fixture(scope="session")
def tokenizer(corpus: Corpus) -> Any:
    """The tokenizer of Hugging Face that defines the "bert" rules."""
    pytest.importorskip("tokenizers")
    return peers.hugging_face(corpus.vocabulary)


@pytest.fixture(scope="session")
def bert_ids(tokenizer: Any, corpus: Corpus) -> Ragged:
    """The right ids under "bert" rules."""
    return Ragged.from_lists([encoding.ids for encoding in tokenizer.encode_batch(corpus.texts)])


@pytest.fixture(scope="session")
def keras_hub_tokenizer(tf: Any, corpus: Corpus) -> Any:
    """The tokenizer of KerasHub that defines the "keras" rules."""
    keras_hub = pytest.importorskip("keras_hub")
    return keras_hub.tokenizers.WordPieceTokenizer(corpus.vocabulary, lowercase=True, strip_accents=True)


@pytest.fixture(scope="session")
def keras_ids(keras_hub_tokenizer: Any, texts_dataset: Callable[..., Any]) -> Ragged:
    """The right ids under "keras" rules."""
    return join(texts_dataset(keras_hub_tokenizer))


@pytest.fixture(scope="session")
def fast_bert(tf: Any, corpus: Corpus) -> Any:
    """The tokenizer of tensorflow-text that is nearest to the "bert" rules."""
    pytest.importorskip("tensorflow_text")
    return peers.fast_bert(corpus.vocabulary)


@pytest.fixture(params=["bert", "keras"])
def rules(request: pytest.FixtureRequest) -> str:
    """Both sets of rules, one after the other."""
    rules: str = request.param
    return rules


@pytest.fixture
def right_ids(rules: str, request: pytest.FixtureRequest) -> Ragged:
    """The right ids under `rules`."""
    ids: Ragged = request.getfixturevalue(f"{rules}_ids")
    return ids


@pytest.fixture(scope="session")
def right_texts(tokenizer: Any, bert_ids: Ragged) -> list[str]:
    """What `bert_ids` are decoded to."""
    texts: list[str] = tokenizer.decode_batch(bert_ids.to_list())
    return texts


@pytest.fixture(scope="session")
def texts_dataset(tf: Any, threads: int, corpus: Corpus) -> Callable[..., Any]:
    """Makes a dataset of a function of batches of texts."""
    texts = tf.constant(corpus.texts)
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(BATCH_SIZE)
    return lambda function: map_dataset(tf, batches, function, threads)


@pytest.fixture(scope="session")
def ids_dataset(tf: Any, threads: int, bert_ids: Ragged) -> Callable[..., Any]:
    """Makes a dataset of a function of batches of ids."""
    rows = len(bert_ids)
    ids = tf.RaggedTensor.from_row_splits(bert_ids.flat_values, bert_ids.row_splits)
    ids = tf.RaggedTensor.from_row_splits(ids, np.append(np.arange(0, rows, BATCH_SIZE), rows))
    batches = tf.data.Dataset.from_tensor_slices(ids)
    return lambda function: map_dataset(tf, batches, function, threads)


@pytest.mark.parametrize("implementation", [FASTNLP, FASTNLP_COLD])
def bench_encode_fastnlp(
    measure: Callable[..., Any], corpus: Corpus, threads: int, rules: str, right_ids: Ragged, implementation: str
) -> None:
    """Its cache of pieces outlives calls too: cold, every round has a new encoder."""
    texts = corpus.texts
    encoder = None

    def renew() -> None:
        nonlocal encoder
        encoder = WordPiece(corpus.vocabulary, rules=rules, lowercase=True, strip_accents=True)
        encoder.encode("")  # the vocabulary is laid out at first use

    renew()
    ids = measure(
        ENCODE,
        implementation,
        rules,
        texts,
        lambda: encoder.encode(texts, num_threads=threads),
        rounds=FAST,
        setup=renew if implementation == FASTNLP_COLD else None,
    )
    assert ids == right_ids


@pytest.mark.parametrize("implementation", [NANOTOKEN_WARM, NANOTOKEN_COLD])
def bench_encode_nanotoken(
    measure: Callable[..., Any], corpus: Corpus, threads: int, tokenizer: Any, bert_ids: Ragged, implementation: str
) -> None:
    """Its cache of words outlives calls: warm, it has met all words of the texts before."""
    peer = pytest.importorskip("nanotoken").Tokenizer(tokenizer)
    ids = measure(
        ENCODE,
        implementation,
        "bert",
        corpus.texts,
        lambda: peer.encode_batch(corpus.texts, parallel=threads > 1),
        rounds=FAST,
        setup=peer.clear_cache if implementation == NANOTOKEN_COLD else None,
    )
    assert Ragged(ids.ids, ids.offsets) == bert_ids


def bench_encode_fast_bert(
    measure: Callable[..., Any], benchmark: BenchmarkFixture, corpus: Corpus, fast_bert: Any, bert_ids: Ragged
) -> None:
    """It differs from the rules by design; the report says in how many documents."""
    ids = measure(ENCODE, FAST_BERT, "bert", corpus.texts, lambda: fast_bert.tokenize(corpus.texts), rounds=MEDIUM)
    benchmark.extra_info["different"] = count_different(join([ids]), bert_ids)


def bench_encode_tokenizers(measure: Callable[..., Any], corpus: Corpus, tokenizer: Any, bert_ids: Ragged) -> None:
    texts = corpus.texts[:SLOW_DOCUMENTS]
    encodings = measure(ENCODE, TOKENIZERS_ENCODE, "bert", texts, lambda: tokenizer.encode_batch(texts), rounds=SLOW)
    assert Ragged.from_lists([encoding.ids for encoding in encodings]) == bert_ids[: len(texts)]


def bench_encode_reference(measure: Callable[..., Any], corpus: Corpus, bert_ids: Ragged) -> None:
    encoder = WordPiece(corpus.vocabulary, rules="bert", lowercase=True)
    texts = corpus.texts[:REFERENCE_DOCUMENTS]
    with fastnlp.use_target("reference"):
        ids = measure(ENCODE, REFERENCE, "bert", texts, lambda: encoder.encode(texts), rounds=SLOW)
    assert ids == bert_ids[: len(texts)]


def bench_encode_lines(
    measure: Callable[..., Any], corpus: Corpus, tmp_path: Path, threads: int, rules: str, right_ids: Ragged
) -> None:
    path = tmp_path / "corpus.txt"
    # The end of a line separates words, as a space does.
    path.write_text("".join(text.replace("\n", " ") + "\n" for text in corpus.texts), encoding="utf-8", newline="")
    encoder = WordPiece(corpus.vocabulary, rules=rules, lowercase=True, strip_accents=True)
    ids = measure(
        ENCODE_LINES,
        FASTNLP,
        rules,
        corpus.texts,
        lambda: encoder.encode(Lines(path), num_threads=threads),
        rounds=FAST,
    )
    assert ids == right_ids


@pytest.fixture(scope="session")
def right_offsets(tokenizer: Any, corpus: Corpus) -> list[list[tuple[int, int]]]:
    """Where in the texts `bert_ids` came from, in characters; of the first texts alone."""
    return [encoding.offsets for encoding in tokenizer.encode_batch(corpus.texts[:SLOW_DOCUMENTS])]


def bench_encode_with_offsets_fastnlp(
    measure: Callable[..., Any], corpus: Corpus, threads: int, bert_ids: Ragged, right_offsets: list[Any]
) -> None:
    encoder = WordPiece(corpus.vocabulary, rules="bert", lowercase=True)
    encoding = measure(
        ENCODE_WITH_OFFSETS,
        FASTNLP,
        "bert",
        corpus.texts,
        lambda: encoder.encode(corpus.texts, num_threads=threads, return_offsets=True),
        rounds=MEDIUM,
    )
    assert encoding.ids == bert_ids
    rows = encoding.char_offsets[: len(right_offsets)].to_list()
    assert [list(map(tuple, row)) for row in rows] == right_offsets


def bench_encode_with_offsets_tokenizers(
    measure: Callable[..., Any], corpus: Corpus, tokenizer: Any, right_offsets: list[Any]
) -> None:
    texts = corpus.texts[:SLOW_DOCUMENTS]
    encodings = measure(
        ENCODE_WITH_OFFSETS, TOKENIZERS_ENCODE, "bert", texts, lambda: tokenizer.encode_batch(texts), rounds=SLOW
    )
    assert [encoding.offsets for encoding in encodings] == right_offsets


def bench_encode_dataset_fastnlp(
    measure: Callable[..., Any], corpus: Corpus, texts_dataset: Callable[..., Any], rules: str, right_ids: Ragged
) -> None:
    layer = WordPieceTokenizer(corpus.vocabulary, rules=rules, lowercase=True, strip_accents=True)
    dataset = texts_dataset(layer)
    measure(ENCODE_DATASET, FASTNLP, rules, corpus.texts, lambda: drain(dataset), rounds=FAST)
    assert join(dataset) == right_ids


def bench_encode_dataset_fast_bert(
    measure: Callable[..., Any],
    benchmark: BenchmarkFixture,
    corpus: Corpus,
    texts_dataset: Callable[..., Any],
    fast_bert: Any,
    bert_ids: Ragged,
) -> None:
    dataset = texts_dataset(fast_bert.tokenize)
    measure(ENCODE_DATASET, FAST_BERT, "bert", corpus.texts, lambda: drain(dataset), rounds=MEDIUM)
    benchmark.extra_info["different"] = count_different(join(dataset), bert_ids)


def bench_encode_dataset_keras_hub(
    measure: Callable[..., Any],
    corpus: Corpus,
    texts_dataset: Callable[..., Any],
    keras_hub_tokenizer: Any,
    keras_ids: Ragged,
) -> None:
    dataset = texts_dataset(keras_hub_tokenizer)
    measure(ENCODE_DATASET, KERAS_HUB, "keras", corpus.texts, lambda: drain(dataset), rounds=SLOW)
    assert join(dataset) == keras_ids


@pytest.mark.parametrize("implementation", [FASTNLP, KERAS_HUB])
def bench_encode_tokens_dataset(
    measure: Callable[..., Any],
    tf: Any,
    corpus: Corpus,
    texts_dataset: Callable[..., Any],
    keras_ids: Ragged,
    implementation: str,
) -> None:
    layer = WordPieceTokenizer
    if implementation == KERAS_HUB:
        layer = pytest.importorskip("keras_hub").tokenizers.WordPieceTokenizer
    dataset = texts_dataset(layer(corpus.vocabulary, lowercase=True, strip_accents=True, dtype="string"))
    rounds = FAST if implementation == FASTNLP else SLOW
    measure(ENCODE_TOKENS_DATASET, implementation, "keras", corpus.texts, lambda: drain(dataset), rounds=rounds)
    tokens = tf.constant(corpus.vocabulary).numpy()
    assert join(dataset) == keras_ids.with_flat_values(tokens[keras_ids.flat_values])


def bench_decode_fastnlp(
    measure: Callable[..., Any], corpus: Corpus, threads: int, bert_ids: Ragged, right_texts: list[str]
) -> None:
    encoder = WordPiece(corpus.vocabulary)
    texts = measure(
        DECODE, FASTNLP, "bert", right_texts, lambda: encoder.decode(bert_ids, num_threads=threads), rounds=FAST
    )
    assert texts == right_texts


def bench_decode_nanotoken(
    measure: Callable[..., Any], tokenizer: Any, bert_ids: Ragged, right_texts: list[str]
) -> None:
    peer = pytest.importorskip("nanotoken").Tokenizer(tokenizer)
    rows = list(bert_ids)
    texts = measure(DECODE, NANOTOKEN_DECODE, "bert", right_texts, lambda: peer.decode_batch(rows), rounds=MEDIUM)
    assert texts == right_texts


def bench_decode_tokenizers(
    measure: Callable[..., Any], tokenizer: Any, bert_ids: Ragged, right_texts: list[str]
) -> None:
    rows = bert_ids[:SLOW_DOCUMENTS].to_list()
    right_texts = right_texts[:SLOW_DOCUMENTS]
    texts = measure(DECODE, TOKENIZERS_DECODE, "bert", right_texts, lambda: tokenizer.decode_batch(rows), rounds=SLOW)
    assert texts == right_texts


@pytest.mark.parametrize("implementation", [FASTNLP, KERAS_HUB])
def bench_decode_dataset(
    measure: Callable[..., Any],
    corpus: Corpus,
    ids_dataset: Callable[..., Any],
    keras_hub_tokenizer: Any,
    right_texts: list[str],
    implementation: str,
) -> None:
    layer = WordPieceTokenizer(corpus.vocabulary) if implementation == FASTNLP else keras_hub_tokenizer
    dataset = ids_dataset(layer.detokenize)
    measure(DECODE_DATASET, implementation, "bert", right_texts, lambda: drain(dataset), rounds=MEDIUM)
    assert [text.decode() for batch in dataset for text in batch.numpy()] == right_texts


def bench_tokens_fastnlp(measure: Callable[..., Any], corpus: Corpus, bert_ids: Ragged, right_texts: list[str]) -> None:
    encoder = WordPiece(corpus.vocabulary)
    tokens = measure(TOKENS, FASTNLP, "bert", right_texts, lambda: encoder.tokens(bert_ids), rounds=FAST)
    assert tokens == [[corpus.vocabulary[token_id] for token_id in row] for row in bert_ids.to_list()]


def bench_tokens_tokenizers(
    measure: Callable[..., Any], tokenizer: Any, corpus: Corpus, bert_ids: Ragged, right_texts: list[str]
) -> None:
    rows = bert_ids[:SLOW_DOCUMENTS].to_list()
    tokens = measure(
        TOKENS,
        TOKENIZERS_TOKENS,
        "bert",
        right_texts[: len(rows)],
        lambda: [[tokenizer.id_to_token(token_id) for token_id in row] for row in rows],
        rounds=SLOW,
    )
    assert tokens == [[corpus.vocabulary[token_id] for token_id in row] for row in rows]


@pytest.mark.parametrize("implementation", [FASTNLP, FASTNLP_TWO_CALLS])
def bench_encode_and_pack(
    measure: Callable[..., Any], corpus: Corpus, threads: int, keras_ids: Ragged, implementation: str
) -> None:
    """One call, or two with the ids of all texts in between."""
    encoder = WordPiece(corpus.vocabulary, lowercase=True, strip_accents=True)
    options: dict[str, Any] = {"sequence_length": 256, "start_value": 101, "end_value": 102, "num_threads": threads}

    def one_call() -> Any:
        return encoder.encode_and_pack(corpus.texts, **options)

    def two_calls() -> Any:
        return pack_segments(encoder.encode(corpus.texts, num_threads=threads), **options)

    function = one_call if implementation == FASTNLP else two_calls
    packed = measure(ENCODE_AND_PACK, implementation, "keras", corpus.texts, function, rounds=FAST)
    assert all(map(np.array_equal, packed, pack_segments(keras_ids, **options)))


@pytest.mark.parametrize("implementation", [FASTNLP, FASTNLP_TWO_MASKING_CALLS])
def bench_encode_and_mask(measure: Callable[..., Any], corpus: Corpus, threads: int, implementation: str) -> None:
    """One call, or two with the packed rows in between."""
    encoder = WordPiece(corpus.vocabulary, lowercase=True, strip_accents=True)
    special = [corpus.vocabulary.index(token) for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")]
    pad, start, end, mask = special
    masker = Masker(len(corpus.vocabulary), 0.25, mask, mask_selection_length=64, unselectable_token_ids=special)
    options: dict[str, Any] = {"sequence_length": 256, "start_value": start, "end_value": end, "pad_value": pad}

    def one_call() -> Any:
        return encoder.encode_and_mask(corpus.texts, masker=masker, seed=1, num_threads=threads, **options)

    def two_calls() -> Any:
        packed = encoder.encode_and_pack(corpus.texts, num_threads=threads, **options)
        masked = masker.mask_tokens(packed.token_ids, seed=1, num_threads=threads)
        return masked.token_ids, packed.segment_ids, packed.padding_mask, *masked[1:]

    function = one_call if implementation == FASTNLP else two_calls
    masked = measure(ENCODE_AND_MASK, implementation, "keras", corpus.texts, function, rounds=FAST)
    assert all(map(np.array_equal, masked, two_calls()))
