"""What the tests of preprocessors share: a tokenizer, and a tiny backbone for it."""

from __future__ import annotations

import pytest

from fastnlp.models import BertBackbone, BertTokenizer

VOCABULARY = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the", "quick", "brown", "fox", "jump", "##ed", "."]


@pytest.fixture(scope="session")
def tokenizer() -> BertTokenizer:
    return BertTokenizer(VOCABULARY, lowercase=True)


@pytest.fixture
def backbone() -> BertBackbone:
    return BertBackbone(
        vocabulary_size=len(VOCABULARY),
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=12,
    )
