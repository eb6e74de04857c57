"""Made-up reviews that are easy to learn from."""

from __future__ import annotations

import json
import lzma
import random
from pathlib import Path

import pytest

WORDS = ["a", "film", "the", "story", "of", "this", "and", "actor", "was", "it"]
OPINIONS = {0: "bad", 1: "good"}
NUM_REVIEWS = 96


def write_reviews(folder: Path) -> Path:
    """The files of reviews: what they say follows from one word, somewhere in them."""
    draw = random.Random(0)
    for part in ("train", "test", "unsup"):
        with lzma.open(folder / f"imdb-{part}.jsonl.xz", "wt", encoding="utf-8") as file:
            for number in range(NUM_REVIEWS):
                words = [*draw.choices(WORDS, k=draw.randrange(4, 8)), OPINIONS[number % 2]]
                draw.shuffle(words)
                review = {"text": " ".join(words)} | ({} if part == "unsup" else {"label": number % 2})
                file.write(json.dumps(review) + "\n")
    return folder


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of reviews."""
    return write_reviews(tmp_path_factory.mktemp("reviews"))
