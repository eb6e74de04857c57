"""Reading a token store: shuffled batches of rows of 256 tokens, packed and masked, next to a copy of the same output.

The store holds the documents' ids; one thread reads. The rates are BERT's, 15 percent, and those of KerasHub's guide.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.corpus import Corpus
from fastnlp import corpus as token_stores
from fastnlp.bench.names import COPY, FASTNLP, READ_STORE
from fastnlp.data import Batches
from fastnlp.ops import Masker, WordPiece, pack_start_end

SEQUENCE_LENGTH = 256
ROUNDS = 9
RATES = {0.15: 39, 0.25: 64}  # and the length that they are padded to


@pytest.fixture(scope="session")
def store(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> token_stores.Corpus:
    """Every document in a token store."""
    folder = tmp_path_factory.mktemp("token_store")
    lines = [" ".join(text.split()) + "\n" for text in corpus.texts]
    (folder / "texts.txt").write_text("".join(lines), encoding="utf-8")
    encoder = WordPiece(corpus.vocabulary, lowercase=True, strip_accents=True)
    return token_stores.build(Path(folder / "texts.txt"), folder / "store", encoder)


def check(batches: Batches, store: token_stores.Corpus) -> None:
    """An epoch holds the rows of the packer, masked by the masker, each once."""
    budget = SEQUENCE_LENGTH - 2
    rows = [row[start : start + budget] for row in store for start in range(0, max(len(row), 1), budget)]
    special = {"start_value": "[CLS]", "end_value": "[SEP]"}
    ids = {name: store.encoder.token_to_id(token) for name, token in special.items()}
    packed = pack_start_end([row.astype(np.int32) for row in rows], SEQUENCE_LENGTH, **ids)
    masker = batches.examples.masker  # type: ignore[attr-defined]
    masked = masker.mask_tokens(packed.token_ids, seed=batches.seed, index=np.arange(len(rows)))
    seen = np.zeros(len(rows), int)
    for step in range(len(batches)):
        _, index = batches.index(step)
        seen[index] += 1
        x, y, weights = batches[step]
        found = (x["token_ids"], x["mask_positions"], y, weights, x["padding_mask"])
        for part, right in zip(found, (*masked, packed.padding_mask), strict=True):
            np.testing.assert_array_equal(part, right[index])
    assert (seen == 1).all()


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("batch_size", [256, 1024])
@pytest.mark.parametrize("implementation", [FASTNLP, COPY])
def bench_read_store(
    measure: Callable[..., Any],
    benchmark: Any,
    corpus: Corpus,
    store: token_stores.Corpus,
    rate: float,
    batch_size: int,
    implementation: str,
) -> None:
    """An epoch."""
    special_ids = [store.encoder.token_to_id(token) for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")]
    masker = Masker(
        len(corpus.vocabulary),
        rate,
        special_ids[3],
        mask_selection_length=RATES[rate],
        unselectable_token_ids=special_ids,
    )
    batches = store.batches(SEQUENCE_LENGTH, batch_size, masker=masker, start_value="[CLS]", end_value="[SEP]", seed=1)
    if implementation == FASTNLP:
        check(batches, store)
    (features, *rest), steps = batches[0], range(len(batches))
    arrays = [*features.values(), *rest]

    def read() -> None:
        for step in steps:
            batches[step]

    def copy() -> None:
        for _ in steps:
            for array in arrays:
                array.copy()

    task = f"{READ_STORE.format(batch_size)}, rate {rate}"
    measure(task, implementation, "keras", corpus.texts, read if implementation == FASTNLP else copy, rounds=ROUNDS)
    benchmark.extra_info["examples"] = len(batches.examples)
    best = benchmark.stats.stats.min if benchmark.stats else float("nan")
    print(f"\n{task}, {implementation}: {len(batches.examples) / best / 1e6:.3f} million examples a second")
