"""One entry checked as `adbench check` does by default, and its cells counted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module

from adbench import registry
from adbench.cases.case import DTYPES, NATIVE
from adbench.cases.model import SpecError
from adbench.checking.report import Report
from adbench.planning import plan as planning
from adbench.planning.group import Group
from adbench.planning.restriction import Restriction
from adbench.planning.settings import CHECK, Settings
from adbench.results.row import FAILURES, Row, Verdict
from adbench.running import in_process
from adbench.running.beyond import look_beyond
from adbench.truth.certificate import CertificateError

from .entry import Entry

FRAMEWORKS = ("torch", "jax", "tensorflow")
"""The frameworks whose functions are here."""

PASSED, UNSUPPORTED, KNOWN = "passed", "unsupported", "known defects"

FAILED, UNJUDGED, REFUSED = "failed", "unjudged", "refused"

RED = (Verdict.WRONG.value, FAILED, UNJUDGED, REFUSED)
"""The counts that must be 0."""

COUNTS = (PASSED, "imprecise", "unresolved", UNSUPPORTED, KNOWN, *RED)
"""What a cell may be counted as."""


def entries(framework: str) -> tuple[Entry, ...]:
    """Return the table of a framework. Imports it."""
    table: tuple[Entry, ...] = import_module(f"foreign.{framework}_functions").ENTRIES
    return table


def check(
    entry: Entry, backend: str, seed: int, order: int | None = None, dtype: str = ""
) -> tuple[list[tuple[str, str]], Sequence[str]]:
    """Check an entry at the shapes and points of a seed.

    order, dtype: those asked for; as a check has them by default where they are left out.

    Return the count and a sentence of every cell, and the notes of the report. The framework's own
    function alone is asked, not what the framework makes of the formula.
    """
    model = entry.model(backend.partition(":")[0], seed)
    dtypes = (dtype or DTYPES[0],)
    settings = Settings(
        effort=CHECK,
        seed=seed,
        order=order,
        lowest_dtype=dtypes[0],
        are_dtypes_free=not dtype,
    )
    source = registry.ModelSource(model, "here")
    rows: list[Row] = []
    try:
        plan = planning.make_plan(
            [source], registry.find_backends([backend]), settings, dtypes=dtypes
        )
        plan = replace(plan, groups=tuple(_of_native(group) for group in plan.groups))
        plan = look_beyond(plan, Restriction((), (), (dtype,) if dtype else ()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            in_process.run(plan, rows.append)
    except (SpecError, CertificateError) as error:
        return [(REFUSED, f"{type(error).__name__}: {error}")], ()
    report = Report.of(plan, rows)
    return list(_cells(report)), report.notes


def _of_native(group: Group) -> Group:
    cases = tuple(case for case in group.cases if case.implementation == NATIVE)
    return replace(group, cases=cases)


def _cells(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the count that each cell of a report belongs to, and a sentence on it."""
    for row in report.rows:
        yield _count_of(row), f"{row.operator} {row.mode}: {row.outcome}, {row.message}"
    if report.exit_status and not report.failures:
        yield UNJUDGED, f"exit status {int(report.exit_status)}: {report.summary}"


def _count_of(row: Row) -> str:
    if row.outcome in FAILURES:
        return FAILED
    if row.verdict is Verdict.CORRECT:
        return PASSED
    return row.verdict.value or row.outcome.value
