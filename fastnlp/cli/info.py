"""`fastnlp info`."""

from __future__ import annotations

import click
import orjson
from rich.console import Console
from rich.table import Table

from fastnlp.config import show_config


def show(*, as_json: bool) -> None:
    """Print `fastnlp.show_config()`."""
    config = show_config()
    if as_json:
        click.echo(orjson.dumps(config, option=orjson.OPT_INDENT_2))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in config.items():
        table.add_row(name, ", ".join(value) if isinstance(value, list) else str(value))
    Console().print(table)
