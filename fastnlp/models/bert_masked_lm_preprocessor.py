"""`BertMaskedLMPreprocessor`: text with masks, as BERT is pretrained on it."""

from __future__ import annotations

import keras

from fastnlp.models.bert_backbone import BertBackbone
from fastnlp.models.masked_lm_preprocessor import MaskedLMPreprocessor
from fastnlp.tokenizers.bert_tokenizer import BertTokenizer


@keras.saving.register_keras_serializable(package="fastnlp")  # type: ignore[untyped-decorator]  # Keras has no types
class BertMaskedLMPreprocessor(MaskedLMPreprocessor):
    """Tokenizes text, packs it and masks it for `fastnlp.models.BertMaskedLM`.

    A sequence is `[CLS]`, the first segment, `[SEP]`, the second segment,
    `[SEP]`, …, and padding; special tokens are never selected. The same comes
    out eagerly, in `tf.data` batched or not, and on every backend; see
    `fastnlp.models.MaskedLMPreprocessor` for arguments and results.

    Examples:

    >>> vocabulary = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "the", "quick", "fox", "."]
    >>> tokenizer = fastnlp.models.BertTokenizer(vocabulary, lowercase=True)
    >>> preprocessor = fastnlp.models.BertMaskedLMPreprocessor(
    ...     tokenizer, sequence_length=8, mask_selection_rate=0.5, mask_selection_length=3, seed=2
    ... )
    >>> x, y, sample_weight = preprocessor("The quick fox.")
    >>> x["token_ids"].tolist()
    [1, 4, 6, 7, 8, 2, 3, 3]
    >>> x["mask_positions"].tolist(), y.tolist(), sample_weight.tolist()
    ([1, 3, 0], [5, 7, 0], [1.0, 1.0, 0.0])

    >>> dataset = tf.data.Dataset.from_tensor_slices(["The quick fox.", "The fox."])
    >>> dataset = fastnlp.tf.masking.enumerate_epochs(dataset, epochs=3).batch(2)
    >>> dataset = dataset.map(lambda epoch, index, text: preprocessor(text, epoch=epoch, index=index))
    """

    backbone_cls = BertBackbone
    tokenizer_cls = BertTokenizer
