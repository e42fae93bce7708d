"""The tables of the self-test."""

from __future__ import annotations

from adbench.reporting.tables import Table
from adbench.selftest.bugs import BUGS
from adbench.selftest.run import AsTheyStand, Finding, Results

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


def as_they_stand(scores: list[AsTheyStand]) -> list[Table]:
    """Return the scores of all checkers on functions as they stand, and what they disagree on."""
    columns = ("framework", "dtype", "checker", "bugs caught", "alarms at controls")
    note = (
        "The same bugs and controls as functions of each framework, without a specification, at "
        "the same point. Each checker is called once, with its default tolerances."
    )
    rows = tuple(row for score in scores for row in _score_rows(score))
    tables = [Table("As they stand", note, columns, 3, rows)]
    failures = tuple(row for score in scores for row in _failures(score))
    if failures:
        columns = ("framework", "dtype", "checker", "missed bugs", "controls it alarmed at")
        tables.append(Table("Missed, and false alarms", "", columns, 5, failures, prose=True))
    return tables


def missed_as_they_stand(scores: list[AsTheyStand], checker: str) -> list[str]:
    """Return the bugs that a checker missed in the dtype that all of them show in, float64."""
    of_float64 = [score for score in scores if score.dtype == "float64"]
    return [name for score in of_float64 for name in _missed(score, checker)]


def false_alarms_as_they_stand(scores: list[AsTheyStand], checker: str) -> list[str]:
    """Return the controls that a checker alarmed at, in any dtype."""
    return [name for score in scores for name in _alarmed_controls(score, checker)]


def _score_rows(score: AsTheyStand) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    bugs = {bug.name for bug in BUGS}
    bug_count = len(bugs & score.alarms.keys())
    control_count = len(score.alarms.keys() - bugs)
    for checker in _checkers(score):
        caught = bug_count - len(_missed(score, checker))
        alarms = len(_alarmed_controls(score, checker))
        counts = (f"{caught} of {bug_count}", f"{alarms} of {control_count}")
        rows.append((score.framework, score.dtype, checker, *counts))
    return rows


def _failures(score: AsTheyStand) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for checker in _checkers(score):
        missed, alarmed = _missed(score, checker), _alarmed_controls(score, checker)
        if missed or alarmed:
            names = ("; ".join(missed) or "–", "; ".join(alarmed) or "–")
            rows.append((score.framework, score.dtype, checker, *names))
    return rows


def _checkers(score: AsTheyStand) -> list[str]:
    return list(dict.fromkeys(checker for of_name in score.alarms.values() for checker in of_name))


def _missed(score: AsTheyStand, checker: str) -> list[str]:
    """The bugs that a checker did not alarm at."""
    names = [bug.name for bug in BUGS if bug.name in score.alarms]
    return [name for name in names if not score.alarms[name][checker]]


def _alarmed_controls(score: AsTheyStand, checker: str) -> list[str]:
    """The controls that a checker alarmed at."""
    bugs = {bug.name for bug in BUGS}
    controls = [name for name in score.alarms if name not in bugs]
    return [name for name in controls if score.alarms[name][checker]]


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
