"""`adbench explain`: everything that is known about one cell, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cases.model import SpecError
from adbench.cli.selection import announce
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from adbench.comparing.explain import Explanation
    from adbench.explaining.evidence import Script


@click.command(name="explain")
@click.argument("run", metavar="DIR | MODEL | FILE.py | FILE.py:NAME | MODULE:NAME")
@click.argument("cell", default="", metavar="[CELL]")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="NAME",
    help="Whom a model or file is checked on. Default: all.",
)
@click.option(
    "--script",
    "script_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the script to a file instead of showing it.",
)
@in_temporary_folder
def command(run: str, cell: str, backends: tuple[str, ...], script_file: Path | None) -> None:
    """Explain one cell: what was asked, returned and true, and where it goes wrong first.

    The first argument is the folder of a run, or what `adbench check` takes, which is checked then.

    CELL is named by parts of its name, in this order: model/size/operator/backend/mode/dtype, and
    native for hand-written code. Each part may be cut short, and parts may be left out, as long as
    one cell is meant: mlp/gradient/torch/reverse. Without it the first wrong cell is explained.

    The cell is computed again where its model and backend are there, and a stand-alone script of
    plain framework code that shows it is printed.

    Exit status: 0 if the cell was explained, right or wrong, 2 for bad usage, 4 if adbench itself
    is at fault.
    """
    from adbench.comparing.explain import explain_checked, explain_stored

    if script_file is not None:
        _refuse_to_overwrite(script_file)
    if Path(run).is_dir():
        if backends:
            raise SpecError("--backend was given with a run's folder; name the backend in CELL.")
        explanation = explain_stored(Path(run), cell, announce)
    else:
        explanation = explain_checked(run, cell, backends, announce)
    _show(explanation, script_file)


def _show(explanation: Explanation, script_file: Path | None) -> None:
    from adbench.results.escaping import for_terminal

    for section in explanation.sections:
        click.echo(f"{section.title}\n")
        for line in section.lines:
            click.echo(f"  {for_terminal(line)}")
        click.echo()
    _show_script(explanation.script, script_file)


def _show_script(script: Script, script_file: Path | None) -> None:
    from adbench.results.escaping import for_terminal
    from adbench.results.files import reason_of, write_text

    click.echo("Script\n")
    if not script.text:
        click.echo(f"  {for_terminal(script.reason)}")
        return
    if script_file is None:
        click.echo(script.text, nl=False)
        return
    try:
        write_text(script_file, script.text)
    except OSError as error:
        raise SpecError(f"{script_file} cannot be written to ({reason_of(error)}).") from error
    click.echo(f"  It is in {script_file}; run it with Python.")


def _refuse_to_overwrite(path: Path) -> None:
    from adbench.comparing.folder import refuse_to_overwrite

    refuse_to_overwrite([path])
