"""Write into README.md what the example run says: its tables and its sentences.

    python tools/readme.py [--check]

README.md has a pair of markers for each part, `<!-- example: NAME -->` and `<!-- end -->`; what
stands between them is made from reports/example and from nothing else. With --check nothing is
written, and the exit status is 1 where README.md says anything else than the run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from adbench.cases.model import SpecError
from adbench.changes.recorded_run import read_environment
from adbench.comparing.report import ComparisonReport, make_report
from adbench.reporting import render
from adbench.reporting.table import SWEEP_TITLE
from adbench.results import frames
from adbench.step_sweep import rows as step_rows

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLE = ROOT / "reports" / "example"

PART = re.compile(r"(<!-- example: (\w+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)
"""A part of README.md that is made from the run: what opens it, its name, what closes it."""


@dataclass(frozen=True)
class Excerpt:
    """Some rows of a table of the report."""

    title: str
    """The table's title in the report."""
    rows: Mapping[str, tuple[str, ...]]
    """For some of its columns what a row must have there to be taken."""

    def of(self, report: ComparisonReport) -> str:
        """Return the rows as a table in Markdown.

        Raises SpecError where the report has no such table, column or row.
        """
        titles = [table.title for table in report.tables]
        if self.title not in titles:
            raise SpecError(f"The example run has no table {self.title!r}; it has {titles}.")
        table = report.tables[titles.index(self.title)]
        for column in self.rows:
            if column not in table.columns:
                raise SpecError(f"The table {self.title!r} has no column {column!r}.")
        positions = {table.columns.index(column): values for column, values in self.rows.items()}
        rows = tuple(
            row
            for row in table.rows
            if all(row[position] in values for position, values in positions.items())
        )
        if not rows:
            raise SpecError(f"The table {self.title!r} has no row with {dict(self.rows)}.")
        heading, *_, body = render.to_markdown(replace(table, rows=rows)).split("\n\n")
        assert heading.endswith(self.title)
        return body


CORRECTNESS = Excerpt(
    "Is it right?", {"model": ("chain", "mlp"), "size": ("L=4,k=100", "8-16-1x8")}
)
COST = Excerpt("What does it cost?", {"model": ("mlp",), "size": ("8-16-1x8",)})
SWEEP = Excerpt(SWEEP_TITLE, {})


def summary(report: ComparisonReport, environment: Mapping[str, Any]) -> str:
    """What was run, where, and how the cells were judged."""
    machine = f"{environment['cpu_count']} cores of {environment['cpu']}"
    return (
        f"It is a run of `{' '.join(environment['command'])}` on {machine} with Python "
        f"{environment['python']}, of {environment['created'][:10]}. It has {report.summary}"
    )


def sweep_sentences(report: ComparisonReport) -> str:
    """What the sweep says, in a sentence a backend."""
    return "\n".join(f"- {sentence}" for sentence in report.sweep_sentences)


PARTS: dict[str, Callable[[ComparisonReport, Mapping[str, Any]], str]] = {
    "summary": summary,
    "correctness": lambda report, environment: CORRECTNESS.of(report),
    "cost": lambda report, environment: COST.of(report),
    "sweep": lambda report, environment: SWEEP.of(report),
    "sentences": lambda report, environment: sweep_sentences(report),
}
"""What makes each part of README.md."""


def rewritten(readme: str, report: ComparisonReport, environment: Mapping[str, Any]) -> str:
    """Return the text of README.md with its parts made anew.

    Raises SpecError for a part that nothing makes, and for one that README.md lacks.
    """
    names = [match.group(2) for match in PART.finditer(readme)]
    if sorted(names) != sorted(PARTS):
        raise SpecError(f"README.md has the parts {names}; it must have {[*PARTS]}, each once.")

    def fill(match: re.Match[str]) -> str:
        opening, name, closing = match.groups()
        return f"{opening}\n{PARTS[name](report, environment)}\n\n{closing}"

    return PART.sub(fill, readme)


def rewritten_from(readme: str, example: Path) -> str:
    """Return the text of README.md with its parts made from a run's folder."""
    report = make_report(frames.load(example), step_rows.load(example))
    return rewritten(readme, report, read_environment(example))


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; tell whether README.md is up to date.")
def main(check: bool) -> None:
    """Make the parts of README.md from the example run."""
    readme = README.read_text(encoding="utf-8")
    try:
        new_readme = rewritten_from(readme, EXAMPLE)
    except SpecError as error:
        sys.exit(str(error))
    if not check:
        README.write_text(new_readme, encoding="utf-8")
    elif new_readme != readme:
        sys.exit("README.md says something else than reports/example; `make readme` mends it.")


if __name__ == "__main__":
    main()
