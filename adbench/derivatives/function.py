"""The function that is differentiated, as one of a backend's arrays.

A function whose first parameter is `xp` is called with the backend's namespace. Any other is called
as it stands where the backend is of its framework, and read into a function of `xp` where the
backend is of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from adbench.backends.base import Backend
from adbench.cases.model import SpecError
from adbench.cases.outputs import as_one_array
from adbench.cases.static import is_static
from adbench.derivatives.conversion import is_array
from adbench.functions.as_it_stands import AsItStands, read
from adbench.functions.framework import framework_called, framework_of, name_of
from adbench.functions.packing import Packing
from adbench.functions.specification import takes_namespace
from adbench.namespaces.reference import namespace as engine
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
    of_engine: Callable[[], Callable[..., Any]]
    """Returns the same function on arrays of the reference engine. Raises SpecError where it cannot
    be read."""


def pose(
    function: Callable[..., Any], arguments: Sequence[Any], argnum: int, backend: Backend
) -> PosedFunction:
    """Return a function as one of a backend's arrays.

    argnum: the position of the argument that is differentiated with respect to. Raises SpecError
    where a function of another framework cannot be read.
    """
    if takes_namespace(function):
        return _posed(function, backend, is_static)
    owner = framework_of(function, arguments)
    read_function = partial(_reading, function, arguments, argnum, owner)
    if owner not in ("", backend.framework):
        return _posed(read_function(), backend, _is_no_array)
    return PosedFunction(
        _of_own_arrays(function, backend.xp),
        is_native=True,
        stays=_is_no_array,
        of_engine=lambda: _of_namespace(read_function(), engine),
    )


def _posed(
    function: Callable[..., Any], backend: Backend, stays: Callable[[Any], bool]
) -> PosedFunction:
    return PosedFunction(
        _of_namespace(function, backend.xp),
        is_native=False,
        stays=stays,
        of_engine=lambda: _of_namespace(function, engine),
    )


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
    if not owner:
        raise SpecError(
            "The function takes no xp first, and no argument is an array of PyTorch, JAX or "
            "TensorFlow, so that it cannot be read; give it one of either."
        )
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
