"""Workflow 1: classify text with a pretrained classifier, and evaluate it on reviews that it has never seen."""

from __future__ import annotations

from pathlib import Path

import keras

import fastnlp
from fastnlp.examples import imdb
from fastnlp.examples.measure import Measure, Result

SENTENCES = ["What a lovely way to spend an evening!", "I want these two hours of my life back."]


def run(
    *,
    data: Path | None = None,
    preset: str = "bert_tiny_en_uncased_sst2",
    batch_size: int = 16,
    sequence_length: int | None = None,
    limit: int | None = None,
    verbose: int | str = "auto",
) -> Result:
    """Load a classifier of two classes, negative and positive, and use it."""
    # The preset's preprocessor, backbone and head; from a checkpoint of Hugging Face's, too.
    classifier = fastnlp.models.TextClassifier.from_preset(preset)
    if sequence_length is not None:
        classifier.preprocessor.sequence_length = sequence_length

    # One logit a class, for every string of a list.
    positive = keras.ops.softmax(classifier.predict(SENTENCES, verbose=0))[:, 1]

    # It is compiled with loss and metric, so that it can be evaluated as it is.
    _, test = imdb.load(data, limit)
    measure = Measure("evaluate", examples=len(test.texts), guide=0.7835)
    classifier.evaluate(test.texts, test.labels, batch_size=batch_size, callbacks=[measure], verbose=verbose)

    chances = keras.ops.convert_to_numpy(positive).tolist()
    facts = ((sentence, f"{chance:.2f} positive") for sentence, chance in zip(SENTENCES, chances, strict=True))
    return Result(classifier, [measure], tuple(facts))
