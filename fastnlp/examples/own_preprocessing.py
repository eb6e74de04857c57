"""Workflow 3: fine-tune on examples that are preprocessed by one's own rules: once, ahead of time, or elsewhere."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np

import fastnlp
from fastnlp.examples import imdb
from fastnlp.examples.measure import Measure, Result

Preprocess: TypeAlias = Callable[[Any, Any], Any]  # from texts and labels to what Keras takes


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
    """Train on examples that are preprocessed once, and evaluate on examples that come in other ways, too.

    On the TensorFlow backend they come through `tf.data`; on the others TensorFlow need not be installed.
    """
    keras.utils.set_random_seed(seed)
    train, test = imdb.load(data, limit)

    # The preprocessor by itself; the task then takes what it makes.
    preprocessor = fastnlp.models.TextClassifierPreprocessor.from_preset(preset, sequence_length=sequence_length)
    classifier = fastnlp.models.TextClassifier.from_preset(preset, num_classes=2, preprocessor=None)
    # The learning rate falls to 0 till the end.
    steps = -(-len(train.texts) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=steps * epochs)
    classifier.compile(optimizer=keras.optimizers.Adam(schedule))

    # Or each step by hand; here only the first tokens of a review are packed.
    tokenizer = preprocessor.tokenizer
    packer = fastnlp.layers.MultiSegmentPacker(
        sequence_length=min(64, sequence_length),
        start_value=tokenizer.cls_token_id,
        end_value=tokenizer.sep_token_id,
        pad_value=tokenizer.pad_token_id,
    )

    def by_hand(x: Any, y: Any) -> Any:
        token_ids, segment_ids = packer(tokenizer(x))
        padding_mask = token_ids != tokenizer.pad_token_id
        return {"token_ids": token_ids, "segment_ids": segment_ids, "padding_mask": padding_mask}, y

    with_tensorflow = keras.backend.backend() == "tensorflow"
    training = (through_tf_data if with_tensorflow else in_memory)(train, preprocessor, batch_size, seed)
    with (ways_of_tf_data if with_tensorflow else ways_without)(test, preprocessor, by_hand, batch_size) as ways:
        measures = [Measure("train, preprocessed once", examples=len(train.texts), guide=0.8790)]
        classifier.fit(
            training,
            steps_per_epoch=steps,
            epochs=epochs,
            shuffle=False,  # the batches have an order
            validation_data=ways["when asked for"],
            callbacks=measures,
            verbose=verbose,
        )
        for name, dataset in ways.items():
            measures.append(Measure(f"evaluate, {name}", examples=len(test.texts)))
            classifier.evaluate(dataset, callbacks=measures[-1:], verbose=verbose)

    if out is not None:
        classifier.preprocessor = preprocessor
        classifier.save_to_preset(out)
    return Result(classifier, measures)


def through_tf_data(reviews: imdb.Reviews, preprocess: Preprocess, batch_size: int, seed: int) -> Any:
    """Batches to train on: preprocessed in the first epoch, in another order in each."""
    import tensorflow as tf  # noqa: PLC0415 - no other backend needs it

    dataset = tf.data.Dataset.from_tensor_slices((reviews.texts, reviews.labels)).batch(256)
    dataset = dataset.map(preprocess, tf.data.AUTOTUNE).cache().unbatch()
    return dataset.shuffle(len(reviews.texts), seed=seed).batch(batch_size).repeat().prefetch(tf.data.AUTOTUNE)


@contextmanager
def ways_of_tf_data(
    reviews: imdb.Reviews, preprocess: Preprocess, by_hand: Preprocess, batch_size: int
) -> Iterator[dict[str, Any]]:
    """The same examples, in four ways."""
    import tensorflow as tf  # noqa: PLC0415

    raw = tf.data.Dataset.from_tensor_slices((reviews.texts, reviews.labels)).batch(batch_size)
    preprocessed = raw.map(preprocess, tf.data.AUTOTUNE)

    # Workers preprocess in processes of their own, on as many machines as you like; here they are in this process.
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer()
    worker = service.WorkerServer(service.WorkerConfig(dispatcher.target.partition("://")[2]))
    distribute = service.distribute(processing_mode=service.ShardingPolicy.DYNAMIC, service=dispatcher.target)

    with tempfile.TemporaryDirectory() as folder:
        preprocessed.save(folder)
        yield {
            "when asked for": preprocessed.prefetch(tf.data.AUTOTUNE),
            "from disk": tf.data.Dataset.load(folder).prefetch(tf.data.AUTOTUNE),
            "by a tf.data service": preprocessed.apply(distribute).prefetch(tf.data.AUTOTUNE),
            "packed by hand": raw.map(by_hand, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE),
        }
    del worker, dispatcher


def in_memory(reviews: imdb.Reviews, preprocess: Preprocess, batch_size: int, seed: int) -> Any:
    """Batches to train on: preprocessed at once, in another order in each epoch."""
    x, y = preprocess(reviews.texts, reviews.labels)
    examples = fastnlp.data.TextExamples(x, y, preprocess=lambda x, y: (x, y))
    return fastnlp.data.Batches(examples, batch_size, seed=seed).as_py_dataset()


@contextmanager
def ways_without(
    reviews: imdb.Reviews, preprocess: Any, by_hand: Preprocess, batch_size: int
) -> Iterator[dict[str, Any]]:
    """The same examples, in three ways."""

    def batches(examples: fastnlp.data.Examples) -> Any:
        return fastnlp.data.Batches(examples, batch_size, shuffle=False).as_py_dataset(epochs=1)

    with tempfile.TemporaryDirectory() as folder:
        # A token store holds the ids of documents, which are packed when they are read.
        lines = Path(folder, "reviews.jsonl")
        lines.write_text("\n".join(json.dumps({"text": text}) for text in reviews.texts), encoding="utf-8")
        tokenizer = preprocess.tokenizer
        store = fastnlp.corpus.build(lines, Path(folder, "tokens"), tokenizer.encoder)
        documents = store.batches(
            preprocess.sequence_length,
            batch_size,
            start_value=tokenizer.cls_token_id,
            end_value=tokenizer.sep_token_id,
            pad_value=tokenizer.pad_token_id,
            long_documents="cut",
        ).examples
        yield {
            "when asked for": batches(fastnlp.data.TextExamples(*reviews, preprocess=preprocess)),
            "from disk": batches(Labelled(documents, reviews.labels)),
            "packed by hand": batches(fastnlp.data.TextExamples(*reviews, preprocess=by_hand)),
        }


class Labelled:
    """Examples with labels: whatever has these two methods can be trained on."""

    def __init__(self, examples: fastnlp.data.Examples, labels: np.ndarray) -> None:
        self.examples = examples
        self.labels = labels

    def __len__(self) -> int:
        return len(self.examples)

    def read(self, index: np.ndarray, *, seed: int, epoch: int) -> Any:
        """A batch: x and y."""
        return self.examples.read(index, seed=seed, epoch=epoch), self.labels[index]
