"""Preparing a derivative: the function is posed to a backend, and the call is built and made once.

Where a program is traced at its first call, that is done here, under the settings that the function
is traced in; later calls need but those of a program that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np

from adbench import registry
from adbench.backends.base import Answer, Backend, Call, Problem, compressed
from adbench.backends.base import prepare as build
from adbench.backends.catalog import Entry
from adbench.backends.fallbacks import shape_of
from adbench.backends.hand_written import dtype_name
from adbench.cases.complex_parts import is_complex
from adbench.cases.model import SpecError
from adbench.cases.operators import DENSE, FIRST_ORDER, Mode, Operator
from adbench.cases.static import without_static
from adbench.derivatives.conversion import incoming, is_array, outgoing
from adbench.derivatives.function import PosedFunction, framework_of_function, pose
from adbench.derivatives.modes import (
    check_output,
    choose_mode,
    mode_called,
    operator_called,
    preferred_modes,
)
from adbench.derivatives.prepared import Preparation, PreparedCall, moved_arguments
from adbench.functions.framework import names_of_arguments
from adbench.functions.specification import takes_namespace
from reference_ad.engine import tree

COMPLEX = ("complex128", "complex64")
"""The dtypes of complex numbers."""

OF_COMPLEX = frozenset({Operator.GRADIENT, Operator.VALUE_AND_GRADIENT, Operator.JVP, Operator.VJP})
"""The operators by complex numbers; the convention is that of `cases/complex_parts.py`."""

Modes = Callable[[], AbstractContextManager[Any]]
"""Makes a context with settings of a framework."""
Whole = Callable[[Any], Any]
"""Makes an argument of its arrays, with the values in it that stay Python's."""
Function = Callable[[Any, tuple[Any, ...]], Any]
"""`function(active, constants) -> output`."""

DIRECTIONS = {Operator.JVP: "tangent", Operator.HVP: "tangent", Operator.VJP: "cotangent"}
"""The operators that take a direction, and what it is called."""


@dataclass(frozen=True)
class Request:
    """What is asked, at which arguments."""

    operator: Operator
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    direction: Any = None
    """None where the operator takes none, or for one that is made up."""
    order: int = 1
    backend: str | None = None
    mode: str | None = None
    argnum: int = 0

    @property
    def active(self) -> Any:
        """The argument that is differentiated with respect to."""
        return self.arguments[self.argnum]

    @property
    def names(self) -> list[str]:
        """What the function calls its arguments."""
        hidden = int(takes_namespace(self.function))
        return names_of_arguments(self.function, len(self.arguments) + hidden)[hidden:]


def prepare(
    operator: str,
    function: Callable[..., Any],
    *arguments: Any,
    tangent: Any = None,
    cotangent: Any = None,
    order: int = 1,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> PreparedCall:
    """Trace, compile and call a derivative once, and return it for repeated calls.

    operator: "gradient", "value_and_gradient", "jvp", "vjp", "jacobian", "hvp", "hessian",
        "derivative", "sparse_jacobian" or "sparse_hessian".
    function, arguments, backend, mode, argnum: as for `gradient`.
    tangent, cotangent: a direction like those of later calls; by default of the shapes of the
        active argument, or of the output.
    order: how often a `derivative` differentiates.
    Raises SpecError for what cannot be used, and Unsupported where the backend has no such
    operator.
    """
    direction = tangent if cotangent is None else cotangent
    asked = operator_called(operator)
    request = Request(asked, function, arguments, direction, order, backend, mode, argnum)
    return prepare_and_call(request)[0]


def prepare_and_call(request: Request) -> tuple[PreparedCall, Answer]:
    """Return a prepared call, and its answer at the arguments that it was prepared with."""
    _check_position(request)
    entry = _entry(request)
    backend = _loaded(entry.load)
    _check_active(request, backend, entry.name)
    with backend.modes():
        function = pose(request.function, request.arguments, request.argnum, backend)
    native_dtype = _native_dtype(function, request)
    with backend.all_modes(native_dtype):
        problem, output = _problem(request, function, backend)
        if request.operator in DENSE:
            mode, problem = _compressed(request, function, problem, output, backend)
        else:
            mode = _mode(request, problem.active, output, backend)
        route, call = build(backend, problem, request.operator, mode, request.order)
    is_of_cotangents = request.operator in OF_COMPLEX - {Operator.JVP}
    has_complex = any(map(is_complex, tree.leaves(problem.active)))
    if is_of_cotangents and has_complex and not backend.conjugates:
        call = _in_our_convention(call, backend.xp, request.operator)
    modes, answer = _first_call(backend, native_dtype, call, problem)
    finish = _finish(problem, backend, request.active)
    arguments, names = request.arguments, request.names
    direction_name = DIRECTIONS.get(request.operator, "")
    if direction_name:
        direction = problem.direction if finish is None else finish(problem.direction)
        arguments = (*arguments, direction)
        names = [*names, direction_name]
    preparation = Preparation(
        operator=request.operator,
        mode=mode,
        backend=entry.name,
        route=route,
        arguments=arguments,
        names=tuple(names),
        direction=direction_name,
        argnum=request.argnum,
        call=call,
        modes=modes,
        stays=function.stays,
        backend_array=incoming(backend),
        finish=finish,
        seeds=problem.direction if problem.compression is not None else None,
    )
    return PreparedCall(preparation), answer if finish is None else finish(answer)


def _check_position(request: Request) -> None:
    """Raise SpecError where there is no argument to differentiate by."""
    count = len(request.arguments)
    if not 0 <= request.argnum < count:
        raise SpecError(
            f"argnum is {request.argnum}, and {count} argument(s) were given after the function; "
            "give the position of one of them."
        )
    if not callable(request.function):
        raise SpecError(
            f"A {type(request.function).__name__} was given to differentiate; give a function of "
            "(xp, *arguments), or one of a framework's arrays."
        )


def _entry(request: Request) -> Entry:
    """The backend that is asked. Raises SpecError where it is not there, or cannot be told."""
    name = request.backend or framework_of_function(request.function, request.arguments)
    if not name and not takes_namespace(request.function):
        raise SpecError(
            "The function takes no xp first, and no argument is an array of PyTorch, JAX or "
            "TensorFlow; name a backend, whose arrays it is called with."
        )
    (entry,) = registry.find_backends([name or "reference"])
    missing = registry.missing_framework(entry)
    if missing:
        raise SpecError(missing)
    return entry


@cache
def _loaded(load: str) -> Backend:
    """The backend of an entry, one for the process."""
    backend: Backend = registry.load_backend(load)
    return backend


def _check_active(request: Request, backend: Backend, backend_name: str) -> None:
    """Raise SpecError where the active argument holds anything but numbers of a usable dtype."""
    leaves = tree.leaves(request.active)
    if not leaves:
        raise SpecError("The argument to differentiate by holds no array; give one at least.")
    for leaf in leaves:
        name = dtype_name(leaf) if is_array(leaf) else np.asarray(leaf).dtype.name
        if name in COMPLEX and request.operator not in OF_COMPLEX:
            raise SpecError(
                f"A {request.operator} by complex numbers is none that all frameworks share; write "
                "the function of their real and imaginary parts, as two arrays."
            )
        dtypes = backend.dtypes if backend.conjugates is None else (*backend.dtypes, *COMPLEX)
        if name not in dtypes:
            raise SpecError(
                f"{backend_name} was given {name} to differentiate by; it differentiates by "
                f"{', '.join(dtypes)}."
            )


def _in_our_convention(call: Call, xp: Any, operator: Operator) -> Call:
    """A call of a backend that does not conjugate, with cotangents and gradients that are."""

    def conjugated(array: Any) -> Any:
        return xp.conj(array) if is_complex(array) else array

    def converted(active: Any, constants: tuple[Any, ...], direction: Any) -> Any:
        if operator is Operator.VJP:
            direction = tree.map(conjugated, direction)
        return tree.map(conjugated, call(active, constants, direction))

    return converted


def _native_dtype(function: PosedFunction, request: Request) -> str:
    """The dtype that a framework's own code runs in; "" for a function of `xp`."""
    leaf = tree.leaves(request.active)[0]
    if not function.is_native:
        return ""
    return dtype_name(leaf) if is_array(leaf) else "float64"


def _first_call(
    backend: Backend, native_dtype: str, call: Call, problem: Problem
) -> tuple[Modes, Answer]:
    """The settings for calls of a program, and its answer.

    They are few where it can be called under these, and else all.
    """
    few = partial(backend.modes_of_calls, native_dtype)
    arguments = (problem.active, problem.constants, problem.direction)
    try:
        with few():
            return few, call(*arguments)
    except Exception:  # whatever an operation raises that a setting allows
        with backend.all_modes(native_dtype):
            return partial(backend.all_modes, native_dtype), call(*arguments)


def _problem(request: Request, function: PosedFunction, backend: Backend) -> tuple[Problem, Any]:
    """The function and its arguments on the backend's side, and its output.

    Raises SpecError where the operator is not defined for them.
    """
    argnum = request.argnum
    convert = incoming(backend)
    arguments = list(moved_arguments(request.arguments, argnum, function.stays, convert))
    active = arguments.pop(argnum)
    split = [without_static(argument, function.stays) for argument in arguments]
    of_active = _of_active(function.call, [whole for _, whole in split], argnum)
    constants = tuple([arrays for arrays, _ in split])
    output = of_active(active, constants)
    if not backend.is_array(output):
        raise SpecError(
            f"The function returned a {type(output).__name__}; it must return one "
            f"{backend.array_name}, or a tree of them."
        )
    check_output(request.operator, shape_of(output), active)
    direction = _direction(request, active, output, backend)
    problem = Problem(of_active, active, constants, direction, function.is_native)
    return problem, output


def _direction(request: Request, active: Any, output: Any, backend: Backend) -> Any:
    """The direction on the backend's side. Raises SpecError for one of another structure."""
    name = DIRECTIONS.get(request.operator)
    if name is None:
        if request.direction is not None:
            raise SpecError(f"A {request.operator} takes no direction; leave it out.")
        return None
    like = output if name == "cotangent" else active
    if request.direction is None:
        return tree.map(backend.xp.ones_like, like)
    direction = tree.map(incoming(backend), request.direction)
    shapes = [shape_of(leaf) for leaf in tree.leaves(direction)]
    expected = [shape_of(leaf) for leaf in tree.leaves(like)]
    if shapes != expected:
        raise SpecError(
            f"The {name} of this {request.operator} has arrays of the shapes {shapes}; give it "
            f"those of the {'output' if like is output else 'active argument'}, {expected}."
        )
    return direction


def _of_active(call: Callable[..., Any], wholes: Sequence[Whole], argnum: int) -> Function:
    """A function of the active argument and of the arrays of the constants.

    wholes: make the constant arguments of their arrays.
    """

    def of_active(active: Any, constants: tuple[Any, ...]) -> Any:
        passive = [whole(arrays) for whole, arrays in zip(wholes, constants, strict=True)]
        return call(*passive[:argnum], active, *passive[argnum:])

    return of_active


def _compressed(
    request: Request, function: PosedFunction, problem: Problem, output: Any, backend: Backend
) -> tuple[Mode, Problem]:
    """The problem of a sparse operator with its seeds, in the mode that takes fewest passes."""
    from adbench.sparsity.compression import compression_of
    from adbench.sparsity.pattern import pattern_of

    operator = request.operator
    active = tree.map(backend.to_numpy, problem.active)
    passive = request.arguments[: request.argnum] + request.arguments[request.argnum + 1 :]
    wholes = [without_static(argument, function.stays)[1] for argument in passive]
    of_engine = _of_active(function.of_engine(), wholes, request.argnum)
    constants = tree.map(backend.to_numpy, problem.constants)
    examples = tree.map(lambda array: np.ones(array.shape), active)
    pattern = pattern_of(of_engine, examples, constants, operator)
    if request.mode is not None:
        mode = mode_called(request.mode, operator)
    else:
        by_mode = {mode: compression_of(pattern, operator, mode) for mode in FIRST_ORDER}
        columns, rows = (by_mode[mode].colours for mode in FIRST_ORDER)
        modes = preferred_modes(operator, 1, columns, rows)
        mode = choose_mode(backend, operator, 1, modes)
    like = backend.to_numpy(output) if mode is Mode.REVERSE else active
    return mode, compressed(problem, backend, compression_of(pattern, operator, mode), like)


def _finish(problem: Problem, backend: Backend, active: Any) -> Callable[[Any], Any] | None:
    """What makes what is returned of an answer: arrays like the active ones, or a sparse matrix."""
    compression = problem.compression
    if compression is not None:
        return lambda entries: compression.matrix(backend.to_numpy(entries))
    convert = outgoing(backend, active)
    return None if convert is None else partial(tree.map, convert)


def _mode(request: Request, active: Any, output: Any, backend: Backend) -> Mode:
    """The mode that is asked for, or the one with the fewest passes that the backend has."""
    if request.mode is not None:
        return mode_called(request.mode, request.operator)
    n = sum(prod(shape_of(leaf)) for leaf in tree.leaves(active))
    modes = preferred_modes(request.operator, request.order, n, prod(shape_of(output)))
    return choose_mode(backend, request.operator, request.order, modes)
