"""What a run measured, as tables."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from fastnlp.bench.machine import describe_machine, describe_software
from fastnlp.bench.names import COLD, ENCODE, FASTNLP, FASTNLP_COLD, OWN
from fastnlp.bench.rows import Row, format_number, format_threads
from fastnlp.bench.timing import Timing


@dataclass
class Report:
    """A run: where, with what, and its rows in the order in which they were measured."""

    corpus: str
    machine: str
    software: str
    date: str
    threads: list[int]
    rows: list[Row]

    @classmethod
    def read(cls, paths: dict[int, Path]) -> Report:
        """Read the files of pytest-benchmark, one for each number of threads."""
        rows: dict[tuple[str, str, str], Row] = {}
        for threads, path in paths.items():
            run = json.loads(path.read_text())
            for benchmark in run["benchmarks"]:
                info = benchmark["extra_info"]
                key = info["task"], info["implementation"], info["rules"]
                row = rows.setdefault(key, Row(*key, info["documents"], info["bytes"] / 1e6, info["different"]))
                stats = benchmark["stats"]
                row.timings[threads] = Timing(stats["min"], stats["median"], stats["iqr"] / stats["median"])
        return cls(
            corpus=info["corpus"],
            machine=describe_machine(),
            software=describe_software(),
            date=format_date(datetime.fromisoformat(run["datetime"])),
            threads=list(paths),
            rows=list(rows.values()),
        )

    def tasks(self) -> list[str]:
        """The tasks, each once: what most readers came for first."""
        return sorted(dict.fromkeys(row.task for row in self.rows), key=lambda task: not task.startswith("Encode"))

    def rows_of(self, task: str) -> list[Row]:
        """The rows of a task: those that are compared with one another."""
        return [row for row in self.rows if row.task == task]

    def cells(self, row: Row) -> list[str]:
        """What the tables say about a row; see `header`."""
        cells = [row.implementation, row.rules, f"{row.different:,} of {row.documents:,}"]
        for threads in self.threads:
            ratio = self._fastnlp(row).speed(threads) / row.speed(threads)
            cells += [
                f"{row.timings[threads].median:.3f} s",
                format_number(row.speed(threads)),
                "" if row.implementation in OWN else format_number(ratio),
            ]
        return cells

    def header(self) -> list[str]:
        """The names of the columns."""
        header = ["", "rules", "differ"]
        for threads in self.threads:
            header += [format_threads(threads), "MB/s", "ratio"]
        return header

    def notes(self) -> list[str]:
        """What was measured, where, with what, and how steadily."""
        megabytes = {row.documents: row.megabytes for row in self.rows_of(ENCODE)}
        sizes = ", ".join(f"{documents:,} documents are {size:.2f} MB" for documents, size in sorted(megabytes.items()))
        spreads = sorted(timing.spread for row in self.rows for timing in row.timings.values())
        noise = f"{statistics.median(spreads):.0%} in the median row, {max(spreads):.0%} in the worst"
        return [
            f"Text: {self.corpus}; {sizes}.",
            f"Machine: {self.machine}. {self.date}.",
            f"Software: {self.software}.",
            f"Noise (interquartile range of a row's rounds by their median): {noise}.",
        ]

    def _fastnlp(self, row: Row) -> Row:
        """What `row` is compared with: fastnlp at the same task under the same rules, as cold as the row."""
        own = FASTNLP_COLD if row.implementation in COLD else FASTNLP
        return next(
            other for other in self.rows_of(row.task) if (other.implementation, other.rules) == (own, row.rules)
        )


def format_date(date: datetime) -> str:
    """A day in words."""
    return date.strftime("%d %B %Y").lstrip("0")


def to_rich(report: Report) -> Group:
    """The report for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, name in enumerate(report.header()):
        table.add_column(name, justify="left" if column < 2 else "right", no_wrap=True)
    for task in report.tasks():
        table.add_row(Text(f"\n{task}", style="bold"))
        for row in report.rows_of(task):
            table.add_row(*report.cells(row), style="green" if row.implementation in OWN else None)
    return Group(table, "", *report.notes())


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, text_columns: int = 1) -> str:
    """A table whose first columns are text and whose others are figures."""
    rules = ["---"] * text_columns + ["---:"] * (len(header) - text_columns)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rules, *rows])


def to_markdown(report: Report) -> str:
    """The report for a page of documentation."""
    parts = []
    for task in report.tasks():
        rows = []
        for row in report.rows_of(task):
            name, *cells = report.cells(row)
            rows.append([f"**{name}**" if row.implementation in OWN else name, *cells])
        parts.append(markdown_table([f"**{task}**", *report.header()[1:]], rows, text_columns=2))
    parts.append("\n".join(f"- {note}" for note in report.notes()))
    return "\n\n".join(parts) + "\n"
