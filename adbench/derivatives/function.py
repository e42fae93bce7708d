"""The function that is differentiated, as one of a backend's arrays.

A function whose first parameter is `xp` is called with the backend's namespace. Any other is called
as it stands where the backend is of its framework, and read into a function of `xp` where the
backend is of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from adbench.backends.base import Backend
from adbench.cases.outputs import as_one_array
from adbench.cases.static import is_static
from adbench.derivatives.conversion import is_array
from adbench.functions.as_it_stands import AsItStands, read
from adbench.functions.framework import framework_called, framework_of, name_of
from adbench.functions.packing import Packing
from adbench.functions.specification import takes_namespace
from reference_ad.engine import tree


@dataclass(frozen=True)
class PosedFunction:
    """A function of the arguments, on a backend's arrays."""

    call: Callable[..., Any]
    """`call(*arguments)` returns one array: several outputs are put in a row."""
    is_native: bool
    """Whether it is the framework's own code, which runs under settings of its own."""
    stays: Callable[[Any], bool]
    """Which leaves of the arguments stay Python values."""


def pose(
    function: Callable[..., Any], arguments: Sequence[Any], argnum: int, backend: Backend
) -> PosedFunction:
    """Return a function as one of a backend's arrays.

    argnum: the position of the argument that is differentiated with respect to. Raises SpecError
    where a function of another framework cannot be read.
    """
    if takes_namespace(function):
        return PosedFunction(_of_namespace(function, backend.xp), False, is_static)
    owner = framework_of(function, arguments)
    if owner in ("", backend.framework):
        return PosedFunction(_of_own_arrays(function, backend.xp), True, _is_no_array)
    reading = _reading(function, arguments, argnum, owner)
    return PosedFunction(_of_namespace(reading, backend.xp), False, _is_no_array)


def framework_of_function(function: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Return whose function it is, "" for one of `xp` and where nothing says so."""
    if takes_namespace(function):
        return ""
    return framework_of(function, arguments)


def _is_no_array(leaf: Any) -> bool:
    return not is_array(leaf)


def _of_namespace(function: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    return lambda *arguments: as_one_array(xp, function(xp, *arguments))


def _of_own_arrays(function: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    return lambda *arguments: as_one_array(xp, function(*arguments))


def _reading(
    function: Callable[..., Any], arguments: Sequence[Any], argnum: int, owner: str
) -> Callable[..., Any]:
    """A framework's function as one of `xp`; parameters of modules keep the values they have."""
    framework = framework_called(owner)
    opened = framework.open_call(function, arguments, {})
    packing = Packing.of(framework, opened, argnum)
    as_it_stands = AsItStands(framework, opened, packing, function)
    examples = packing.examples()
    name = name_of(function)
    read_function = read(owner, as_it_stands.of_parts, examples, name, packing.dtype)
    places = [k for k, leaf in enumerate(tree.leaves(list(arguments))) if is_array(leaf)]
    held = [framework.to_numpy(parameter) for parameter in examples[len(places) :]]

    def of_arguments(xp: Any, *arguments: Any) -> Any:
        leaves = tree.leaves(list(arguments))
        parameters = [xp.asarray(array) for array in held]
        return read_function(xp, *(leaves[place] for place in places), *parameters)

    return of_arguments
