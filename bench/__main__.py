"""Run the benchmarks, print what they measured, and put it into docs/benchmark.md and docs/images/encode.png.

With --engine: measure the tables of docs/engine.md instead.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console

from bench.engine import measure_engine
from bench.report import Report, to_markdown, to_rich
from fastnlp.bench.chart import draw_encode
from fastnlp.files import staged_file

THREADS = (1, 2)
ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
ENGINE_PAGE = ROOT / "docs" / "engine.md"
PAGE = ROOT / "docs" / "benchmark.md"
CHART = ROOT / "docs" / "images" / "encode.png"
BEGIN, END = "<!-- written by python -m bench -->\n", "<!-- end of what python -m bench writes -->\n"


@click.command(help=__doc__)
@click.option("--documents", type=click.IntRange(1), help="Take so many documents, print the table, and write nothing.")
@click.option("--report-only", is_flag=True, help="Take the results of the last run instead of measuring again.")
@click.option("--engine", is_flag=True, help="Measure the steps, the targets and many languages, for docs/engine.md.")
def main(documents: int | None, report_only: bool, engine: bool) -> None:
    if engine:
        tables = measure_engine(documents)
        click.echo(tables)
        if documents is None:
            write_between_marks(ENGINE_PAGE, tables)
        return
    results = {threads: RESULTS / f"{documents or 'all'}-documents-{threads}-threads.json" for threads in THREADS}
    if not report_only:
        RESULTS.mkdir(exist_ok=True)
        for threads, path in results.items():
            measure(documents, threads, path)
    elif not all(path.exists() for path in results.values()):
        raise click.UsageError(f"--report-only needs the results of a run; there are none in {RESULTS}.")
    report = Report.read(results)
    Console(width=None if sys.stdout.isatty() else 120).print(to_rich(report))
    if documents is None:
        write(report)


def measure(documents: int | None, threads: int, path: Path) -> None:
    """Run every benchmark in a process of its own, because libraries size their thread pools once."""
    options = [f"--threads={threads}", f"--benchmark-json={path}", "--benchmark-quiet"]
    if documents is not None:
        options.append(f"--documents={documents}")
    finished = subprocess.run([sys.executable, "-m", "pytest", str(ROOT / "bench"), *options], check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


def write_between_marks(page: Path, tables: str) -> None:
    """Put tables into a page, in the place of those that a run before has put there."""
    before, rest = page.read_text().split(BEGIN)
    _, after = rest.split(END)
    with staged_file(page) as file:
        file.write(f"{before}{BEGIN}\n{tables}\n{END}{after}".encode())


def write(report: Report) -> None:
    """Put the report into the documentation: the table between its two marks, and the chart."""
    write_between_marks(PAGE, to_markdown(report))
    CHART.parent.mkdir(exist_ok=True)
    chart = draw_encode(report.rows, f"{report.corpus}. {report.machine}, {report.date}")
    with staged_file(CHART) as file:
        file.write(chart)


if __name__ == "__main__":
    main()
