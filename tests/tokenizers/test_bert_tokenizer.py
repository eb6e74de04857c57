"""`BertTokenizer`: its special tokens, as KerasHub's."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastnlp.tokenizers import BertTokenizer, WordPieceTokenizer

keras = pytest.importorskip("keras")
keras_hub = pytest.importorskip("keras_hub")
tf = pytest.importorskip("tensorflow")

Theirs = keras_hub.tokenizers.BertTokenizer

SPECIAL_TOKENS = ["[CLS]", "[SEP]", "[PAD]", "[MASK]"]
VOCABULARY = ["[PAD]", "[UNK]", *"[]acelkmpsu", "fox", "[MASK]", "the", "[SEP]", "[CLS]", "##a", "<s>", "."]
ATTRIBUTES = ["cls_token", "sep_token", "pad_token", "mask_token", "start_token", "end_token"]


def test_signature() -> None:
    ours, theirs = (inspect.signature(make).parameters.values() for make in (BertTokenizer, Theirs))
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]
    assert issubclass(BertTokenizer, WordPieceTokenizer)


def test_special_tokens() -> None:
    ours, theirs = BertTokenizer(VOCABULARY), Theirs(VOCABULARY)
    for name in ATTRIBUTES:
        assert getattr(ours, name) == getattr(theirs, name), name
        assert getattr(ours, f"{name}_id") == getattr(theirs, f"{name}_id") == VOCABULARY.index(getattr(ours, name))
    assert ours.special_tokens == SPECIAL_TOKENS  # KerasHub has them in no order
    assert ours.special_token_ids == [VOCABULARY.index(token) for token in SPECIAL_TOKENS]
    assert set(theirs.special_tokens) == set(ours.special_tokens)
    assert set(theirs.special_token_ids) == set(ours.special_token_ids)


@pytest.mark.parametrize("token", SPECIAL_TOKENS)
def test_missing_special_tokens(token: str) -> None:
    vocabulary = [other for other in VOCABULARY if other != token]
    with pytest.raises(ValueError, match=rf"of a BertTokenizer must hold the special token '\[{token[1:-1]}\]'"):
        BertTokenizer(vocabulary)
    with pytest.raises(ValueError, match=token[1:-1]):
        Theirs(vocabulary)
    tokenizer = BertTokenizer(VOCABULARY)
    with pytest.raises(ValueError, match="special token"):
        tokenizer.set_vocabulary(vocabulary)
    assert tokenizer.get_vocabulary() == VOCABULARY
    assert tokenizer.cls_token_id == VOCABULARY.index("[CLS]")


def test_ids_follow_the_vocabulary(tmp_path: Path) -> None:
    tokenizer = BertTokenizer()
    assert tokenizer.mask_token == "[MASK]"
    assert tokenizer.mask_token_id is None
    with pytest.raises(ValueError, match="`special_token_ids` needs a vocabulary"):
        _ = tokenizer.special_token_ids
    BertTokenizer(VOCABULARY).save_assets(str(tmp_path))
    tokenizer.load_assets(str(tmp_path))
    assert tokenizer.mask_token_id == VOCABULARY.index("[MASK]")
    tokenizer.set_vocabulary(VOCABULARY[::-1])
    assert tokenizer.mask_token_id == VOCABULARY[::-1].index("[MASK]")


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("further", [None, ["<s>"]])
def test_special_tokens_in_strings(found: bool, lowercase: bool, further: list[str] | None) -> None:
    texts = ["[CLS] The fox.[SEP][PAD]", "the [MASK]a [mask]", "<s>[UNK] <S>", ""]
    kwargs: dict[str, Any] = {"special_tokens": further, "special_tokens_in_strings": found}
    ours, theirs = (make(VOCABULARY, lowercase, **kwargs) for make in (BertTokenizer, Theirs))
    expected = next(iter(tf.data.Dataset.from_tensor_slices(texts).batch(4).map(theirs))).to_list()
    assert ours(texts).to_list() == expected
    assert ours(tf.constant(texts)).to_list() == expected
    assert (ours.mask_token_id in expected[1]) == found


def test_keras_knows_it(tmp_path: Path) -> None:
    tokenizer = BertTokenizer(VOCABULARY, lowercase=True, rules="bert", sequence_length=4)
    copied = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(tokenizer))
    assert type(copied) is BertTokenizer
    assert copied.get_config() == tokenizer.get_config()
    tokenizer.save_assets(str(tmp_path))
    copied.load_assets(str(tmp_path))
    assert copied.special_token_ids == tokenizer.special_token_ids
    np.testing.assert_array_equal(copied(["The fox"]), tokenizer(["The fox"]))
    assert keras.saving.get_registered_name(BertTokenizer) == "fastnlp>BertTokenizer"
