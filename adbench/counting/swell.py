"""The expression swell: how many operations the formulas of derivatives have, beside those of AD.

Symbolic differentiation writes the chain rule out: what several terms share is written in each of
them, so that formulas grow faster than the function they are of. AD computes what is shared once,
and a gradient in reverse mode has a bounded number of operations for each of the function (A.
Griewank and A. Walther, Evaluating Derivatives, 2nd ed., section 3.4).

This imports SymPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.backends.base import Call, prepare, to_backend
from adbench.backends.flat_call import FlatCall
from adbench.backends.sympy import Formulas, written_out
from adbench.backends.sympy import operations as operations_of_formulas
from adbench.cases.inputs import Inputs, make_inputs
from adbench.cases.model import Model
from adbench.cases.operators import Mode, Operator
from adbench.counting.operations import operations

DEPTHS = (1, 2, 4, 6, 8, 10)


@dataclass(frozen=True)
class SwellRow:
    """The operations of the gradient of a chain of neurons."""

    depth: int
    """The number of layers."""
    function: int
    """The operations of the function alone, as the reference engine counts them."""
    by_ad: int
    """Those of the gradient by AD, in reverse mode."""
    of_formula: int
    """Those of the function, written as one formula."""
    by_formula: int
    """Those of the formulas of the gradient."""


class _Counting(Formulas):
    """SymPy with its operations counted where a program would be made."""

    count = 0

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        *_, formulas = written_out(FlatCall(call, active, constants, direction))
        self.count = operations_of_formulas(formulas)
        return call


def cost(xp: Any, params: Any, activation: Any, target: Any) -> Any:
    """Return (a_L - y)^2 of a chain of neurons, a_l = 1 / (1 + exp(-(w_l a_(l-1) + b_l)))."""
    for weight, bias in params:
        activation = 1.0 / (1.0 + xp.exp(-(weight * activation + bias)))
    return (activation - target) ** 2


def _make_chain(size: Any, rng: np.random.Generator) -> tuple[Any, ...]:
    params = [(rng.standard_normal(), rng.standard_normal()) for _ in range(size["layers"])]
    return params, rng.standard_normal(), rng.uniform(0, 1)


CHAIN = Model(
    name="chain",
    function=cost,
    make=_make_chain,
    active=0,
    sizes={str(depth): {"layers": depth} for depth in DEPTHS},
)


def rows() -> Iterator[SwellRow]:
    """Yield the rows of the gradient of the chain, by its depth."""
    for depth in DEPTHS:
        inputs = make_inputs(CHAIN, str(depth), seed=0)
        yield SwellRow(
            depth,
            function=operations(CHAIN, inputs, Operator.VALUE, Mode.NONE),
            by_ad=operations(CHAIN, inputs, Operator.GRADIENT, Mode.REVERSE),
            of_formula=_count(inputs, Operator.VALUE, Mode.NONE),
            by_formula=_count(inputs, Operator.GRADIENT, Mode.REVERSE),
        )


def _count(inputs: Inputs, operator: Operator, mode: Mode) -> int:
    backend = _Counting()
    prepare(backend, to_backend(backend, CHAIN.output, inputs, operator), operator, mode, 1)
    return backend.count
