"""What was measured: one row a task and implementation, and how its figures are written."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastnlp.bench.timing import Timing


@dataclass
class Row:
    """One implementation at one task.

    Attributes:
        task: what goes in and what comes out.
        implementation: a name, and after a space which part of it.
        rules: the rules for text.
        documents: how many texts were encoded or decoded.
        megabytes: of text in UTF-8, 10**6 bytes each.
        different: how many documents got other ids, or other text, than the right ones.
        timings: of a round, by the number of threads.
    """

    task: str
    implementation: str
    rules: str
    documents: int
    megabytes: float
    different: int
    timings: dict[int, Timing] = field(default_factory=dict)

    def speed(self, threads: int) -> float:
        """MB/s in the median."""
        return self.megabytes / self.timings[threads].median


def format_number(number: float) -> str:
    """Two or three significant digits."""
    if number >= 9.95:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 0.95 else f"{number:.2f}"


def format_threads(threads: int) -> str:
    """A number of threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"
