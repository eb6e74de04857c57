"""`fastnlp info`."""

from __future__ import annotations

import click
import orjson

from fastnlp.cli.output import print_facts
from fastnlp.config import show_config


def show(*, as_json: bool) -> None:
    """Print `fastnlp.show_config()`."""
    config = show_config()
    if as_json:
        click.echo(orjson.dumps(config, option=orjson.OPT_INDENT_2))
    else:
        print_facts(
            [(name, ", ".join(value) if isinstance(value, list) else str(value)) for name, value in config.items()]
        )
