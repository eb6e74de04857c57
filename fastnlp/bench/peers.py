"""Other tokenizers, where they are installed, next to fastnlp at the same task: a list of str, or tf.data."""
# ruff: noqa: PLC0415 - what is optional is imported where it is used

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from fastnlp._dispatch import BERT, KERAS
from fastnlp.bench.contest import Contestant, Prepared, measure_contestant, own_contestant
from fastnlp.bench.names import (
    ENCODE,
    ENCODE_DATASET,
    FAST_BERT,
    FASTNLP,
    KERAS_HUB,
    NANOTOKEN_COLD,
    NANOTOKEN_WARM,
    TOKENIZERS_ENCODE,
)
from fastnlp.bench.rows import Row
from fastnlp.ragged import Ragged

BATCH_SIZE = 1024
ORACLES = {BERT: TOKENIZERS_ENCODE, KERAS: KERAS_HUB}  # which implementation defines the ids of which rules


@dataclass(frozen=True)
class Comparison:
    """What came of it.

    Attributes:
        rows: of all contestants; `different` counts documents whose ids are not those of the rules' oracle.
        oracles: by rules, whose ids the right ones are; fastnlp's own where the oracle is not installed.
        missing: by package, why it is not among the rows.
    """

    rows: list[Row]
    oracles: dict[str, str]
    missing: dict[str, str]


def compare(
    vocabulary: Sequence[str],
    texts: Sequence[str],
    *,
    lowercase: bool,
    threads: Sequence[int],
    on_row: Callable[[str], Any] = lambda name: None,
) -> Comparison:
    """Time all contestants, each under its own rules, and count the documents in which they differ.

    Args:
        vocabulary: the tokens.
        texts: what is encoded. Slow peers get the first part of it.
        lowercase: lower-case the text.
        threads: how many threads, one after another.
        on_row: is told what is measured next.
    """
    hold_to_threads(max(threads))
    texts = list(texts)
    missing: dict[str, str] = {}
    contestants = list(_contestants(list(vocabulary), lowercase, missing))
    right, oracles = {}, {}
    for rules in dict.fromkeys(contestant.rules for contestant in contestants):
        own = [contestant for contestant in contestants if contestant.rules == rules]
        oracle = next((peer for peer in own if peer.implementation == ORACLES[rules]), own[0])
        on_row(f"{oracle.implementation}, for the right ids")
        oracles[rules] = oracle.implementation
        right[rules] = oracle.prepare(texts, max(threads))[1]()
    rows = []
    for contestant in contestants:
        on_row(contestant.implementation)
        rows.append(measure_contestant(contestant, texts, threads, right[contestant.rules]))
    return Comparison(rows, oracles, missing)


def hold_to_threads(threads: int) -> None:
    """Let no library use more threads. To be called before any of them runs: they read it once."""
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with suppress(ImportError, RuntimeError):  # RuntimeError: it runs already
        config = import_module("tensorflow").config.threading
        config.set_intra_op_parallelism_threads(threads)
        config.set_inter_op_parallelism_threads(threads)


def _contestants(vocabulary: list[str], lowercase: bool, missing: dict[str, str]) -> Iterator[Contestant]:
    """Those that can be imported; `missing` gets the others."""
    for rules in (BERT, KERAS):
        for is_cold in (False, True):
            yield own_contestant(vocabulary, rules, lowercase, is_cold=is_cold)
    for make in (_nanotoken, _fast_bert, _tokenizers, _fastnlp_dataset, _fast_bert_dataset, _keras_hub):
        try:
            yield from make(vocabulary, lowercase)
        except ImportError as error:
            missing[error.name or make.__name__] = str(error)


def _tokenizers(vocabulary: list[str], lowercase: bool) -> Iterator[Contestant]:
    tokenizer = hugging_face(vocabulary, lowercase=lowercase)

    def prepare(texts: list[str], threads: int) -> Prepared:
        os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
        return (
            lambda: tokenizer.encode_batch(texts),
            lambda: Ragged.from_lists([encoding.ids for encoding in tokenizer.encode_batch(texts)]),
        )

    yield Contestant(ENCODE, TOKENIZERS_ENCODE, BERT, prepare, is_slow=True)


def _nanotoken(vocabulary: list[str], lowercase: bool) -> Iterator[Contestant]:
    tokenizer = import_module("nanotoken").Tokenizer(hugging_face(vocabulary, lowercase=lowercase))

    def prepare(texts: list[str], threads: int) -> Prepared:
        def work() -> Any:
            return tokenizer.encode_batch(texts, parallel=threads > 1)

        def ids() -> Ragged:
            encoded = work()
            return Ragged(encoded.ids, encoded.offsets)

        return work, ids

    yield Contestant(ENCODE, NANOTOKEN_WARM, BERT, prepare)
    yield Contestant(ENCODE, NANOTOKEN_COLD, BERT, prepare, setup=tokenizer.clear_cache)


def _fast_bert(vocabulary: list[str], lowercase: bool) -> Iterator[Contestant]:
    tokenizer = fast_bert(vocabulary, lowercase=lowercase)

    def prepare(texts: list[str], threads: int) -> Prepared:
        return lambda: tokenizer.tokenize(texts), lambda: join([tokenizer.tokenize(texts)])

    yield Contestant(ENCODE, FAST_BERT, BERT, prepare, is_slow=True)


def _fastnlp_dataset(vocabulary: list[str], lowercase: bool) -> Iterator[Contestant]:
    import_module("tensorflow")
    import_module("keras")
    from fastnlp.tokenizers import WordPieceTokenizer

    for rules in (BERT, KERAS):
        # The layer's default is KerasHub's.
        strip_accents = lowercase and rules == BERT
        layer = WordPieceTokenizer(vocabulary, rules=rules, lowercase=lowercase, strip_accents=strip_accents)
        yield _dataset_contestant(FASTNLP, rules, layer)


def _fast_bert_dataset(vocabulary: list[str], lowercase: bool) -> Iterator[Contestant]:
    tokenizer = fast_bert(vocabulary, lowercase=lowercase)
    yield _dataset_contestant(FAST_BERT, BERT, tokenizer.tokenize, is_slow=True)


def _keras_hub(vocabulary: list[str], lowercase: bool) -> Iterator[Contestant]:
    tokenizers = import_module("keras_hub").tokenizers
    layer = tokenizers.WordPieceTokenizer(vocabulary, lowercase=lowercase)
    yield _dataset_contestant(KERAS_HUB, KERAS, layer, is_slow=True)


def _dataset_contestant(
    implementation: str, rules: str, function: Callable[[Any], Any], *, is_slow: bool = False
) -> Contestant:
    """What tokenizes batches of strings in tf.data."""

    def prepare(texts: list[str], threads: int) -> Prepared:
        tf = import_module("tensorflow")
        batches = tf.data.Dataset.from_tensor_slices(tf.constant(texts)).batch(BATCH_SIZE)
        dataset = map_dataset(tf, batches, function, threads)
        return lambda: drain(dataset), lambda: join(dataset)

    return Contestant(ENCODE_DATASET, implementation, rules, prepare, is_slow=is_slow)


def hugging_face(vocabulary: Iterable[str], *, lowercase: bool = True) -> Any:
    """The tokenizer of Hugging Face that defines the "bert" rules."""
    tokenizers = import_module("tokenizers")
    ids = {token: token_id for token_id, token in enumerate(vocabulary)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = tokenizers.decoders.WordPiece(cleanup=False)
    return tokenizer


def fast_bert(vocabulary: list[str], *, lowercase: bool = True) -> Any:
    """The tokenizer of tensorflow-text, one kernel for normalisation, splitting and sub-words."""
    text, tf = import_module("tensorflow_text"), import_module("tensorflow")
    return text.FastBertTokenizer(vocabulary, token_out_type=tf.int32, lower_case_nfd_strip_accents=lowercase)


def map_dataset(tf: Any, batches: Any, function: Callable[[Any], Any], threads: int) -> Any:
    """`batches` mapped by `function` on so many threads: one after another, or as tf.data itself tunes it."""
    options = tf.data.Options()
    # Else AUTOTUNE takes all cores, whatever TensorFlow's own pools are held to.
    options.threading.private_threadpool_size = threads
    dataset = batches.map(function, num_parallel_calls=tf.data.AUTOTUNE if threads > 1 else None)
    return dataset.with_options(options)


def drain(dataset: Any) -> None:
    """Make every batch, as a training loop does, and keep none."""
    for _ in dataset:
        pass


def join(batches: Iterable[Any]) -> Ragged:
    """The rows of ragged tensors, one after another."""
    batches = list(batches)
    lengths = np.concatenate([[0], *(batch.row_lengths().numpy() for batch in batches)])
    return Ragged(np.concatenate([batch.flat_values.numpy() for batch in batches]), np.cumsum(lengths))
