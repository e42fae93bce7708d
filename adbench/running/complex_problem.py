"""A complex model on a backend that has complex arrays, and its answer as that of the parts.

What is judged is a derivative by real and imaginary parts (`cases/complex_parts.py`); what is asked
of the framework is its own derivative by complex arrays, in its own convention, which is converted
here. Where an operator has no meaning for complex arrays that all frameworks share, such as a
Hessian, the framework is asked with the parts, which it joins inside of the function.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from adbench.backends.base import Backend, Problem, to_backend
from adbench.backends.hand_written import returning_one_array
from adbench.cases.case import NATIVE, Case
from adbench.cases.complex_parts import as_parts
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from reference_ad.engine import tree

OF_COTANGENTS = frozenset(
    {
        (Operator.GRADIENT, Mode.REVERSE),
        (Operator.VALUE_AND_GRADIENT, Mode.REVERSE),
        (Operator.VJP, Mode.REVERSE),
    }
)
"""What a framework answers in its convention."""

OF_TANGENTS = frozenset({(Operator.VALUE, Mode.NONE), (Operator.JVP, Mode.FORWARD)})
"""What is the same in every convention."""


def takes_complex_arrays(backend: Backend, case: Case, inputs: Inputs) -> bool:
    """Whether a backend is asked with complex arrays, and not with their parts."""
    asked = (case.operator, case.mode)
    is_shared = asked in OF_COTANGENTS or asked in OF_TANGENTS
    has_arrays = backend.conjugates is not None
    return inputs.is_complex and inputs.has_one_output and has_arrays and is_shared


def complex_problem(backend: Backend, case: Case, model: Model, inputs: Inputs) -> Problem:
    """Move the inputs of a case to the backend's side, as complex arrays."""
    inputs = inputs.of_complex_arrays()
    if not backend.conjugates:
        inputs = replace(inputs, cotangent=np.conj(inputs.cotangent))
    native = case.implementation == NATIVE
    function = returning_one_array(backend, model, inputs) if native else model.output_of_reals
    problem = to_backend(backend, function, inputs, case.operator, native=native)
    return replace(problem, is_complex=True)


def of_parts(answer: Any, case: Case, *, conjugates: bool) -> Any:
    """Return an answer of complex NumPy arrays as that of the parts, in our convention.

    conjugates: whether the backend that gave it does, as `Backend.conjugates` says.
    """
    if (case.operator, case.mode) in OF_COTANGENTS:
        if not conjugates:
            answer = tree.map(np.conj, answer)
        return as_parts(answer)
    if not np.iscomplexobj(answer):
        return answer
    return np.concatenate([np.real(answer).ravel(), np.imag(answer).ravel()])
