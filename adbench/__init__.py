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
    from adbench.functions.function_model import case as case
    from adbench.results.frames import load as load

__version__ = "0.1.0"

_FUNCTIONS = {
    "case": "adbench.functions.function_model",
    "check": "adbench.checking.call",
    "compare_functions": "adbench.checking.ports",
    "compare_runs": "adbench.changes.changes",
    "load": "adbench.results.frames",
    "run": "adbench.comparing.call",
}
"""The functions of the package by the module that defines them. They are imported when they are
first used, since pandas takes its time."""


def __getattr__(name: str) -> object:
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'adbench' has no attribute {name!r}")
    return getattr(import_module(_FUNCTIONS[name]), name)
