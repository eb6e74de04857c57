from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fastnlp.models.batches import batches, split

TEXTS = [f"text {i}" for i in range(7)]


def keep(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    return x, y, sample_weight


def test_every_example_once_an_epoch() -> None:
    keras.utils.set_random_seed(0)
    dataset = batches(TEXTS, list(range(7)), None, batch_size=3, preprocess=keep, shuffle=True)
    assert dataset.num_batches == 3
    epochs = []
    for _ in range(3):
        found = [dataset[index] for index in range(3)]
        dataset.on_epoch_end()
        texts = [text for x, _, _ in found for text in x]
        assert texts == [TEXTS[y] for _, ys, _ in found for y in ys]
        assert sorted(texts) == TEXTS
        epochs.append(texts)
    assert epochs[0] != epochs[1] != epochs[2]
    keras.utils.set_random_seed(0)
    again = batches(TEXTS, None, None, batch_size=7, preprocess=keep, shuffle=True)
    assert again[0][0] == epochs[0]


def test_order_is_kept_without_shuffle() -> None:
    dataset = batches((TEXTS, np.array(TEXTS)), {"a": np.arange(7)}, None, batch_size=None, preprocess=keep)
    (first, second), y, sample_weight = dataset[0]
    assert first == TEXTS
    assert second.tolist() == TEXTS
    assert y["a"].tolist() == list(range(7))
    assert sample_weight is None


def test_split() -> None:
    training, validation = split((TEXTS, np.arange(7), None), 0.4)
    assert training[0] == TEXTS[:4]
    assert validation[0] == TEXTS[4:]
    assert validation[1].tolist() == [4, 5, 6]
    assert training[2] is None


@pytest.mark.parametrize("share", [0.0, 1.0, 0.99, -1.0])
def test_unusable_split(share: float) -> None:
    with pytest.raises(ValueError, match="`validation_split` must leave some of 7 examples on both sides"):
        split((TEXTS, None, None), share)
