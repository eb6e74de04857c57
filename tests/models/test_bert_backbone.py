from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fastnlp.layers import MaskedLMHead, TransformerEncoder
from fastnlp.models import BertBackbone, BertMaskedLM, BertTextClassifier
from fastnlp.models.bert_backbone import gelu_approximate

IDS = np.array([[1, 5, 7, 0], [1, 3, 2, 4]], "int32")
X = {"token_ids": IDS, "segment_ids": np.zeros_like(IDS), "padding_mask": (IDS != 0).astype("int32")}


def small(**options: Any) -> BertBackbone:
    arguments = {"vocabulary_size": 9, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16}
    return BertBackbone(**{**arguments, **options})


def array(tensor: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def trainable(model: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_parameters_of_the_guides_models() -> None:
    backbone = BertBackbone(vocabulary_size=30522, num_layers=2, num_heads=2, hidden_dim=128, intermediate_dim=512)
    assert backbone.count_params() == 4_385_920
    assert BertMaskedLM(backbone).count_params() == 4_433_210

    # The guide's custom model: two blocks and a classifier on a frozen backbone.
    backbone.trainable = False
    x = backbone(backbone.input)["sequence_output"]
    for _ in range(2):
        x = TransformerEncoder(num_heads=2, intermediate_dim=512, dropout=0.1)(x)
    outputs = keras.layers.Dense(2)(x[:, backbone.cls_token_index, :])
    model = keras.Model(backbone.input, outputs)
    assert model.count_params() == 4_782_722
    assert trainable(model) == 396_802


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables ..pooled_dense")
def test_the_guides_pretraining_model() -> None:
    """With the guide's dtype policy, and the head's input given to the backbone: KerasHub fails with both."""
    backbone = small(dtype="mixed_float16", dropout=0.0)
    inputs = {**backbone.input, "mask_positions": keras.Input((None,), dtype="int32", name="mask_positions")}
    head = MaskedLMHead(token_embedding=backbone.token_embedding, dtype="mixed_float16")
    encoded = backbone(inputs)["sequence_output"]
    model = keras.Model(inputs, head(encoded, mask_positions=inputs["mask_positions"]))
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = {**X, "mask_positions": np.array([[1, 2], [3, 0]], "int32")}  # of another length than the tokens
    losses = [float(model.train_on_batch(x, np.array([[5, 7], [4, 1]]))) for _ in range(12)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def test_padding_changes_nothing() -> None:
    backbone = small()
    outputs = backbone(X)
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "sequence_output": (2, 4, 8),
        "pooled_output": (2, 8),
    }
    other = backbone({**X, "token_ids": np.where(IDS == 0, 6, IDS)})
    np.testing.assert_allclose(array(other["pooled_output"]), array(outputs["pooled_output"]), atol=1e-6)


def test_sub_models() -> None:
    backbone = small()
    layer = backbone.get_layer("transformer_layer_0")
    assert layer is backbone.transformer_layers[0]
    first = keras.Model(backbone.inputs, layer.output)
    assert tuple(first(X).shape) == (2, 4, 8)
    assert first.weights[0] is backbone.token_embedding.embeddings
    logits = backbone.token_embedding(backbone(X)["sequence_output"], reverse=True)
    assert tuple(logits.shape) == (2, 4, 9)


def test_config_round_trip() -> None:
    for backbone in (small(), small(activation="gelu", layer_norm_epsilon=1e-6, dtype="bfloat16", trainable=False)):
        config = backbone.get_config()
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(backbone))
        assert type(again) is BertBackbone
        assert again.get_config() == config
        assert again.trainable == backbone.trainable
        assert again.dtype_policy.name == backbone.dtype_policy.name
        for layer in again.transformer_layers:
            assert layer.activation is backbone.activation
            assert layer.layer_norm_epsilon == backbone.layer_norm_epsilon
    assert small().activation is gelu_approximate
    assert not {"activation", "layer_norm_epsilon"} & small().get_config().keys()


def test_a_saved_model_is_the_same(tmp_path: Any) -> None:
    backbone = small()
    backbone.save(tmp_path / "backbone.keras")
    again = keras.saving.load_model(tmp_path / "backbone.keras")
    assert type(again) is BertBackbone
    for ours, theirs in zip(again(X).values(), backbone(X).values(), strict=True):
        np.testing.assert_allclose(array(ours), array(theirs), atol=1e-6)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
def test_quantized_configuration() -> None:
    backbone = small(dropout=0.0)
    backbone.quantize("int8")
    again = BertBackbone.from_config(keras.saving.deserialize_keras_object(backbone.get_config()))
    assert [layer.quantization_mode for layer in again._flatten_layers()] == [
        layer.quantization_mode for layer in backbone._flatten_layers()
    ]


def test_lora_trains_queries_and_values_alone() -> None:
    backbone = small()
    expected = array(backbone(X)["pooled_output"])
    backbone.enable_lora(3)
    paths = {weight.path.partition("self_attention_layer/")[2] for weight in backbone.trainable_weights}
    assert paths == {
        f"{name}/{part}" for name in ("query", "value") for part in ("bias", "lora_kernel_a", "lora_kernel_b")
    }
    np.testing.assert_allclose(array(backbone(X)["pooled_output"]), expected, atol=1e-6)

    other = small()
    other.enable_lora(1, target_layer_names=["feedforward_output_dense"])
    assert {weight.path.split("/")[1] for weight in other.trainable_weights} == {"feedforward_output_dense"}
    with pytest.raises(
        ValueError, match=r"`target_layer_names` must name layers of bert_backbone.* received \['nothing'\]"
    ):
        small(name="bert_backbone").enable_lora(1, target_layer_names=["nothing"])


def test_freezing() -> None:
    backbone = small()
    classifier = BertTextClassifier(backbone, 3)
    backbone.trainable = False
    assert [weight.path for weight in classifier.trainable_weights] == ["logits/kernel", "logits/bias"]
    before = backbone.get_weights()
    classifier.compile()
    classifier.fit(X, np.array([0, 2]), verbose=0)
    for old, new in zip(before, backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_unusable_arguments() -> None:
    with pytest.raises(ValueError, match="`num_heads` must divide `hidden_dim`, 8; received 3"):
        small(num_heads=3)
    with pytest.raises(ValueError, match="`num_layers` must not be negative; received -1"):
        small(num_layers=-1)
    with pytest.raises(ValueError, match="`sequence_length` must be an int of at least 1; received 0"):
        small(max_sequence_length=0)
    with pytest.raises(ValueError, match="`inputs` must end within the 3 positions"):
        small(max_sequence_length=3)(X)
