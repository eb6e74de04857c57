"""`BertMaskedLM`: BERT for masked language modelling."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.layers.masked_lm_head import MaskedLMHead
from fastnlp.models.bert_backbone import BertBackbone, bert_kernel_initializer
from fastnlp.models.bert_masked_lm_preprocessor import BertMaskedLMPreprocessor
from fastnlp.models.masked_lm import MaskedLM

INTERMEDIATE_ACTIVATION = keras.activations.gelu
LAYER_NORM_EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="fastnlp")
class BertMaskedLM(MaskedLM):
    """BERT with a head that predicts masked tokens, as in its pretraining.

    Args:
        backbone: a `fastnlp.models.BertBackbone`, whose token embedding the
            head uses again.
        preprocessor: a `fastnlp.models.Preprocessor` that masks raw text, or
            None.
        intermediate_activation: activation of the head's dense layer.
        layer_norm_epsilon: epsilon of the head's layer normalization.
        **kwargs: `name`, `trainable`, and `compile=False`.

    Call arguments:
        inputs: what the backbone takes, and `mask_positions`, an int tensor
            of shape `(batch, masks)`.

    Returns:
        A float tensor of shape `(batch, masks, vocabulary_size)`: logits.

    Examples:

    >>> backbone = fastnlp.models.BertBackbone(
    ...     vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32
    ... )
    >>> masked_lm = fastnlp.models.BertMaskedLM(backbone)
    >>> ids = np.ones((2, 12), "int32")
    >>> positions = np.array([[2, 4], [3, 7]])
    >>> features = {"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": ids, "mask_positions": positions}
    >>> history = masked_lm.fit(features, np.array([[3, 5], [6, 7]]), verbose=0)
    >>> masked_lm.predict(features, verbose=0).shape
    (2, 2, 100)
    """

    backbone_cls = BertBackbone
    preprocessor_cls = BertMaskedLMPreprocessor

    def __init__(
        self,
        backbone: BertBackbone,
        preprocessor: Any = None,
        intermediate_activation: Any = INTERMEDIATE_ACTIVATION,
        layer_norm_epsilon: float = LAYER_NORM_EPSILON,
        **kwargs: Any,
    ) -> None:
        head = MaskedLMHead(
            token_embedding=backbone.token_embedding,
            intermediate_activation=intermediate_activation,
            layer_norm_epsilon=layer_norm_epsilon,
            kernel_initializer=bert_kernel_initializer(),
            dtype=backbone.dtype_policy,
            name="mlm_head",
        )
        super().__init__(backbone, head, preprocessor=preprocessor, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        config, head = super().get_config(), self.masked_lm_head
        # KerasHub does not know these two: left out, its readers take the rest.
        if head.intermediate_activation is not INTERMEDIATE_ACTIVATION:
            config["intermediate_activation"] = keras.activations.serialize(head.intermediate_activation)
        if head.layer_norm_epsilon != LAYER_NORM_EPSILON:
            config["layer_norm_epsilon"] = head.layer_norm_epsilon
        return config
