"""The tables of docs/engine.md: the ladder, targets, containers, languages and adversaries; every answer asserted."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import click
import numpy as np

import fastnlp
from bench import corpus
from bench.languages import adversaries, languages, phrases
from bench.report import format_date, markdown_table
from fastnlp import _dispatch
from fastnlp.bench.contest import count_bytes, encode
from fastnlp.bench.entrances import SMALL_BATCH, measure_entrances, measure_small_batch
from fastnlp.bench.ladder import RUNGS, measure_ladder
from fastnlp.bench.machine import describe_machine, describe_software
from fastnlp.bench.peers import hugging_face
from fastnlp.bench.rows import format_number, format_threads
from fastnlp.bench.targets import measure_targets, native_targets
from fastnlp.bench.timing import Timing, time_rounds
from fastnlp.ops import WordPiece
from fastnlp.ragged import Ragged

THREADS = (1, 2)
ROUNDS = 9
CALL_BYTES = 4_000_000  # of text, in the tables of languages and adversaries
SCALING_ROUNDS = 41  # two threads are free of others less often than one
VOCABULARIES = {"uncased": "bert-base-uncased", "multilingual": "bert-base-multilingual-uncased"}


def measure_engine(documents: int | None) -> str:
    """Measure all tables, as Markdown.

    Args:
        documents: how many of each text to take; None for all.
    """
    folder = corpus.data_folder()
    if not folder.is_dir():
        raise click.ClickException(f"There is no real text at {folder}; set FASTNLP_DATA.")
    text = corpus.load(documents)
    encoder = WordPiece(text.vocabulary, rules="bert", lowercase=True)
    timings: list[Timing] = []
    tables = [
        ladder_table(encoder, text.texts, timings),
        targets_table(text, timings),
        scaling_table(encoder, text.texts, timings),
        containers_table(encoder, text.texts, timings),
        texts_table("language", languages(folder), documents, timings),
        texts_table("made to be slow", adversaries(), documents, timings),
    ]
    noise = sorted(timing.spread for timing in timings)
    size = f"{len(text.texts):,} documents, {count_bytes(text.texts) / 1e6:.2f} MB"
    spreads = f"{noise[len(noise) // 2]:.0%} in the median figure, {noise[-1]:.0%} in the worst"
    notes = [
        f"Text of the first three tables: {text.name}, {size}; rules='bert', lowercase=True throughout.",
        f"Machine: {describe_machine()}. {format_date(datetime.now())}.",
        f"Software: {describe_software()}.",
        f"Figures are of the best round. Noise (interquartile range of the rounds by their median): {spreads}.",
    ]
    return "\n\n".join([*tables, "\n".join(f"- {note}" for note in notes)]) + "\n"


def ladder_table(encoder: WordPiece, texts: Sequence[str], timings: list[Timing]) -> str:
    """Every step with all before it, on every target."""
    ladders = []
    for target in native_targets():
        with fastnlp.use_target(target):
            ladders.append(measure_ladder(encoder, texts, target))
    header = ["1 thread"]
    for ladder in ladders:
        assert ladder.ids_equal
        header += [f"{ladder.target}, GB/s", "ns a piece", "share"]
    rows = []
    for rungs in zip(*(ladder.rungs for ladder in ladders), strict=True):
        cells = [RUNGS[rungs[0].name]]
        for ladder, rung in zip(ladders, rungs, strict=True):
            timings.append(rung.timing)
            cells += [
                f"{ladder.bytes / rung.timing.best / 1e9:.2f}",
                f"{rung.timing.best / ladder.pieces * 1e9:.2f}",
                "" if rung.share is None else f"{rung.share:.0%}",
            ]
        rows.append(cells)
    ladder = ladders[0]
    misses = f"Warm, {ladder.missed:,} of the pieces, {ladder.missed / ladder.pieces:.2%}, are not in their line"
    return f"{markdown_table(header, rows)}\n\n{ladder.pieces:,} pieces became {ladder.ids:,} ids. {misses}."


def targets_table(text: corpus.Corpus, timings: list[Timing]) -> str:
    """A list of str on every target, warm and cold."""
    rows = []
    for row in measure_targets(text.vocabulary, text.texts, rules="bert", lowercase=True, threads=THREADS):
        assert row.different == 0
        timings += row.timings.values()
        rows.append([row.implementation, *(format_number(row.megabytes / row.timings[n].best) for n in THREADS)])
    return markdown_table(["a list of str, MB/s", *map(format_threads, THREADS)], rows)


def scaling_table(encoder: WordPiece, texts: Sequence[str], timings: list[Timing]) -> str:
    """One call on two threads, beside what the machine gives to two calls that have nothing to do with each other."""
    rows = []
    short = [text.decode() for text in phrases([text.encode() for text in texts[: len(texts) // 4]])]
    for name, texts_of in (("", texts), (", phrases", short)):
        measured = measure_scaling(encoder, texts_of)
        timings += measured.values()
        size = count_bytes(texts_of) / 1e6
        one = next(iter(measured.values()))
        rows += [
            [
                work + name,
                f"{format_number(size / timing.best)} ({one.best / timing.best:.2f})",
                f"{format_number(size / timing.median)} ({one.median / timing.median:.2f})",
            ]
            for work, timing in measured.items()
        ]
    return markdown_table(["a list of str, warm, MB/s (times one thread)", "best", "median"], rows)


def measure_scaling(encoder: WordPiece, texts: Sequence[str]) -> dict[str, Timing]:
    """All three, in turn."""
    halves = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    assert encode(encoder, texts, 2) == encode(encoder, texts, 1)
    with ThreadPoolExecutor(2) as pool:
        return time_rounds(
            {
                "one call, one thread": lambda: encode(encoder, texts, 1),
                "one call, two threads": lambda: encode(encoder, texts, 2),
                "two calls at once, each one thread and half of the texts": lambda: list(
                    pool.map(lambda half: encode(encoder, half, 1), halves)
                ),
            },
            SCALING_ROUNDS,
        )


def containers_table(encoder: WordPiece, texts: Sequence[str], timings: list[Timing]) -> str:
    """Every container, warm, on one thread; and a small batch."""
    rows = []
    for entrance in measure_entrances(encoder, texts):
        assert entrance.ids_equal
        timings.append(entrance.timing)
        rows.append([entrance.name, f"{format_number(count_bytes(texts) / 1e6 / entrance.timing.best)} MB/s"])
    small = measure_small_batch(encoder)
    rows.append([f"list of {len(SMALL_BATCH)} short str, one call", f"{small.best * 1e6:.1f} µs"])
    return markdown_table(["container, 1 thread, warm", ""], rows)


def texts_table(
    title: str, named_texts: Iterable[tuple[str, list[bytes]]], documents: int | None, timings: list[Timing]
) -> str:
    """Texts with two vocabularies, cold and warm; their ids asserted against Hugging Face's."""
    vocabularies = [corpus.read_vocabulary(corpus.data_folder(), name) for name in VOCABULARIES.values()]
    tokenizers = [hugging_face(vocabulary) for vocabulary in vocabularies]
    rows = []
    for name, texts in named_texts:
        calls = list(cut_into_calls(texts[:documents]))
        size = sum(sum(map(len, call)) for call in calls) / 1e6
        cells = [name, f"{size:.2f}"]
        for vocabulary, tokenizer in zip(vocabularies, tokenizers, strict=True):
            encoder = WordPiece(vocabulary, rules="bert", lowercase=True)
            for call in calls:
                right = tokenizer.encode_batch([text.decode(errors="replace") for text in call])
                assert encode(encoder, call, 1) == Ragged.from_lists([encoding.ids for encoding in right])
            for timing in time_text(encoder, calls).values():
                timings.append(timing)
                cells.append(format_number(size / timing.best))
        rows.append(cells)
    columns = [f"{name}, {heat}" for name in VOCABULARIES for heat in ("cold", "emptied", "warm")]
    return markdown_table([f"{title}, 1 thread, MB/s", "MB", *columns], rows)


def cut_into_calls(texts: Sequence[bytes]) -> Iterable[list[bytes]]:
    """Calls of CALL_BYTES, as a job makes them that does not hold all of its results."""
    call: list[bytes] = []
    size = 0
    for text in texts:
        if call and size + len(text) > CALL_BYTES:
            yield call
            call, size = [], 0
        call.append(text)
        size += len(text)
    yield call


def time_text(encoder: WordPiece, calls: Sequence[Sequence[bytes]]) -> dict[str, Timing]:
    """Each by itself, for 50 KB take less time than to come back to.

    Cold is with a new encoder every round; emptied, of the kernel alone, with caches that are emptied before every
    round, while all else is as near as it can be; warm when the encoder has met the text.
    """
    cold: WordPiece
    pickled = pickle.dumps(encoder)

    def renew() -> None:
        nonlocal cold
        cold = pickle.loads(pickled)
        cold.encode("")  # the vocabulary is laid out at first use

    def work(encoder: WordPiece) -> None:
        for call in calls:
            encode(encoder, call, 1)

    native = _dispatch.native
    assert native is not None
    model, views = native.WordPieceModel(encoder.dump()), [native.Texts(tuple(call)) for call in calls]

    def work_alone() -> None:
        for view in views:
            model.encode(view, 1, False)

    for view, call in zip(views, calls, strict=True):
        assert np.array_equal(model.encode(view, 1, False)[0], encode(encoder, call, 1).flat_values)
    size = sum(sum(map(len, call)) for call in calls)
    timings = time_rounds({"cold": lambda: work(cold)}, ROUNDS, setup={"cold": renew})
    rounds = max(ROUNDS, CALL_BYTES // size)
    timings |= time_rounds({"emptied": work_alone}, rounds, setup={"emptied": model.forget})
    timings |= time_rounds({"warm": lambda: work(encoder)}, ROUNDS)
    return timings
