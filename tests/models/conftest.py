"""What the tests of models share: for tasks, a preprocessor that does what BERT's own does in a few lines."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fastnlp.models import BertBackbone, Preprocessor
from fastnlp.tokenizers import BertTokenizer

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "a", "very"]


@keras.saving.register_keras_serializable(package="tests")
class SmallPreprocessor(Preprocessor):
    """[CLS], and the first tokens of a text."""

    def call(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        tensors = "tensorflow" in type(x).__module__
        ids = self.tokenizer(x)
        if tensors:
            import tensorflow as tf

            ids = ids.to_tensor(shape=(None, 5))
            ids = tf.concat([tf.fill([tf.shape(ids)[0], 1], self.tokenizer.cls_token_id), ids], axis=1)
            x = {"token_ids": ids, "segment_ids": tf.zeros_like(ids), "padding_mask": ids != 0}
        else:
            ids = ids.to_dense(5, 0)
            ids = np.concatenate([np.full((len(ids), 1), self.tokenizer.cls_token_id, ids.dtype), ids], axis=1)
            x = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": ids != 0}
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)


@pytest.fixture
def preprocessor() -> SmallPreprocessor:
    return SmallPreprocessor(BertTokenizer(VOCABULARY))


@pytest.fixture
def backbone() -> BertBackbone:
    keras.utils.set_random_seed(0)
    return BertBackbone(
        vocabulary_size=12,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        dropout=0.0,
        max_sequence_length=12,
    )


WORDS = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the", "quick", "brown", "fox", "jump", "##ed", "."]


@pytest.fixture(scope="session")
def tokenizer() -> BertTokenizer:
    """For the tests of preprocessors."""
    return BertTokenizer(WORDS, lowercase=True)
