"""`BertTextClassifierPreprocessor`: text as BERT takes it."""

from __future__ import annotations

import keras

from fastnlp.models.bert_backbone import BertBackbone
from fastnlp.models.text_classifier_preprocessor import TextClassifierPreprocessor
from fastnlp.tokenizers.bert_tokenizer import BertTokenizer


@keras.saving.register_keras_serializable(package="fastnlp")  # type: ignore[untyped-decorator]  # Keras has no types
class BertTextClassifierPreprocessor(TextClassifierPreprocessor):
    """Tokenizes text and packs it for `fastnlp.models.BertTextClassifier`.

    A sequence is `[CLS]`, the first segment, `[SEP]`, the second segment,
    `[SEP]`, …, and padding. The same comes out eagerly, in `tf.data` batched
    or not, and on every backend; see
    `fastnlp.models.TextClassifierPreprocessor` for arguments and results.
    `BertPreprocessor` is its old name.

    Examples:

    >>> vocabulary = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the", "quick", "fox", "."]
    >>> tokenizer = fastnlp.models.BertTokenizer(vocabulary, lowercase=True)
    >>> preprocessor = fastnlp.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    >>> preprocessor("The quick fox.")["token_ids"].tolist()
    [1, 5, 6, 7, 8, 2, 3, 3]
    >>> x, y = preprocessor((["The fox."], ["Quick."]), [1])
    >>> x["token_ids"].tolist()
    [[1, 5, 7, 8, 2, 6, 8, 2]]
    >>> x["segment_ids"].tolist()
    [[0, 0, 0, 0, 0, 1, 1, 1]]

    >>> dataset = tf.data.Dataset.from_tensor_slices((["The quick fox.", "The fox."], [1, 0]))
    >>> dataset = dataset.batch(2).map(preprocessor, num_parallel_calls=tf.data.AUTOTUNE)
    """

    backbone_cls = BertBackbone
    tokenizer_cls = BertTokenizer


BertPreprocessor = BertTextClassifierPreprocessor
