"""Running the self-test.

Every bug and control through the runner and its workers, and past the other checkers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import NATIVE
from adbench.cases.operators import Operator
from adbench.planning import plan as planning
from adbench.planning.group import Group
from adbench.planning.settings import CHECK, Settings
from adbench.results.row import FAILURES, Outcome, Row, Verdict
from adbench.running.environment import worker_environment
from adbench.running.runner import run as run_plan
from adbench.selftest import subjects
from adbench.selftest.bugs import BUGS
from adbench.selftest.subject import Subject

BACKENDS = ("reference:tape", "torch:eager", "jax:eager")
"""The backends on which rules are written by hand, all define-by-run, since some of the rules
remember."""

CHECKERS_LIMIT_S = 1200.0
"""How long the checkers of a framework may take over all bugs and controls (s)."""

OURS = "adbench.check"
"""The checker that is tried, as the tables name it."""

FRAMEWORKS = ("torch", "jax", "tensorflow")
"""The frameworks whose functions are checked as they stand."""

AS_THEY_STAND_DTYPES = ("float64", "float32")
"""The dtypes in which functions are checked as they stand."""


@dataclass(frozen=True)
class Finding:
    """What became of one bug or control on one backend."""

    name: str
    """The name of the bug or control."""

    backend: str
    """The name of the backend."""

    rows: tuple[Row, ...]
    """The rows of its cells."""

    @property
    def is_absent(self) -> bool:
        """Whether it could not be asked: the framework is not installed, or has no such rules."""
        return all(row.outcome in (Outcome.NOT_INSTALLED, Outcome.UNSUPPORTED) for row in self.rows)

    @property
    def failed_to_run(self) -> list[Row]:
        """The rows of cells that should have run and did not."""
        return [row for row in self.rows if row.outcome in FAILURES]

    @property
    def alarmed(self) -> bool:
        """Whether a derivative was called wrong."""
        return any(row.verdict is Verdict.WRONG for row in self.rows)

    @property
    def checks(self) -> list[str]:
        """The checks that failed, each once, in the order in which they are made."""
        checks = [check for row in self.rows for check in row.failed_checks.split("; ") if check]
        return list(dict.fromkeys(checks))


@dataclass(frozen=True)
class AsTheyStand:
    """What checkers say of a framework's functions in one dtype, without a specification."""

    framework: str
    """The name of the framework."""

    dtype: str
    """The dtype of the inputs."""

    alarms: dict[str, dict[str, bool]]
    """Whether each alarmed: {name of the bug or control: {checker: whether}}."""


@dataclass(frozen=True)
class Results:
    """The results of a self-test."""

    findings: tuple[Finding, ...]
    """One a bug or control and backend."""

    checker_alarms: dict[str, dict[str, bool]]
    """Whether the other checkers alarmed: {checker: {name of the bug or control: whether}}."""

    def of(self, name: str) -> list[Finding]:
        """Return the findings about one bug or control, one a backend."""
        return [finding for finding in self.findings if finding.name == name]

    @property
    def missed(self) -> list[Finding]:
        """Bugs that were not caught where they could be asked."""
        bugs = {bug.name for bug in BUGS}
        return [
            finding
            for finding in self.findings
            if finding.name in bugs and not finding.is_absent and not finding.alarmed
        ]

    @property
    def false_alarms(self) -> list[Finding]:
        """Controls that alarmed."""
        bugs = {bug.name for bug in BUGS}
        return [
            finding for finding in self.findings if finding.name not in bugs and finding.alarmed
        ]


def run(
    logs: Path,
    seed: int = 0,
    timeout_s: float = 60.0,
    watch: Callable[[str], None] = lambda what: None,
) -> Results:
    """Run the self-test.

    logs: a folder for what workers print. watch: called with what is running, in words.
    """
    plan = make_plan(seed, timeout_s)
    rows: list[Row] = []
    run_plan(plan, logs, rows.append, watch)
    findings = tuple(
        Finding(
            name,
            entry.name,
            tuple(row for row in rows if (row.model, row.backend) == (name, entry.name)),
        )
        for name in subjects.SUBJECTS
        for entry in plan.backends
    )
    checker_alarms: dict[str, dict[str, bool]] = {}
    for framework in ("torch", "jax", "tensorflow"):
        watch(f"the checkers of {framework}")
        for name, alarms in _ask("checkers", framework, str(seed)).items():
            for checker, alarmed in alarms.items():
                checker_alarms.setdefault(checker, {})[name] = alarmed
    return Results(findings, checker_alarms)


def run_as_they_stand(
    seed: int = 0, watch: Callable[[str], None] = lambda what: None
) -> list[AsTheyStand]:
    """Check every bug and control as a function of each framework that is installed.

    watch: called with what is running, in words.
    """
    scores = []
    for framework in FRAMEWORKS:
        for dtype in AS_THEY_STAND_DTYPES:
            watch(f"functions of {framework} as they stand, {dtype}")
            alarms = _ask("as_they_stand", framework, dtype, str(seed))
            if alarms:
                scores.append(AsTheyStand(framework, dtype, alarms))
    return scores


def make_plan(seed: int, timeout_s: float = 60.0) -> planning.Plan:
    """Plan the cells of every bug and control.

    The hand-written rules alone, in the modes that they are written for.
    """
    settings = Settings(
        effort=CHECK,
        seed=seed,
        timeout_s=timeout_s,
        lowest_dtype=subjects.LOWEST_DTYPE,
    )
    entries: Sequence[Entry] = registry.find_backends(BACKENDS)
    groups: list[Group] = []
    for name, subject in subjects.SUBJECTS.items():
        source = registry.ModelSource(subjects.MODELS[name], f"module:{subjects.__name__}:{name}")
        asked = replace(settings, order=subject.order)
        plan = planning.make_plan([source], entries, asked, dtypes=subject.dtypes)
        for group in plan.groups:
            cases = tuple(
                case
                for case in group.cases
                if case.implementation == NATIVE and _is_asked(subject, case)
            )
            if cases:
                groups.append(replace(group, cases=cases))
    highest = max(subject.order for subject in subjects.SUBJECTS.values())
    return planning.Plan(tuple(groups), tuple(entries), settings, highest)


def _is_asked(subject: Subject, case: planning.Case) -> bool:
    if case.operator is Operator.HVP:
        return subject.order > 1 and case.mode == "reverse-over-reverse"
    if case.operator is Operator.JVP:
        return subject.push is not None and case.mode == "forward"
    return (
        case.operator in (Operator.GRADIENT, Operator.VJP, Operator.JACOBIAN, Operator.DERIVATIVE)
        and case.mode == "reverse"
    )


def _ask(module: str, framework: str, *arguments: str) -> dict[str, dict[str, bool]]:
    """Ask checkers about a framework's functions, in a process of their own.

    module: that of `adbench.selftest` which prints what they say. Return {name: {checker: whether
    it alarmed}}, {} where the framework is not installed.
    """
    entry = next(entry for entry in registry.backends().values() if entry.framework == framework)
    if registry.installed_version(entry) is None:
        return {}
    command = [sys.executable, "-P", "-m", f"adbench.selftest.{module}", framework, *arguments]
    process = subprocess.run(
        command,
        env=worker_environment(1),
        capture_output=True,
        text=True,
        timeout=CHECKERS_LIMIT_S,
        check=True,
    )
    alarms: dict[str, dict[str, bool]] = json.loads(process.stdout.splitlines()[-1])
    return alarms
