"""Workflow 4: a model of one's own: new layers on a pretrained backbone that is frozen."""

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
    epochs: int = 3,
    batch_size: int = 16,
    sequence_length: int = 512,
    learning_rate: float = 5e-5,
    limit: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    verbose: int | str = "auto",
) -> Result:
    """Train two transformer blocks and a dense layer above a backbone."""
    keras.utils.set_random_seed(seed)
    train, test = imdb.load(data, limit)

    preprocessor = fastnlp.models.TextClassifierPreprocessor.from_preset(preset, sequence_length=sequence_length)
    backbone = fastnlp.models.Backbone.from_preset(preset)
    backbone.trainable = False

    # The backbone is a layer as any other: its output for every token goes on into new layers.
    x = backbone(backbone.input)["sequence_output"]
    for _ in range(2):
        x = fastnlp.layers.TransformerEncoder(intermediate_dim=512, num_heads=2, dropout=0.1)(x)
    logits = keras.layers.Dense(2)(x[:, backbone.cls_token_index, :])
    model = keras.Model(backbone.input, logits)

    # A Keras model takes no strings: a batch is preprocessed when it is its turn, by threads that read ahead.
    def batches(reviews: imdb.Reviews, *, shuffle: bool) -> fastnlp.data.Batches:
        examples = fastnlp.data.TextExamples(reviews.texts, reviews.labels, preprocess=preprocessor)
        return fastnlp.data.Batches(examples, batch_size, seed=seed, shuffle=shuffle)

    training = batches(train, shuffle=True)

    # The learning rate falls to 0 till the end.
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=len(training) * epochs)
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )

    measure = Measure("train", examples=len(train.texts), guide=0.7742)
    model.fit(
        training.as_py_dataset(),
        steps_per_epoch=len(training),
        epochs=epochs,
        shuffle=False,  # the batches have an order
        validation_data=batches(test, shuffle=False).as_py_dataset(epochs=1),
        callbacks=[measure],
        verbose=verbose,
    )

    # `keras.saving.load_model(out / "model.keras")` and `TextClassifierPreprocessor.from_preset(out)` have them again.
    if out is not None:
        backbone.save_to_preset(out)  # which says what the preprocessor is for
        preprocessor.save_to_preset(out)
        model.save(out / "model.keras")
    return Result(model, [measure])
