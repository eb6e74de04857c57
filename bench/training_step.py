"""Does the input pipeline hold training back? Steps on fresh batches next to steps on one batch that is ready.

Pretrains BERT (masked language modelling) on the reviews: every batch is tokenized, packed and masked when its turn
comes. The same model takes turns with the batches of the pipeline and with one cached batch, through `fit()`. Prints a
table in Markdown. Nothing of TensorFlow is loaded on the other backends.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import Any

import click

from bench.corpus import Corpus, load
from fastnlp.bench.machine import describe_machine

MODELS = {
    "tiny": {"num_layers": 2, "num_heads": 2, "hidden_dim": 128, "intermediate_dim": 512},
    "base": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "intermediate_dim": 3072},
}
RATE = 0.15


@click.command(help=__doc__)
@click.option("--backend", type=click.Choice(["jax", "tensorflow", "torch"]), default="jax", show_default=True)
@click.option("--model", "models", type=click.Choice(list(MODELS)), multiple=True, default=list(MODELS))
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True)
@click.option("--sequence-length", type=click.IntRange(8), default=256, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=20, show_default=True, help="Steps of a turn.")
@click.option("--turns", type=click.IntRange(1), default=5, show_default=True, help="Turns of each kind.")
@click.option("--dtype", default="float32", show_default=True, help='Keras\'s policy, "mixed_bfloat16" say.')
def main(
    backend: str, models: tuple[str, ...], batch_size: int, sequence_length: int, steps: int, turns: int, dtype: str
) -> None:
    os.environ["KERAS_BACKEND"] = backend
    import keras

    keras.config.set_dtype_policy(dtype)
    corpus = load(None)
    batches = make_batches(corpus, batch_size, sequence_length)
    click.echo("| model | ms a step, cached batch | ms a step, pipeline | ratio | examples/s trained | prepared |")
    click.echo("| --- | ---: | ---: | ---: | ---: | ---: |")
    prepared = examples_per_second(batches)
    for name in models:
        cached, piped = measure(make_model(name, len(corpus.vocabulary), sequence_length), batches, steps, turns)
        ratio = statistics.median(pipe / cache for cache, pipe in zip(cached, piped, strict=True))
        cache, pipe = statistics.median(cached), statistics.median(piped)
        click.echo(
            f"| BERT {name} | {1e3 * cache:,.2f} | {1e3 * pipe:,.2f} | {ratio:.3f} | {batch_size / pipe:,.0f} | "
            f"{prepared:,.0f} |"
        )
    if backend != "tensorflow":
        assert "tensorflow" not in sys.modules
    click.echo(
        f"\n{backend}, {dtype}, batches of {batch_size} x {sequence_length} tokens, {turns} turns of {steps} steps. "
        f"{describe_machine()}"
    )


def make_batches(corpus: Corpus, batch_size: int, sequence_length: int) -> Any:
    """Batches of strings that are tokenized, packed and masked when they are asked for."""
    from fastnlp import data, models, ops

    tokenizer = models.BertTokenizer(corpus.vocabulary, lowercase=True)
    preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length)
    masker = ops.Masker(
        tokenizer.vocabulary_size(),
        RATE,
        tokenizer.mask_token_id,
        mask_selection_length=int(RATE * sequence_length),
        unselectable_token_ids=tokenizer.special_token_ids,
    )
    return data.Batches(data.TextExamples(corpus.texts, preprocess=preprocessor, masker=masker), batch_size, seed=1)


def make_model(name: str, vocabulary_size: int, sequence_length: int) -> Any:
    """A compiled model."""
    from fastnlp import models

    backbone = models.BertBackbone(vocabulary_size, max_sequence_length=sequence_length, **MODELS[name])
    return models.BertMaskedLM(backbone)


def examples_per_second(batches: Any) -> float:
    """What the pipeline makes by itself, read as `fit()` reads it."""
    steps = min(len(batches), 200)
    dataset = batches.as_py_dataset()
    dataset[0]
    start = time.perf_counter()
    for step in range(1, steps):
        dataset[step]
    return float(batches.batch_size * (steps - 1) / (time.perf_counter() - start))


def measure(model: Any, batches: Any, steps: int, turns: int) -> tuple[list[float], list[float]]:
    """Seconds a step: of turns on a cached batch, and of turns on the pipeline, one after the other."""
    import keras

    class Cached(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
        batch = batches[0]
        num_batches = None

        def __getitem__(self, index: int) -> Any:
            return self.batch

    def seconds(dataset: Any) -> float:
        start = time.perf_counter()
        model.fit(dataset, steps_per_epoch=steps, shuffle=False, verbose=0)
        return (time.perf_counter() - start) / steps

    model.fit(Cached(), steps_per_epoch=2, shuffle=False, verbose=0)
    cached, piped = [], []
    for turn in range(turns):
        cached.append(seconds(Cached()))
        piped.append(seconds(batches.as_py_dataset(first_step=1 + turn * steps)))
    return cached, piped


if __name__ == "__main__":
    main()
