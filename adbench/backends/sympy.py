"""SymPy: symbolic differentiation, which seeks a formula, and is no automatic differentiation.

A function is called with symbols, one a number; its output is differentiated formula by formula,
and the formulas are made into a function of NumPy's. They grow with the depth of the function,
which is what they are compared for: `operations` counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy
from sympy.printing.numpy import SciPyPrinter
from sympy.printing.pycode import PythonCodePrinter

from adbench.backends.base import Call, Function, Unsupported
from adbench.backends.flat_call import FlatCall
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces.sympy import Array, as_array, symbols, with_stopped
from adbench.namespaces.sympy_derivatives import flat, jacobian, like, namespace
from reference_ad.engine import tree

MOST_OPERATIONS = 50_000
"""Formulas with more of them in all are not made into a program: that takes minutes."""


class Formulas(NumPyBackend):
    """SymPy's derivatives, with what is common to several formulas computed once."""

    framework = "sympy"
    dtypes = ("float64",)
    xp = namespace

    # ---- staging

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Make the formulas of a call, and a program of them.

        Raises Unsupported where there are too many.
        """
        flat_call = FlatCall(call, active, constants, direction)
        arguments, outputs, formulas = written_out(flat_call)
        count = operations(formulas)
        if count > MOST_OPERATIONS:
            raise Unsupported(
                f"SymPy's formulas have {count:,} operations, more than the {MOST_OPERATIONS:,} "
                "of which a program is made."
            )
        return flat_call.unflatten(_program(arguments, formulas, outputs))

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        derivatives = jacobian(function, active)
        pushed = derivatives.entries @ np.asarray(flat(tangent), object)
        return derivatives.output, like(derivatives.output, pushed)

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        derivatives = jacobian(function, active)
        arrays = tree.map(as_array, active)

        def pullback(cotangent: Any) -> Any:
            pulled = np.asarray(flat(cotangent), object) @ derivatives.entries
            return like(arrays, pulled)

        return derivatives.output, pullback

    def jacfwd(self, function: Function) -> Function:
        return lambda active: _jacobian(function, active)

    def jacrev(self, function: Function) -> Function:
        return lambda active: _jacobian(function, active)


def written_out(call: FlatCall) -> tuple[list[sympy.Dummy], list[Array], list[sympy.Expr]]:
    """Return the symbols of a call's arguments, its arrays of formulas, and all their formulas."""
    arguments = [symbols(array.shape) for array in call.arrays]
    outputs = [as_array(output) for output in call.function(*arguments)]
    return flat(arguments), outputs, with_stopped(flat(outputs))


def operations(formulas: Sequence[sympy.Expr]) -> int:
    """Count the operations of formulas as they are written, each as often as it stands there.

    An operation is an addition or multiplication of two terms, a power, or a function.
    """
    counts: dict[sympy.Basic, int] = {}
    return sum(_count(formula, counts) for formula in formulas)


def _count(formula: sympy.Basic, counts: dict[sympy.Basic, int]) -> int:
    if formula in counts:
        return counts[formula]
    own = len(formula.args) - 1 if formula.is_Add or formula.is_Mul else bool(formula.args)
    counts[formula] = own + sum(_count(part, counts) for part in formula.args)
    return counts[formula]


class _Printer(SciPyPrinter):
    """SciPy's functions, and Python's own choice between formulas, which leaves the others out."""

    _print_Piecewise = PythonCodePrinter._print_Piecewise


def _program(
    variables: list[sympy.Dummy], formulas: list[sympy.Expr], outputs: list[Array]
) -> Callable[..., list[Any]]:
    printer = _Printer({"fully_qualified_modules": False, "allow_unknown_functions": True})
    compute = sympy.lambdify(
        [variables], formulas, modules=["scipy", "numpy"], printer=printer, cse=True
    )
    shapes = [(output.shape, output.dtype) for output in outputs]
    stops = np.cumsum([output.size for output in outputs])[:-1]

    def call(*arrays: Any) -> list[Any]:
        numbers = np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.empty(0)
        parts = np.split(np.asarray(compute(numbers)), stops)
        pairs = zip(parts, shapes, strict=True)
        return [part.astype(dtype).reshape(shape) for part, (shape, dtype) in pairs]

    return call


def _jacobian(function: Function, active: Any) -> Any:
    derivatives = jacobian(function, active)
    leaves, structure = tree.flatten(tree.map(as_array, active))
    rows, row_structure = tree.flatten(derivatives.output)
    blocks, start = [], 0
    for row in rows:
        part = derivatives.entries[start : start + row.size]
        stops = np.cumsum([leaf.size for leaf in leaves])[:-1]
        columns = zip(np.split(part, stops, axis=1), leaves, strict=True)
        arrays = [Array(column.reshape(row.shape + leaf.shape)) for column, leaf in columns]
        blocks.append(tree.unflatten(structure, arrays))
        start += row.size
    return tree.unflatten(row_structure, blocks)
