"""How many threads a call may use."""

from __future__ import annotations

import os


def as_num_threads(num_threads: int | None) -> int:
    """The number of threads that a caller asks for; one a core for None.

    Raises:
        ValueError: where it is no int, or below 1.
    """
    if num_threads is not None and (not isinstance(num_threads, int) or num_threads < 1):
        raise ValueError(f"`num_threads` must be at least 1, or None; received {num_threads!r}.")
    return num_threads or _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
