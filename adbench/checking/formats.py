"""A check's report as JSON, as JUnit XML, and as GitHub's annotations and step summary."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from adbench.cases.case import NATIVE
from adbench.cases.model import Model
from adbench.checking.report import Report
from adbench.reporting import failures, render
from adbench.results.row import FAILURES, Outcome, Row, Verdict

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file to which a step's summary is appended."""

SAMPLES = ("samples_s", "primal_samples_s")


def to_json(report: Report) -> str:
    """Return the summary, the exit status and every cell as one JSON object; nan and inf are
    strings."""
    cells = [
        {name: value for name, value in row.to_json().items() if name not in SAMPLES}
        for row in report.rows
    ]
    document = {"summary": report.summary, "exit_status": report.exit_status, "cells": cells}
    return json.dumps(document, indent=2, allow_nan=False)


def to_junit(report: Report) -> str:
    """Return JUnit XML: one suite, one test case a cell.

    A wrong answer is a failure; what did not run is an error; what is unsupported, not installed or
    unresolved is skipped, since it passed nothing.
    """
    suite = ElementTree.Element("testsuite", name="adbench check", tests=str(len(report.rows)))
    counts = {"failure": 0, "error": 0, "skipped": 0}
    for row in report.rows:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"{row.model}.{row.size}.{row.dtype}",
            name=f"{failures.question(row)} {failures.asked_of(row)}",
            time=f"{row.elapsed_s if row.elapsed_s == row.elapsed_s else 0:.3f}",
        )
        kind = _junit_kind(row)
        if kind:
            counts[kind] += 1
            said = (
                failures.sentence(row)
                if kind != "skipped"
                else f"{row.verdict or row.outcome}: {row.message}"
            )
            ElementTree.SubElement(case, kind, message=_printable(said)).text = _printable(said)
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _junit_kind(row: Row) -> str:
    if row.outcome in FAILURES:
        return "error"
    if row.verdict is Verdict.WRONG:
        return "failure"
    return "skipped" if row.outcome is not Outcome.OK or row.verdict is Verdict.UNRESOLVED else ""


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def to_github(report: Report, models: Mapping[str, Model]) -> str:
    """Return one workflow command a failing cell, each pointing to the function in the file that
    defines it."""
    lines = []
    for row in report.failures:
        file, line = place(models[row.model], row)
        title = f"{failures.asked_of(row)}: {failures.cell(row)}"
        lines.append(
            f"::error file={_property(file)},line={line},title={_property(title)}"
            f"::{_data(failures.sentence(row))}"
        )
    return "\n".join([*lines, f"::notice title=adbench check::{_data(report.summary)}"])


def append_step_summary(report: Report) -> None:
    """Append the report in Markdown to the file that GitHub shows beside the job, where there is
    one."""
    path = os.environ.get(STEP_SUMMARY)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(to_markdown(report))


def to_markdown(report: Report) -> str:
    """Return the summary and the tables of failures in GitHub's Markdown."""
    parts = [
        "# adbench check",
        report.summary,
        *map(render.to_markdown, failures.tables(report.rows)),
    ]
    return "\n\n".join(parts) + "\n"


def place(model: Model, row: Row) -> tuple[str, int]:
    """Return the file and line in which the function that a row judges is defined, the file below
    this folder."""
    function: Any = model.function
    if row.implementation == NATIVE:
        function = model.native.get(row.backend.partition(":")[0], function)
    for candidate in (function, model.function):
        file, line = _defined(candidate)
        if file:
            break
    path = Path(file).resolve()
    root = Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()
    return (str(path.relative_to(root)) if path.is_relative_to(root) else str(path)), line


def _defined(function: Any) -> tuple[str, int]:
    # `apply` of an autograd function is a method of its class; jit and the like keep what they
    # wrap.
    function = inspect.unwrap(function)
    owner = getattr(function, "__self__", None)
    target = owner if inspect.isclass(owner) else function
    try:
        return inspect.getsourcefile(target) or "", max(1, inspect.getsourcelines(target)[1])
    except (TypeError, OSError):
        return "", 1


def _data(text: str) -> str:
    """Escape the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a workflow command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
