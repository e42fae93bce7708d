"""Write into docs/readers.md which operations the readers know.

    python tools/readers.py [--check]

docs/readers.md has a pair of markers for each framework, `<!-- operations: NAME -->` and
`<!-- end -->`; what stands between them is made from `OPERATIONS` of the framework's reader. With
--check nothing is written, and the exit status is 1 where docs/readers.md says anything else.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import click

from adbench.cases.model import SpecError

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "readers.md"

FRAMEWORKS = ("torch", "jax", "tensorflow")

COLUMNS = 4

PART = re.compile(r"(<!-- operations: (\w+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)
"""A part of the page that is made from a reader: what opens it, its framework, what closes it."""


def operations(framework: str) -> list[str]:
    """Return the names of the operations that the reader of a framework knows, in order."""
    reader = importlib.import_module(f"adbench.readers.{framework}")
    return sorted(reader.OPERATIONS, key=lambda name: (name.lower(), name))


def table(names: Iterable[str]) -> str:
    """Return the names as a table in Markdown, to be read column by column."""
    cells = [f"`{name}`" for name in names]
    height = -(-len(cells) // COLUMNS)
    columns = [cells[k * height : (k + 1) * height] for k in range(COLUMNS)]
    filled = [[*column, *[""] * (height - len(column))] for column in columns]
    rows = [" | ".join(row) for row in zip(*filled, strict=True)]
    heading = [" | ".join([""] * COLUMNS), " | ".join(["---"] * COLUMNS)]
    return "\n".join(f"| {row} |" for row in [*heading, *rows])


def part(framework: str) -> str:
    """Return what the page says of a framework."""
    if find_spec(f"adbench.readers.{framework}") is None:
        return "No reader yet."
    names = operations(framework)
    return f"{len(names)} operations:\n\n{table(names)}"


def rewritten(page: str) -> str:
    """Return the text of the page with its parts made anew.

    Raises SpecError where it does not have one part for each framework.
    """
    names = [match.group(2) for match in PART.finditer(page)]
    if sorted(names) != sorted(FRAMEWORKS):
        raise SpecError(
            f"docs/readers.md has the parts {names}; it must have {[*FRAMEWORKS]}, each once."
        )

    def fill(match: re.Match[str]) -> str:
        opening, name, closing = match.groups()
        return f"{opening}\n{part(name)}\n\n{closing}"

    return PART.sub(fill, page)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; tell whether the page is up to date.")
def main(check: bool) -> None:
    """Write into docs/readers.md which operations the readers know."""
    page = PAGE.read_text(encoding="utf-8")
    new = rewritten(page)
    if check and new != page:
        click.echo("docs/readers.md lags behind the readers: run `make readers`.")
        sys.exit(1)
    if not check:
        PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
