"""The page put together: its parts from the rows of a run, in one HTML file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import jinja2

from adbench.page import scripts
from adbench.page.all_cells import all_cells
from adbench.page.cells import PageTable, page_table
from adbench.page.costs import cost_table
from adbench.page.figure import AnyFigure, Figure
from adbench.page.figures import FIGURES
from adbench.page.matrix import matrix
from adbench.page.runs import PageRun
from adbench.reporting import tables
from adbench.reporting.answer import answers
from adbench.reporting.render import rows_of
from adbench.reporting.table import Table
from adbench.results.escaping import for_html

TEMPLATES = files("adbench.page") / "templates"


def figures_of(run: PageRun) -> list[AnyFigure]:
    """Return the figures of a run in their order, and what those need that it has no data for."""
    return [make(run) for make in FIGURES]


def run_page(run: PageRun, figures: Sequence[AnyFigure]) -> str:
    """Return the page of a run. figures: those of `figures_of`."""
    failures = tables.troubles(run.frame)
    return render(
        "run.html",
        run.title,
        _contents(run, figures),
        figures,
        run=run,
        answers=answers(run.frame),
        matrix=matrix(run),
        costs=cost_table(run.frame),
        failures=None if failures is None else page_table("failures", failures),
        cells=all_cells(run.frame),
        environments=[*_environments(run.environments)],
    )


def render(
    template: str,
    title: str,
    contents: Sequence[tuple[str, str]],
    figures: Iterable[AnyFigure],
    **parts: Any,
) -> str:
    """Return a page from a template, with all that it needs inlined.

    contents: the sections, as pairs of an anchor and a title. figures: what is drawn in it. parts:
    what else the template shows; it is text, never markup, whatever is in it.
    """
    figures = [*figures]
    drawn = [figure for figure in figures if isinstance(figure, Figure)]
    page_scripts = [_read("page.js")]
    if drawn:
        page_scripts.insert(0, scripts.vega_bundle())
    inlined = [scripts.inline(script) for script in page_scripts]
    text: str = (
        _environment()
        .get_template(template)
        .render(
            title=for_html(title),
            contents=contents,
            figures=figures,
            drawings={figure.name: figure.svg() for figure in drawn},
            specifications={figure.name: _as_data(figure) for figure in drawn},
            policy=scripts.policy(inlined),
            scripts=inlined,
            style=_read("style.css"),
            version=version("adbench"),
            **parts,
        )
    )
    return text


def _contents(run: PageRun, figures: Sequence[AnyFigure]) -> list[tuple[str, str]]:
    """The sections of a run's page."""
    sections = [("answer", "The answer")]
    if run.changes:
        sections.append(("changes", "What changed"))
    if run.advice:
        sections.append(("advice", "What to use"))
    sections.append(("correctness", "Correctness"))
    sections += [(figure.name, figure.title) for figure in figures]
    sections += [
        ("costs", "What every call costs"),
        ("failures", "What did not go well"),
        ("cells", "All cells"),
        ("environment", "Environment and versions"),
    ]
    return sections


def _environments(environments: Mapping[str, Mapping[str, Any]]) -> Iterable[PageTable]:
    """A table of what each run ran on."""
    for label, environment in environments.items():
        rows = tuple(rows_of(environment))
        title = label if len(environments) > 1 else "Environment and versions"
        yield page_table("environment", Table(title, "", ("what", "value"), 1, rows, prose=True))


@cache
def _environment() -> jinja2.Environment:
    """The templates, in which every text is escaped."""

    def load(name: str) -> str:
        return _read(name)

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: Any) -> Any:
    """A value as it is shown: what is hidden in a text stands there as an escape."""
    if type(value) is str:
        return for_html(value)
    return value


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _as_data(figure: Figure) -> str:
    """The chart of a figure as it may stand in a page: JSON in which no tag can begin."""
    described = {**figure.spec, "description": figure.title}
    text = json.dumps(described, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
