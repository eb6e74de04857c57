"""`fastnlp info`."""

from __future__ import annotations

import json

import click

from fastnlp.cli.output import print_facts
from fastnlp.config import show_config


def show(*, as_json: bool) -> None:
    """Print `fastnlp.show_config()`."""
    config = show_config()
    if as_json:
        click.echo(json.dumps(config, indent=2))
    else:
        print_facts(
            [(name, ", ".join(value) if isinstance(value, list) else str(value)) for name, value in config.items()]
        )
