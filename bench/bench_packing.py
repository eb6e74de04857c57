"""Packing, token ids to rows of one length: fastnlp next to KerasHub's layers and to a copy of the same output.

The documents' token ids are one segment; for two, every document's ids are cut in the middle. A copy of what comes out
is the least that a kernel can cost which writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bench.corpus import Corpus
from fastnlp import Ragged
from fastnlp.bench.names import COPY, FASTNLP, KERAS_HUB_PACKER, PACK_DATASET, PACK_SEGMENTS, PACK_START_END
from fastnlp.layers import MultiSegmentPacker
from fastnlp.ops import WordPiece, pack_segments, pack_start_end

BATCH_SIZE = 1024
ROUNDS = 15
KERAS_HUB_ROUNDS = 3
SPECIAL = {"start_value": 101, "end_value": 102}


@pytest.fixture(scope="session")
def ids(corpus: Corpus) -> Ragged:
    """The token ids of every document."""
    encoder = WordPiece(corpus.vocabulary, lowercase=True, strip_accents=True)
    ids = encoder.encode(corpus.texts)
    assert isinstance(ids, Ragged)
    return ids


@pytest.fixture(scope="session")
def segments(ids: Ragged) -> tuple[Ragged, Ragged]:
    """Every document in two segments."""
    splits = ids.row_splits
    middles = (splits[:-1] + splits[1:]) // 2
    edges = np.empty(2 * len(ids) + 1, np.int64)
    edges[0::2], edges[1::2] = splits, middles
    halves = np.diff(edges)
    which = np.repeat(np.arange(2 * len(ids)) % 2, halves)
    return tuple(  # type: ignore[return-value]
        Ragged(ids.flat_values[which == part], np.concatenate([[0], np.cumsum(halves[part::2])])) for part in range(2)
    )


@pytest.fixture(params=[128, 512])
def sequence_length(request: pytest.FixtureRequest) -> int:
    """Short and long rows."""
    length: int = request.param
    return length


def check(packed: Any, segments: tuple[Ragged, ...], sequence_length: int) -> None:
    """Every row holds its segments between its special tokens."""
    token_ids, lengths = packed.token_ids, np.array([segment.row_lengths() for segment in segments])
    assert token_ids.shape == (len(segments[0]), sequence_length)
    used = np.minimum(lengths.sum(axis=0) + 1 + len(segments), sequence_length)
    assert (packed.padding_mask.sum(axis=1) == used).all()
    assert (token_ids[:, 0] == SPECIAL["start_value"]).all()
    assert (token_ids[np.arange(len(used)), used - 1] == SPECIAL["end_value"]).all()


@pytest.mark.parametrize("implementation", [FASTNLP, COPY])
def bench_pack_segments(
    measure: Callable[..., Any],
    corpus: Corpus,
    threads: int,
    segments: tuple[Ragged, Ragged],
    sequence_length: int,
    implementation: str,
) -> None:
    """Two segments in round robin."""

    def pack() -> Any:
        return pack_segments(segments, sequence_length, num_threads=threads, **SPECIAL)

    right = pack()
    check(right, segments, sequence_length)
    function = pack if implementation == FASTNLP else lambda: [part.copy() for part in right]
    task = PACK_SEGMENTS.format(sequence_length)
    packed = measure(task, implementation, "keras", corpus.texts, function, rounds=ROUNDS)
    assert all(map(np.array_equal, packed, right))


@pytest.mark.parametrize("implementation", [FASTNLP, COPY])
def bench_pack_start_end(
    measure: Callable[..., Any],
    corpus: Corpus,
    threads: int,
    ids: Ragged,
    sequence_length: int,
    implementation: str,
) -> None:
    """One segment, without segment ids."""

    def pack() -> Any:
        return pack_start_end(ids, sequence_length, num_threads=threads, **SPECIAL)

    right = pack()
    check(right, (ids,), sequence_length)
    function = pack if implementation == FASTNLP else lambda: [part.copy() for part in right]
    task = PACK_START_END.format(sequence_length)
    packed = measure(task, implementation, "keras", corpus.texts, function, rounds=ROUNDS)
    assert all(map(np.array_equal, packed, right))


@pytest.mark.parametrize("implementation", [FASTNLP, KERAS_HUB_PACKER])
def bench_pack_dataset(
    measure: Callable[..., Any],
    tf: Any,
    corpus: Corpus,
    threads: int,
    segments: tuple[Ragged, Ragged],
    sequence_length: int,
    implementation: str,
) -> None:
    """Two segments in batches, inside tf.data."""
    layer = MultiSegmentPacker
    if implementation == KERAS_HUB_PACKER:
        pytest.importorskip("tensorflow_text")
        layer = pytest.importorskip("keras_hub").layers.MultiSegmentPacker
    packer = layer(sequence_length, **SPECIAL)
    rows = len(segments[0])
    edges = np.append(np.arange(0, rows, BATCH_SIZE), rows)
    batches = tf.data.Dataset.from_tensor_slices(
        tuple(
            tf.RaggedTensor.from_row_splits(tf.RaggedTensor.from_row_splits(part.flat_values, part.row_splits), edges)
            for part in segments
        )
    )
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    dataset = batches.map(lambda *parts: packer(parts), num_parallel_calls=tf.data.AUTOTUNE if threads > 1 else None)
    dataset = dataset.with_options(options)

    def drain() -> None:
        for _ in dataset:
            pass

    rounds = ROUNDS if implementation == FASTNLP else KERAS_HUB_ROUNDS
    measure(PACK_DATASET.format(sequence_length), implementation, "keras", corpus.texts, drain, rounds=rounds)
    right = pack_segments(segments, sequence_length, **SPECIAL)
    for part, expected in enumerate(right[:2]):
        np.testing.assert_array_equal(np.concatenate([batch[part].numpy() for batch in dataset]), expected)
