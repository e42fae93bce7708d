"""adbench compares automatic-differentiation backends and checks gradients."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from adbench.cases import Model as Model
from adbench.cases import SpecError as SpecError

if TYPE_CHECKING:
    from adbench.changes.changes import compare_runs as compare_runs
    from adbench.checking.call import check as check
    from adbench.checking.ports import compare_functions as compare_functions
    from adbench.comparing.call import run as run
    from adbench.derivatives.interface import derivative as derivative
    from adbench.derivatives.interface import gradient as gradient
    from adbench.derivatives.interface import hessian as hessian
    from adbench.derivatives.interface import hvp as hvp
    from adbench.derivatives.interface import jacobian as jacobian
    from adbench.derivatives.interface import jvp as jvp
    from adbench.derivatives.interface import sparse_hessian as sparse_hessian
    from adbench.derivatives.interface import sparse_jacobian as sparse_jacobian
    from adbench.derivatives.interface import value_and_gradient as value_and_gradient
    from adbench.derivatives.interface import vjp as vjp
    from adbench.derivatives.preparing import prepare as prepare
    from adbench.functions.function_model import case as case
    from adbench.results.loading import load as load

__version__ = "0.1.0"

_FUNCTIONS = {
    "case": "adbench.functions.function_model",
    "check": "adbench.checking.call",
    "compare_functions": "adbench.checking.ports",
    "compare_runs": "adbench.changes.changes",
    "derivative": "adbench.derivatives.interface",
    "gradient": "adbench.derivatives.interface",
    "hessian": "adbench.derivatives.interface",
    "hvp": "adbench.derivatives.interface",
    "jacobian": "adbench.derivatives.interface",
    "jvp": "adbench.derivatives.interface",
    "load": "adbench.results.loading",
    "prepare": "adbench.derivatives.preparing",
    "run": "adbench.comparing.call",
    "sparse_hessian": "adbench.derivatives.interface",
    "sparse_jacobian": "adbench.derivatives.interface",
    "value_and_gradient": "adbench.derivatives.interface",
    "vjp": "adbench.derivatives.interface",
}
"""The functions of the package by the module that defines them. They are imported when they are
first used, since pandas takes its time."""


def __getattr__(name: str) -> object:
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'adbench' has no attribute {name!r}")
    return getattr(import_module(_FUNCTIONS[name]), name)
