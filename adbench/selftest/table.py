"""The tables of the self-test."""

from __future__ import annotations

from adbench.reporting.tables import Table
from adbench.selftest.bugs import BUGS
from adbench.selftest.run import Finding, Results

CHECKERS = ("gradcheck", "gradcheck, fast mode", "check_grads", "compute_gradient")
"""The checkers of the frameworks, as columns."""

BUG_WORDS = {True: "caught", False: "✗ missed"}
"""What an alarm, and none, is called at a bug."""

CONTROL_WORDS = {True: "✗ alarm", False: "quiet"}
"""What an alarm, and none, is called at a control."""


def tables(results: Results) -> list[Table]:
    """Return the table of bugs, that of controls, and what did not run, where there is any."""
    all_tables = [_bugs(results), _controls(results)]
    troubles = [
        (finding.name, finding.backend, f"{row.outcome}: {row.message}")
        for finding in results.findings
        for row in finding.failed_to_run
    ]
    alarms = [
        (finding.name, finding.backend, row.message)
        for finding in results.false_alarms
        for row in finding.rows
        if row.failed_checks
    ]
    if alarms:
        columns = ("control", "backend", "")
        all_tables.append(Table("False alarms", "", columns, 3, tuple(alarms), prose=True))
    if troubles:
        columns = ("bug", "backend", "")
        all_tables.append(Table("Did not run", "", columns, 3, tuple(troubles), prose=True))
    return all_tables


def summary(results: Results) -> str:
    """Return one sentence: how many bugs were caught, and how many controls alarmed."""
    bugs = {bug.name for bug in BUGS}
    present = [finding for finding in results.findings if not finding.is_absent]
    of_bugs = [finding for finding in present if finding.name in bugs]
    caught = sum(finding.alarmed for finding in of_bugs)
    clauses = [
        f"adbench caught {caught} of {len(of_bugs)} bugs and alarmed at "
        f"{len(results.false_alarms)} of {len(present) - len(of_bugs)} controls"
    ]
    for checker, alarms in results.checker_alarms.items():
        alarms_of_bugs = [alarmed for name, alarmed in alarms.items() if name in bugs]
        alarms_of_controls = [alarmed for name, alarmed in alarms.items() if name not in bugs]
        clauses.append(
            f"{checker} caught {sum(alarms_of_bugs)} of {len(alarms_of_bugs)} and alarmed at "
            f"{sum(alarms_of_controls)} controls"
        )
    return f"{'; '.join(clauses)}."


def _bugs(results: Results) -> Table:
    """What became of every seeded bug on each backend, and with the other checkers."""
    rows = []
    for bug in BUGS:
        findings = results.of(bug.name)
        checks = dict.fromkeys(check for finding in findings for check in finding.checks)
        rows.append(
            (
                bug.name,
                ", ".join(checks) or "–",
                *(_caught(finding) for finding in findings),
                *(_by_checker(results, checker, bug.name, BUG_WORDS) for checker in CHECKERS),
            )
        )
    note = (
        "Every bug is a hand-written rule with one mistake, on each framework. On the right, what "
        "the frameworks' own checkers say of the same rule at the same point. – cannot be asked."
    )
    columns = ("bug", "failed checks", *_backends(results), *CHECKERS)
    return Table("Seeded bugs", note, columns, 2, tuple(rows))


def _controls(results: Results) -> Table:
    """What became of every control; the right rules of the bugs are counted in one row."""
    bugs = {bug.name for bug in BUGS}
    names = dict.fromkeys(finding.name for finding in results.findings)
    controls = [name for name in names if name not in bugs]
    right_rules = [name for name in controls if name.endswith("(control)")]
    rows = [_right_rules_row(results, right_rules)]
    rows += [_control_row(results, name) for name in controls if name not in right_rules]
    note = (
        "Rules that are right and differ from what a framework would compute; none may be "
        "called wrong."
    )
    columns = ("control", *_backends(results), *CHECKERS)
    return Table("Controls", note, columns, 1, tuple(rows))


def _control_row(results: Results, name: str) -> tuple[str, ...]:
    of_backends = [_quiet([finding]) for finding in results.of(name)]
    of_checkers = [_by_checker(results, checker, name, CONTROL_WORDS) for checker in CHECKERS]
    return (name, *of_backends, *of_checkers)


def _right_rules_row(results: Results, right_rules: list[str]) -> tuple[str, ...]:
    cells = [f"the right rule of each bug ({len(right_rules)})"]
    for backend in _backends(results):
        findings = [
            finding
            for finding in results.findings
            if finding.name in right_rules and finding.backend == backend
        ]
        cells.append(_quiet(findings))
    for checker in CHECKERS:
        alarms = results.checker_alarms.get(checker, {})
        cells.append(_alarm_count([alarms[name] for name in right_rules if name in alarms]))
    return tuple(cells)


def _alarm_count(alarms: list[bool]) -> str:
    if not alarms:
        return "–"
    if not any(alarms):
        return "quiet"
    return f"✗ {sum(alarms)} alarms"


def _backends(results: Results) -> list[str]:
    return list(dict.fromkeys(finding.backend for finding in results.findings))


def _caught(finding: Finding) -> str:
    if finding.is_absent:
        return "–"
    if finding.alarmed:
        return "caught"
    if finding.failed_to_run:
        return "! did not run"
    return "✗ missed"


def _quiet(findings: list[Finding]) -> str:
    if all(finding.is_absent for finding in findings):
        return "–"
    if any(finding.alarmed for finding in findings):
        return "✗ alarm"
    if any(finding.failed_to_run for finding in findings):
        return "! did not run"
    verdicts = {str(row.verdict) for finding in findings for row in finding.rows if row.verdict}
    return ", ".join(sorted(verdicts))


def _by_checker(results: Results, checker: str, name: str, words: dict[bool, str]) -> str:
    """What another checker says of a bug or control: the word for whether it alarmed."""
    alarms = results.checker_alarms.get(checker, {})
    if name not in alarms:
        return "–"
    return words[alarms[name]]
