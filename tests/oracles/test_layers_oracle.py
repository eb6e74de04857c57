"""Layers against KerasHub's: signatures, weight paths, outputs and gradients."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from keras_parity import TOLERANCES, DtypePolicy, assert_alike, assert_same_models

import fastnlp

keras_hub = pytest.importorskip("keras_hub")

LAYERS = [
    "MaskedLMHead",
    "PositionEmbedding",
    "SinePositionEncoding",
    "TokenAndPositionEmbedding",
    "TransformerEncoder",
]
# A dtype policy, and whether to compile. KerasHub fails on JAX where float16 attention is compiled for a CPU.
STEPS = [("float32", False), ("float32", True), ("bfloat16", True), ("mixed_bfloat16", True), ("mixed_float16", False)]
if keras.backend.backend() == "torch":
    STEPS = [(policy, False) for policy in TOLERANCES]
steps = pytest.mark.parametrize(("policy", "jit_compile"), STEPS)

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(3, 6, 8)).astype("float32")
IDS = RANDOM.integers(1, 11, (3, 6)).astype("int32")
PADDING = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]], "int32")
ATTENTION = np.tril(np.ones((3, 6, 6), "int32"))


@pytest.mark.parametrize("name", LAYERS)
def test_signatures(name: str) -> None:
    ours, theirs = getattr(fastnlp.layers, name), getattr(keras_hub.layers, name)
    for method in ("__init__", "call"):
        parameters = [inspect.signature(getattr(layer, method)).parameters.values() for layer in (ours, theirs)]
        found, expected = ([(p.name, p.kind, p.default) for p in each] for each in parameters)
        assert found == expected


def encoder_model(library: Any, masks: dict[str, Any], **options: Any) -> Any:
    shapes = {"inputs": (None, 8), **{name: mask.shape[1:] for name, mask in masks.items()}}
    inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    layer = library.layers.TransformerEncoder(16, 2, bias_initializer="zeros", name="encoder", **options)
    return keras.Model(inputs, layer(**inputs), name="model")


@steps
def test_transformer_encoder(policy: str, jit_compile: bool) -> None:
    masks, options = (
        {"padding_mask": PADDING},
        {"normalize_first": True, "activation": "gelu", "layer_norm_epsilon": 1e-12},
    )
    if policy in {"float32", "bfloat16"}:
        masks, options = {"padding_mask": PADDING, "attention_mask": ATTENTION}, {}

    def make(library: Any) -> Any:
        return lambda: encoder_model(library, masks, **options)

    assert_same_models(make(fastnlp), make(keras_hub), {"inputs": INPUTS, **masks}, policy, jit_compile=jit_compile)


@pytest.mark.parametrize("policy", TOLERANCES)
def test_transformer_encoder_with_dropout_and_scores_in_inference(policy: str) -> None:
    """Where KerasHub does not fuse attention, and we do; with a row that attends to nothing."""
    masks = {"padding_mask": PADDING, "attention_mask": ATTENTION * (np.arange(6) != 2)[:, None]}
    with DtypePolicy(policy):
        ours, theirs = (
            library.layers.TransformerEncoder(16, 2, dropout=0.3, name="encoder") for library in (fastnlp, keras_hub)
        )
    theirs.build((None, None, 8))
    ours.build((None, None, 8))
    ours.set_weights(theirs.get_weights())
    for scores in (False, True):
        results = [layer(INPUTS, **masks, return_attention_scores=scores) for layer in (ours, theirs)]
        for our, their in zip(*(keras.tree.flatten(result) for result in results), strict=True):
            arrays = [np.asarray(keras.ops.convert_to_numpy(value), "float32") for value in (our, their)]
            assert_alike(*arrays, TOLERANCES[policy], f"scores {scores}")


def embedding_model(library: Any, **options: Any) -> Any:
    inputs = keras.Input((None,), dtype="int32")
    layer = library.layers.TokenAndPositionEmbedding(11, 9, 8, name="embedding", **options)
    encoder = library.layers.TransformerEncoder(16, 2, name="encoder")
    return keras.Model(inputs, encoder(layer(inputs)), name="model")


@steps
@pytest.mark.filterwarnings("ignore:.*position_embedding.* was passed an input with a mask")  # KerasHub's
def test_token_and_position_embedding(policy: str, jit_compile: bool) -> None:
    """Under an encoder, which uses the mask."""

    def make(library: Any) -> Any:
        return lambda: embedding_model(library, mask_zero=True)

    if policy == "mixed_float16" and keras.backend.backend() == "jax":
        pytest.skip("KerasHub attends to all where nothing is allowed, and fails where this is compiled")
    ids = np.where(PADDING, IDS, 0)
    assert_same_models(make(fastnlp), make(keras_hub), ids, policy, jit_compile=jit_compile)


@pytest.mark.parametrize("policy", TOLERANCES)
@pytest.mark.parametrize("arguments", [{}, {"start_index": 2}, {"positions": np.array([5, 1, 1, 0, 2, 3])}])
def test_positions(arguments: dict[str, Any], policy: str) -> None:
    with DtypePolicy(policy):
        pairs = [
            (library.layers.PositionEmbedding(9, name="positions"), library.layers.SinePositionEncoding(name="sines"))
            for library in (fastnlp, keras_hub)
        ]
    for layers in pairs:
        layers[0].build(INPUTS.shape)
    pairs[0][0].set_weights(pairs[1][0].get_weights())
    for ours, theirs in zip(*pairs, strict=True):
        results = [
            np.asarray(keras.ops.convert_to_numpy(layer(INPUTS, **arguments)), "float32") for layer in (ours, theirs)
        ]
        assert_alike(*results, TOLERANCES[policy], ours.name)


def head_model(library: Any, *, tied: bool, **options: Any) -> Any:
    ids = keras.Input((None,), dtype="int32", name="ids")
    positions = keras.Input((None,), dtype="int32", name="positions")
    embedding = keras.layers.ReversibleEmbedding(11, 8, name="embedding")
    arguments = {"token_embedding": embedding} if tied else {"vocabulary_size": 11}
    head = library.layers.MaskedLMHead(**arguments, **options, name="head")
    return keras.Model({"ids": ids, "positions": positions}, head(embedding(ids), positions), name="model")


@steps
def test_masked_lm_head(policy: str, jit_compile: bool) -> None:
    if policy.startswith("mixed") and keras.backend.backend() == "tensorflow":
        pytest.skip("KerasHub fails there: it adds float32 to float16")

    def make(library: Any) -> Any:
        return lambda: head_model(library, tied=policy != "bfloat16", intermediate_activation="gelu")

    x = {"ids": IDS, "positions": np.array([[0, 5], [1, 1], [3, 2]], "int32")}
    assert_same_models(make(fastnlp), make(keras_hub), x, policy, jit_compile=jit_compile)
