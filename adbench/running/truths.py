"""What the answers to one question are judged by.

Its truth at both points, as objects and on disk.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from adbench.cases.case import Case
from adbench.cases.messages import describe_exception
from adbench.cases.model import Model
from adbench.cases.question import Question
from adbench.running.points import Points
from adbench.truth import storage
from adbench.truth.certificate import CertificateError
from adbench.truth.truth import Truth
from adbench.truth.truth import establish as establish_truth

SECOND_POINT_LIMIT_S = 2.0
"""Where the truth takes longer than this (s), it is not computed at a second point as well."""


@dataclass(frozen=True)
class Truths:
    """The truth of a question at both points, as far as it is known."""

    first: Truth | None = None
    """The truth at the point that is asked for; None where none could be computed."""
    second: Truth | None = None
    """The truth at the second point; None where it is not judged there: the truth is in doubt, or
    was slow to compute."""
    doubt: str = ""
    """Why nothing can be judged by the truth at the first point, in a sentence, or ""."""


def establish(model: Model, case: Case, points: Points) -> Truths:
    """Compute the truth of the question that `case` stands for, with bounds for its dtype.

    Where none can be computed, `doubt` says why. Raises CertificateError where a derivative rule of
    ours is wrong, and SpecError where the model cannot be evaluated.
    """
    question = Question(model, points.first(model, case.size), case.operator, case.order)
    began = time.monotonic()
    try:
        first = establish_truth(question, [case.dtype])
    except CertificateError:
        raise
    except Exception as error:
        return Truths(doubt=f"No truth could be computed: {describe_exception(error)}")
    second = None
    if time.monotonic() - began < SECOND_POINT_LIMIT_S and not first.doubt:
        with suppress(Exception):  # where there is no truth, the second point is not judged
            inputs = points.second(model, case.size, question.inputs)
            second = establish_truth(question.at(inputs), [case.dtype])
    if second is not None and (second.doubt or not second.answer.is_finite):
        second = None
    return Truths(first, second, first.doubt)


# ---- on disk, between the worker that establishes truths and those that judge by them


def save(truths: Truths, path: Path) -> str:
    """Write truths to `path` and a file beside it.

    Return the path to load them by, "" where no truth is known.
    """
    if truths.first is None:
        return ""
    storage.save(truths.first, path)
    if truths.second is not None:
        storage.save(truths.second, storage.second_path(path))
    return str(path)


def load(path: str) -> Truths:
    """Read the truths that `save` returned the path of."""
    if not path:
        return Truths()
    first = storage.load(Path(path))
    second = None
    if storage.second_path(Path(path)).exists():
        second = storage.load(storage.second_path(Path(path)))
    return Truths(first, second, first.doubt)
