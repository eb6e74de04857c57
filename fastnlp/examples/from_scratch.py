"""Workflow 6: learn a vocabulary, build a transformer of layers, and train it on the task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

import fastnlp
from fastnlp.examples import imdb
from fastnlp.examples.measure import Measure, Result


def run(
    *,
    data: Path | None = None,
    vocabulary_size: int = 20_000,
    epochs: int = 3,
    batch_size: int = 16,
    sequence_length: int = 512,
    learning_rate: float = 2e-4,
    limit: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    verbose: int | str = "auto",
) -> Result:
    """Train a classifier of film reviews that owes nothing to anyone."""
    keras.utils.set_random_seed(seed)
    train, test = imdb.load(data, limit)

    vocabulary = fastnlp.tokenizers.compute_word_piece_vocabulary(
        iter(train.texts),
        vocabulary_size,
        lowercase=True,
        strip_accents=True,
        reserved_tokens=["[PAD]", "[START]", "[END]", "[MASK]", "[UNK]"],
    )
    tokenizer = fastnlp.tokenizers.WordPieceTokenizer(vocabulary, lowercase=True, strip_accents=True)
    packer = fastnlp.layers.StartEndPacker(
        sequence_length,
        start_value=tokenizer.token_to_id("[START]"),
        end_value=tokenizer.token_to_id("[END]"),
        pad_value=tokenizer.token_to_id("[PAD]"),
    )

    def batches(reviews: imdb.Reviews, *, shuffle: bool) -> fastnlp.data.Batches:
        def preprocess(x: list[str], y: Any) -> tuple[Any, Any]:
            return packer(tokenizer(x)), y

        examples = fastnlp.data.TextExamples(reviews.texts, reviews.labels, preprocess=preprocess)
        return fastnlp.data.Batches(examples, batch_size, seed=seed, shuffle=shuffle)

    training = batches(train, shuffle=True)

    # One block, and the state of "[START]" for the whole review.
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    x = fastnlp.layers.TokenAndPositionEmbedding(tokenizer.vocabulary_size(), sequence_length, embedding_dim=64)(
        token_ids
    )
    x = fastnlp.layers.TransformerEncoder(intermediate_dim=128, num_heads=2, dropout=0.1)(x)
    model = keras.Model(token_ids, keras.layers.Dense(2)(x[:, 0, :]))
    # The learning rate falls to 0 till the end.
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=len(training) * epochs)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )

    measure = Measure("train", examples=len(train.texts), guide=0.8748)
    model.fit(
        training.as_py_dataset(),
        steps_per_epoch=len(training),
        epochs=epochs,
        shuffle=False,  # the batches have an order
        validation_data=batches(test, shuffle=False).as_py_dataset(epochs=1),
        callbacks=[measure],
        verbose=verbose,
    )

    # `keras.saving.load_model(out / "model.keras")` and `WordPieceTokenizer.from_preset(out)` have them again.
    if out is not None:
        tokenizer.save_to_preset(out)
        model.save(out / "model.keras")
    return Result(model, [measure])
