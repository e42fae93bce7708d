"""A check's report as JSON, as JUnit XML, and as GitHub's annotations and step summary."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from adbench.backends.catalog import framework_of
from adbench.cases.case import NATIVE
from adbench.cases.definition import definition_of as definition_of_function
from adbench.cases.model import Model, SpecError
from adbench.checking.report import Report
from adbench.reporting import failures, render
from adbench.results.document import cells_in_json
from adbench.results.escaping import (
    for_markdown,
    for_workflow_message,
    for_workflow_property,
    for_xml,
)
from adbench.results.row import FAILURES, Outcome, Row, Verdict

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file to which a step's summary is appended."""


def to_json(report: Report) -> str:
    """Return the summary, the exit status, every cell and the notes as one JSON object.

    Nan and inf are strings.
    """
    document = {
        "summary": report.summary,
        "exit_status": report.exit_status,
        "cells": cells_in_json(report.rows),
        "expected": [
            {**cell, "reason": expectation.reason, "link": expectation.link}
            for cell, (_, expectation) in zip(
                cells_in_json(row for row, _ in report.expected.rows),
                report.expected.rows,
                strict=True,
            )
        ],
        "notes": report.notes,
        "examples": [{"title": each.title, "code": each.code} for each in report.examples],
    }
    return json.dumps(document, indent=2, allow_nan=False)


def to_junit(report: Report) -> str:
    """Return JUnit XML: one suite, one test case a cell.

    A wrong answer is a failure; what did not run is an error; what is unsupported, not installed or
    unresolved is skipped, since it passed nothing; so is what failed as was declared.
    """
    expected = report.expected.rows
    tests = len(report.rows) + len(expected)
    suite = ElementTree.Element("testsuite", name="adbench check", tests=str(tests))
    counts = {"failure": 0, "error": 0, "skipped": len(expected)}
    for row in report.rows:
        case = _junit_case(suite, row)
        kind = _junit_kind(row)
        if kind:
            counts[kind] += 1
            message = for_xml(_junit_message(row, kind))
            ElementTree.SubElement(case, kind, message=message).text = message
    for row, expectation in expected:
        message = for_xml(f"expected: {expectation.reason} {expectation.link}")
        ElementTree.SubElement(_junit_case(suite, row), "skipped", message=message).text = message
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _junit_case(suite: ElementTree.Element, row: Row) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite,
        "testcase",
        classname=for_xml(f"{row.model}.{row.size}.{row.dtype}"),
        name=for_xml(f"{failures.question(row)} {failures.asked_of(row)}"),
        time=_junit_time(row),
    )


def _junit_kind(row: Row) -> str:
    if row.outcome in FAILURES:
        return "error"
    if row.verdict is Verdict.WRONG:
        return "failure"
    if row.outcome is not Outcome.OK or row.verdict is Verdict.UNRESOLVED:
        return "skipped"
    return ""


def _junit_message(row: Row, kind: str) -> str:
    if kind == "skipped":
        return f"{row.verdict or row.outcome}: {row.message}"
    return failures.sentence(row)


def _junit_time(row: Row) -> str:
    """The time of a cell in seconds, 0 where it was not measured."""
    if math.isnan(row.elapsed_s):
        return "0.000"
    return f"{row.elapsed_s:.3f}"


def to_github(report: Report, models: Mapping[str, Model]) -> str:
    """Return one workflow command a failing cell: an error, or a notice where it was declared.

    Each points to the function in the file that defines it.
    """
    lines = []
    for row in report.failures:
        file, line = definition_of(models[row.model], row)
        title = f"{failures.asked_of(row)}: {failures.cell(row)}"
        place = {"file": file, "line": str(line), "title": title}
        lines.append(_workflow_command("error", place, failures.sentence(row)))
    for row, expectation in report.expected.rows:
        file, line = definition_of(models[row.model], row)
        title = f"Expected: {failures.asked_of(row)}: {failures.cell(row)}"
        place = {"file": file, "line": str(line), "title": title}
        lines.append(_workflow_command("notice", place, f"{expectation.reason} {expectation.link}"))
    notice = {"title": "adbench check"}
    lines += [_workflow_command("notice", notice, note) for note in (*report.notes, report.summary)]
    return "\n".join(lines)


def _workflow_command(name: str, properties: Mapping[str, str], message: str) -> str:
    """A line that the runner of GitHub takes for a command."""
    listed = ",".join(f"{key}={for_workflow_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{for_workflow_message(message)}"


def append_step_summary(report: Report) -> None:
    """Append the report in Markdown to the file that GitHub shows beside the job.

    Nothing is done where there is no such file. Raises SpecError where it cannot be written to.
    """
    path = os.environ.get(STEP_SUMMARY)
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(to_markdown(report))
    except OSError as error:
        raise SpecError(
            f"The summary of the step was not written to {path} ({error.strerror}); let "
            f"{STEP_SUMMARY} name a file that can be written to."
        ) from error


def to_markdown(report: Report) -> str:
    """Return the summary and the tables of failures in GitHub's Markdown."""
    tables = [render.to_markdown(table) for table in failures.tables(report.rows)]
    notes = [f"Note: {for_markdown(note)}" for note in report.notes]
    summary = for_markdown(report.summary)
    return "\n\n".join(["# adbench check", summary, *tables, *notes]) + "\n"


def definition_of(model: Model, row: Row) -> tuple[str, int]:
    """Return the file and line in which the function that a row judges is defined.

    The file is given from this folder, where it lies below it.
    """
    function: Any = model.function
    if row.implementation == NATIVE:
        function = model.native.get(framework_of(row.backend), function)
    for candidate in (function, model.function):
        definition = definition_of_function(candidate)
        if definition.file:
            break
    path = Path(definition.file).resolve()
    root = Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()
    if path.is_relative_to(root):
        path = path.relative_to(root)
    return str(path), definition.line
