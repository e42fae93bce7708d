"""The backends under test, by name; importing this imports no framework."""

from __future__ import annotations

import atexit
import importlib
from contextlib import ExitStack
from typing import Any

import pytest

from adbench.backends import catalog
from adbench.backends.base import Backend, prepare, to_backend
from adbench.cases import Mode, Operator
from adbench.cases.inputs import Inputs
from reference_ad.engine import tree

ENTRIES = {
    entry.name: entry
    for entry in (
        *catalog.REFERENCE,
        *catalog.TORCH,
        *catalog.JAX,
        *catalog.TENSORFLOW,
        *catalog.DIFFERENCES,
        *catalog.SCIPY,
        *catalog.COMPLEX,
        *catalog.CASADI,
        *catalog.PYTENSOR,
        *catalog.SYMPY,
        *catalog.MLX,
        *catalog.TINYGRAD,
        *catalog.AUTOGRAD,
        *catalog.MYGRAD,
    )
}
NAMES = tuple(name for name, entry in ENTRIES.items() if entry.by_default)
NAMED_ALONE = tuple(name for name, entry in ENTRIES.items() if not entry.by_default)
SLOW_TO_STAGE = ("torch:compile",)
"""A compiler of C++ takes a second for each call, so few questions are asked of these."""
EXACT = tuple(name for name in NAMES if not name.startswith("differences"))
DEFAULT = (
    "reference:tape",
    "torch:eager",
    "jax:eager",
    "tensorflow:eager",
    "differences:central",
)
"""One staging of each framework, for what staging cannot change."""


_modes = ExitStack()
atexit.register(_modes.close)
_entered: set[str] = set()
"""The frameworks whose modes are on: the process that tests them keeps them, as a worker does."""


def load(name: str) -> Backend:
    """Return the backend called `name`; skip the test where its framework is not installed."""
    entry = ENTRIES[name]
    if entry.requires is not None:
        pytest.importorskip(entry.requires, reason=f"{entry.requires} is not installed")
    module, _, attribute = entry.load.partition(":")
    backend: Backend = getattr(importlib.import_module(module), attribute)()
    if name not in _entered:
        _entered.add(name)
        _modes.enter_context(backend.modes())
    return backend


def answer(
    backend: Backend, function: Any, inputs: Inputs, operator: Operator, mode: Mode, order: int = 1
) -> tuple[str, Any]:
    """Return the route's name and the answer as a tree of NumPy arrays."""
    problem = to_backend(backend, function, inputs, operator)
    route, call = prepare(backend, problem, operator, mode, order)
    output = call(problem.active, problem.constants, problem.direction)
    backend.synchronize(output)
    return route, tree.map(backend.to_numpy, output)
