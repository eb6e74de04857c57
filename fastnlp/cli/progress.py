"""Progress bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Report = Callable[[int, int], None]  # what is done, and all there is to do


@contextmanager
def progress_bars(*, quiet: bool = False) -> Iterator[Progress]:
    """Progress bars on standard error, where it is a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    ) as progress:
        yield progress


@contextmanager
def stage(progress: Progress, name: str) -> Iterator[Report]:
    """One bar, full when the context ends without an error."""
    task = progress.add_task(name, total=None)
    yield lambda done, total: progress.update(task, completed=done, total=total)
    progress.update(task, completed=1, total=1)
