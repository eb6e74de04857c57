"""The base of all text classifiers."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.models.backbone import Backbone
from fastnlp.models.task import Task


class TextClassifier(Task):
    """A base class for tasks that assign a class to a text.

    Args:
        backbone: the `fastnlp.models.Backbone` below the head.
        outputs: the symbolic output of the head, of shape
            `(batch, num_classes)`.
        num_classes: number of classes.
        activation: activation of the outputs: None for logits, `"softmax"`
            for probabilities.
        dropout: share of the head's inputs that training drops.
        compile: compile the model with the defaults of `compile()`.
        **kwargs: arguments of `fastnlp.models.Task`.
    """

    def __init__(
        self,
        backbone: Backbone,
        outputs: Any,
        *,
        num_classes: int,
        activation: Any,
        dropout: float,
        compile: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(backbone, backbone.input, outputs, compile=False, **kwargs)
        self.num_classes = num_classes
        self.activation = keras.activations.get(activation)
        self.dropout = dropout
        if compile:
            self.compile()

    def compile(self, optimizer: Any = "auto", loss: Any = "auto", *, metrics: Any = "auto", **kwargs: Any) -> None:
        """Configure training; see `keras.Model.compile`.

        Args:
            optimizer: `"auto"` for Adam with a learning rate of 5e-5.
            loss: `"auto"` for sparse categorical cross-entropy.
            metrics: `"auto"` for sparse categorical accuracy.
            **kwargs: further arguments of `keras.Model.compile`.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        if loss == "auto":
            from_logits = self.activation is not keras.activations.softmax
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
        if metrics == "auto":
            metrics = [keras.metrics.SparseCategoricalAccuracy()]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }


Classifier = TextClassifier
