from __future__ import annotations

import keras
import numpy as np
import pytest

from fastnlp.layers import TransformerEncoder
from fastnlp.layers.transformer_encoder import merge_masks

INPUTS = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")


def run(layer: keras.layers.Layer, *args: object, **kwargs: object) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(*args, **kwargs))


def test_the_guides_small_encoder_has_33472_parameters() -> None:
    encoder = TransformerEncoder(intermediate_dim=128, num_heads=2)
    encoder.build((None, None, 64))
    assert encoder.count_params() == 33_472


@pytest.mark.parametrize("normalize_first", [False, True])
def test_padding_changes_nothing_elsewhere(normalize_first: bool) -> None:
    encoder = TransformerEncoder(16, 2, normalize_first=normalize_first)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]])
    padded = run(encoder, INPUTS, padding_mask=mask)
    other = np.where(mask[..., None] == 1, INPUTS, 7.0)
    np.testing.assert_allclose(run(encoder, other, padding_mask=mask)[mask == 1], padded[mask == 1], atol=1e-6)
    np.testing.assert_allclose(run(encoder, INPUTS[:1, :3]), padded[:1, :3], atol=1e-6)


def test_attention_mask_joins_the_padding_mask() -> None:
    encoder = TransformerEncoder(16, 2)
    causal = np.tril(np.ones((2, 5, 5), "bool"))
    padding = np.array([[1, 0, 1, 1, 1]] * 2, "bool")
    outputs, scores = encoder(INPUTS, padding_mask=padding, attention_mask=causal, return_attention_scores=True)
    scores = keras.ops.convert_to_numpy(scores)
    assert scores.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-6)
    allowed = np.broadcast_to((causal & padding[:, None])[:, None], scores.shape)
    assert (scores[~allowed] < 1e-6).all()
    assert (scores[allowed] > 1e-6).all()
    fused = run(encoder, INPUTS, padding_mask=padding, attention_mask=causal)
    np.testing.assert_allclose(fused, keras.ops.convert_to_numpy(outputs), atol=1e-6)


def test_kerass_own_mask_serves_as_padding_mask_and_stays_with_the_outputs() -> None:
    ids = np.array([[3, 1, 2, 0, 0]])
    embedded = keras.layers.Embedding(4, 8, mask_zero=True)(ids)
    encoder = TransformerEncoder(16, 2)
    explicit = run(encoder, keras.ops.convert_to_numpy(embedded), padding_mask=ids != 0)
    outputs = encoder(embedded)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(outputs)[:, :3], explicit[:, :3], atol=1e-6)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(outputs._keras_mask), ids != 0)


def test_an_explicit_mask_goes_before_kerass_own(caplog: pytest.LogCaptureFixture) -> None:
    embedded = keras.layers.Embedding(4, 8, mask_zero=True)(np.array([[3, 0]]))
    mask = merge_masks(embedded, padding_mask=np.array([[0, 1]]))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(mask), [[[False, True]]])
    assert "`padding_mask` was passed" in caplog.text


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_attention_is_fused(dropout: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastnlp.layers import multi_head_attention

    fused = []
    real = keras.ops.dot_product_attention
    for module in (multi_head_attention.ops, keras.src.layers.attention.multi_head_attention.ops):
        monkeypatch.setattr(module, "dot_product_attention", lambda *args, **kw: fused.append(1) or real(*args, **kw))
    encoder = TransformerEncoder(16, 2, dropout=dropout)
    encoder(INPUTS, training=False)
    in_inference = dropout == 0 or keras.backend.backend() == "torch"  # which alone has it on CPUs
    assert len(fused) == in_inference
    encoder(INPUTS, training=True)
    encoder(INPUTS, return_attention_scores=True)
    assert len(fused) == in_inference + (dropout == 0)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_float16_compiles(dropout: float) -> None:
    inputs = keras.Input((None, 8))
    model = keras.Model(inputs, TransformerEncoder(16, 2, dropout=dropout, dtype="mixed_float16")(inputs))
    model.compile(loss="mse")
    assert np.isfinite(model.predict_on_batch(INPUTS)).all()
    assert np.isfinite(model.train_on_batch(INPUTS, INPUTS))


def test_dropout_drops_in_training_only() -> None:
    encoder = TransformerEncoder(16, 2, dropout=0.5)
    assert (run(encoder, INPUTS) == run(encoder, INPUTS)).all()
    assert (run(encoder, INPUTS, training=True) != run(encoder, INPUTS)).any()


def test_config_round_trip() -> None:
    encoder = TransformerEncoder(
        16,
        2,
        dropout=0.1,
        activation="gelu",
        layer_norm_epsilon=1e-6,
        kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        bias_initializer="ones",
        normalize_first=True,
        name="block",
        dtype="bfloat16",
    )
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(encoder))
    assert type(again) is TransformerEncoder
    assert again.get_config() == encoder.get_config()
    assert again.get_config()["kernel_initializer"]["config"]["stddev"] == 0.02


def test_no_two_kernels_are_drawn_alike() -> None:
    encoder = TransformerEncoder(8, 1, kernel_initializer=keras.initializers.RandomNormal(seed=None))
    encoder.build((None, None, 8))
    kernels = [keras.ops.convert_to_numpy(w).ravel() for w in encoder.weights if w.path.endswith("kernel")]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels) == 6


def test_symbolic_shapes() -> None:
    encoder = TransformerEncoder(16, 2)
    assert encoder(keras.Input((None, 8))).shape == (None, None, 8)
    assert encoder.compute_output_shape((2, 5, 8)) == (2, 5, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"intermediate_dim": 0, "num_heads": 2}, "`intermediate_dim` must be an int of at least 1; received 0"),
        ({"intermediate_dim": 16, "num_heads": 1.5}, "`num_heads` must be an int of at least 1; received 1.5"),
    ],
)
def test_unusable_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TransformerEncoder(**arguments)


def test_unusable_inputs() -> None:
    with pytest.raises(ValueError, match="`num_heads` must be at most the last dimension of `inputs`, 8; received 16"):
        TransformerEncoder(16, 16)(INPUTS)
    with pytest.raises(ValueError, match=r"`inputs` must have the shape \(batch, length, hidden_dim\)"):
        TransformerEncoder(16, 2)(INPUTS[0])
    with pytest.raises(ValueError, match=r"`padding_mask` must have the shape \(batch, length\); received \(2, 5, 1\)"):
        TransformerEncoder(16, 2)(INPUTS, padding_mask=np.ones((2, 5, 1)))
    with pytest.raises(ValueError, match=r"`attention_mask` must have the shape .* received \(2, 5\)"):
        TransformerEncoder(16, 2)(INPUTS, attention_mask=np.ones((2, 5)))
