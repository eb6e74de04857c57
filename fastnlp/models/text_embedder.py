"""The base of all text embedders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from fastnlp.models.backbone import Backbone
from fastnlp.models.task import Task


class TextEmbedder(Task):
    """A base class for tasks that turn a text into one vector.

    The vector is pooled from the encoded tokens as sentence-transformers
    does it.

    Args:
        backbone: the `fastnlp.models.Backbone` that encodes the tokens.
        preprocessor: see `fastnlp.models.Task`.
        pooling_mode: `"mean"` or `"max"` of all tokens but padding, or
            `"cls"` for the token at the backbone's `cls_token_index`.
        normalize: scale the vectors to length 1.
        **kwargs: arguments of `fastnlp.models.Task`.

    Raises:
        ValueError: where `pooling_mode` is none of the three.
    """

    def __init__(
        self,
        backbone: Backbone,
        preprocessor: Any = None,
        pooling_mode: str = "mean",
        normalize: bool = True,
        **kwargs: Any,
    ) -> None:
        if pooling_mode not in {"mean", "cls", "max"}:
            raise ValueError(f"`pooling_mode` must be 'mean', 'cls' or 'max'; received {pooling_mode!r}.")
        encoded = backbone(backbone.input)["sequence_output"]
        # Sums and squares are too much for float16, and bfloat16 cannot count tokens beyond 256.
        tokens = ops.cast(encoded, "float32")
        padding_mask = backbone.input["padding_mask"]
        if pooling_mode == "mean":
            outputs = mean_pooling(tokens, padding_mask)
        elif pooling_mode == "max":
            outputs = max_pooling(tokens, padding_mask)
        else:
            outputs = tokens[:, backbone.cls_token_index, :]
        if normalize:
            outputs = ops.normalize(outputs, axis=-1, order=2)
        outputs = ops.cast(outputs, encoded.dtype)
        super().__init__(backbone, backbone.input, outputs, preprocessor=preprocessor, **kwargs)
        self.pooling_mode = pooling_mode
        self.normalize = normalize

    def compile(self, optimizer: Any = "auto", loss: Any = None, *, metrics: Any = None, **kwargs: Any) -> None:
        """Configure training; see `keras.Model.compile`.

        Args:
            optimizer: `"auto"` for Adam with a learning rate of 5e-5.
            loss: must be given for training.
            metrics: see `keras.Model.compile`.
            **kwargs: further arguments of `keras.Model.compile`.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def encode_text(self, text: str | Sequence[str], **kwargs: Any) -> Any:
        """The vectors of one text, or of several: an array of shape `(texts, hidden_dim)`.

        Args:
            text: a text, or several.
            **kwargs: arguments of `predict()`.
        """
        return self.predict([text] if isinstance(text, str) else text, **kwargs)

    def encode_documents(self, documents: str | Sequence[str], **kwargs: Any) -> Any:
        """The vectors of documents: `encode_text()`, which models with a prompt for documents change."""
        return self.encode_text(documents, **kwargs)

    def similarity(self, query_embeddings: Any, document_embeddings: Any) -> Any:
        """The dot product of every query and every document: a tensor of shape `(queries, documents)`."""
        return ops.matmul(query_embeddings, ops.transpose(document_embeddings))

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "pooling_mode": self.pooling_mode, "normalize": self.normalize}


def mean_pooling(tokens: Any, padding_mask: Any) -> Any:
    """The mean of all tokens but padding."""
    mask = ops.cast(ops.expand_dims(padding_mask, axis=-1), tokens.dtype)
    return ops.sum(tokens * mask, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1.0)


def max_pooling(tokens: Any, padding_mask: Any) -> Any:
    """The largest value of every dimension among all tokens but padding."""
    mask = ops.cast(ops.expand_dims(padding_mask, axis=-1), "bool")
    return ops.max(ops.where(mask, tokens, ops.cast(float("-inf"), tokens.dtype)), axis=1)
