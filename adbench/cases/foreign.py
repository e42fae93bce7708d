"""Functions of NumPy, SciPy, Python and the frameworks that a line of a model calls.

A model calls those of `xp` alone. Which other one it has called is read from the line that raised.
"""

from __future__ import annotations

import linecache
import re
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

from adbench.cases.messages import frame_in

OWNERS = {
    "numpy": "NumPy",
    "scipy": "SciPy",
    "math": "Python's math",
    "torch": "PyTorch",
    "jax": "JAX",
    "tensorflow": "TensorFlow",
    "autograd": "autograd",
    "mygrad": "MyGrad",
    "casadi": "CasADi",
    "pytensor": "PyTensor",
    "sympy": "SymPy",
    "mlx": "MLX",
    "tinygrad": "tinygrad",
}
"""What to call the packages whose functions take no arrays of a model, by their first name."""

CALL = re.compile(r"(?<![\w.])([A-Za-z_][\w.]*)\s*\(")
"""A call by a name, dotted or not, in a line of source."""


@dataclass(frozen=True)
class ForeignCall:
    """A call of a function that is none of `xp`."""

    text: str
    """As it is written, such as `np.exp`."""
    owner: str
    """Whose function it is, such as "NumPy"."""
    name: str
    """The function's own name, such as `exp`."""


def foreign_call(error: BaseException, file: str) -> ForeignCall | None:
    """Return the first foreign call in the line of `file` that an exception comes from."""
    place = frame_in(error, file)
    if place is None:
        return None
    frame, line = place
    for text in CALL.findall(linecache.getline(file, line)):
        owner = _owner(text, frame)
        if owner:
            return ForeignCall(text, owner, text.rpartition(".")[2])
    return None


def owner_of_type(value: Any) -> str:
    """Return whose array a value is, such as "JAX"; "" for one that is of no foreign package."""
    return OWNERS.get(framework_of_type(value), "")


def framework_of_type(value: Any) -> str:
    """Return the package whose array a value is, such as "jax"; "" for one of NumPy or Python."""
    for base in type(value).__mro__:
        first = base.__module__.partition(".")[0].removesuffix("lib")  # jaxlib is JAX's
        if first in OWNERS and first != "numpy":
            return first
    return ""


def _owner(text: str, frame: FrameType) -> str:
    """Whose function a name in a frame is; "" where it is no foreign one."""
    first, *rest = text.split(".")
    value = frame.f_locals.get(first, frame.f_globals.get(first))
    for attribute in rest[:-1]:
        value = getattr(value, attribute, None)
    module = value.__name__ if isinstance(value, ModuleType) else ""
    if not rest:
        module = getattr(value, "__module__", None) or type(value).__module__
    return OWNERS.get(module.partition(".")[0], "")
