"""The command `adbench`: its subcommands by name, and how they end."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from adbench import __version__
from adbench.cases.model import SpecError
from adbench.results.exit_status import ExitStatus

COMMANDS = ("check", "compare", "differences", "env", "list", "report", "run", "selftest")
"""The subcommands, in the order of the help: each is `command` in the file of its name."""


class LazyCommands(click.Group):
    """Subcommands that are imported when they are asked for.

    Whatever they end with, it is one sentence on standard error and an exit status.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"adbench.cli.{name}").command
        return command

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except SpecError as error:
            _end(str(error), ExitStatus.BAD_USAGE)
        except KeyboardInterrupt:
            _end("interrupted.", ExitStatus.INTERRUPTED)
        except Exception as error:
            from adbench.truth.certificate import CertificateError

            if not isinstance(error, CertificateError):
                raise
            _end(str(error), ExitStatus.TRUTH_BROKEN)


def _end(sentence: str, status: ExitStatus) -> NoReturn:
    click.echo(f"adbench: {sentence}", err=True)
    sys.exit(status)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="adbench")
def main() -> None:
    """Compare automatic-differentiation backends.

    Is the derivative right, and what does it cost?
    """
