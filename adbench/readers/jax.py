"""JAX: the jaxpr of a function, primitive by primitive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from adbench.readers.reading import Reading, Unreadable, meanings
from reference_ad.engine import tree


def _broadcast(xp: Any, x: Any, shape: Any, broadcast_dimensions: Any, **_: Any) -> Any:
    full = [1] * len(shape)
    for axis, place in enumerate(broadcast_dimensions):
        full[place] = x.shape[axis]
    return xp.broadcast_to(xp.reshape(x, tuple(full)), tuple(shape))


def _dot(xp: Any, x: Any, y: Any, dimension_numbers: Any, **_: Any) -> Any:
    (left, right), (batch, _) = dimension_numbers
    if batch:
        raise Unreadable("JAX's dot_general with batch axes is not known; give spec=.")
    return xp.tensordot(x, y, axes=(tuple(left), tuple(right)))


def _integer_pow(xp: Any, x: Any, y: int) -> Any:
    return x**y


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda xp, x, y: x + y,
    "add_any": lambda xp, x, y: x + y,
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda xp, *xs, dimension: xp.concat(xs, axis=dimension),
    "convert_element_type": lambda xp, x, **_: x,
    "cos": lambda xp, x, **_: xp.cos(x),
    "div": lambda xp, x, y: x / y,
    "dot_general": _dot,
    "exp": lambda xp, x, **_: xp.exp(x),
    "gt": lambda xp, x, y: x > y,
    "integer_pow": _integer_pow,
    "log": lambda xp, x, **_: xp.log(x),
    "log1p": lambda xp, x, **_: xp.log1p(x),
    "logistic": lambda xp, x, **_: xp.special.expit(x),
    "lt": lambda xp, x, y: x < y,
    "max": lambda xp, x, y: xp.maximum(x, y),
    "mul": lambda xp, x, y, **_: x * y,
    "neg": lambda xp, x: -x,
    "reduce_sum": lambda xp, x, axes, **_: xp.sum(x, axis=tuple(axes)),
    "reshape": lambda xp, x, new_sizes, **_: xp.reshape(x, tuple(new_sizes)),
    "select_n": lambda xp, c, x, y: xp.where(c, y, x),
    "sin": lambda xp, x, **_: xp.sin(x),
    "sqrt": lambda xp, x, **_: xp.sqrt(x),
    "square": lambda xp, x: x * x,
    "squeeze": lambda xp, x, dimensions: xp.squeeze(x, axis=tuple(dimensions)),
    "sub": lambda xp, x, y: x - y,
    "tanh": lambda xp, x, **_: xp.tanh(x),
    "transpose": lambda xp, x, permutation: xp.permute_dims(x, tuple(permutation)),
    "copy": lambda xp, x: x,
}
"""The meaning of every primitive that is read."""

INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""The parameters that hold the program of a primitive that calls one."""


def read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    """Read a function at example arguments. Raises Unreadable."""
    leaves, structure = tree.flatten(list(arguments))
    places = [place for place, leaf in enumerate(leaves) if hasattr(leaf, "dtype")]

    def of_arrays(*arrays: Any) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return function(*tree.unflatten(structure, filled))

    closed, shape = jax.make_jaxpr(of_arrays, return_shape=True)(*[leaves[p] for p in places])
    names: dict[str, None] = {}
    table = OPERATIONS | meanings("jax")
    _check(closed.jaxpr, table, names)
    form = jax.tree_util.tree_structure(shape)

    def run(xp: Any, *given: Any) -> Any:
        arrays = [tree.leaves(list(given))[place] for place in places]
        outputs = _evaluate(xp, closed.jaxpr, closed.consts, arrays, table)
        return jax.tree_util.tree_unflatten(form, outputs)

    return Reading(run, tuple(names))


def _inner(equation: Any) -> Any:
    for name in INNER:
        if name in equation.params:
            return equation.params[name]
    return None


def _check(jaxpr: Any, table: Any, names: dict[str, None]) -> None:
    for equation in jaxpr.eqns:
        inner, name = _inner(equation), equation.primitive.name
        if inner is not None:
            _check(getattr(inner, "jaxpr", inner), table, names)
        elif name not in table:
            raise Unreadable(f"JAX's primitive {name} is not known; give spec=.")
        else:
            names[name] = None


def _evaluate(xp: Any, jaxpr: Any, constants: Any, arrays: Any, table: Any) -> list[Any]:
    like: Any = next((x for x in arrays if hasattr(x, "dtype")), None)
    values: dict[Any, Any] = {}

    def constant(value: Any) -> Any:
        value = np.asarray(value)
        return xp.asarray(value, dtype=like.dtype if value.dtype.kind == "f" else None)

    def value_of(variable: Any) -> Any:
        if hasattr(variable, "val"):
            return constant(variable.val)
        return values[variable]

    values |= dict(zip(jaxpr.constvars, map(constant, constants), strict=True))
    values |= dict(zip(jaxpr.invars, arrays, strict=True))
    for equation in jaxpr.eqns:
        operands = [value_of(variable) for variable in equation.invars]
        inner = _inner(equation)
        if inner is not None:
            program = getattr(inner, "jaxpr", inner)
            outputs = _evaluate(xp, program, getattr(inner, "consts", ()), operands, table)
        else:
            outputs = [table[equation.primitive.name](xp, *operands, **equation.params)]
        values |= dict(zip(equation.outvars, outputs, strict=False))
    return [value_of(variable) for variable in jaxpr.outvars]
