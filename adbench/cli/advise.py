"""`adbench advise`: which backend, staging and mode for a function at its sizes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from adbench.cases.model import SpecError
from adbench.cli.selection import announce, selection_options
from adbench.results.exit_status import ExitStatus
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from adbench.advising.advice import Advised
    from adbench.running.selection import Selection


@click.command(name="advise")
@selection_options(
    "models",
    "backends",
    "operators",
    "sizes",
    "dtypes",
    "threads",
    "timeout_s",
    "memory",
    "seed",
    "precision",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@in_temporary_folder
def command(selection: Selection, output_format: str) -> None:
    """Measure a function, and say which backend, staging and mode to use for it.

    It is measured at its first three sizes, or those that are named, on every staging that is
    installed, in both modes: the first derivative, unless an operator is named. What is wrong is no
    candidate, and two whose intervals overlap are called equal.

    Exit status: 0 if there is advice, 2 for bad usage, 3 if a cell raised, crashed or ran out of
    time or memory, or there is no advice, 4 if adbench itself is at fault.
    """
    from adbench.comparing.advise import measured_advice

    if not selection.models:
        raise SpecError("No function was named; give a model, a file with one, or file.py:name.")
    advice = measured_advice(selection, announce)
    if output_format == "json":
        _write_json(advice.advised)
    else:
        _write_text(advice.advised)
    is_short = advice.has_failed or not advice.advised.questions
    sys.exit(ExitStatus.NOT_RUN if is_short else ExitStatus.ALL_RIGHT)


def _write_text(advised: Advised) -> None:
    from rich.console import Console

    from adbench.advising.words import paragraphs
    from adbench.reporting.render import say

    screen = Console()
    spoken = paragraphs(advised)
    for paragraph in spoken:
        say(screen, paragraph.title)
        for sentence in paragraph.sentences:
            say(screen, f"- {sentence}")
        screen.print()
    if not spoken:
        say(screen, "Nothing was measured that advice could be given on.")


def _write_json(advised: Advised) -> None:
    import msgspec

    from adbench.advising.words import sentences

    values = {"sentences": sentences(advised), "advice": msgspec.to_builtins(advised)}
    click.echo(msgspec.json.format(msgspec.json.encode(values)).decode())
