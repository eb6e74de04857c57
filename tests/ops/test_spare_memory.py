"""Memory of large results is used again: never while anything sees it, and not without bound."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from fastnlp.ops import WordPiece

TEXTS = [f"{'ab' * (i % 7)} a b. " * 200 for i in range(1000)]


@pytest.fixture(scope="module")
def encoder() -> WordPiece:
    return WordPiece(["[UNK]", "a", "##b", "##a", "b", "."])


def encode(encoder: WordPiece, count: int) -> np.ndarray:
    return encoder.encode(TEXTS[:count], num_threads=1).flat_values


def test_memory_is_used_again(encoder):
    first = encode(encoder, 1000)
    address = first.ctypes.data
    assert first.nbytes > 1 << 20
    del first
    assert encode(encoder, 1000).ctypes.data == address


def test_what_is_held_stays(encoder):
    expected = {count: encode(encoder, count).copy() for count in (1000, 700, 400)}
    held = []
    for _ in range(3):
        for count, ids in expected.items():
            whole = encode(encoder, count)
            held += [(ids[-5:], whole[-5:]), (ids, whole)]
        del held[::3]
    for ids, result in held:
        np.testing.assert_array_equal(result, ids)
    addresses = {result.ctypes.data for _, result in held if len(result) > 5}
    assert len(addresses) == sum(len(result) > 5 for _, result in held)


def test_threads_that_drop_results(encoder):
    expected = encode(encoder, 600).copy()
    equal = []

    def work() -> None:
        equal.extend(np.array_equal(encode(encoder, 600), expected) for _ in range(30))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(equal) == 120
    assert all(equal)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="there is no /proc to read the memory in use from")
def test_little_is_kept():
    script = """
import gc, os
from fastnlp.ops import WordPiece
encoder = WordPiece(["[UNK]", "a"])
texts = ["a " * 1_000_000] * 8
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
encoder.encode(texts)
before = resident()
results = [encoder.encode(texts, num_threads=1) for _ in range(12)]
assert resident() - before > 300e6, resident() - before
del results
gc.collect()
assert resident() - before < 150e6, resident() - before
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
