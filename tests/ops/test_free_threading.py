"""One encoder and shared lists in many threads at once: the stress test of Python without the GIL, and true with it."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastnlp import Ragged
from fastnlp.ops import WordPiece

THREADS = 8
ROUNDS = 40
VOCABULARY = ["[UNK]", "[CLS]", "a", "b", "##a", "##b", "ab", "##ab", "é", "##é", "中", ",", "."]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    rng = random.Random(3)
    words = ["".join(rng.choices("abABé中", k=rng.randint(1, 20))) for _ in range(3000)]
    return [" ".join(rng.choices([*words, ",", ".", "[CLS]"], k=rng.randint(0, 60))) for _ in range(800)]


@pytest.fixture
def encoder() -> WordPiece:
    return WordPiece(VOCABULARY, rules="bert", lowercase=True)


def all_at_once(work: Callable[[int], object]) -> None:
    """Run `work` in every thread, begun together; what any of them raises is raised here."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait()
        for _ in range(ROUNDS):
            work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))


def test_one_encoder_encodes_and_decodes(texts, encoder):
    right = encoder.encode(texts, num_threads=1)
    right_texts = encoder.decode(right)
    offsets = encoder.encode(texts, num_threads=1, return_offsets=True).byte_offsets
    fresh = WordPiece(VOCABULARY, rules="bert", lowercase=True)  # all threads meet it first together

    def work(number):
        step = 1 + number % 3
        ids = fresh.encode(texts[::step], num_threads=1 + number % 2)
        assert ids == right[::step]
        assert fresh.decode(ids) == right_texts[::step]
        if number == 0:
            assert fresh.encode(texts, return_offsets=True).byte_offsets == offsets
        assert fresh.tokens(ids[:1]).to_list() == [[VOCABULARY[token_id] for token_id in ids[0]]]

    all_at_once(work)


def test_a_list_that_changes_meanwhile(texts, encoder):
    """A call sees the list as it was at one moment."""
    states = texts[:400], texts[400:]
    right = [encoder.encode(state) for state in states]
    shared = list(states[0])
    seen = set()

    def work(number):
        if number < 2:
            shared[:] = states[number]
            return
        ids = encoder.encode(shared)
        seen.add(right.index(ids))

    all_at_once(work)
    assert seen <= {0, 1}


def test_a_list_that_grows_and_shrinks_meanwhile(texts, encoder):
    """Every row is that of a text which was in the list; a text that is dropped stays alive as long as it is read."""
    known = {tuple(row) for row in encoder.encode([*texts, "a"]).to_list()}
    shared: list[str] = []

    def work(number):
        if number == 0:
            for text in texts:
                shared.clear()
                shared.append(text)
        elif number < 4:
            for text in texts[number::7]:
                shared.append("".join(text))
                if len(shared) > 300:
                    del shared[::2]
        else:
            ids = encoder.encode(shared)
            assert isinstance(ids, Ragged)
            assert known.issuperset(map(tuple, ids.to_list()))
            for row in encoder.encode([shared, ["a"], shared]).to_list():
                assert known.issuperset(map(tuple, row))

    all_at_once(work)


def test_the_extension_needs_no_gil():
    if not hasattr(sys, "_is_gil_enabled") or "free-threading" not in sys.version:
        pytest.skip("this Python has a GIL")
    assert not sys._is_gil_enabled()
