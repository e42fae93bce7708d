"""A cell computed again, in the process that has its framework, and everything seen on the way."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adbench.backends.base import Backend, prepare, to_backend
from adbench.backends.hand_written import returning_one_array
from adbench.cases.answer import Answer, collect, mismatch
from adbench.cases.case import NATIVE, Case
from adbench.cases.inputs import Inputs
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import Model
from adbench.cases.question import Question
from adbench.explaining.entries import Entry, path_of, steps_of
from adbench.explaining.evidence import ArrayEvidence, CellEvidence, LadderStep, Script
from adbench.explaining.primitives import primitive_evidence
from adbench.explaining.script import write_script
from adbench.judging import diagnosis
from adbench.judging.comparison import Comparison, Entries
from adbench.truth.truth import Truth, establish

LADDER = tuple(10.0**-k for k in range(1, 9))
"""The steps of the difference quotients."""


def cell_evidence(
    backend: Backend, model: Model, case: Case, inputs: Inputs, backend_name: str, loading: str
) -> CellEvidence:
    """Compute a cell again, and return what is seen.

    inputs: the point of the run, in float64; loading: the lines of a script that bind `model` where
    its function is hand-written. Raises CertificateError where the truth is contradicted.
    """
    question = Question(model, inputs, case.operator, case.order)
    seen = CellEvidence(
        point=question.describe_point(), definition=_definition(backend, model, case)
    )
    truth = establish(question, [case.dtype])
    modes = backend.native_modes(case.dtype) if case.implementation == NATIVE else nullcontext()
    with modes:
        try:
            answer = _answer(backend, model, case, inputs)
        except Exception as error:
            return replace(seen, failure=as_sentence(describe_exception(error)))
    seen = replace(seen, doubt=truth.doubt)
    if case.implementation != NATIVE:
        with suppress(Exception):  # a function that cannot be traced has no primitives to see
            seen = replace(seen, primitives=primitive_evidence(backend, model, inputs, case))
    difference = mismatch(answer, truth.answer) if truth.answer.arrays else truth.doubt
    if difference:
        return replace(seen, pattern=difference)
    return _beside_truth(seen, question, case, answer, truth, backend_name, loading)


def _answer(backend: Backend, model: Model, case: Case, inputs: Inputs) -> Answer:
    """What the backend gives at the first call."""
    inputs = inputs.astype(case.dtype)
    native = case.implementation == NATIVE
    function = returning_one_array(backend, model, inputs) if native else model.output
    problem = to_backend(backend, function, inputs, case.operator, native=native)
    _, call = prepare(backend, problem, case.operator, case.mode, case.order)
    answer = call(problem.active, problem.constants, problem.direction)
    return collect(answer, backend.to_numpy)


def _beside_truth(
    seen: CellEvidence,
    question: Question,
    case: Case,
    answer: Answer,
    truth: Truth,
    backend_name: str,
    loading: str,
) -> CellEvidence:
    """Add what comes of holding the answer against the truth."""
    comparison = Comparison.of(answer, truth, case.dtype)
    arrays = tuple(
        _array(question, place, answer, truth, entries, case.dtype)
        for place, entries in enumerate(comparison.entries)
    )
    place = int(np.argmax([_largest(entries) for entries in comparison.entries]))
    entry = _worst(place, comparison.entries[place])
    titles = [question.title(path) for path in truth.answer.paths]
    is_beyond = comparison.over_bound > 1
    return replace(
        seen,
        relative_error=comparison.relative_error,
        pattern=diagnosis.describe(answer, truth.answer, titles) if is_beyond else "",
        arrays=arrays,
        ladder_entry=question.entry_title(answer.paths[place], entry.index),
        ladder=tuple(_ladder(question, entry)),
        script=_script(question, case, entry, arrays[place], backend_name, loading),
    )


def _array(
    question: Question, place: int, answer: Answer, truth: Truth, entries: Entries, dtype: str
) -> ArrayEvidence:
    returned, true = answer.arrays[place], truth.answer.arrays[place]
    title = question.title(answer.paths[place])
    if not returned.size:
        return ArrayEvidence(title, 0, 0, False, "", 0.0, 0.0, 0.0)
    index = _worst(place, entries).index
    return ArrayEvidence(
        title=title,
        entries=returned.size,
        beyond=int((entries.in_bounds > 1).sum()),
        is_dead=not returned.any() and bool((entries.in_bounds > 1).any()),
        worst=question.entry_title(answer.paths[place], index),
        returned=float(returned[index]),
        true=float(true[index]),
        bound=float(truth.bounds[dtype][place][index]),
    )


def _largest(entries: Entries) -> float:
    return float(np.max(entries.in_bounds, initial=-1.0))


def _worst(place: int, entries: Entries) -> Entry:
    """The entry of an array that errs most."""
    index = np.unravel_index(int(np.argmax(entries.in_bounds)), entries.in_bounds.shape)
    return Entry(place, tuple(int(number) for number in index))


def _ladder(question: Question, entry: Entry) -> Sequence[LadderStep]:
    """The difference quotients for an entry; none for a value, or where they cannot be had."""
    steps = steps_of(question, entry)
    if steps is None:
        return ()
    path = path_of(question, steps)
    with suppress(Exception), np.errstate(all="ignore"):
        return [LadderStep(h, (path(h) - path(-h)) / (2 * h)) for h in LADDER]
    return ()


def _script(
    question: Question,
    case: Case,
    entry: Entry,
    array: ArrayEvidence,
    backend_name: str,
    loading: str,
) -> Script:
    try:
        return write_script(question, case, entry, array, backend_name, loading)
    except Exception as error:
        return Script(reason=as_sentence(describe_exception(error)))


def _definition(backend: Backend, model: Model, case: Case) -> str:
    """Where the hand-written function of a cell is defined."""
    if case.implementation != NATIVE:
        return ""
    function: Any = inspect.unwrap(model.native[backend.framework])
    owner = getattr(function, "__self__", None)
    target = owner if inspect.isclass(owner) else function
    with suppress(TypeError, OSError):
        file = inspect.getsourcefile(target) or inspect.getfile(target)
        _, line = inspect.getsourcelines(target)
        return f"{getattr(target, '__qualname__', type(target).__name__)}, {Path(file).name}:{line}"
    return ""
