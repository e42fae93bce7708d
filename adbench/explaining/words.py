"""What is known about a cell, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adbench.cases.case import NATIVE
from adbench.cases.operators import Mode, Operator
from adbench.explaining.cell_names import name_of
from adbench.explaining.evidence import ArrayEvidence, CellEvidence, PrimitiveEvidence
from adbench.results.row import Outcome, Row, Verdict

SHOWN_ARRAYS = 12
"""So many arrays of an answer are told of."""

MEANINGS: Mapping[str, str] = {
    "output": "the answer has not the shape, the dtype or the kind that was asked for",
    "truth": "the answer is farther from the certified enclosure than correct arithmetic may land",
    "second call": "the same call again gave a wrong answer",
    "second point": "at another point the answer is wrong",
    "later call": "a later call overwrote the arrays of the answer",
    "memory layout": "with arrays that lie otherwise in memory the answer is wrong",
    "call between": "with another call between the forward and the backward pass it is wrong",
    "all arguments": "asked for all arguments at once it is wrong",
    "inputs": "the call changed its inputs",
    "identity": "<u, J v> = <J' u, v> does not hold with its other answers",
    "symmetry": "the Hessian is not symmetric",
    "Taylor": "what f(x + hv) leaves beyond its linear part is not of second order",
}
"""What a check that failed says, by its word in the results."""


@dataclass(frozen=True)
class Section:
    """A heading, and the sentences and lines below it."""

    title: str
    lines: tuple[str, ...]


def sections(
    row: Row, rows: Sequence[Row], evidence: CellEvidence | None, missing: Sequence[str]
) -> list[Section]:
    """Return all that is known about a cell.

    rows: those of its run; evidence: what is seen when it is computed again, None where it could
    not be; missing: why not, and what else is not known, a sentence each.
    """
    parts = [
        Section("Asked", tuple(_asked(row, evidence))),
        Section("Answered", tuple(_answered(row))),
        Section("Judged", tuple(_judged(row))),
        Section("Beside it in the run", tuple(_beside(row, rows))),
    ]
    if evidence is not None:
        parts += [
            Section("Computed again", tuple(_again(evidence))),
            Section(_title_of_first(row), tuple(_first(row, evidence))),
            Section("Difference quotients", tuple(_ladder(evidence))),
        ]
    parts += [Section("Cost", tuple(_cost(row))), Section("Not known", tuple(missing))]
    return [part for part in parts if part.lines]


def _asked(row: Row, evidence: CellEvidence | None) -> Iterator[str]:
    yield f"{name_of(row)}."
    subject = "the model's function"
    if row.implementation == NATIVE:
        subject = "the hand-written function"
        if evidence is not None and evidence.definition:
            subject += f" ({evidence.definition})"
    yield (
        f"The {_question(row)} of {subject}, from {row.n_inputs} number(s) to {row.n_outputs}, in "
        f"{row.dtype}."
    )
    if evidence is not None and evidence.point:
        yield f"The point: {evidence.point}."


def _question(row: Row) -> str:
    words = row.operator
    if row.operator == Operator.DERIVATIVE:
        words = f"derivative of order {row.order}"
    return words if row.mode == Mode.NONE else f"{words} in {row.mode} mode"


def _answered(row: Row) -> Iterator[str]:
    if row.outcome is not Outcome.OK:
        yield f"It ended as {row.outcome}: {row.message or 'nothing more is known.'}"
        return
    if row.route:
        yield f"The backend took the route {row.route}."
    if row.worst_entry:
        at = "" if math.isnan(row.worst_input) else f" (the input there is {row.worst_input!r})"
        true = "" if math.isnan(row.worst_true) else f"; {row.worst_true!r} is true"
        yield f"The entry that errs most is {row.worst_entry}{at}: {row.worst_returned!r}{true}."


def _judged(row: Row) -> Iterator[str]:
    if row.outcome is not Outcome.OK:
        return
    truth = f", by {row.truth}" if row.truth else ""
    yield f"The verdict is {row.verdict or 'none'}{truth}."
    if not math.isnan(row.max_error_over_bound):
        yield (
            f"The largest error is {row.max_error_over_bound:.2g} times what correct arithmetic in "
            f"{row.dtype} may err there, and {row.max_error_ulp:.2g} units in the last place; the "
            f"whole answer is off by a relative {row.relative_error:.1e}."
        )
    if not math.isnan(row.resolution):
        yield f"A relative error of {row.resolution:.1e} could have been seen."
    for check in filter(None, row.failed_checks.split("; ")):
        yield f"Failed: {check}: {MEANINGS.get(check, 'a check of a later version')}."
    if not math.isnan(row.taylor_order):
        yield (
            f"The Taylor remainder is of order {row.taylor_order:.2f} in h; it is 2 where a slope "
            "is right, and 1 where it is not."
        )
    if not math.isnan(row.error_vs_oracle):
        yield f"From the hand-derived formula it is off by a relative {row.error_vs_oracle:.1e}."
    if row.message:
        yield row.message
    if row.flags:
        yield f"To be doubted: {row.flags}."


def _beside(row: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Which modes and which backends are right where this cell is wrong, and the reverse."""
    alike = [other for other in rows if other.cell != row.cell and _asks_the_same(other, row)]
    modes = [other for other in alike if _is_of_the_same(other, row)]
    if modes:
        verdicts = {other.mode: _verdict(other) for other in modes}
        yield f"Other modes of {row.backend}: {_listed(verdicts)}."
    if row.verdict is Verdict.WRONG and {other.verdict for other in modes} == {Verdict.CORRECT}:
        yield f"The {row.mode} mode alone is wrong."
    others = {
        f"{other.backend} {other.implementation}": _verdict(other)
        for other in alike
        if other.mode == row.mode and not _is_of_the_same(other, row)
    }
    if others:
        yield f"The same of others: {_listed(others)}."


def _asks_the_same(other: Row, row: Row) -> bool:
    """Whether two cells have one question, in whatever mode."""
    fields = ("model", "size", "dtype", "operator", "order")
    return all(getattr(other, name) == getattr(row, name) for name in fields)


def _is_of_the_same(other: Row, row: Row) -> bool:
    """Whether two cells are of one implementation on one backend."""
    return (other.backend, other.implementation) == (row.backend, row.implementation)


def _verdict(row: Row) -> str:
    return str(row.verdict or row.outcome)


def _listed(words: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {word}" for name, word in words.items())


def _again(evidence: CellEvidence) -> Iterator[str]:
    if evidence.failure:
        yield f"It raised {evidence.failure}"
        return
    if evidence.doubt:
        yield f"Nothing can be judged: {evidence.doubt}"
    if evidence.arrays:
        yield f"The first call is off by a relative {evidence.relative_error:.1e}."
    if evidence.pattern:
        yield evidence.pattern
    for array in evidence.arrays[:SHOWN_ARRAYS]:
        yield _array(array)
    more = len(evidence.arrays) - SHOWN_ARRAYS
    if more > 0:
        wrong = sum(array.beyond > 0 for array in evidence.arrays[SHOWN_ARRAYS:])
        yield f"And {more} more arrays, of which {wrong} have entries beyond their bounds."


def _array(array: ArrayEvidence) -> str:
    if not array.entries:
        return f"  {array.title}: empty"
    state = f"{array.beyond} of {array.entries} beyond the bound"
    if array.is_dead:
        state = "dead: all of it came back as 0"
    entry = (
        f"{array.worst} = {array.returned!r}, true {array.true!r}, may be off by {array.bound:.1e}"
    )
    return f"  {array.title}: {state}; {entry}"


def _title_of_first(row: Row) -> str:
    return "Where it goes wrong first" if row.verdict is Verdict.WRONG else "Piece by piece"


def _first(row: Row, evidence: CellEvidence) -> Iterator[str]:
    dead = [array.title for array in evidence.arrays if array.is_dead]
    if dead:
        yield f"No gradient reaches {', '.join(dead)}."
    is_wrong = any(array.beyond for array in evidence.arrays)
    if evidence.arrays and not is_wrong and row.verdict is Verdict.WRONG:
        yield (
            "The first call is right: what is wrong shows in other circumstances, which the failed "
            "checks tell."
        )
    if evidence.primitives is not None:
        yield from _primitives(evidence.primitives, is_wrong or bool(evidence.failure))
    elif row.implementation == NATIVE and is_wrong:
        yield "The hand-written function is one piece to the backend: its parts cannot be seen."


def _primitives(primitives: PrimitiveEvidence, is_wrong: bool) -> Iterator[str]:
    if primitives.deviating:
        yield f"The first primitive whose derivative is wrong by itself: {primitives.deviating}"
    elif is_wrong and primitives.checked:
        yield (
            f"Each of the {primitives.checked} primitives is right by itself: the fault is in how "
            "their derivatives are put together."
        )
    elif primitives.checked:
        yield f"Each of the {primitives.checked} primitives that could be asked is right by itself."
    if primitives.unseen:
        yield f"The backend could not be asked {', '.join(primitives.unseen)} by itself."


def _ladder(evidence: CellEvidence) -> Iterator[str]:
    if not evidence.ladder:
        return
    yield f"For {evidence.ladder_entry}, from values of the function alone:"
    for step in evidence.ladder:
        yield f"  h = {step.step:.0e}   {step.quotient!r}"


def _cost(row: Row) -> Iterator[str]:
    if math.isnan(row.median_s):
        return
    yield (
        f"A call takes {row.median_s:.3g} s [{row.ci_low_s:.3g}, {row.ci_high_s:.3g}], "
        f"{row.cost_ratio:.3g} times the function [{row.cost_ratio_low:.3g}, "
        f"{row.cost_ratio_high:.3g}]; to prepare it took {row.prepare_s:.3g} s, and the first call "
        f"{row.first_s:.3g} s."
    )
    if row.peak_bytes is not None:
        yield f"It holds {row.peak_bytes:,} bytes at most ({row.memory_method})."
