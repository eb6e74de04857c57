"""`BertTextEmbedderPreprocessor`: text as BERT takes it, for vectors of texts."""

from __future__ import annotations

import keras

from fastnlp.models.bert_backbone import BertBackbone
from fastnlp.models.text_embedder_preprocessor import TextEmbedderPreprocessor
from fastnlp.tokenizers.bert_tokenizer import BertTokenizer


@keras.saving.register_keras_serializable(package="fastnlp")
class BertTextEmbedderPreprocessor(TextEmbedderPreprocessor):
    """Tokenizes text and packs it for `fastnlp.models.BertTextEmbedder`.

    It is `fastnlp.models.BertTextClassifierPreprocessor` for sequences of 256
    tokens by default.

    Examples:

    >>> vocabulary = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the", "quick", "fox", "."]
    >>> tokenizer = fastnlp.models.BertTokenizer(vocabulary, lowercase=True)
    >>> preprocessor = fastnlp.models.BertTextEmbedderPreprocessor(tokenizer, sequence_length=8)
    >>> preprocessor("The quick fox.")["token_ids"].tolist()
    [1, 5, 6, 7, 8, 2, 3, 3]
    """

    backbone_cls = BertBackbone
    tokenizer_cls = BertTokenizer
