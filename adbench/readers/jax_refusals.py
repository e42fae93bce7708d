"""The forms of JAX's primitives that the reader does not know, while it knows others of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adbench.readers.jax_program import Value

Refusal = Callable[[Any, Sequence[Value]], str | None]
"""What to do instead of an equation with such inputs, or None where it can be read."""


def _updates_by_function(equation: Any, inputs: Sequence[Value]) -> str | None:
    if equation.params["update_jaxpr"] is None:
        return None
    return "take the elements, apply the function to them, and put the results with `.at[].set`"


def _pivots(equation: Any, inputs: Sequence[Value]) -> str | None:
    return "permute the columns before it" if equation.params["pivoting"] else None


def _is_a_part(equation: Any, inputs: Sequence[Value]) -> str | None:
    if equation.params["subset_by_index"] is None:
        return None
    return "take the values from all of them"


def _has_order_of_values(equation: Any, inputs: Sequence[Value]) -> str | None:
    return None if inputs[0].is_known else "give the order as a Python integer"


def _sorts_complex(equation: Any, inputs: Sequence[Value]) -> str | None:
    keys = inputs[: equation.params["num_keys"]]
    if all(key.kind != "complex" for key in keys):
        return None
    return "sort by the real part, or by the size"


def _perturbs(equation: Any, inputs: Sequence[Value]) -> str | None:
    if not equation.params.get("perturb_singular"):
        return None
    return "leave the matrix as it is, without `perturb_singular`"


REFUSALS: dict[str, Refusal] = {
    "eigh": _is_a_part,
    "polygamma": _has_order_of_values,
    "qr": _pivots,
    "scatter": _updates_by_function,
    "sort": _sorts_complex,
    "svd": _is_a_part,
    "tridiagonal_solve": _perturbs,
}
"""By the name of a primitive."""
