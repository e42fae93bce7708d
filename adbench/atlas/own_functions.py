"""The functions that frameworks have of their own for what a corner's formula says.

A framework is imported when one of its functions is called, in its worker.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

ACTIVATIONS = ("relu6(x) at 6", "leaky relu at 0", "leaky relu at -0", "elu(x, 1) at 0")
LOGITS = ("logsumexp with a -inf", "log_softmax of +-10000")
SOFTPLUS = tuple(f"softplus(x) at {point}" for point in (0, 100, -100, -1000))
SINC = ("where(x == 0, 1, sin(x) / x) at 0", "sin(x) / x at 1e-4")

EVERYWHERE = (
    "maximum(x, 0) at 0",
    *ACTIVATIONS,
    "norm(x) at 0",
    "std of equal numbers",
    "std of one number",
    "max with two ties",
    *SOFTPLUS,
    *LOGITS,
    "prod with two zeros",
)
"""Corners for which every framework has a function."""

NAMES: dict[str, tuple[str, ...]] = {
    "torch": (
        *EVERYWHERE,
        *SINC,
        "elu(x, 2) at 0",
        "hard sigmoid at 3",
        "soft threshold at 1/2",
        "huber at 1",
        "median at a tie",
        "cross-entropy with logit 0",
        "layer norm of equal numbers",
        "layer norm of one number",
    ),
    "jax": (*EVERYWHERE, *SINC, "elu(x, 2) at 0", "hard sigmoid at 3", "median at a tie"),
    "tensorflow": (*EVERYWHERE, "cross-entropy with logit 0"),
}
"""For each framework the corners for which it has a function."""


def own_functions(corner: str) -> dict[str, Callable[..., Any]]:
    """Return the functions of frameworks for a corner, by framework."""
    return {
        framework: partial(_call, framework, corner)
        for framework, corners in NAMES.items()
        if corner in corners
    }


def _call(framework: str, corner: str, *arguments: Any) -> Any:
    functions = import_module(f"adbench.atlas.{framework}_functions").FUNCTIONS
    return functions[corner](*arguments)
