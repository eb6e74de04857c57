"""`WordPieceTokenizer`: one answer whatever the container and the mode, and the same as KerasHub's."""

from __future__ import annotations

import copy
import inspect
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fastnlp import Ragged, _dispatch
from fastnlp.tokenizers import WordPieceTokenizer

keras = pytest.importorskip("keras")
keras_hub = pytest.importorskip("keras_hub")
pa = pytest.importorskip("pyarrow")
tf = pytest.importorskip("tensorflow")

Theirs = keras_hub.tokenizers.WordPieceTokenizer

WORDS = ["the", "qu", "fox", "ca", "café", "cafe", "straße", "strasse", "λογος", *"日本豈각é", "[MASK]", "<s>"]
SUFFIXES = ["ick", "own", "es", "fe", "fé", "ος", "e", "é", "日"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_vocabulary(suffix_indicator: str = "##", oov_token: str = "[UNK]") -> list[str]:
    first = ["[PAD]", oov_token, "[CLS]", "[SEP]", *WORDS, *LETTERS, *".,!?-[]<>$^"]
    return list(dict.fromkeys([*first, *(suffix_indicator + piece for piece in [*SUFFIXES, *LETTERS])]))


VOCABULARY = make_vocabulary()

# Characters that docs/differences.md does not list.
CHARACTERS = "".join(
    [
        *map(chr, range(0x01, 0x80)),
        *(chr(code) for code in range(0xC0, 0x100) if code not in (0xD7, 0xF7)),
        "\N{COMBINING ACUTE ACCENT}\N{COMBINING DIAERESIS}\N{COMBINING CEDILLA}",
        "日本語中\u4e00\u9fff\u3400\uf900",
        *map(chr, range(0x391, 0x3A2)),
        *map(chr, range(0x3A3, 0x3CF)),
        "각한",
    ]
)

some_words = st.lists(
    st.sampled_from(
        [*WORDS, *(word.upper() for word in WORDS), "quick", "Brown", "foxes", "cafés", "x" * 101, "é" * 50, "."]
    ),
    max_size=6,
)
texts_of_words = st.builds(str.join, st.sampled_from([" ", "", "\n", ", "]), some_words)
any_text = st.one_of(texts_of_words, st.text(CHARACTERS, max_size=20))

options = st.fixed_dictionaries(
    {
        "lowercase": st.booleans(),
        "strip_accents": st.booleans(),
        "split": st.booleans(),
        "split_on_cjk": st.booleans(),
        "suffix_indicator": st.sampled_from(["##", "@@", "_"]),
        "oov_token": st.sampled_from(["[UNK]", "<unk>"]),
        "sequence_length": st.sampled_from([None, 1, 5, 12]),
        "dtype": st.sampled_from(["int32", "int64", "string"]),
        "special_tokens": st.sampled_from([None, [], ["[MASK]"], ["<s>", "[MASK]"]]),
        "special_tokens_in_strings": st.booleans(),
    }
)


def plain(result: Any) -> Any:
    """Nested lists of int or str, whatever holds them."""
    if isinstance(result, (Ragged, tf.RaggedTensor)):
        return plain(result.to_list())
    if isinstance(result, (np.ndarray, tf.Tensor)):
        return plain(np.asarray(result).tolist())
    if isinstance(result, list):
        return [plain(item) for item in result]
    return result.decode() if isinstance(result, bytes) else result


def dtype_of(result: Any) -> str:
    dtype = "string" if result.dtype == object else result.dtype.name
    assert isinstance(dtype, str)
    return dtype


def assert_same_everywhere(units: list[Any], **kwargs: Any) -> None:
    """Check one tokenizer on every container, in every mode, and against KerasHub in tf.data.

    Args:
        units: what becomes a row: texts, or with `split=False`, lists of words.
        **kwargs: arguments of the tokenizer.
    """
    split, length = kwargs.get("split", True), kwargs.get("sequence_length")
    vocabulary = make_vocabulary(kwargs.get("suffix_indicator", "##"), kwargs.get("oov_token", "[UNK]"))
    tokenizer = WordPieceTokenizer(vocabulary, **kwargs)
    tensor = tf.constant(units) if split else tf.ragged.constant(units, dtype=tf.string, ragged_rank=1)
    dataset = tf.data.Dataset.from_tensor_slices(tensor)
    rows = plain(tokenizer(units))

    def check(result: Any, expected: Any) -> None:
        assert plain(result) == expected
        assert dtype_of(result) == kwargs.get("dtype", "int32")
        if isinstance(result, tf.Tensor):
            assert result.shape[-1] == (length or len(expected))

    # Python, NumPy and Arrow
    check(tokenizer(tuple(units)), rows)
    for unit, row in zip(units, rows, strict=True):
        result = tokenizer(unit)
        assert isinstance(result, np.ndarray)
        check(result, row)
    if split:
        check(tokenizer(np.array(units, dtype=object)), rows)
        check(tokenizer(np.array([text.encode() for text in units], dtype=object)), rows)
        check(tokenizer(np.array([units, units], dtype=object)), [rows, rows])
        check(tokenizer(pa.array(units)), rows)
    else:
        check(tokenizer(pa.array(units[0], pa.string())), rows[0])
        check(tokenizer(np.array(units[0], dtype=object)), rows[0])

    # tensors
    check(tokenizer(tensor), rows)
    check(tf.function(tokenizer, input_signature=[tf.type_spec_from_value(tensor)])(tensor), rows)
    one_by_one = dataset.map(tokenizer)
    for result, row in zip(one_by_one, rows, strict=True):
        check(result, row)
    batched = dataset.batch(2).map(tokenizer)
    assert [row for batch in batched for row in plain(batch)] == rows
    if length:
        assert one_by_one.element_spec.shape.as_list() == [length]
        assert batched.element_spec.shape.as_list() == [None, length]
    else:
        assert one_by_one.element_spec.shape.as_list() == [None]
        assert batched.element_spec.shape.as_list() == [None, None]

    # one dimension more
    padding = [["" if kwargs.get("dtype") == "string" else 0] * length] * (len(rows) - 1) if length else []
    nested, nested_rows = [units, units[:1]], [rows, rows[:1] + padding]
    check(tokenizer(nested), nested_rows)
    ragged = tf.ragged.constant(nested, dtype=tf.string, ragged_rank=1 if split else 2)
    check(tokenizer(ragged), nested_rows)

    if kwargs.pop("rules", "keras") == "keras":
        theirs = Theirs(vocabulary, **kwargs)
        batch = next(iter(dataset.batch(len(units)).map(theirs)))
        check(batch, rows)
        assert type(batch) is type(tokenizer(tensor))


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # too slow to shrink
@given(data=st.data(), kwargs=options, rules=st.sampled_from(["keras", "keras", "bert"]))
def test_same_everywhere(data: st.DataObject, kwargs: dict[str, Any], rules: str) -> None:
    unit = any_text if kwargs["split"] else st.lists(any_text, min_size=1, max_size=4)
    assert_same_everywhere(data.draw(st.lists(unit, min_size=1, max_size=12)), rules=rules, **kwargs)


@pytest.mark.parametrize("split", [True, False])
def test_shapes_as_keras_hub(split: bool) -> None:
    """What the test above leaves out, because KerasHub takes half a second for each graph."""
    kwargs: dict[str, Any] = {"vocabulary": VOCABULARY, "split": split, "sequence_length": 5}
    ours, theirs = WordPieceTokenizer(**kwargs), Theirs(**kwargs)
    dense = tf.constant([["the quick", "fox", ""], ["", "Fox", "the"]])
    ragged = tf.ragged.constant([[["the quick", "fox"], [""]], [["the"]]])

    def check(texts: tf.Tensor | tf.RaggedTensor) -> None:
        result, expected = tf.function(ours)(texts), tf.function(theirs)(texts)
        assert type(result) is type(expected)
        assert result.dtype == expected.dtype
        assert result.shape.rank == expected.shape.rank
        assert result.shape.is_subtype_of(expected.shape)
        assert plain(result) == plain(expected)

    check(dense)
    check(ragged)
    ours.sequence_length = theirs.sequence_length = None
    check(dense)
    check(dense[0, 0] if split else dense[0])  # KerasHub fails on a word alone


@pytest.fixture(scope="module")
def tokenizer() -> WordPieceTokenizer:
    return WordPieceTokenizer(VOCABULARY, lowercase=True)


@pytest.mark.parametrize("length", [None, 3])
@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("dtype", ["int32", "string"])
def test_nothing_in_nothing_out(split: bool, length: int | None, dtype: str) -> None:
    tokenizer = WordPieceTokenizer(VOCABULARY, split=split, sequence_length=length, dtype=dtype)
    padding = [] if length is None else [0 if dtype == "int32" else ""] * length
    no_rows = [] if split else padding  # where words are merged, no words make one row
    for empty in ([], np.array([], dtype=object), pa.array([], pa.string()), tf.zeros([0], tf.string)):
        result = tokenizer(empty)
        assert plain(result) == no_rows
        assert dtype_of(result) == dtype
    for blank in ("", b"", tf.constant(""), np.array("", dtype=object)):
        assert plain(tokenizer(blank)) == padding
    assert plain(tokenizer([[], []])) == ([[], []] if split else [padding, padding])


@pytest.mark.parametrize("split", [True, False])
def test_empty_dense_dimensions_in_graphs(split: bool) -> None:
    ragged = WordPieceTokenizer(VOCABULARY, split=split)
    dense = WordPieceTokenizer(VOCABULARY, split=split, sequence_length=4)
    signature = [tf.TensorSpec([None, None], tf.string)]
    to_ragged, to_dense = (tf.function(tokenizer, input_signature=signature) for tokenizer in (ragged, dense))
    for shape in ([0, 3], [3, 0], [2, 3]):
        texts = tf.zeros(shape, tf.string)
        assert to_dense(texts).shape == ([*shape, 4] if split else [shape[0], 4])
        assert to_ragged(texts).shape[0] == shape[0]
        assert plain(to_ragged(texts)) == ([[[]] * shape[1]] * shape[0] if split else [[]] * shape[0])


def test_types_out(tokenizer: WordPieceTokenizer) -> None:
    for batch in (["a"], np.array(["a"]), pa.array(["a"])):
        assert isinstance(tokenizer(batch), Ragged)
    assert isinstance(tokenizer("a"), np.ndarray)
    assert isinstance(tokenizer(tf.constant(["a"])), tf.RaggedTensor)
    assert isinstance(tokenizer(tf.constant("a")), tf.Tensor)
    assert isinstance(tokenizer([tf.constant("a"), tf.constant("fox")]), tf.RaggedTensor)
    assert tokenizer.detokenize([4]) == "the"
    assert tokenizer.detokenize([[4], [5]]) == ["the", "qu"]
    assert isinstance(tokenizer.detokenize(tf.constant([4])), tf.Tensor)


def test_called_by_name_and_by_method(tokenizer: WordPieceTokenizer) -> None:
    expected = tokenizer(["the fox"])
    assert tokenizer(inputs=["the fox"]) == expected
    assert tokenizer(["the fox"], training=True) == expected
    assert tokenizer.tokenize(["the fox"]) == expected
    assert tokenizer.call(["the fox"]) == expected


def test_a_call_costs_no_more_than_tokenizing(tokenizer: WordPieceTokenizer) -> None:
    """Keras's own `__call__` takes fifty times as long: it looks at every text."""
    texts = ["the quick brown fox"] * 50_000

    def seconds(function: Callable[..., Any]) -> float:
        start = time.perf_counter()
        function(texts)
        return time.perf_counter() - start

    assert min(seconds(tokenizer) for _ in range(3)) < 5 * min(seconds(tokenizer.tokenize) for _ in range(3))


ids_in_rows = st.lists(st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=8), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None)
@given(rows=ids_in_rows)
def test_detokenize(tokenizer: WordPieceTokenizer, hub_detokenize: Callable[..., Any], rows: list[list[int]]) -> None:
    ragged = tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=1)
    texts = plain(hub_detokenize(ragged))
    assert tokenizer.detokenize(rows) == texts
    assert tokenizer.detokenize(Ragged.from_lists(rows)) == texts
    assert tokenizer.detokenize([np.array(row, np.int64) for row in rows]) == texts
    assert tokenizer.detokenize([tf.constant(row, tf.int32) for row in rows]) == texts
    assert plain(tokenizer.detokenize(ragged)) == texts
    assert [tokenizer.detokenize(row) for row in rows] == texts
    dense = np.resize(np.array(rows[0] or [0]), [2, 3])
    texts = plain(hub_detokenize(tf.RaggedTensor.from_tensor(tf.constant(dense, tf.int32))))
    assert tokenizer.detokenize(dense) == texts
    assert plain(tokenizer.detokenize(tf.constant(dense))) == texts
    for token_id in (5, np.int32(5), np.array(5), tf.constant(5)):
        assert plain(tokenizer.detokenize(token_id)) == VOCABULARY[5]


@pytest.fixture(scope="module")
def hub_detokenize() -> Callable[..., Any]:
    function: Callable[..., Any] = tf.function(
        Theirs(VOCABULARY).detokenize, input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)]
    )
    return function


def test_signatures() -> None:
    def parameters(function: Callable[..., Any]) -> list[tuple[Any, ...]]:
        return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]

    *ours, rules, kwargs = parameters(WordPieceTokenizer)
    assert [*ours, kwargs] == parameters(Theirs)
    assert rules[0] == "rules"
    for name, method in inspect.getmembers(Theirs, inspect.isfunction):
        if not name.startswith("_") and method.__module__ == Theirs.__module__:
            assert parameters(getattr(WordPieceTokenizer, name)) == parameters(method), name


def test_attributes_as_keras_hub() -> None:
    kwargs: dict[str, Any] = {"lowercase": True, "sequence_length": 4, "special_tokens": ["[MASK]"], "name": "x"}
    ours, theirs = WordPieceTokenizer(VOCABULARY, **kwargs), Theirs(VOCABULARY, **kwargs)
    config = ours.get_config()
    assert config.pop("split_on_cjk") is True  # KerasHub forgets it
    assert config == theirs.get_config()
    attributes = {name for name in [*config, "split_on_cjk", "file_assets"] if hasattr(theirs, name)}
    assert attributes >= {"lowercase", "strip_accents", "split", "oov_token", "sequence_length", "vocabulary"}
    for name in attributes - {"dtype"}:
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.compute_dtype == theirs.compute_dtype == "int32"
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    assert ours.vocabulary_size() == theirs.vocabulary_size()
    assert ours.special_tokens == theirs.special_tokens == []
    assert ours.special_token_ids == theirs.special_token_ids == []
    for token_id, token in enumerate(VOCABULARY):
        assert ours.id_to_token(token_id) == token
        assert ours.token_to_id(token) == token_id


@settings(max_examples=30, deadline=None)
@given(kwargs=options, rules=st.sampled_from(["keras", "bert"]))
def test_config_round_trip(tmp_path_factory: pytest.TempPathFactory, kwargs: dict[str, Any], rules: str) -> None:
    vocabulary = make_vocabulary(kwargs["suffix_indicator"], kwargs["oov_token"])
    tokenizer = WordPieceTokenizer(vocabulary, rules=rules, config_file="other.json", **kwargs)
    config = tokenizer.get_config()
    assert {name: config[name] for name in kwargs if name != "dtype"} | {"dtype": kwargs["dtype"]} == kwargs
    folder = tmp_path_factory.mktemp("assets")
    tokenizer.save_assets(str(folder))
    serialized = json.loads(json.dumps(keras.saving.serialize_keras_object(tokenizer)))
    for copied in (
        WordPieceTokenizer.from_config(config),
        keras.saving.deserialize_keras_object(serialized),
    ):
        assert copied.get_config() == config
        assert copied.vocabulary is None
        copied.load_assets(str(folder))
        assert copied.encoder == tokenizer.encoder
        assert plain(copied(["[MASK] the Café", "日"])) == plain(tokenizer(["[MASK] the Café", "日"]))


def test_assets_are_those_of_keras_hub(tmp_path: Path) -> None:
    ours, theirs = WordPieceTokenizer(VOCABULARY), Theirs(VOCABULARY)
    for folder, tokenizer in (("ours", ours), ("theirs", theirs)):
        (tmp_path / folder).mkdir()
        tokenizer.save_assets(str(tmp_path / folder))
    files = [{file.name: file.read_bytes() for file in (tmp_path / folder).iterdir()} for folder in ("ours", "theirs")]
    assert files[0] == files[1]
    assert list(files[0]) == ours.file_assets
    for folder in ("ours", "theirs"):
        for tokenizer in (WordPieceTokenizer(), Theirs()):
            tokenizer.load_assets(str(tmp_path / folder))
            assert tokenizer.get_vocabulary() == VOCABULARY
    for path in (tmp_path / "theirs" / "vocabulary.txt", str(tmp_path / "theirs" / "vocabulary.txt")):
        assert WordPieceTokenizer(path).get_vocabulary() == VOCABULARY


def test_iterables_are_copied() -> None:
    tokens = ["[UNK]", "fox"]
    tokenizer = WordPieceTokenizer(token for token in tokens)
    tokenizer.get_vocabulary().append("the")
    tokenizer.vocabulary.append("the")
    assert tokenizer.get_vocabulary() == tokens


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"dtype": "float32"}, "`dtype` must be an integer type or 'string'; received 'float32'"),
        ({"dtype": None}, "`dtype` must be an integer type or 'string'; received None"),
        ({"dtype": "uint8", "vocabulary": ["[UNK]", *map(str, range(256))]}, "`dtype` must hold the ids of 257 tokens"),
        ({"oov_token": None}, "`oov_token` must be a token of the vocabulary; received None"),
        ({"oov_token": "<unk>"}, "`oov_token` must be in the vocabulary; '<unk>' is not"),
        ({"sequence_length": 0}, "`sequence_length` must be at least 1, or None; received 0"),
        ({"sequence_length": "8"}, "`sequence_length` must be at least 1, or None; received '8'"),
        ({"vocabulary": 5}, "`vocabulary` must be a path or an iterable of str; received 5"),
        ({"vocabulary": b"x"}, "`vocabulary` must be a path or an iterable of str; received b'x'"),
        ({"vocabulary": ["[UNK]", "a", "a"]}, "'a' is there already, as token 1"),
        ({"vocabulary": ["[UNK]", ""]}, "`vocabulary`, token 1: a token must not be empty"),
        ({"vocabulary": ["a"]}, "`oov_token` must be in the vocabulary; '\\[UNK\\]' is not"),
        ({"rules": "google"}, "`rules` must be 'keras' or 'bert'; received 'google'"),
    ],
)
def test_unusable_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WordPieceTokenizer(**{"vocabulary": VOCABULARY, **kwargs})


@pytest.mark.parametrize(
    ("kwargs", "named"),
    [
        ({"dtype": "float32"}, "dtype"),
        ({"dtype": None}, "dtype"),
        ({"oov_token": None}, "oov_token"),
        ({"oov_token": "<unk>"}, "oov_token"),
        ({"vocabulary": 5}, "[vV]ocabulary"),
        ({"vocabulary": b"x"}, "[vV]ocabulary"),
        ({"vocabulary": ["a"]}, "oov_token"),
    ],
)
def test_arguments_that_keras_hub_refuses_too(kwargs: dict[str, Any], named: str) -> None:
    for make in (WordPieceTokenizer, Theirs):
        with pytest.raises(ValueError, match=named):
            make(**{"vocabulary": VOCABULARY, **kwargs})


def test_missing_vocabulary_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="names no file"):
        WordPieceTokenizer(str(tmp_path / "none.txt"))
    with pytest.raises(IsADirectoryError, match="is a folder"):
        WordPieceTokenizer(tmp_path)
    with pytest.raises(FileNotFoundError, match="names no file"):
        WordPieceTokenizer().load_assets(str(tmp_path))


@pytest.mark.parametrize("make", [WordPieceTokenizer, Theirs])
def test_no_vocabulary(make: Callable[..., Any], tmp_path: Path) -> None:
    tokenizer = make()
    assert tokenizer.vocabulary is None
    for call in (
        lambda: tokenizer("a"),
        lambda: tokenizer.detokenize([1]),
        lambda: tokenizer.id_to_token(1),
        lambda: tokenizer.token_to_id("a"),
        tokenizer.get_vocabulary,
        tokenizer.vocabulary_size,
    ):
        with pytest.raises(ValueError, match="vocabulary"):
            call()


def test_taking_the_vocabulary_away() -> None:
    tokenizer = WordPieceTokenizer(VOCABULARY)
    tokenizer.set_vocabulary(None)
    with pytest.raises(ValueError, match="WordPieceTokenizer needs a vocabulary"):
        tokenizer("a")
    tokenizer.set_vocabulary(VOCABULARY)
    assert tokenizer("fox").tolist() == [VOCABULARY.index("fox")]


def test_a_refused_vocabulary_leaves_the_old_one(tokenizer: WordPieceTokenizer) -> None:
    with pytest.raises(ValueError, match="`oov_token`"):
        tokenizer.set_vocabulary(["a"])
    assert tokenizer.get_vocabulary() == VOCABULARY


@pytest.mark.parametrize("make", [WordPieceTokenizer, Theirs])
def test_unknown_ids_and_tokens(make: Callable[..., Any]) -> None:
    tokenizer = make(["[UNK]", "fox"])
    for token_id in (-1, 2):
        with pytest.raises(ValueError, match=str(token_id)):
            tokenizer.id_to_token(token_id)
        with pytest.raises(ValueError, match=str(token_id)):
            tokenizer.detokenize([[0, 1], [token_id]])
    with pytest.raises(ValueError, match="'the'"):
        tokenizer.token_to_id("the")


@pytest.mark.parametrize(
    "inputs", [5, None, [1, 2], [None], ["a", None], np.array([1, 2]), {"a": "b"}, [["a"], ["b", 1]]]
)
def test_inputs_that_are_no_text(tokenizer: WordPieceTokenizer, inputs: Any) -> None:
    with pytest.raises(TypeError, match="`texts` must"):
        tokenizer(inputs)


def test_tensors_that_cannot_be_tokenized(tokenizer: WordPieceTokenizer) -> None:
    with pytest.raises(TypeError, match="must be a string tensor; received dtype int32"):
        tokenizer(tf.constant([1]))
    function = tf.function(tokenizer, input_signature=[tf.TensorSpec(None, tf.string)], autograph=False)
    with pytest.raises(ValueError, match="`inputs` must be of a known rank"):
        function.get_concrete_function()


@settings(max_examples=10, deadline=None)
@given(first=options, second=options, text=any_text)
def test_changed_options_take_effect(first: dict[str, Any], second: dict[str, Any], text: str) -> None:
    """KerasHub reads its attributes at every call."""
    for fixed in ("dtype", "special_tokens"):
        second[fixed] = first[fixed]
    first["oov_token"], second["oov_token"] = "[UNK]", "the"
    tokenizer = WordPieceTokenizer(make_vocabulary(first["suffix_indicator"]), **first)
    for name in second.keys() - {"dtype", "special_tokens"}:
        setattr(tokenizer, name, second[name])
    expected = WordPieceTokenizer(tokenizer.vocabulary, **second)
    assert tokenizer.get_config() == expected.get_config() | {"name": tokenizer.name}
    assert plain(tokenizer([text])) == plain(expected([text]))


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda tokenizer: pickle.loads(pickle.dumps(tokenizer))])
def test_copies(copied: Callable[[Any], Any]) -> None:
    tokenizer = WordPieceTokenizer(VOCABULARY, lowercase=True, rules="bert", special_tokens=["[MASK]"])
    other = copied(tokenizer)
    assert other.get_config() == tokenizer.get_config()
    assert other.encoder == tokenizer.encoder


def test_files_in_untrusted_configurations(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_text("[UNK]\nfox\n")
    with keras.src.saving.serialization_lib.SafeModeScope(True):
        with pytest.raises(ValueError, match="`vocabulary` must not be a file while Keras loads an untrusted"):
            WordPieceTokenizer(str(path))
        with pytest.raises(ValueError, match="`vocabulary` must not be a file"):
            WordPieceTokenizer().set_vocabulary(path)
    for tokenizer in (WordPieceTokenizer(), Theirs()):
        serialized = keras.saving.serialize_keras_object(tokenizer)
        serialized["config"]["vocabulary"] = str(path)
        with pytest.raises((ValueError, TypeError), match="safe_mode=False"):
            keras.saving.deserialize_keras_object(serialized)
        trusted = keras.saving.deserialize_keras_object(serialized, safe_mode=False)
        assert trusted.get_vocabulary() == ["[UNK]", "fox"]


needs_tensorflow_backend = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only the TensorFlow backend has string tensors"
)


def make_model(tokenizer: Any) -> Any:
    return keras.Sequential(
        [keras.Input((), dtype="string"), tokenizer, keras.layers.Embedding(len(VOCABULARY), 2), keras.layers.Flatten()]
    )


@needs_tensorflow_backend
def test_inside_keras_models(tmp_path: Path) -> None:
    tokenizer = WordPieceTokenizer(VOCABULARY, lowercase=True, sequence_length=4)
    texts = ["The quick fox", ""]
    expected = tokenizer(texts)
    inputs = keras.Input((), dtype="string")
    outputs = tokenizer(inputs)
    assert outputs.shape == (None, 4)
    assert outputs.dtype == "int32"
    functional = keras.Model(inputs, outputs)
    for batch in (tf.constant(texts), np.array(texts), np.array(texts, dtype=object)):
        np.testing.assert_array_equal(functional(batch), expected)
    np.testing.assert_array_equal(functional.predict(tf.constant(texts), verbose=0), expected)

    model = make_model(tokenizer)
    embedded = model(tf.constant(texts))
    assert embedded.shape == (2, 8)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].encoder == tokenizer.encoder
    np.testing.assert_array_equal(loaded(tf.constant(texts)), embedded)


@pytest.mark.parametrize("shape", [(), (None,), (3,), (2, 3)])
@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("length", [None, 4])
def test_symbolic_shapes(shape: tuple[int | None, ...], split: bool, length: int | None) -> None:
    tokenizer = WordPieceTokenizer(VOCABULARY, split=split, sequence_length=length, dtype="int64")
    symbolic = tokenizer(keras.Input(shape, dtype="string"))
    assert symbolic.dtype == "int64"
    result = tokenizer(tf.zeros([5, *(2 if size is None else size for size in shape)], tf.string))
    assert result.dtype == tf.int64
    assert len(symbolic.shape) == len(result.shape)
    if split or shape:
        assert symbolic.shape[0] is None
    assert symbolic.shape[-1] == length


ANOTHER_PROCESS = """
import json, sys
import fastnlp.tf
import tensorflow as tf

service = tf.data.experimental.service
dispatcher = service.DispatchServer()
worker = service.WorkerServer(service.WorkerConfig(dispatcher.target.split("://")[1], heartbeat_interval_ms=200))
texts = tf.constant(json.loads(sys.argv[2]))
module = tf.saved_model.load(sys.argv[1] + "/module")
model = tf.saved_model.load(sys.argv[1] + "/model")
ids = module.ids(texts)
results = {
    "ids": ids.to_list(),
    "texts": [text.decode() for text in module.texts(ids).numpy()],
    "tokens": [[token.decode() for token in row] for row in module.tokens(texts).numpy()],
    "model": model.serve(texts).numpy().tolist(),
    "modules": sorted(name for name in sys.modules if name.startswith("fastnlp.")),
    "service": dispatcher.target,
}
print(json.dumps(results), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another_process() -> Iterator[Callable[..., dict[str, Any]]]:
    processes = []

    def start(*arguments: str) -> dict[str, Any]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", ANOTHER_PROCESS, *arguments],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        results = process.stdout.readline()
        assert results, "the process ended early"
        return dict(json.loads(results))

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@needs_tensorflow_backend
def test_another_process(tmp_path: Path, another_process: Callable[..., dict[str, Any]]) -> None:
    """SavedModels and a tf.data service run where `fastnlp.tf` alone is imported."""
    if _dispatch.target() == _dispatch.REFERENCE:
        pytest.skip("the reference runs in Python, and only in the process that made it")
    texts = ["The quick fox.", "", "日本 café"]
    tokenizer = WordPieceTokenizer(VOCABULARY, lowercase=True)
    tokens = WordPieceTokenizer(VOCABULARY, lowercase=True, dtype="string", sequence_length=6)
    model = make_model(WordPieceTokenizer(VOCABULARY, lowercase=True, sequence_length=4))

    module = tf.Module()
    module.tokenizer = tokenizer
    signature = [tf.TensorSpec([None], tf.string)]
    module.ids = tf.function(tokenizer, input_signature=signature)
    module.tokens = tf.function(tokens, input_signature=signature)
    module.texts = tf.function(tokenizer.detokenize, input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
    tf.saved_model.save(module, str(tmp_path / "module"))
    model.export(tmp_path / "model", verbose=False)

    results = another_process(str(tmp_path), json.dumps(texts))
    assert results["ids"] == plain(tokenizer(texts))
    assert results["texts"] == tokenizer.detokenize(tokenizer(texts))
    assert results["tokens"] == plain(tokens(texts))
    np.testing.assert_allclose(results["model"], model(tf.constant(texts)), rtol=1e-6)
    assert "fastnlp.tf.wordpiece" in results["modules"]
    assert "fastnlp.tokenizers" not in results["modules"]

    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(2).map(tokenizer, num_parallel_calls=tf.data.AUTOTUNE)
    distributed = dataset.apply(tf.data.experimental.service.distribute("parallel_epochs", results["service"]))
    assert [row for batch in distributed for row in plain(batch)] == plain(tokenizer(texts))
