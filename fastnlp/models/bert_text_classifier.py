"""`BertTextClassifier`: BERT for classification."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.models.bert_backbone import BertBackbone, bert_kernel_initializer
from fastnlp.models.bert_text_classifier_preprocessor import BertTextClassifierPreprocessor
from fastnlp.models.text_classifier import TextClassifier


@keras.saving.register_keras_serializable(package="fastnlp")
class BertTextClassifier(TextClassifier):
    """BERT with a dense layer on its pooled output, for classes of texts.

    `BertClassifier` is its old name.

    Args:
        backbone: a `fastnlp.models.BertBackbone`.
        num_classes: number of classes.
        preprocessor: a `fastnlp.models.Preprocessor` for raw text, or None.
        activation: activation of the outputs: None for logits, `"softmax"`
            for probabilities.
        dropout: share of the pooled output that training drops.
        **kwargs: `name`, `trainable`, and `compile=False`.

    Call arguments:
        inputs: what the backbone takes.

    Returns:
        A float tensor of shape `(batch, num_classes)`.

    Examples:

    >>> backbone = fastnlp.models.BertBackbone(
    ...     vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32
    ... )
    >>> classifier = fastnlp.models.BertTextClassifier(backbone, num_classes=4)
    >>> ids = np.ones((2, 12), "int32")
    >>> features = {"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": ids}
    >>> history = classifier.fit(features, np.array([0, 3]), verbose=0)
    >>> classifier.predict(features, verbose=0).shape
    (2, 4)
    """

    backbone_cls = BertBackbone
    preprocessor_cls = BertTextClassifierPreprocessor

    def __init__(
        self,
        backbone: BertBackbone,
        num_classes: int,
        preprocessor: Any = None,
        activation: Any = None,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        output_dropout = keras.layers.Dropout(dropout, dtype=backbone.dtype_policy, name="classifier_dropout")
        output_dense = keras.layers.Dense(
            num_classes,
            activation=activation,
            kernel_initializer=bert_kernel_initializer(),
            dtype=backbone.dtype_policy,
            name="logits",
        )
        outputs = output_dense(output_dropout(backbone(backbone.input)["pooled_output"]))
        super().__init__(
            backbone,
            outputs,
            num_classes=num_classes,
            preprocessor=preprocessor,
            activation=activation,
            dropout=dropout,
            **kwargs,
        )
        self.output_dropout = output_dropout
        self.output_dense = output_dense


BertClassifier = BertTextClassifier
