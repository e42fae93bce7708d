"""`adbench graph`: the computational graph of a function, with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from adbench.cases.model import SpecError
from adbench.cli.selection import announce
from adbench.graphs.graph import MOST_VERTICES, FunctionGraph, GraphRequest
from adbench.running.temporary import in_temporary_folder

ENDINGS = {".svg": "svg", ".mmd": "mermaid", ".dot": "dot", ".gv": "dot", ".txt": "text"}
"""The formats that the endings of files stand for."""

FORMATS = ("text", "svg", "mermaid", "dot")


@click.command(name="graph")
@click.argument("model", metavar="MODEL | FILE.py | FILE.py:NAME | MODULE:NAME")
@click.option("--size", default="", metavar="NAME", help="A size of it. Default: the first.")
@click.option("--gradient", is_flag=True, help="Draw what its gradient computes as well.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    help="Default: what the ending of --output says, else text.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"A file to write to; its ending may be {', '.join(ENDINGS)}.",
)
@click.option("--no-values", is_flag=True, help="Leave out numbers and adjoints.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=MOST_VERTICES,
    show_default=True,
    help="Draw at most so many vertices.",
)
@in_temporary_folder
def command(
    model: str,
    size: str,
    gradient: bool,
    output_format: str | None,
    output: Path | None,
    no_values: bool,
    limit: int,
) -> None:
    """Draw the computational graph of a function: every value with its shape, number and adjoint.

    An edge is an influence, and where both ends are single numbers its local derivative stands on
    it. With --gradient the graph is that of the function and its gradient in reverse mode.

    MODEL is a model, or a function of PyTorch, JAX or TensorFlow as it stands: a case in a file.
    Arithmetic that is used once is written into the formula that uses it.

    Exit status: 0 if the graph was drawn, 2 for bad usage, among it a graph of too many vertices.
    """
    from adbench.planning.settings import Settings
    from adbench.running.graphs import draw

    chosen_format = output_format or _format_of(output)
    if output is not None:
        _refuse_to_overwrite(output)
    request = GraphRequest(size=size, gradient=gradient, values=not no_values, limit=limit)
    graph = draw(model, request, Settings(), announce)
    picture = _writer(chosen_format)(graph)
    if output is None:
        click.echo(picture, nl=False)
    else:
        _write(output, picture)


def _format_of(output: Path | None) -> str:
    """The format that the ending of a file stands for; text where there is no file."""
    if output is None:
        return "text"
    if output.suffix not in ENDINGS:
        raise SpecError(
            f"--output {output} has an ending that stands for no format; give one of "
            f"{', '.join(ENDINGS)}, or a --format."
        )
    return ENDINGS[output.suffix]


def _writer(output_format: str) -> Callable[[FunctionGraph], str]:
    """What writes a graph in a format."""
    from adbench.graphs import dot, mermaid, svg, text

    writers: dict[str, Callable[[FunctionGraph], str]] = {
        "text": text.to_text,
        "svg": svg.to_svg,
        "mermaid": mermaid.to_mermaid,
        "dot": dot.to_dot,
    }
    return writers[output_format]


def _refuse_to_overwrite(output: Path) -> None:
    from adbench.comparing.folder import refuse_to_overwrite

    refuse_to_overwrite([output])


def _write(output: Path, picture: str) -> None:
    from adbench.results.files import reason_of, write_text

    try:
        write_text(output, picture)
    except OSError as error:
        raise SpecError(f"{output} cannot be written to ({reason_of(error)}).") from error
