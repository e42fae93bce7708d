"""The step sweep of a model in this process: it needs NumPy and the truth alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases.answer import Answer, collect, relative_error
from adbench.cases.inputs import Array, Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.step_sweep.differences import (
    STEPPED_METHODS,
    STEPS,
    FlatFunction,
    adaptive_methods,
)
from adbench.step_sweep.row import StepRow
from adbench.truth.certificate import CertificateError
from adbench.truth.truth import establish
from reference_ad import original_rules


@dataclass(frozen=True)
class Attempt:
    """One Jacobian by one method."""

    method: str
    """The name of the method, as in `StepRow`."""

    step: float
    """The step h, or nan where the method chooses its own."""

    relative_error: float
    """||answer - truth|| / ||truth||."""

    evaluations: int
    """How often the function was evaluated for it."""


def rows(model: Model, size: str, inputs: Inputs, dtype: str) -> Iterator[StepRow]:
    """Yield the rows of one model at one size.

    Both differences at every step, the adaptive libraries, and AD. There are none where no truth is
    known to measure against.
    """
    question = jacobian_question(model, inputs)
    truth = _true_answer(question, dtype)
    if truth is None:
        return
    for attempt in _attempts(question.at(inputs.astype(dtype)), truth):
        yield StepRow(
            model=model.name,
            size=size,
            n_inputs=inputs.n,
            n_outputs=inputs.m,
            dtype=dtype,
            method=attempt.method,
            step=attempt.step,
            relative_error=attempt.relative_error,
            evaluations=attempt.evaluations,
        )


def jacobian_question(model: Model, inputs: Inputs) -> Question:
    """Return the question whose answer is the Jacobian of a model, by whatever name it goes."""
    operator = Operator.JACOBIAN
    if inputs.is_scalar_to_scalar:
        operator = Operator.DERIVATIVE
    elif inputs.cotangent.shape == ():
        operator = Operator.GRADIENT
    return Question(model, inputs, operator, order=1)


@original_rules()
def _true_answer(question: Question, dtype: str) -> Answer | None:
    """The true answer in extended precision, or None where it is in doubt."""
    try:
        truth = establish(question, [dtype])
    except CertificateError:
        raise
    except Exception:  # a function that balls cannot follow has no truth, as in the run's own rows
        return None
    if truth.doubt:
        return None
    return truth.answer


def _attempts(question: Question, truth: Answer) -> Iterator[Attempt]:
    """Ask every method the question, in the dtype of its inputs."""
    true_jacobian = _as_matrix(truth, question.inputs.m)
    for name, jacobian_with_step in STEPPED_METHODS.items():
        for step in STEPS:
            f = FlatFunction(question)
            yield _attempt(name, step, f, jacobian_with_step(f, step), true_jacobian)
    for name, jacobian in adaptive_methods().items():
        f = FlatFunction(question)
        yield _attempt(name, math.nan, f, jacobian(f), true_jacobian)
    error = relative_error(_reverse_mode_answer(question), truth)
    yield Attempt("ad", math.nan, error, evaluations=0)


def _attempt(
    method: str, step: float, f: FlatFunction, jacobian: Array, true_jacobian: Array
) -> Attempt:
    error = relative_error(Answer(("",), (jacobian,)), Answer(("",), (true_jacobian,)))
    return Attempt(method, step, error, f.evaluations)


def _as_matrix(answer: Answer, m: int) -> Array:
    """A derivative, gradient or Jacobian as a matrix of shape (m, n)."""
    return np.concatenate([array.reshape(m, -1) for array in answer.arrays], axis=1)


def _reverse_mode_answer(question: Question) -> Answer:
    """The answer of the reference engine in reverse mode, in the dtype of the inputs."""
    backend = Tape()
    problem = to_backend(backend, question.model.output, question.inputs, question.operator)
    _, call = prepare(backend, problem, question.operator, Mode.REVERSE, question.order)
    return collect(call(problem.active, problem.constants, problem.direction), backend.to_numpy)
