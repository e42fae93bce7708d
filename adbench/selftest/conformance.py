"""The conformance kit: every operator in every mode on one backend, against closed forms.

It is what an adapter must pass, ours or a user's: `adbench selftest --backend mine.py`. A mode that
the backend says it does not support is listed and does not count as a failure.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import factorial
from typing import Any

import numpy as np

from adbench import registry
from adbench.backends.base import Backend, prepare, to_backend
from adbench.backends.catalog import Entry
from adbench.cases.inputs import Inputs
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.operators import MODES, Mode, Operator, modes_of
from adbench.reporting.streams import patient_streams
from adbench.reporting.tables import Table
from adbench.results.exit_status import ExitStatus
from adbench.running.worker_process import signal_name
from reference_ad.engine import tree

EXACT_TOLERANCE = 1e-12
"""Of the relative error of a backend whose answers are derivatives up to rounding."""
APPROXIMATE_TOLERANCE = 1e-4
"""That of an approximation, such as central differences."""
DERIVATIVE_ORDERS = (1, 2, 3)

FINISHED = 100
"""What is added to the exit status of the process that asks a backend, once it has asked all: no
status that the backend itself ends it with is taken for a verdict."""


class ConformanceOutcome(StrEnum):
    """How the question about one operator in one mode ended."""

    OK = "ok"
    UNSUPPORTED = "unsupported"
    WRONG = "wrong"
    RAISED = "raised"


FAILURES = (ConformanceOutcome.WRONG, ConformanceOutcome.RAISED)


@dataclass(frozen=True)
class ConformanceFinding:
    """What a backend answered to one operator in one mode."""

    operator: Operator
    mode: Mode
    order: int
    """The order of a `derivative`; 1 for every other operator."""
    route: str
    """How it was answered; empty where that is not known."""
    outcome: ConformanceOutcome
    message: str = ""
    """Why it is not `ok`."""
    error: float = float("nan")
    """The largest deviation from the closed form, in units of max(1, the entry's size)."""


_random = np.random.default_rng(2)
TANGENT: Any = {
    "W": _random.standard_normal((3, 2)),
    "b": (_random.standard_normal(3), np.asarray(0.3)),
}
PARAMETERS: Any = {
    "W": _random.standard_normal((3, 2)),
    "b": (_random.standard_normal(3), np.asarray(0.7)),
}
POINT = _random.standard_normal(2)
COTANGENT = _random.standard_normal(3)


def vector(xp: Any, p: Any, x: Any) -> Any:
    """s * exp(W x + b), from 10 scalars in three leaves to 3."""
    return p["b"][1] * xp.exp(p["W"] @ x + p["b"][0])


def scalar(xp: Any, p: Any, x: Any) -> Any:
    """The sum of s^2 exp(W x + b)."""
    return p["b"][1] * xp.sum(vector(xp, p, x))


def closed_forms() -> dict[Operator, Any]:
    """All answers in closed form, from e = exp(W x + b) and s."""
    e, s = np.exp(PARAMETERS["W"] @ POINT + PARAMETERS["b"][0]), PARAMETERS["b"][1]
    identity = np.eye(3)
    jacobian = {
        "W": s * np.einsum("i,ij,k->ijk", e, identity, POINT),
        "b": (s * np.diag(e), e),
    }
    gradient = {"W": s * s * np.outer(e, POINT), "b": (s * s * e, np.asarray(2 * s * e.sum()))}
    direction = TANGENT["W"] @ POINT + TANGENT["b"][0]
    ds = TANGENT["b"][1]
    change = s * s * e * direction + 2 * s * ds * e
    hvp = {
        "W": np.outer(change, POINT),
        "b": (change, np.asarray(2 * s * (e * direction).sum() + 2 * ds * e.sum())),
    }
    hessian = {
        "W": {
            "W": s * s * np.einsum("i,ik,j,l->ijkl", e, identity, POINT, POINT),
            "b": (s * s * np.einsum("i,ik,j->ijk", e, identity, POINT), 2 * s * np.outer(e, POINT)),
        },
        "b": (
            {
                "W": s * s * np.einsum("i,ik,l->ikl", e, identity, POINT),
                "b": (s * s * np.diag(e), 2 * s * e),
            },
            {"W": 2 * s * np.outer(e, POINT), "b": (2 * s * e, np.asarray(2 * e.sum()))},
        ),
    }
    return {
        Operator.VALUE: s * s * e.sum(),
        Operator.GRADIENT: gradient,
        Operator.VALUE_AND_GRADIENT: (s * s * e.sum(), gradient),
        Operator.JVP: s * e * direction + ds * e,
        Operator.VJP: tree.map(lambda block: np.tensordot(COTANGENT, block, 1), jacobian),
        Operator.JACOBIAN: jacobian,
        Operator.HVP: hvp,
        Operator.HESSIAN: hessian,
    }


EXPECTED = closed_forms()


def question(operator: Operator) -> tuple[Callable[..., Any], Inputs]:
    """Return the function of which `EXPECTED` holds the answer to `operator`, and its inputs."""
    if operator in (Operator.JVP, Operator.VJP, Operator.JACOBIAN):
        return vector, Inputs((PARAMETERS, POINT), 0, TANGENT, COTANGENT)
    return scalar, Inputs((PARAMETERS, POINT), 0, TANGENT, np.asarray(1.0))


def tanh_by_exp(xp: Any, x: Any) -> Any:
    y = xp.exp(-2.0 * x)
    return (1.0 - y) / (1.0 + y)


def tanh_derivative(x: float, order: int) -> float:
    """From d/dx p(tanh x) = p'(t) (1 - t^2), as polynomials in t."""
    polynomial = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(order):
        polynomial = polynomial.deriv() * np.polynomial.Polynomial([1.0, 0.0, -1.0])
    return float(polynomial(np.tanh(x)))


def check_backend(
    backend: Entry | Backend, watch: Callable[[str], None] = lambda what: None
) -> list[ConformanceFinding]:
    """Ask a backend every operator in every mode, in float64, and compare with closed forms.

    backend: the backend, or its entry, from which it is loaded.
    watch: called with the name of each question before it is asked.
    """
    if isinstance(backend, Entry):
        backend = registry.load_backend(backend.load)
    assert isinstance(backend, Backend)
    with backend.modes():
        return list(_findings(backend, watch))


def passes(findings: Sequence[ConformanceFinding]) -> bool:
    """Return whether at least one answer is right, and none is wrong or missing by an exception."""
    outcomes = {finding.outcome for finding in findings}
    answered_derivatives = any(
        finding.outcome is ConformanceOutcome.OK and finding.operator is not Operator.VALUE
        for finding in findings
    )
    return answered_derivatives and outcomes.isdisjoint(FAILURES)


def table(name: str, findings: Sequence[ConformanceFinding]) -> Table:
    """Return the findings of the backend called `name` as a table."""
    rows = tuple(
        (
            finding.operator.value,
            str(finding.order),
            finding.mode.value,
            finding.route,
            finding.outcome.value,
            finding.message or f"{finding.error:.1e}",
        )
        for finding in findings
    )
    return Table(
        title=f"{name} against closed forms",
        note="Where it answers right, the largest deviation in units of max(1, the entry's size).",
        columns=("operator", "order", "mode", "route", "outcome", "deviation or message"),
        keys=3,
        rows=rows,
        prose=True,
        groups=2,
    )


def _findings(backend: Backend, watch: Callable[[str], None]) -> Iterator[ConformanceFinding]:
    for operator, expected in EXPECTED.items():
        function, inputs = question(operator)
        for mode in MODES[operator]:
            watch(f"{operator} {mode}")
            yield _finding(backend, function, inputs, (operator, mode, 1), expected)
    inputs = Inputs((np.asarray(0.3),), 0, np.asarray(1.0), np.asarray(1.0))
    for order in DERIVATIVE_ORDERS:
        for mode in modes_of(Operator.DERIVATIVE, order):
            if mode is Mode.TAYLOR and backend.jet is None:
                continue  # a transformation that a framework has or lacks
            watch(f"{Operator.DERIVATIVE} {mode}, order {order}")
            expected = np.asarray(tanh_derivative(0.3, order))
            case = (Operator.DERIVATIVE, mode, order)
            yield _finding(backend, tanh_by_exp, inputs, case, expected)


def _finding(
    backend: Backend,
    function: Callable[..., Any],
    inputs: Inputs,
    case: tuple[Operator, Mode, int],
    expected: Any,
) -> ConformanceFinding:
    operator, mode, order = case
    route = ""
    try:
        problem = to_backend(backend, function, inputs, operator)
        route, call = prepare(backend, problem, operator, mode, order)
        output = call(problem.active, problem.constants, problem.direction)
        backend.synchronize(output)
        answer = tree.map(backend.to_numpy, output)
    except Exception as error:
        outcome = ConformanceOutcome.RAISED
        if isinstance(error, NotImplementedError) or backend.lacks_rule(error):
            outcome = ConformanceOutcome.UNSUPPORTED
        message = describe_exception(error)
        return ConformanceFinding(operator, mode, order, route, outcome, message)
    message, deviation = _compare(answer, expected)
    tolerance = EXACT_TOLERANCE if backend.exact else APPROXIMATE_TOLERANCE
    if not message and not deviation <= tolerance * factorial(order):
        message = f"It deviates by {deviation:.1e}, more than {tolerance * factorial(order):.1e}."
    outcome = ConformanceOutcome.WRONG if message else ConformanceOutcome.OK
    return ConformanceFinding(operator, mode, order, route, outcome, message, deviation)


def _compare(answer: Any, expected: Any) -> tuple[str, float]:
    """Return what is wrong with the form of an answer, and its largest deviation."""
    leaves, structure = tree.flatten(answer)
    expected_leaves, expected_structure = tree.flatten(expected)
    if structure != expected_structure:
        return f"Its structure is {structure}, not {expected_structure}.", float("nan")
    deviation = 0.0
    for leaf, expected_leaf in zip(leaves, expected_leaves, strict=True):
        if leaf.shape != np.shape(expected_leaf):
            return f"An array has shape {leaf.shape}, not {np.shape(expected_leaf)}.", float("nan")
        if leaf.dtype != np.float64:
            return f"An array is {leaf.dtype}, not float64.", float("nan")
        scale = np.maximum(1.0, np.abs(expected_leaf))
        # NaN propagates through np.max, and compares as wrong.
        deviation = float(np.max([deviation, np.max(np.abs(leaf - expected_leaf) / scale)]))
    return "", deviation


def command(names: Sequence[str], timeout: float) -> ExitStatus:
    """Ask each backend called `names` in a process of its own, and print what came of it.

    Return the exit status: 0 where all pass, 1 where one is wrong, 3 where one could not be run, of
    which a crash is one.

    timeout: the time for the whole of one backend (s).
    """
    statuses = [_status_of(entry, timeout) for entry in registry.find_backends(names)]
    if ExitStatus.WRONG in statuses:
        return ExitStatus.WRONG
    if any(status != ExitStatus.ALL_RIGHT for status in statuses):
        return ExitStatus.NOT_RUN
    return ExitStatus.ALL_RIGHT


def _status_of(entry: Entry, timeout: float) -> ExitStatus:
    """Ask one backend in a process of its own. Return how that ended."""
    module = ("-P", "-m", "adbench.selftest.conformance")
    arguments = [sys.executable, *module, entry.name, entry.load]
    sys.stdout.flush()  # the process writes to the same place
    try:
        status = subprocess.run(arguments, timeout=timeout, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"{entry.name} has not finished within {timeout:g} s; --timeout gives it longer.")
        return ExitStatus.NOT_RUN
    if status - FINISHED in (ExitStatus.ALL_RIGHT, ExitStatus.WRONG, ExitStatus.NOT_RUN):
        return ExitStatus(status - FINISHED)
    end = f"exited with status {status}"
    if status < 0:
        end = f"was killed by {signal_name(-status)}"
    print(f"{entry.name} was not asked to the end: its process {end}.")
    return ExitStatus.NOT_RUN


def main(name: str, load: str) -> ExitStatus:
    """Check one backend in this process and print its table; return the exit status."""
    from rich.console import Console

    from adbench.reporting import render

    screen = Console()
    try:
        backend = registry.load_backend(load)
    except BaseException as error:
        render.say(screen, as_sentence(f"{name} could not be loaded: {describe_exception(error)}"))
        return ExitStatus.NOT_RUN
    try:
        findings = check_backend(backend)
    except BaseException as error:
        render.say(screen, as_sentence(f"{name} could not be asked: {describe_exception(error)}"))
        return ExitStatus.NOT_RUN
    render.to_screen(table(name, findings), screen)
    if passes(findings):
        render.say(screen, f"{name} passes.")
        return ExitStatus.ALL_RIGHT
    render.say(screen, f"{name} does not pass.")
    return ExitStatus.WRONG


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with patient_streams():
        conclusion = main(*sys.argv[1:3])
    sys.exit(FINISHED + conclusion)
