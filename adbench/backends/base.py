"""The contract of a backend: its namespace, its arrays, and at least one of `jvp` and `vjp`.

A backend answers an operator in a mode by its own method where it has one, named after both
(`gradient_reverse`, `hessian_forward_over_reverse`); the row then records the route `native`.
Everything else is derived from `jvp` and `vjp` in `derived.py`, and the row records from which.
Every such method has one signature:

    method(function, active, direction) -> answer

with `function(active) -> output` in the backend's arrays; `direction` is the tangent of a JVP or
HVP, the cotangent of a VJP and the order k of a `derivative`, and None otherwise. The answer has
the container structure that `Operator` states. The method may run under a tracer of the framework
(`jax.jit`, `tf.function`), so it must not look at values.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from adbench.backends import derived
from adbench.cases.inputs import Inputs
from adbench.cases.messages import SentenceError
from adbench.cases.operators import Mode, Operator
from reference_ad.engine import tree

Function = Callable[[Any], Any]
Answer = Any
Call = Callable[[Any, tuple[Any, ...], Any], Answer]
"""A prepared operator: `call(active, constants, direction)`."""


class Unsupported(SentenceError, NotImplementedError):
    """The backend has no way to answer; the message says what is missing."""


@dataclass(frozen=True)
class Route:
    """How an operator is answered: `native`, or the primitives that it is derived from (`via_jvp`,
    `via_vjp`)."""

    name: str
    method: Callable[[Function, Any, Any], Answer]


class Backend:
    """A framework in one staging. A subclass sets the attributes and overrides what its framework
    has.

    framework: the key of `Model.native` for hand-written implementations, such as "torch".
    xp: the array namespace that models are written in, on this backend's arrays.
    exact: whether answers are derivatives up to rounding; False for approximations such as finite
    differences.
    dtypes: those in which it computes, operations between an array and a Python number included.
    """

    framework: ClassVar[str]
    exact: ClassVar[bool] = True
    dtypes: ClassVar[tuple[str, ...]] = ("float64", "float32")
    xp: Any

    def modes(self) -> AbstractContextManager[None]:
        """Return a context in which the framework's global modes are those that this backend
        needs."""
        return nullcontext()

    def asarray(self, array: np.ndarray[Any, Any]) -> Any:
        """Return a NumPy array, dtype kept, as an array of this backend on its device."""
        raise NotImplementedError

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        """Return an array of this backend as a NumPy array, dtype kept."""
        raise NotImplementedError

    def overwrite(self, array: Any, values: np.ndarray[Any, Any]) -> bool:
        """Put other values of the same shape and dtype into an array, in place, and return whether
        that can be done."""
        return False

    def synchronize(self, answer: Answer) -> None:
        """Wait until every array in `answer` is computed. Needed only where calls return before
        that."""

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Trace and compile `call` for arguments like those given; a define-by-run backend returns
        it as it is."""
        return call

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether an exception of the framework means that memory ran out."""
        return isinstance(error, MemoryError)

    def lacks_rule(self, error: BaseException) -> bool:
        """Whether an exception of the framework means that a hand-written function has no rule for
        this mode."""
        return False

    # The two primitives. A subclass defines at least one of them, as methods of these signatures:
    #   jvp(function, active, tangent) -> (output, output tangent)
    #   vjp(function, active) -> (output, pullback), with pullback(cotangent) -> a tree like the
    #   active argument
    # For second order the function given to `jvp` returns a tree of arrays, and both nest in each
    # other.
    jvp: Callable[[Function, Any, Any], tuple[Any, Any]] | None = None
    vjp: Callable[[Function, Any], tuple[Any, Callable[[Any], Any]]] | None = None

    def value_none(self, function: Function, active: Any, direction: Any) -> Answer:
        """The function itself."""
        return function(active)

    def route(self, operator: Operator, mode: Mode) -> Route:
        """Find how this backend answers `operator` in `mode`. Raises Unsupported where it
        cannot."""
        name = method_name(operator, mode)
        native = getattr(self, name, None)
        if native is not None:
            return Route("native", native)
        fallback = getattr(derived, name)
        missing = [need for need in fallback.needs if getattr(self, need) is None]
        if missing:
            raise Unsupported(f"It has no {' and no '.join(missing)}, which the mode {mode} needs.")

        def method(function: Function, active: Any, direction: Any) -> Answer:
            return fallback(self, function, active, direction)

        return Route("via_" + "_and_".join(fallback.needs), method)


def method_name(operator: Operator, mode: Mode) -> str:
    """Return the name of the method that answers `operator` in `mode`."""
    return f"{operator}_{mode}".replace("-", "_")


@dataclass(frozen=True)
class Problem:
    """One case with its numbers on the backend's side: what `prepare` works on.

    function: `function(active, constants) -> output`.
    """

    function: Callable[[Any, tuple[Any, ...]], Any]
    active: Any
    constants: tuple[Any, ...]
    direction: Any


def to_backend(
    backend: Backend,
    function: Callable[..., Any],
    inputs: Inputs,
    operator: Operator,
    *,
    native: bool = False,
) -> Problem:
    """Move the inputs of a case to the backend's side.

    function: `function(xp, *arguments)`, or `function(*arguments)` where `native`. An `hvp` is of
    its inner product with the cotangent, which is the last of the constants then, unless its output
    is a scalar.
    """
    arguments = [tree.map(backend.asarray, argument) for argument in inputs.arguments]
    position = inputs.active
    namespace = () if native else (backend.xp,)
    weighted = operator is Operator.HVP and inputs.cotangent.shape != ()
    if weighted:
        arguments.append(backend.asarray(inputs.cotangent))

    def of_active(active: Any, constants: tuple[Any, ...]) -> Any:
        *others, weights = constants if weighted else (*constants, None)
        output = function(*namespace, *others[:position], active, *others[position:])
        return backend.xp.sum(output * weights) if weighted else output

    direction = None
    if operator in (Operator.JVP, Operator.HVP):
        direction = tree.map(backend.asarray, inputs.tangent)
    elif operator is Operator.VJP:
        direction = backend.asarray(inputs.cotangent)
    return Problem(
        of_active,
        arguments[position],
        tuple(arguments[:position] + arguments[position + 1 :]),
        direction,
    )


def prepare(
    backend: Backend, problem: Problem, operator: Operator, mode: Mode, order: int
) -> tuple[str, Call]:
    """Build and stage the call that answers `operator` in `mode`. Return the route's name and the
    call."""
    route = backend.route(operator, mode)
    function, method = problem.function, route.method

    def call(active: Any, constants: tuple[Any, ...], direction: Any) -> Answer:
        # The order is a number of the program, not an array: it must not become a traced value.
        known = order if operator is Operator.DERIVATIVE else direction
        return method(lambda x: function(x, constants), active, known)

    return route.name, backend.stage(call, problem.active, problem.constants, problem.direction)
