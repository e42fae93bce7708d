"""What the answers to one question are judged by.

Its truth at every point, as objects and on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from adbench.cases.case import NATIVE, Case
from adbench.cases.model import Model
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.counting.operations import OperationCounts, count
from adbench.planning.points import Subject, SubjectPoints
from adbench.truth import storage
from adbench.truth.bound import FINE
from adbench.truth.certificate import CertificateError
from adbench.truth.reasons import why_unknown
from adbench.truth.truth import Truth
from adbench.truth.truth import establish as establish_truth
from reference_ad import original_rules

FURTHER_POINTS_LIMIT_S = 2.0
"""Where the truths of a question have taken longer than this (s), none is computed at one more
point."""

SEARCHING = frozenset({Operator.GRADIENT, Operator.VJP, Operator.DERIVATIVE})
"""What is asked at all further points; all else is asked at one. A derivative that is wrong
somewhere is so in its gradient or VJP, which are cheap."""


@dataclass(frozen=True)
class Truths:
    """The truth of a question at all points, as far as it is known."""

    first: Truth | None = None
    """The truth at the point that is asked for; None where none could be computed."""
    further: Mapping[int, Truth] = field(default_factory=dict)
    """The truth at further points, by their number from 0 on. A point is not judged, and not here,
    where the truth is in doubt, or was slow to compute."""
    doubt: str = ""
    """Why nothing can be judged by the truth at the first point, in a sentence, or ""."""

    @property
    def is_known(self) -> bool:
        """Whether a truth was computed at the first point, doubtful or not."""
        return self.first is not None and bool(self.first.answer.arrays)


@original_rules()
def establish(model: Model, case: Case, draw: Callable[[Subject], SubjectPoints]) -> Truths:
    """Compute the truth of the question that `case` stands for, with bounds for its dtype.

    draw: gives the points of a subject, as `points.drawing` does. Where no truth can be computed,
    `doubt` says why. The rules are the engine's own, whatever a backend has put in their place.
    Raises CertificateError where a derivative rule of ours is wrong, and SpecError where the model
    cannot be evaluated.
    """
    points = draw(Subject.of(case, model))
    question = Question.of(case, model, points.first)
    began = time.monotonic()
    try:
        first = establish_truth(question, [case.dtype])
    except CertificateError:
        raise
    except Exception as error:
        return Truths(doubt=why_unknown(model, error))
    further: dict[int, Truth] = {}
    wanted = len(points.further) if case.operator in SEARCHING else 1
    if case.implementation != NATIVE:
        wanted = min(wanted, points.nearer)
    for number, inputs in enumerate(points.further[:wanted]):
        if first.doubt or time.monotonic() - began > FURTHER_POINTS_LIMIT_S:
            break
        with suppress(Exception):  # where there is no truth, the point is not judged
            truth = establish_truth(question.at(inputs), [case.dtype], fine=FINE)
            if not truth.doubt and truth.answer.is_finite:
                further[number] = truth
    return Truths(first, further, first.doubt)


@original_rules()
def count_operations(
    model: Model, case: Case, draw: Callable[[Subject], SubjectPoints]
) -> OperationCounts:
    """Count the operations of the answers to the question that `case` stands for."""
    points = draw(Subject.of(case, model))
    return count(model, points.first, case.operator, case.order)


# ---- on disk, between the worker that establishes truths and those that judge by them


def save(truths: Truths, path: Path) -> str:
    """Write truths to `path`. Return the path to load them by, "" where no truth is known."""
    if truths.first is None:
        return ""
    storage.save(path, truths.first, truths.further)
    return str(path)


def load(path: str) -> Truths:
    """Read the truths that `save` returned the path of."""
    if not path:
        return Truths()
    first, further = storage.load(Path(path))
    return Truths(first, further, first.doubt)
