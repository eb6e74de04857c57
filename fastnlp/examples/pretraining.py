"""Workflow 5: pretrain a backbone with masked language modelling."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

import fastnlp
from fastnlp.examples import imdb
from fastnlp.examples.measure import Measure, Result

MASKED = 0.25  # of the tokens
DEVIATION = 0.05  # of word2vec's embeddings: above the 0.02 of positions, which say less


def run(
    *,
    data: Path | None = None,
    text: Sequence[Path] = (),
    preset: str = "bert_tiny_en_uncased",
    vocabulary: Path | None = None,
    epochs: int = 3,
    batch_size: int = 16,
    sequence_length: int = 256,
    learning_rate: float = 5e-4,
    word2vec_epochs: int = 0,
    limit: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    verbose: int | str = "auto",
) -> Result:
    """Train a tiny BERT to find masked tokens in film reviews, or in the text of other files, and save it as a preset.

    It is tested on reviews. `limit` is the number of examples an epoch. With `word2vec_epochs`, its token embeddings
    are first learned by word2vec, from the same text.
    """
    if word2vec_epochs:
        from fastnlp.examples.word2vec import token_vectors  # noqa: PLC0415 - needs gensim, which is optional

    keras.utils.set_random_seed(seed)
    train, test = imdb.load(data, limit)

    # All of BERT's English models share one vocabulary; any other will do.
    if vocabulary is None:
        tokenizer = fastnlp.models.BertTokenizer.from_preset(preset)
    else:
        tokenizer = fastnlp.models.BertTokenizer(vocabulary, lowercase=True)
    preprocessor = fastnlp.models.BertTextClassifierPreprocessor(tokenizer, sequence_length)

    # Selects a quarter of the tokens, for the model to guess; not among the special ones.
    masker = fastnlp.ops.Masker(
        tokenizer.vocabulary_size(),
        MASKED,
        tokenizer.mask_token_id,
        mask_selection_length=int(MASKED * sequence_length),
        unselectable_token_ids=tokenizer.special_token_ids,
    )

    def reviews(texts: list[str], *, shuffle: bool) -> fastnlp.data.Batches:
        examples = fastnlp.data.TextExamples(texts, preprocess=preprocessor, masker=masker)
        return fastnlp.data.Batches(examples, batch_size, seed=seed, shuffle=shuffle)

    with tempfile.TemporaryDirectory() as temporary:
        # Every epoch masks other tokens. Files are tokenized once, into a token store; long documents become several
        # examples.
        if text:
            store = fastnlp.corpus.build(text, Path(temporary, "tokens"), tokenizer.encoder)
            batches = store.batches(
                sequence_length,
                batch_size,
                masker=masker,
                start_value=tokenizer.cls_token_id,
                end_value=tokenizer.sep_token_id,
                pad_value=tokenizer.pad_token_id,
                seed=seed,
            )
        else:
            batches = reviews(train.texts, shuffle=True)
        steps = len(batches) if limit is None else min(len(batches), -(-limit // batch_size))

        # The smallest BERT, and a head that guesses tokens with the backbone's own embedding.
        backbone = fastnlp.models.BertBackbone(
            vocabulary_size=tokenizer.vocabulary_size(),
            num_layers=2,
            num_heads=2,
            hidden_dim=128,
            intermediate_dim=512,
            dropout=0.0,  # a small model that sees its text a few times learns all it can
        )
        if word2vec_epochs:
            documents: Any = store[:] if text else tokenizer.encoder.encode(train.texts)
            token_ids, vectors = token_vectors(documents, backbone.hidden_dim, epochs=word2vec_epochs, seed=seed)
            (embeddings,) = backbone.token_embedding.get_weights()
            embeddings[token_ids] = vectors * (DEVIATION / vectors.std())
            backbone.token_embedding.set_weights([embeddings])
        masked_lm = fastnlp.models.BertMaskedLM(backbone)
        # The learning rate rises for a tenth of the steps, and then falls to 0.
        warmup = max(steps * epochs // 10, 1)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, decay_steps=steps * epochs - warmup, warmup_target=learning_rate, warmup_steps=warmup
        )
        masked_lm.compile(optimizer=keras.optimizers.AdamW(schedule))

        measure = Measure("pretrain", examples=steps * batch_size, guide=0.1417)
        masked_lm.fit(
            batches.as_py_dataset(),
            steps_per_epoch=steps,
            epochs=epochs,
            shuffle=False,  # the batches have an order
            validation_data=reviews(test.texts, shuffle=False).as_py_dataset(epochs=1),
            callbacks=[measure],
            verbose=verbose,
        )

    # With its tokenizer, the backbone is ready for a new task: `TextClassifier.from_preset(out, num_classes=2)`.
    if out is not None:
        masked_lm.preprocessor = fastnlp.models.BertMaskedLMPreprocessor(
            tokenizer,
            sequence_length,
            mask_selection_rate=MASKED,
            mask_selection_length=masker.mask_selection_length,
        )
        masked_lm.save_to_preset(out)
    return Result(masked_lm, [measure])
