"""What a check has seen beside what it was asked: a sentence for each kind of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from adbench.backends.catalog import framework_of
from adbench.cases.case import NATIVE
from adbench.checking.sifting import Sifted, cell_of, has_passed
from adbench.judging.comparison import SHARP
from adbench.reporting import failures
from adbench.reporting.summary import first_of
from adbench.results.row import FAILURES, Outcome, Row, Verdict
from adbench.running.beyond import LOWER_DTYPE

ADVICE = {
    "torch": "mark its backward @once_differentiable, so that this raises, or write it in "
    "operations that can be differentiated",
}
"""What to do, by framework, about a derivative that is silently wrong when differentiated."""

GENERAL_ADVICE = "write it in operations that can be differentiated"


def notes(sifted: Sifted) -> Iterator[str]:
    """Yield a sentence on each kind of thing that is worth a remark."""
    counted, noted = sifted.counted, sifted.noted
    # At a suggested point a kink, or few digits, is what it was suggested for.
    asked = [row for row in counted if cell_of(row) not in sifted.suggested]
    yield from _lone_modes(asked)
    yield from _dull_checks(asked)
    yield from _remarked(asked)
    yield from _imprecise(asked)
    yield from _silent_second_derivatives(counted, noted)
    yield from _frameworks_of_their_own(noted)
    yield from _other_dtypes(sifted.excused)
    yield from _without_derivative(sifted.without_derivative)


def _other_dtypes(excused: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence where a hand-written function does not run in the dtype asked for."""
    for (model, backend), rows in _grouped(excused).items():
        yield (
            f"{model} on {backend} does not run in {rows[0].dtype} "
            f"({failures.sentence(rows[0]).rstrip('.')}), and was judged in {LOWER_DTYPE} alone; "
            f"--dtype {LOWER_DTYPE} asks for just that."
        )


def _without_derivative(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence where a hand-written function has no derivative by another argument."""
    for model, backend in _grouped(rows):
        yield (
            f"{model} on {backend}: the gradient that comes back is 0, which is right only if no "
            "gradient by this argument is meant to be had."
        )


def _silent_second_derivatives(counted: Sequence[Row], noted: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence where a hand-written derivative is right, and the one after it wrong."""
    derivatives = [row for row in counted if row.order > 0 and row.outcome is Outcome.OK]
    right = {subject_of(row) for row in derivatives}
    right -= {subject_of(row) for row in derivatives if not has_passed(row)}
    later = [row for row in noted if row.implementation == NATIVE and subject_of(row) in right]
    silent = _grouped(row for row in later if row.verdict is Verdict.WRONG)
    for (model, backend), rows in silent.items():
        framework = framework_of(backend)
        yield (
            f"{model} on {backend}: the first derivative is right, the one after it is silently "
            f"wrong ({_names(rows)}), as where it goes "
            f"through numbers saved as constants; {ADVICE.get(framework, GENERAL_ADVICE)}. "
            "--order 2 makes this count."
        )


def _frameworks_of_their_own(noted: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence where a framework fails on the specification of a hand-written function."""
    specifications = [row for row in noted if row.implementation != NATIVE]
    failing = _grouped(
        row for row in specifications if row.verdict is Verdict.WRONG or row.outcome in FAILURES
    )
    for (model, backend), rows in failing.items():
        said = failures.sentence(rows[0])
        yield (
            f"{model} on {backend}: {_what_it_is(rows[0])} here, which is no fault of the "
            f"hand-written function ({_names(rows)}: "
            f"{said.rstrip('.')}). --specification makes this count."
        )


def _what_it_is(row: Row) -> str:
    framework = framework_of(row.backend)
    if row.outcome in FAILURES:
        return f"{framework}'s own derivative of the specification does not run"
    return f"{framework}'s own derivative of the specification is wrong"


def _lone_modes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence where one mode alone is wrong, and others are right."""
    questions: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.outcome is Outcome.OK:
            question = (*subject_of(row), row.operator, row.order)
            questions.setdefault(question, []).append(row)
    blamed: dict[tuple[str, str, str, str], list[str]] = {}
    for group in questions.values():
        wrong_rows = [row for row in group if row.verdict is Verdict.WRONG]
        right_modes = [row.mode for row in group if row.verdict is Verdict.CORRECT]
        if len(wrong_rows) == 1 and right_modes:
            row = wrong_rows[0]
            mode_of_model = (row.model, row.backend, row.mode, row.implementation)
            blamed.setdefault(mode_of_model, []).append(failures.question(row))
    for (model, backend, mode, implementation), names in blamed.items():
        whose = "its own or the framework's," if implementation == NATIVE else "of the framework"
        yield (
            f"{model} on {backend}: {first_of(names)} is wrong in the mode {mode} alone; the other "
            f"modes agree with the truth, so a rule {whose} for this mode is at fault."
        )


def _dull_checks(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence on answers that passed and were seen less sharply than is usual."""
    passed = (row for row in rows if row.verdict is Verdict.CORRECT and not _is_remarked(row))
    dull = _grouped(row for row in passed if SHARP[row.dtype] < row.resolution < math.inf)
    for (model, backend), group in dull.items():
        worst = max(row.resolution for row in group)
        yield (
            f"{model} on {backend}: {_names(group)} passed, where only relative errors above "
            f"{worst:.1e} would have been seen; --resolution asks for more."
        )


def _remarked(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence on answers that passed with a remark, of which the first is told."""
    remarked = _grouped(row for row in rows if row.verdict is Verdict.CORRECT and _is_remarked(row))
    for (model, backend), group in remarked.items():
        yield f"{model} on {backend}, {_names(group)}: {group[0].message}"


def _imprecise(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence on answers that are imprecise, with the reason of the first."""
    imprecise = _grouped(row for row in rows if row.verdict is Verdict.IMPRECISE and row.message)
    for (model, backend), group in imprecise.items():
        yield f"{model} on {backend}, {_names(group)} is imprecise: {group[0].message}"


def _names(rows: Sequence[Row]) -> str:
    return first_of([failures.question(row) for row in rows])


def _is_remarked(row: Row) -> bool:
    """Whether an answer passed with a remark: it lies at a kink, or has an accuracy by design."""
    return bool(row.message)


def _grouped(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.model, row.backend), []).append(row)
    return groups


def subject_of(row: Row) -> tuple[str, ...]:
    """Return what a row judges: a function of a model at one size in one dtype, on a backend."""
    return row.model, row.size, row.dtype, row.implementation, row.backend
