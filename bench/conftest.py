"""What every benchmark shares: the texts, the number of threads, and how a row of the report is measured."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import fastnlp
from bench import corpus as bench_corpus
from bench.corpus import Corpus

QUICK_DOCUMENTS = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--threads", type=int, default=1, help="how many threads every implementation may use")
    parser.addoption(
        "--documents",
        type=int,
        help=f"how many documents to take (default: all, or {QUICK_DOCUMENTS} with --benchmark-disable)",
    )
    parser.addoption(
        "--keras-hub", action="store_true", help="let KerasHub learn from all documents too, which takes minutes"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Read once, by the first call that needs it: hence one process for each number of threads.
    threads = config.getoption("--threads")
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def pytest_sessionstart() -> None:
    config = fastnlp.show_config()
    if config["extension"] is None:
        pytest.exit(f"the extension is missing ({config['extension_error']})", returncode=1)


@pytest.fixture(scope="session")
def threads(request: pytest.FixtureRequest) -> int:
    """How many threads every implementation may use."""
    threads: int = request.config.getoption("--threads")
    return threads


@pytest.fixture(scope="session")
def corpus(request: pytest.FixtureRequest) -> Corpus:
    """The texts and the vocabulary."""
    documents = request.config.getoption("--documents")
    if documents is None and request.config.getoption("--benchmark-disable"):
        documents = QUICK_DOCUMENTS
    return bench_corpus.load(documents)


@pytest.fixture(scope="session")
def tf(threads: int) -> Any:
    """TensorFlow, held to the number of threads."""
    tensorflow = pytest.importorskip("tensorflow")
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    return tensorflow


@pytest.fixture
def measure(benchmark: BenchmarkFixture, corpus: Corpus) -> Callable[..., Any]:
    """Times a function, and keeps what the report says about it; see `measure` inside."""

    def measure(
        task: str,
        implementation: str,
        rules: str,
        texts: Sequence[str],
        function: Callable[[], Any],
        *,
        rounds: int,
        setup: Callable[[], None] | None = None,
        warmup_rounds: int = 1,
    ) -> Any:
        """Time `function`, which the caller then asserts to be right.

        Args:
            task: what goes in and what comes out; rows of one task are compared.
            implementation: what does the work.
            rules: the rules for text that it follows, or is nearest to.
            texts: the texts that are encoded, or that ids are decoded to.
            function: does the work on all of them.
            rounds: how often it is timed.
            setup: called before every round, outside the time.
            warmup_rounds: how many rounds come before that are not timed.

        Returns:
            What the last round returned.
        """
        benchmark.extra_info.update(
            task=task,
            implementation=implementation,
            rules=rules,
            documents=len(texts),
            bytes=sum(len(text.encode()) for text in texts),
            different=0,
            corpus=corpus.name,
        )
        gc.collect()
        gc.freeze()  # what lives now is not looked at again while the clock runs
        try:
            return benchmark.pedantic(function, setup=setup, rounds=rounds, warmup_rounds=warmup_rounds)  # type: ignore[no-untyped-call]
        finally:
            gc.unfreeze()

    return measure
