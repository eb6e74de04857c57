"""`Tokenizer`, the base class."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from fastnlp.tokenizers import Tokenizer

keras = pytest.importorskip("keras")
keras_hub = pytest.importorskip("keras_hub")
tf = pytest.importorskip("tensorflow")


class Characters(Tokenizer):
    """Every character is a token."""

    def __init__(self, **kwargs: Any) -> None:
        self._add_special_token("<", "start_token")
        self._add_special_token(">", "end_token")
        self._add_special_token(">", "pad_token")
        super().__init__(**kwargs)
        self.vocabulary: list[str] | None = None

    def set_vocabulary(self, vocabulary: list[str]) -> None:
        self._check_special_tokens(vocabulary)
        self.vocabulary = vocabulary
        self._update_special_token_ids()

    def tokenize(self, inputs: Any, repeat: int = 1) -> list[str]:
        return list(inputs) * repeat

    def token_to_id(self, token: str) -> int:
        return (self.vocabulary or []).index(token)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("tokenize", ["a"]),
        ("__call__", ["a"]),
        ("detokenize", [[1]]),
        ("get_vocabulary", []),
        ("vocabulary_size", []),
        ("id_to_token", [1]),
        ("token_to_id", ["a"]),
    ],
)
def test_subclasses_must_implement(method: str, arguments: list[Any]) -> None:
    class Empty(Tokenizer):
        pass

    name = method.replace("__call__", "tokenize")
    with pytest.raises(NotImplementedError, match=rf"Empty does not implement `{name}\(\)`"):
        getattr(Empty(), method)(*arguments)


def test_signatures() -> None:
    theirs = keras_hub.tokenizers.Tokenizer
    for name in ("__init__", "tokenize", "detokenize", "id_to_token", "token_to_id", "call", "get_config"):
        ours = inspect.signature(getattr(Tokenizer, name)).parameters.values()
        expected = inspect.signature(getattr(theirs, name)).parameters.values()
        assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in expected], name


def test_calls_reach_tokenize() -> None:
    tokenizer = Characters()
    assert tokenizer("ab") == ["a", "b"]
    assert tokenizer("ab", 2) == tokenizer("ab", repeat=2) == ["a", "b", "a", "b"]
    assert tokenizer(inputs="ab", training=False) == ["a", "b"]


def test_subclass_on_tensors() -> None:
    class Splitter(Tokenizer):
        def tokenize(self, inputs: Any) -> Any:
            return tf.strings.split(inputs)

        def compute_output_spec(self, inputs: Any) -> Any:
            return keras.KerasTensor((*inputs.shape, None), dtype="string")

    tokenizer = Splitter()
    dataset = tf.data.Dataset.from_tensor_slices(["a b", "c"])
    assert [tokens.numpy().tolist() for tokens in dataset.map(tokenizer)] == [[b"a", b"b"], [b"c"]]
    assert tokenizer(tf.constant(["a b", "c"])).to_list() == [[b"a", b"b"], [b"c"]]
    symbolic = tokenizer(keras.Input((), dtype="string"))
    assert isinstance(symbolic, keras.KerasTensor)
    assert symbolic.shape == (None, None)


def test_config() -> None:
    assert Characters().config_file == "tokenizer.json"
    tokenizer = Characters(config_file="other.json", name="characters")
    config = tokenizer.get_config()
    assert config["config_file"] == "other.json"
    assert Characters.from_config(config).get_config() == config
    assert tokenizer.get_build_config() is None
    assert tokenizer.built


def test_special_tokens() -> None:
    tokenizer = Characters()
    assert (tokenizer.start_token, tokenizer.end_token, tokenizer.pad_token) == ("<", ">", ">")
    assert tokenizer.special_tokens == ["<", ">"]
    assert tokenizer.start_token_id is None
    with pytest.raises(ValueError, match="`special_token_ids` needs a vocabulary"):
        _ = tokenizer.special_token_ids
    with pytest.raises(ValueError, match="`vocabulary` of a Characters must hold the special token '>'"):
        tokenizer.set_vocabulary(["<", "a"])
    assert tokenizer.start_token_id is None
    tokenizer.set_vocabulary(["a", ">", "<"])
    assert (tokenizer.start_token_id, tokenizer.end_token_id, tokenizer.pad_token_id) == (2, 1, 1)
    assert tokenizer.special_token_ids == [2, 1]


def test_no_special_tokens() -> None:
    assert Tokenizer().special_tokens == []
    assert Tokenizer().special_token_ids == []


def test_strings_are_left_as_they_are() -> None:
    """Keras must convert neither strings nor containers to tensors of its backend."""

    class Echo(Tokenizer):
        def tokenize(self, inputs: Any) -> Any:
            return inputs

    for inputs in ("a", b"a", ["a"], ("a", ["b"]), {"a": 1}, np.array(["a"]), 5, None):
        assert Echo()(inputs) is inputs
