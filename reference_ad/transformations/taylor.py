"""Taylor mode: derivatives of every order along a path, in one pass.

Forward mode nested k times costs a power of two in k; truncated power series cost about k^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..engine import tree
from ..engine.arguments import (
    active_leaves,
    as_argument_tuple,
    copy_if_shared,
    fill,
    matching_leaves,
    output_leaves,
)
from ..engine.core import Array
from ..engine.elements import OBJECT
from ..engine.series import Coefficients, Series, SeriesTracer
from ..rules import series as _table  # noqa: F401  # which gives the primitives their recurrences


def jet(
    f: Callable[..., Any], primals: Sequence[Any], series: Sequence[Sequence[Any]]
) -> tuple[Any, list[Any]]:
    """Value of f and its derivatives along a path, in one pass: about K^2 / 2 times the work of f.

    primals: a tuple or list with f's arguments: pytrees of floating-point arrays of any shapes
    series:  for each argument the derivatives of the path x(t) at t = 0, of order 1 to K: a list of
             K entries, each with the structure, shapes and dtypes of the argument, or None for
             zero. Derivatives, not Taylor coefficients, as in `jax.experimental.jet`

    Returns ``(f(*primals), [d^k f(x(t)) / dt^k for k = 1, ..., K])``, pytrees of one structure. The
    k-th derivative of a function of one number is ``jet(f, (x,), ([one] + (k - 1) * [None],))``'s
    last. Raises TypeError for leaves without derivatives (integers, say), ValueError where the
    series do not fit the primals.
    """
    arguments = as_argument_tuple(primals, "jet", "primals")
    leaves, structure = active_leaves(arguments, "jet")
    entries = as_argument_tuple(series, "jet", "series")
    order = _order(arguments, entries)
    paths = _paths(arguments, leaves, entries)
    with Series() as level:
        traced = [SeriesTracer(level, x, path) for x, path in zip(leaves, paths, strict=True)]
        outputs, output_structure = output_leaves(f(*tree.unflatten(structure, traced)), "jet")
    columns = []
    for position, output in enumerate(outputs):
        coefficients: Coefficients = [None] * order
        if isinstance(output, SeriesTracer) and output.level is level:
            outputs[position] = output.primal
            coefficients = output.coefficients
        columns.append(
            [_derivative(c, outputs[position], k) for k, c in enumerate(coefficients, 1)]
        )
    held = [value for path in paths for value in path if value is not None]
    derivatives = []
    for k in range(order):
        row = copy_if_shared([column[k] for column in columns], held)
        derivatives.append(tree.unflatten(output_structure, row))
        held += row
    return tree.unflatten(output_structure, outputs), derivatives


def _paths(
    arguments: tuple[Any, ...], leaves: list[Array], series: tuple[Any, ...]
) -> list[Coefficients]:
    """The Taylor coefficients of every leaf of the arguments."""
    paths: list[Coefficients] = []
    for argument, derivatives in zip(arguments, series, strict=True):
        argument_leaves, structure = tree.flatten(argument)
        like = leaves[len(paths) : len(paths) + len(argument_leaves)]
        rows = []
        for k, entry in enumerate(derivatives, 1):
            name = f"derivative {k} of the series"
            row: Coefficients = [None] * len(like)
            if entry is not None:
                row = list(matching_leaves(entry, structure, like, "jet", name, "primals"))
            rows.append([_over_factorial(value, k) for value in row])
        paths += [[row[position] for row in rows] for position in range(len(like))]
    return paths


def _order(arguments: tuple[Any, ...], series: tuple[Any, ...]) -> int:
    """How many derivatives of each argument are given."""
    if len(series) != len(arguments):
        raise ValueError(
            f"jet was given series for {len(series)} argument(s), and {len(arguments)} primals: "
            "give a list of derivatives for each argument."
        )
    for derivatives in series:
        if not isinstance(derivatives, (tuple, list)):
            raise TypeError(
                f"jet was given {type(derivatives).__name__} for the series of an argument: give a "
                "list of its derivatives along the path, of order 1, 2 and so on."
            )
    orders = {len(derivatives) for derivatives in series}
    if len(orders) > 1:
        raise ValueError(
            f"jet was given series of {' and '.join(map(str, sorted(orders)))} derivatives: give "
            "as many of each argument, with None for one that is zero."
        )
    if orders == {0}:
        raise ValueError("jet was given series of no derivatives: give at least the first.")
    return next(iter(orders), 1)


def _factorial(k: int, like: Array) -> Any:
    """k! as a number that an array of this kind can be multiplied by."""
    return math.factorial(k) if like.dtype == OBJECT else float(math.factorial(k))


def _over_factorial(derivative: Array | None, k: int) -> Array | None:
    if derivative is None or k == 1:
        return derivative
    return derivative / _factorial(k, derivative)


def _derivative(coefficient: Array | None, like: Array, k: int) -> Array:
    if coefficient is None or k == 1:
        return fill(coefficient, like)
    return fill(coefficient * _factorial(k, like), like)
