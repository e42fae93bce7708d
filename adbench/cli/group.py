"""The command `adbench`: its subcommands by name, and how they end."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, NoReturn

import click

from adbench import __version__
from adbench.cases.model import SpecError
from adbench.cases.text import plain_text
from adbench.reporting.streams import STANDARD_ERROR, patient_streams
from adbench.results.exit_status import ExitStatus
from adbench.running.stopping import exit_status, stopped_by_signals

COMMANDS = (
    "advise",
    "atlas",
    "check",
    "comment",
    "compare",
    "differences",
    "env",
    "explain",
    "graph",
    "history",
    "list",
    "merge",
    "report",
    "run",
    "selftest",
    "store",
    "swell",
)
"""The subcommands, in the order of the help: each is `command` in the file of its name."""

SHOW_CURSOR = b"\x1b[?25h"
"""What shows the cursor of a terminal, which a progress bar hides."""


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

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = arguments[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(context, arguments)
        from adbench.registry import nearest

        raise SpecError(nearest("command", name, COMMANDS))

    def main(self, *arguments: Any, **options: Any) -> Any:
        with patient_streams():
            return super().main(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        with stopped_by_signals(), _plugins_in_a_line():
            return self._invoke(context)

    def _invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (click.exceptions.Exit, SystemExit):
            raise
        except click.ClickException as error:
            _end(_usage_sentence(error), ExitStatus.BAD_USAGE)
        except SpecError as error:
            _end(str(error), ExitStatus.BAD_USAGE)
        except KeyboardInterrupt as stop:
            _say(f"{str(stop) or 'interrupted'}.")
            _show_cursor()
            sys.exit(exit_status(stop))
        except (OSError, MemoryError) as error:
            _end(_refusal(error), ExitStatus.NOT_RUN)
        except BaseException as error:  # a class of a user derives from it at will
            _end(_own_fault(error), ExitStatus.OWN_FAULT)


@contextmanager
def _plugins_in_a_line() -> Iterator[None]:
    """Say in a line what a package offers that cannot be used; other warnings are as ever."""
    show = warnings.showwarning

    def show_plugin(message: Any, category: type[Warning], *place: Any, **line: Any) -> None:
        from adbench.cases.messages import UnusablePlugin

        if issubclass(category, UnusablePlugin):
            _say(f"warning: {message}")
        else:
            show(message, category, *place, **line)

    warnings.showwarning = show_plugin
    try:
        yield
    finally:
        warnings.showwarning = show


def _usage_sentence(error: click.ClickException) -> str:
    """What is wrong with the arguments of a command, and where to look."""
    context = getattr(error, "ctx", None)
    command = "adbench" if context is None else context.command_path
    return f"{error.format_message()} `{command} --help` lists what can be given."


def _refusal(error: OSError | MemoryError) -> str:
    """What the system has refused, and of which file."""
    if isinstance(error, MemoryError):
        return "Memory ran out; ask for smaller sizes, or for fewer backends at a time."
    reason = error.strerror or type(error).__name__
    place = f": {error.filename}" if error.filename is not None else ""
    return f"The system refused what adbench needs ({reason}{place})."


def _own_fault(error: BaseException) -> str:
    """A fault of adbench in a sentence, with the file that its traceback is written to."""
    from adbench.cases.messages import as_sentence, describe_exception
    from adbench.cli.traceback_file import write_traceback
    from adbench.truth.certificate import CertificateError

    if isinstance(error, CertificateError):
        return str(error)
    path = write_traceback(error)
    traceback = f"its traceback is in {path}" if path else "its traceback could not be written"
    return as_sentence(
        f"This is a fault of adbench itself, not of a derivative; {traceback}: "
        f"{describe_exception(error)}"
    )


def _show_cursor() -> None:
    """Show the cursor, which a progress bar that was interrupted early leaves hidden."""
    with suppress(OSError):
        if os.isatty(STANDARD_ERROR):
            os.write(STANDARD_ERROR, SHOW_CURSOR)


def _end(sentence: str, status: ExitStatus) -> NoReturn:
    _say(sentence)
    sys.exit(status)


def _say(sentence: str) -> None:
    click.echo(f"adbench: {plain_text(sentence)}", err=True)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="adbench")
def main() -> None:
    """Compare automatic-differentiation backends.

    Is the derivative right, and what does it cost?
    """
