"""The base of all masked language models."""

from __future__ import annotations

from typing import Any

import keras

from fastnlp.models.backbone import Backbone
from fastnlp.models.task import Task


class MaskedLM(Task):
    """A base class for tasks that predict masked tokens.

    The model's inputs are those of the backbone, and `mask_positions`, an
    int tensor of shape `(batch, masks)`. Labels are the masked token ids, and
    sample weights are 0 where a mask is padding; the preprocessor makes them
    all.

    Args:
        backbone: the `fastnlp.models.Backbone` below the head.
        head: the `fastnlp.layers.MaskedLMHead`.
        **kwargs: arguments of `fastnlp.models.Task`.
    """

    def __init__(self, backbone: Backbone, head: Any, **kwargs: Any) -> None:
        mask_positions = keras.Input((None,), dtype="int32", name="mask_positions")
        outputs = head(backbone(backbone.input)["sequence_output"], mask_positions)
        super().__init__(backbone, {**backbone.input, "mask_positions": mask_positions}, outputs, **kwargs)
        self.masked_lm_head = head

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", *, weighted_metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """Configure training; see `keras.Model.compile`.

        Args:
            optimizer: `"auto"` for Adam with a learning rate of 5e-5.
            loss: `"auto"` for sparse categorical cross-entropy of logits.
            weighted_metrics: `"auto"` for sparse categorical accuracy, which
                the sample weights keep padding out of.
            **kwargs: further arguments of `keras.Model.compile`.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        if loss == "auto":
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if weighted_metrics == "auto":
            weighted_metrics = [keras.metrics.SparseCategoricalAccuracy()]
        super().compile(optimizer=optimizer, loss=loss, weighted_metrics=weighted_metrics, **kwargs)
