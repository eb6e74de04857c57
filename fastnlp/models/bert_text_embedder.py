"""`BertTextEmbedder`: BERT for vectors of texts."""

from __future__ import annotations

import keras

from fastnlp.models.bert_backbone import BertBackbone
from fastnlp.models.bert_text_embedder_preprocessor import BertTextEmbedderPreprocessor
from fastnlp.models.text_embedder import TextEmbedder


@keras.saving.register_keras_serializable(package="fastnlp")
class BertTextEmbedder(TextEmbedder):
    """BERT with a pooling layer: one vector a text, as sentence-transformers' all-MiniLM-L6-v2 makes it.

    Args:
        backbone: a `fastnlp.models.BertBackbone`.
        preprocessor: a `fastnlp.models.BertTextEmbedderPreprocessor` for raw text, or None.
        pooling_mode: `"mean"` or `"max"` of all tokens but padding, or
            `"cls"` for the first token.
        normalize: scale the vectors to length 1.
        **kwargs: `name`, `trainable`, and `compile=False`.

    Call arguments:
        inputs: what the backbone takes.

    Returns:
        A float tensor of shape `(batch, hidden_dim)`.

    Examples:

    >>> backbone = fastnlp.models.BertBackbone(
    ...     vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32
    ... )
    >>> embedder = fastnlp.models.BertTextEmbedder(backbone)
    >>> ids = np.ones((2, 12), "int32")
    >>> embedder.predict({"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": ids}, verbose=0).shape
    (2, 16)

    References:
        [Reimers and Gurevych, 2019, Sentence-BERT](https://arxiv.org/abs/1908.10084)
    """

    backbone_cls = BertBackbone
    preprocessor_cls = BertTextEmbedderPreprocessor
