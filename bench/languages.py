"""Texts in many languages, and texts made to be slow."""

from __future__ import annotations

import io
import lzma
import random
import re
import string
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

LANGUAGE_BYTES = 50_000_000  # of each language at most
FEW_BYTES = 70_000  # of English again: as much as there is of languages without a file of their own
PHRASES_BYTES = 10_000_000  # of English again, in short texts
ADVERSARY_BYTES = 4_000_000

# In the order of the table: files of their own, and languages of which there are only Tatoeba's sentences and the
# Universal Declaration of Human Rights.
FILES = {
    "English": "enwiki-part1.txt.xz",
    "Chinese": "multilingual/zh-reviews.txt.xz",
    "Korean": "multilingual/kowiki-sample.txt.xz",
    "Japanese": "multilingual/ja-wagahai-neko.txt.xz",
    "Arabic": "multilingual/ar-openiti-0125AH.txt.xz",
}
# Assigned for long: tokenizers has an old version of Unicode.
LETTERS = [
    *range(0xC0, 0x180),
    *range(0x300, 0x345),  # accents
    *range(0x391, 0x3A2),
    *range(0x410, 0x450),
    *range(0x5D0, 0x5EB),
    *range(0x905, 0x93A),
    *range(0x3041, 0x3097),
    *range(0x4E00, 0x4F00),
    *range(0xAC00, 0xAD00),
]
CODES = {
    "Hindi": "hin",
    "Bengali": "ben",
    "Thai": "tha",
    "Hebrew": "heb",
    "Russian": "rus",
    "Greek": "ell",
    "Vietnamese": "vie",
    "Turkish": "tur",
    "German": "deu",
    "French": "fra",
}


def languages(folder: Path) -> Iterable[tuple[str, list[bytes]]]:
    """The lines of each language."""
    for language, name in FILES.items():
        with lzma.open(folder / name) as lines:
            texts = _first(lines, LANGUAGE_BYTES)
        yield language, texts
        if language == "English":
            yield "English, its beginning", _first(texts, FEW_BYTES)
            yield "English, in phrases", phrases(_first(texts, PHRASES_BYTES))
    with (
        tarfile.open(folder / "multilingual/tatoeba-v1.tar.xz") as tatoeba,
        zipfile.ZipFile(folder / "multilingual/udhr2.zip") as declarations,
    ):
        sentences = {Path(member.name).name: member for member in tatoeba}
        for language, code in CODES.items():
            file = tatoeba.extractfile(sentences[f"tatoeba.{code}-eng.{code}"])
            assert file is not None
            name = next(name for name in declarations.namelist() if name.startswith(f"udhr2/{code}"))
            yield language, _first(io.BytesIO(file.read() + b"\n" + declarations.read(name)), LANGUAGE_BYTES)


def _first(lines: Iterable[bytes], most: int) -> list[bytes]:
    texts, size = [], 0
    for line in lines:
        size += len(line)
        if size > most:
            break
        texts.append(line.rstrip(b"\r\n"))
    return texts


def phrases(texts: Iterable[bytes]) -> list[bytes]:
    """What stands between one mark of punctuation and the next: some 50 bytes each."""
    return [phrase for text in texts for phrase in re.split(rb"(?<=[.,;:!?]) ", text)]


def adversaries() -> Iterable[tuple[str, list[bytes]]]:
    """Texts that no cache helps with, or that make as many ids as there are bytes."""
    rng = random.Random(1)

    def documents(make: Callable[[], str]) -> list[bytes]:
        """Of about a thousand bytes each."""
        texts, size = [], 0
        while size < ADVERSARY_BYTES:
            words: list[str] = []
            while sum(map(len, words)) < 1000:
                words.append(make())
            texts.append(" ".join(words).encode())
            size += len(texts[-1])
        return texts

    numbers = iter(rng.sample(range(26**6), ADVERSARY_BYTES // 7 + 1000))

    def unique_word() -> str:
        number, letters = next(numbers), ""
        for _ in range(6):
            number, letter = divmod(number, 26)
            letters += string.ascii_lowercase[letter]
        return letters

    yield "words of 6 letters, none twice", documents(unique_word)
    yield "words of 90 letters", documents(lambda: "".join(rng.choices(string.ascii_lowercase, k=90)))
    yield "one word of 90 letters for ever", [b" ".join([b"q" * 90] * 11)] * (ADVERSARY_BYTES // 1000)
    yield "punctuation alone", documents(lambda: "".join(rng.choices(string.punctuation, k=1000)))
    yield "no space at all", [b"abcdefghij" * 100_000] * (ADVERSARY_BYTES // 1_000_000)
    yield (
        "random bytes, mostly no UTF-8",
        [bytes(rng.choices(range(0xC4), k=1000)) for _ in range(ADVERSARY_BYTES // 1000)],
    )
    yield "random letters of many scripts", documents(lambda: "".join(map(chr, rng.choices(LETTERS, k=8))))
