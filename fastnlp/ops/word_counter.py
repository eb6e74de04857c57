"""Count the words of more texts than fit into memory."""

from __future__ import annotations

from typing import Any

from fastnlp import _dispatch
from fastnlp._dispatch import KERAS, FlatCounts, TextRules, WordTable
from fastnlp.ops.text_rules import as_text_rules
from fastnlp.ops.texts import as_texts, is_strict
from fastnlp.ops.threads import as_num_threads

__all__ = ["FlatCounts", "TextRules", "WordCounter", "WordTable"]


class WordCounter:
    """Counts the words of one batch of texts after another.

    How the texts are cut into batches, and how many threads count them,
    changes nothing in the result.

    Args:
        rules, lowercase, strip_accents, split, split_on_cjk: as for
            `count_words`.
        errors: what invalid UTF-8 does. `"replace"` lets U+FFFD stand for
            it, `"strict"` raises.
        num_threads: the largest number of threads to use; None for one a
            core.

    Attributes:
        rules: the rules for text.
        num_replaced: how many ill-formed sequences of bytes U+FFFD stands
            for, in the counts that were taken.

    Raises:
        ValueError: where an argument is unusable.
    """

    def __init__(
        self,
        *,
        rules: str = KERAS,
        lowercase: bool = False,
        strip_accents: bool | None = None,
        split: bool = True,
        split_on_cjk: bool = True,
        errors: str = "replace",
        num_threads: int | None = None,
    ) -> None:
        self._strict = is_strict(errors)
        self.rules = as_text_rules(
            rules, lowercase=lowercase, strip_accents=strip_accents, split=split, split_on_cjk=split_on_cjk
        )
        self.num_replaced = 0
        self._num_threads = as_num_threads(num_threads)
        self._counter = _dispatch.WordCounter(self.rules)

    def add(self, texts: Any) -> None:
        """Count the words of texts, in any container that `WordPiece.encode` takes.

        Raises:
            TypeError: where `texts` holds anything but text; names the place.
            ValueError: with `errors="strict"`, where a text is not UTF-8;
                names the row and the byte. Nothing of the batch is counted.
        """
        self._counter.add(as_texts(texts).source, self._num_threads, self._strict)

    def memory(self) -> int:
        """What the counts take, in bytes. To take them needs about as much again."""
        return self._counter.memory()

    def take(self) -> FlatCounts:
        """The words in the order in which they first came, and their counts. The counter begins anew."""
        counts, num_replaced = self._counter.take()
        self.num_replaced += num_replaced
        return counts
