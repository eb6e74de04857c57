"""How many threads a call may use."""

from __future__ import annotations

import os


def as_num_threads(num_threads: int | None) -> int:
    """A checked number of threads; one a core for None."""
    if num_threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not isinstance(num_threads, int) or num_threads < 1:
        raise ValueError(f"`num_threads` must be at least 1, or None; received {num_threads!r}.")
    return num_threads
