"""What to make of an exception of a hand-written function: its cause, and what can be done."""

from __future__ import annotations

from adbench.backends.base import Backend, to_backend
from adbench.backends.hand_written import UnusableOutput, WrongOutput, returning_one_array
from adbench.cases.case import DTYPES
from adbench.cases.operators import Operator
from adbench.cases.question import Question


def explain(
    error: Exception, backend: Backend, question: Question, dtype: str
) -> tuple[Exception, str]:
    """Return the cause of what a hand-written function raised, and what to do about it or "".

    The cause is the exception itself, unless a plain call of the function shows that it returns
    what it should not. dtype: the dtype of the question's inputs.
    """
    if backend.writes_in_place(error):
        return error, _advice_on_writing(question.active_name or "x")
    failure = _failure(backend, question, dtype)
    if isinstance(failure, UnusableOutput | WrongOutput):
        return failure, ""
    if failure is None:
        return error, ""
    return error, _advice_on_dtype(backend, question, dtype)


def _advice_on_writing(name: str) -> str:
    return f"It writes into its argument {name}: let it work on a copy, such as {name}.clone()."


def _advice_on_dtype(backend: Backend, question: Question, dtype: str) -> str:
    """In which lower dtype a function runs that does not in this one."""
    for lower in DTYPES[DTYPES.index(dtype) + 1 :]:
        if lower in backend.dtypes and _failure(backend, question, lower) is None:
            return f"It runs with {lower} arguments: ask it in {lower} (--dtype {lower})."
    return ""


def _failure(backend: Backend, question: Question, dtype: str) -> Exception | None:
    """What a plain call of the function raises with arguments in a dtype; None for nothing."""
    inputs = question.inputs.astype(dtype)
    function = returning_one_array(backend, question.model, inputs)
    problem = to_backend(backend, function, inputs, Operator.VALUE, native=True)
    try:
        problem.function(problem.active, problem.constants)
    except Exception as error:
        return error
    return None
