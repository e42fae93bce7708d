"""`check_grads` with the signature of JAX's, and certified verdicts.

Derivatives are judged against the true ones of the function's own forward, at the arguments that
are given, in their dtype. What cannot be read, or judged, is left to JAX's own check, with a
`NumericalCheck` warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads as original_check_grads

from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.checking.at_the_point import Asked, check_at_point
from adbench.checking.numerical import warning, why_undecided
from adbench.functions.framework import name_of
from adbench.functions.function_model import dtype_of_call, function_model
from adbench.results.row import Verdict

FIRST: dict[str, Asked] = {
    "fwd": (Operator.JVP, Mode.FORWARD),
    "rev": (Operator.VJP, Mode.REVERSE),
    "lin": (Operator.JVP, Mode.FORWARD),
}
"""What is asked of first derivatives in each mode."""

SECOND: dict[tuple[str, str], Asked] = {
    ("fwd", "fwd"): (Operator.HVP, Mode.FORWARD_OVER_FORWARD),
    ("fwd", "rev"): (Operator.HVP, Mode.FORWARD_OVER_REVERSE),
    ("rev", "fwd"): (Operator.HVP, Mode.REVERSE_OVER_FORWARD),
    ("rev", "rev"): (Operator.HVP, Mode.REVERSE_OVER_REVERSE),
}
"""What is asked of second derivatives, the outer mode first."""

BACKEND = "jax:eager"
"""Who is asked: what was compiled for one operation serves the next function too."""

HIGHEST_ORDER = 2
"""Derivatives above this order are those of the derivative of a lower order, read as it stands."""


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check derivatives of `f` at `args` up to an order, in forward and in reverse mode.

    The parameters are those of `jax.test_util.check_grads`. atol, rtol, eps: accepted, and not
    needed: the bound of every entry is derived from the computation and the dtype. They hold where
    the check is left to JAX's. Raises AssertionError, with the table of what is wrong.
    """
    args = tuple(jax.tree_util.tree_map(_as_array, tuple(args)))
    reason = _judge(f, args, min(order, HIGHEST_ORDER), modes)
    if reason:
        warnings.warn(warning(name_of(f), "jax.test_util.check_grads", reason), stacklevel=2)
        original_check_grads(f, args, order, modes, atol, rtol, eps)
        return
    if order > HIGHEST_ORDER:
        for derivative in _derivatives(f, modes):
            check_grads(derivative, args, order - 1, modes, atol, rtol, eps)


def _judge(f: Callable[..., Any], args: tuple[Any, ...], order: int, modes: Sequence[str]) -> str:
    """Judge derivatives by the truth. Return why they could not be, or ""."""
    asked = [FIRST[mode] for mode in modes]
    if order > 1:
        kinds = ["fwd" if mode == "lin" else mode for mode in modes]
        asked += [SECOND[outer, inner] for outer in kinds for inner in kinds]
    asked = list(dict.fromkeys(asked))
    try:
        model = function_model(f, args, {})
        report = check_at_point(
            model, "jax:eager", dtype_of_call(model), list(dict.fromkeys(asked))
        )
    except SpecError as refusal:
        return str(refusal)
    if any(row.verdict is Verdict.WRONG for row in report.rows):
        raise AssertionError(f"the derivatives are not right\n\n{report}")
    return why_undecided(report)


def _derivatives(f: Callable[..., Any], modes: Sequence[str]) -> list[Callable[..., Any]]:
    """The function's derivatives as functions of the same arguments, one of each mode.

    In forward mode along the arguments themselves, in reverse mode with the output as cotangent.
    """

    def along(*args: Any) -> Any:
        return jax.jvp(f, args, args)[1]

    def pulled(*args: Any) -> Any:
        output, pullback = jax.vjp(f, *args)
        return pullback(output)

    of_modes = {"fwd": along, "lin": along, "rev": pulled}
    return list(dict.fromkeys(of_modes[mode] for mode in modes))


def _as_array(leaf: Any) -> Any:
    """A number of Python's, or an array of NumPy's, as an array, as JAX takes it."""
    return jnp.asarray(leaf) if isinstance(leaf, float | complex | np.ndarray | np.number) else leaf
