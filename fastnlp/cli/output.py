"""Results on standard output."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns, which are wrapped where standard output is a terminal."""
    console = Console()
    if console.is_terminal:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(name, Text(value))
        console.print(table)
    else:
        width = max(len(name) for name, _ in facts)
        for name, value in facts:
            click.echo(f"{name:{width}}  {value}")
