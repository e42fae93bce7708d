"""The tables of the self-test."""

from __future__ import annotations

from adbench.reporting.tables import Table
from adbench.selftest.bugs import BUGS
from adbench.selftest.run import Finding, Results

CHECKERS = ("gradcheck", "gradcheck, fast mode", "check_grads")


def tables(results: Results) -> list[Table]:
    """Return the table of bugs, that of controls, and what did not run, where there is any."""
    made = [_bugs(results), _controls(results)]
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
        made.append(
            Table("False alarms", "", ("control", "backend", ""), 3, tuple(alarms), prose=True)
        )
    if troubles:
        made.append(
            Table("Did not run", "", ("bug", "backend", ""), 3, tuple(troubles), prose=True)
        )
    return made


def summary(results: Results) -> str:
    """Return one sentence: how many bugs were caught, and how many controls alarmed."""
    bugs = [bug.name for bug in BUGS]
    asked = [
        finding for finding in results.findings if finding.name in bugs and not finding.is_absent
    ]
    controls = [
        finding
        for finding in results.findings
        if finding.name not in bugs and not finding.is_absent
    ]
    caught = sum(finding.alarmed for finding in asked)
    said = [
        f"{checker} caught {sum(alarmed for name, alarmed in verdicts.items() if name in bugs)} of "
        f"{sum(name in bugs for name in verdicts)} and alarmed at "
        f"{sum(alarmed for name, alarmed in verdicts.items() if name not in bugs)} controls"
        for checker, verdicts in results.others.items()
    ]
    return (
        "; ".join(
            [
                f"adbench caught {caught} of {len(asked)} bugs and alarmed at "
                f"{len(results.false_alarms)} of "
                f"{len(controls)} controls",
                *said,
            ]
        )
        + "."
    )


def _bugs(results: Results) -> Table:
    backends = list(dict.fromkeys(finding.backend for finding in results.findings))
    rows = tuple(
        (
            bug.name,
            ", ".join(
                dict.fromkeys(check for finding in results.of(bug.name) for check in finding.checks)
            )
            or "–",
            *(_caught(finding) for finding in results.of(bug.name)),
            *(_said(results, checker, bug.name, "caught", "✗ missed") for checker in CHECKERS),
        )
        for bug in BUGS
    )
    note = (
        "Every bug is a hand-written rule with one mistake, on each framework. On the right, "
        "what the frameworks' own "
    )
    note += "checkers say of the same rule at the same point. – cannot be asked."
    return Table("Seeded bugs", note, ("bug", "failed checks", *backends, *CHECKERS), 2, rows)


def _controls(results: Results) -> Table:
    bugs = {bug.name for bug in BUGS}
    names = list(
        dict.fromkeys(finding.name for finding in results.findings if finding.name not in bugs)
    )
    # The right rule of each bug is counted, the others are named.
    named = [name for name in names if not name.endswith("(control)")]
    backends = list(dict.fromkeys(finding.backend for finding in results.findings))
    rows = [
        (
            name,
            *(_quiet([finding]) for finding in results.of(name)),
            *(_said(results, checker, name, "✗ alarm", "quiet") for checker in CHECKERS),
        )
        for name in named
    ]
    rights = [name for name in names if name not in named]
    columns = [
        [f for f in results.findings if f.name in rights and f.backend == backend]
        for backend in backends
    ]
    counted = []
    for checker in CHECKERS:
        said = [
            results.others[checker][name]
            for name in rights
            if name in results.others.get(checker, {})
        ]
        counted.append("–" if not said else f"✗ {sum(said)} alarms" if any(said) else "quiet")
    rows.insert(0, (f"the right rule of each bug ({len(rights)})", *map(_quiet, columns), *counted))
    note = (
        "Rules that are right and differ from what a framework would compute; none may be "
        "called wrong."
    )
    return Table("Controls", note, ("control", *backends, *CHECKERS), 1, tuple(rows))


def _caught(finding: Finding) -> str:
    if finding.is_absent:
        return "–"
    return "caught" if finding.alarmed else "! did not run" if finding.failed_to_run else "✗ missed"


def _quiet(findings: list[Finding]) -> str:
    if all(finding.is_absent for finding in findings):
        return "–"
    if any(finding.alarmed for finding in findings):
        return "✗ alarm"
    if any(finding.failed_to_run for finding in findings):
        return "! did not run"
    verdicts = {str(row.verdict) for finding in findings for row in finding.rows if row.verdict}
    return ", ".join(sorted(verdicts))


def _said(results: Results, checker: str, name: str, yes: str, no: str) -> str:
    alarmed = results.others.get(checker, {}).get(name)
    return "–" if alarmed is None else yes if alarmed else no
