"""Workflow 2: fine-tune a pretrained backbone on labelled text."""

from __future__ import annotations

from pathlib import Path

import keras

import fastnlp
from fastnlp.examples import imdb
from fastnlp.examples.measure import Measure, Result


def run(
    *,
    data: Path | None = None,
    preset: str = "bert_tiny_en_uncased",
    epochs: int = 1,
    batch_size: int = 16,
    sequence_length: int | None = None,
    learning_rate: float = 5e-5,
    limit: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    verbose: int | str = "auto",
) -> Result:
    """Train a classifier of film reviews, and save it as a preset."""
    keras.utils.set_random_seed(seed)
    train, test = imdb.load(data, limit)

    # The preset's backbone and vocabulary, and a new head for two classes.
    classifier = fastnlp.models.TextClassifier.from_preset(preset, num_classes=2)
    if sequence_length is not None:
        classifier.preprocessor.sequence_length = sequence_length
    # The learning rate falls to 0: one that stays leaves the accuracy to what the last few batches held.
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate, decay_steps=-(-len(train.texts) // batch_size) * epochs
    )
    classifier.compile(optimizer=keras.optimizers.Adam(schedule))

    # Raw strings go in. Every epoch has an order of its own, which follows from the seed.
    measure = Measure("fine-tune", examples=len(train.texts), guide=0.8621)
    classifier.fit(
        train.texts,
        train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(test.texts, test.labels),
        callbacks=[measure],
        verbose=verbose,
    )

    # Head, backbone and preprocessor in one folder: `TextClassifier.from_preset(out)` has them again.
    if out is not None:
        classifier.save_to_preset(out)
    return Result(classifier, [measure])
