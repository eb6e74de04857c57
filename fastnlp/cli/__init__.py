"""The command line."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fastnlp.cli.parser import program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those after the program's name; `sys.argv[1:]` where None.

    Returns:
        The exit status: 0, or 1 after an error, 2 where the arguments are
        unusable, 130 after Ctrl-C.
    """
    try:
        program.main(arguments, prog_name="fastnlp", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("error: interrupted", err=True)
        return 130
    except OSError as error:
        click.echo(f"error: {_describe(error)}", err=True)
        return 1
    except ValueError as error:
        click.echo(f"error: {error}", err=True)
        return 1
    return 0


def _describe(error: OSError) -> str:
    """The message of an OSError without its number."""
    return f"{error.strerror}: {error.filename!r}" if error.strerror and error.filename else str(error)
