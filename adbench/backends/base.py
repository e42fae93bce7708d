"""The contract of a backend: its namespace, its arrays, and at least one of `jvp` and `vjp`.

The contract has six transformations, `jvp, vjp, grad, jacfwd, jacrev, jet`; `grad` and the two of
Jacobians fall back on the first two where a framework has none of its own, and `jet`, Taylor mode,
is one that a framework has or lacks. Every operator in every mode is a composition of the six, see
`operators.py`, and the row's `route` names it: `jacfwd(grad)`, or `jacfwd(grad) via jvp and vjp`
where both fall back.

A backend that answers an operator in a mode in a way of its own has a method named after both
(`gradient_reverse`, `hessian_forward_over_reverse`), with one signature:

    method(function, active, direction) -> answer

with `function(active) -> output` in the backend's arrays; `direction` is the tangent of a JVP or
HVP, the cotangent of a VJP and the order k of a `derivative`, and None otherwise. The answer has
the container structure that `Operator` states. The method may run under a tracer of the framework
(`jax.jit`, `tf.function`), so it must not look at values. Its route is `own`, or what
`routed` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from adbench.backends import fallbacks
from adbench.backends.operators import COMPOSITIONS
from adbench.cases.inputs import Inputs
from adbench.cases.messages import SentenceError
from adbench.cases.operators import DIRECTIONS, Mode, Operator
from adbench.cases.static import map_arrays, without_static
from adbench.sparsity.expansion import split
from reference_ad.engine import tree

if TYPE_CHECKING:
    from adbench.sparsity.compression import Compression  # which imports SciPy

Function = Callable[[Any], Any]
Answer = Any
Method = Callable[[Function, Any, Any], Answer]
"""What answers an operator in a mode: `method(function, active, direction)`."""
Call = Callable[[Any, tuple[Any, ...], Any], Answer]
"""A prepared operator: `call(active, constants, direction)`."""


def routed(route: str, *, batches: bool = False) -> Callable[[Any], Any]:
    """Say what a method that overrides an operator calls; rows show it as the route.

    batches: whether it batches passes, which a hand-written function may refuse.
    """

    def mark(method: Any) -> Any:
        method.route = route
        method.batches = batches
        return method

    return mark


def _falls_back_on(primitive: str) -> Callable[[Any], Any]:
    """Say which primitive a transformation of `Backend` is made of."""

    def mark(method: Any) -> Any:
        method.fallback = primitive
        return method

    return mark


class Unsupported(SentenceError, NotImplementedError):
    """The backend has no way to answer; the message says what is missing."""


@dataclass(frozen=True)
class Route:
    """How an operator is answered."""

    name: str
    """The composition, and the primitives that its transformations fall back on."""
    method: Method
    may_be_refused: bool = False
    """Whether it composes transformations or batches passes, which a hand-written function may
    refuse that can be differentiated in a plain way."""


@dataclass(frozen=True)
class Memory:
    """The memory that a call needed beyond what was there before it."""

    peak_bytes: int
    """The most that was held at one time (bytes), the answer included."""
    method: str
    """What counted it, in words."""


class Layout(StrEnum):
    """How an array that is not contiguous lies in memory."""

    GAPS = "gaps"
    """With a gap after every number."""
    TRANSPOSED = "transposed"
    """The axes in the other order, behind the start of its memory."""
    EXPANDED = "expanded"
    """One number for all entries, which are equal: every stride is 0."""
    REPEATED = "repeated"
    """One row for all rows, which are equal: the first stride is 0."""


class Backend:
    """A framework in one staging.

    A subclass sets the attributes and overrides what its framework has.
    """

    framework: ClassVar[str]
    """The key of `Model.native` for hand-written implementations, such as "torch"."""
    exact: ClassVar[bool] = True
    """Whether answers are derivatives up to rounding; False for approximations such as finite
    differences."""
    dtypes: ClassVar[tuple[str, ...]] = ("float64", "float32")
    """Those in which it computes, operations between an array and a Python number included."""
    xp: Any
    """The array namespace that models are written in, on this backend's arrays."""
    array_type: ClassVar[type[Any]] = object
    """The class of its arrays, traced ones included, which hand-written functions must return."""
    array_name: ClassVar[str] = "array"
    """What users call that class."""
    plain: Backend | None = None
    """Another way to the same derivatives, for hand-written functions that the transformations
    refuse."""
    conjugates: ClassVar[bool | None] = None
    """Of a backend with complex arrays, whether its pullback takes the cotangent u for the map
    dy -> Re(u* dy), as PyTorch and TensorFlow do, and the gradient is df/dx + i df/dy; False where
    it is dy -> Re(u dy), as for JAX, and the gradient the conjugate of that. None where it has no
    complex arrays: it is asked with their real and imaginary parts."""
    vmap: Callable[[Function], Function] | None = None
    """`vmap(function)` maps a function of a tree over the leading axis of every leaf; where a
    framework has one, the fall-backs use it instead of a loop."""

    def modes(self) -> AbstractContextManager[Any]:
        """Return a context with the settings of the framework that this backend computes under.

        Preparing and calling happen inside it; what the process had before is restored on leaving.
        """
        return nullcontext()

    def modes_of_calls(self, native_dtype: str = "") -> AbstractContextManager[Any]:
        """Return a context for calls of what `stage` returned: what most need of `modes`.

        A compiled program needs few of the settings that it was traced under, and so does
        hand-written code, whose dtype is named. Where a call needs more it must raise, not answer
        differently: it is made under all of them then.
        """
        return self.all_modes(native_dtype)

    @contextmanager
    def all_modes(self, native_dtype: str = "") -> Iterator[None]:
        """A context with all settings, those for hand-written code of a dtype included."""
        with self.modes(), self.native_modes(native_dtype) if native_dtype else nullcontext():
            yield

    def native_modes(self, dtype: str) -> AbstractContextManager[Any]:
        """Return a context, within that of `modes`, in which hand-written code of a dtype runs.

        In a process of its own it would find settings that go with that dtype.
        """
        return nullcontext()

    def set_up_process(self) -> None:
        """Set the framework up in a process of the backend's own, before anything is computed.

        It is called in a worker alone; `adbench.check` leaves the user's process as it is.
        """

    def set_up_timing(self) -> None:
        """Do what the framework does once at its first call, before any is timed."""

    def asarray(self, array: np.ndarray[Any, Any]) -> Any:
        """Return a NumPy array, dtype kept, as an array of this backend on its device."""
        raise NotImplementedError

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        """Return an array of this backend as a NumPy array, dtype kept."""
        raise NotImplementedError

    def is_array(self, value: Any) -> bool:
        """Whether a value is one of this backend's arrays."""
        has_form = hasattr(value, "shape") and hasattr(value, "dtype")
        return has_form and isinstance(value, self.array_type)

    def overwrite(self, array: Any, values: np.ndarray[Any, Any]) -> bool:
        """Write other values of the same shape and dtype into an array, in place.

        Return whether that can be done.
        """
        return False

    def laid_out(self, array: Any, layout: Layout) -> Any:
        """Return the same numbers in another layout of memory, or None where there is none.

        What lies between the numbers, or before them, is nan where they can be. A kernel that takes
        an array's memory for a contiguous one reads it.
        """
        return None

    def synchronize(self, answer: Answer) -> None:
        """Wait until every array in `answer` is computed.

        Needed only where calls return before that.
        """

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Trace and compile `call` for arguments like those given.

        A define-by-run backend returns it as it is.
        """
        return call

    def peak_memory(self, call: Call, run: Callable[[], Any]) -> Memory | None:
        """Count the memory of a call, where the framework does so better than the system.

        call: what `stage` returned; run: makes that call, and waits for its result. None where the
        operating system is to be asked.
        """
        return None

    @property
    def is_staged(self) -> bool:
        """Whether calls are traced and compiled before they are made."""
        return type(self).stage is not Backend.stage

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether an exception of the framework means that memory ran out."""
        return isinstance(error, MemoryError)

    def writes_in_place(self, error: BaseException) -> bool:
        """Whether an exception means that a function writes into what is differentiated."""
        return False

    def lacks_rule(self, error: BaseException) -> bool:
        """Whether an exception means that a hand-written function has no rule for this mode."""
        return False

    def unreached(self, function: Function, active: Any) -> list[str]:
        """Return the paths of the arrays of `active` that no gradient reaches, in reverse mode.

        Empty where the framework does not tell them from those whose gradient is zero.
        """
        return []

    # The two primitives. A subclass defines at least one of them, as methods of these signatures:
    #   jvp(function, active, tangent) -> (output, output tangent)
    #   vjp(function, active) -> (output, pullback), with pullback(cotangent) -> a tree like the
    #   active argument
    # For second order the function given to `jvp` returns a tree of arrays, and both nest in each
    # other.
    jvp: Callable[[Function, Any, Any], tuple[Any, Any]] | None = None
    vjp: Callable[[Function, Any], tuple[Any, Callable[[Any], Any]]] | None = None

    # Taylor mode, where a framework has it, and its catalog entry says `taylor=True`:
    #   jet(function, active, series) -> (output, derivatives), along the path with the derivatives
    #   `series` of order 1, 2, ..., None for one that is zero; as many derivatives of the output
    jet: Callable[[Function, Any, list[Any]], tuple[Any, list[Any]]] | None = None

    # The other three. Their Jacobians have the structure of the output, in place of each of its
    # leaves the structure of the active argument, and leaves of shape output shape + input shape.

    @_falls_back_on("vjp")
    def grad(self, function: Function) -> Function:
        """Return x -> the gradient of a scalar function at x."""
        assert self.vjp is not None
        return fallbacks.grad(self.vjp, self.xp)(function)

    @_falls_back_on("jvp")
    def jacfwd(self, function: Function) -> Function:
        """Return x -> the Jacobian at x, by forward mode."""
        assert self.jvp is not None
        return fallbacks.jacfwd(self.jvp, self.xp, self.vmap)(function)

    @_falls_back_on("vjp")
    def jacrev(self, function: Function) -> Function:
        """Return x -> the Jacobian at x, by reverse mode."""
        assert self.vjp is not None
        return fallbacks.jacrev(self.vjp, self.xp, self.vmap)(function)

    def route(self, operator: Operator, mode: Mode, order: int = 1) -> Route:
        """Find how this backend answers `operator` in `mode`.

        Raises Unsupported where it cannot.
        """
        override = self._override(operator, mode)
        if override is not None:
            batches = getattr(override, "batches", False)
            return Route(getattr(override, "route", "own"), override, may_be_refused=batches)
        composition = COMPOSITIONS[operator, mode]
        primitives = {"jvp": self.jvp, "vjp": self.vjp, "jet": self.jet, "vmap": self.vmap}
        derived = {"grad": self.grad, "jacfwd": self.jacfwd, "jacrev": self.jacrev}
        fallback_primitives: dict[str, None] = {}
        missing: dict[str, None] = {}
        for transformation in composition.transformations:
            fallback = getattr(derived.get(transformation), "fallback", None)
            if fallback is not None:
                fallback_primitives[fallback] = None
            primitive = fallback or transformation
            if primitive in primitives and primitives[primitive] is None:
                missing[primitive] = None
        if missing:
            needs = " and no ".join(sorted(missing))
            raise Unsupported(f"It has no {needs}, which the mode {mode} needs.")
        name = composition.name(order)
        if fallback_primitives:
            name += f" via {' and '.join(sorted(fallback_primitives))}"

        def method(function: Function, active: Any, direction: Any) -> Answer:
            return composition.answer(self, function, active, direction)

        return Route(name, method, may_be_refused=mode is not Mode.NONE)

    def _override(self, operator: Operator, mode: Mode) -> Method | None:
        """Return the method named after `operator` and `mode`, or None where there is none.

        This is the one place where a method is looked up by its name.
        """
        name = f"{operator}_{mode}".replace("-", "_")
        override: Method | None = getattr(self, name, None)
        return override


@dataclass(frozen=True)
class Problem:
    """One case with its numbers on the backend's side: what `prepare` works on."""

    function: Callable[[Any, tuple[Any, ...]], Any]
    """`function(active, constants) -> output`."""
    active: Any
    constants: tuple[Any, ...]
    direction: Any
    is_native: bool = False
    """Whether the function is a hand-written one."""
    is_complex: bool = False
    """Whether the arrays are complex ones, and not their parts."""
    compression: Compression | None = None
    """Of a sparse operator: its pattern, and how it is computed. The direction is its seeds then,
    and where each entry is among their products."""


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
    is a scalar. Static values are none of the constants: the function has them.
    """
    arguments = [map_arrays(backend.asarray, argument) for argument in inputs.arguments]
    position = inputs.active
    active = arguments.pop(position)
    split = [without_static(argument) for argument in arguments]
    constants = [arrays for arrays, _ in split]
    wholes = [whole for _, whole in split]
    namespace = () if native else (backend.xp,)
    weighted = operator is Operator.HVP and inputs.cotangent.shape != ()
    if weighted:
        constants.append(backend.asarray(inputs.cotangent))

    def of_active(active: Any, constants: tuple[Any, ...]) -> Any:
        *arrays, weights = constants if weighted else (*constants, None)
        passive = [whole(part) for whole, part in zip(wholes, arrays, strict=True)]
        output = function(*namespace, *passive[:position], active, *passive[position:])
        return backend.xp.sum(output * weights) if weighted else output

    direction = None
    if operator in (Operator.JVP, Operator.HVP):
        direction = tree.map(backend.asarray, inputs.tangent)
    elif operator is Operator.VJP:
        direction = backend.asarray(inputs.cotangent)
    elif operator in (Operator.BATCHED_JVP, Operator.BATCHED_VJP):
        direction = _stacked_directions(backend, inputs, operator)
    problem = Problem(of_active, active, tuple(constants), direction, native)
    if operator is Operator.PER_SAMPLE_GRADIENT:
        return _per_sample(problem, backend, inputs)
    return problem


def _stacked_directions(backend: Backend, inputs: Inputs, operator: Operator) -> Any:
    """The tangents or the cotangents of an operator of several, along a first axis."""
    turned = [inputs.turned(number) for number in range(DIRECTIONS)]
    if operator is Operator.BATCHED_VJP:
        return backend.asarray(np.stack([each.cotangent for each in turned]))
    tangents = [each.tangent for each in turned]
    return tree.map(lambda *parts: backend.asarray(np.stack(parts)), *tangents)


def _per_sample(problem: Problem, backend: Backend, inputs: Inputs) -> Problem:
    """Return the problem of a gradient for each sample of a gradient's.

    Its function takes the active argument with the arguments that hold samples, as a pair. The
    direction is the samples, each with a first axis of length 1, stacked.
    """
    places = [position - (position > inputs.active) for position in inputs.samples]

    def of_pair(pair: Any, constants: tuple[Any, ...]) -> Any:
        active, samples = pair
        arguments = list(constants)
        for place, sample in zip(places, samples, strict=True):
            arguments[place] = sample
        return problem.function(active, tuple(arguments))

    def stacked(argument: Any) -> Any:
        arrays, _ = without_static(argument)
        return tree.map(lambda leaf: backend.asarray(np.expand_dims(leaf, 1)), arrays)

    samples = tuple([stacked(inputs.arguments[position]) for position in inputs.samples])
    return replace(problem, function=of_pair, direction=samples)


def compressed(problem: Problem, backend: Backend, compression: Compression, like: Any) -> Problem:
    """Return a problem whose direction is the seeds of a sparse operator.

    like: NumPy arrays like those that each seed is one of: the active argument, or the output.
    """
    seeds = tree.map(backend.asarray, split(compression.seeds, like))
    places = backend.asarray(compression.places)
    return replace(problem, direction=(seeds, places), compression=compression)


def prepare(
    backend: Backend, problem: Problem, operator: Operator, mode: Mode, order: int
) -> tuple[str, Call]:
    """Build and stage the call that answers `operator` in `mode`.

    Return the route's name and the call. A hand-written function is called beforehand, on copies,
    where the backend has another way for one that its transformations refuse.
    """
    order = order if operator is Operator.DERIVATIVE else 1
    route = backend.route(operator, mode, order)
    call = _call(problem, route, operator, order)
    plain_route = None
    if problem.is_native and route.may_be_refused and backend.plain is not None:
        with suppress(Unsupported):  # what takes a vmap has no other way
            plain_route = backend.plain.route(operator, mode, order)
    if plain_route is not None:
        plain_call = _call(problem, plain_route, operator, order)
        if _is_better(plain_call, call, backend, problem):
            route, call = plain_route, plain_call
    name = route.name
    if problem.is_complex:
        name += ", of complex arrays"
    if problem.compression is not None:
        name += f", {problem.compression.colours} colours"
    return name, backend.stage(call, problem.active, problem.constants, problem.direction)


def _call(problem: Problem, route: Route, operator: Operator, order: int) -> Call:
    function, method = problem.function, route.method

    def call(active: Any, constants: tuple[Any, ...], direction: Any) -> Answer:
        # The order is a number of the program, not an array: it must not become a traced value.
        argument = order if operator is Operator.DERIVATIVE else direction
        return method(lambda x: function(x, constants), active, argument)

    return call


def _is_better(plain_call: Call, call: Call, backend: Backend, problem: Problem) -> bool:
    """Whether a hand-written function is refused by the transformations of a backend.

    Where it lacks a rule whichever way it is asked, the plain way says better which.
    """
    error = _failure(call, backend, problem)
    if error is None or isinstance(error, Unsupported):
        return False
    lacks_rule = isinstance(error, NotImplementedError) or backend.lacks_rule(error)
    return lacks_rule or _failure(plain_call, backend, problem) is None


def _failure(call: Call, backend: Backend, problem: Problem) -> Exception | None:
    """What a call raises on copies of a problem's arrays; None where it answers."""

    def copied(argument: Any) -> Any:
        return tree.map(lambda leaf: backend.asarray(backend.to_numpy(leaf)), argument)

    constants = tuple(copied(argument) for argument in problem.constants)
    direction = None if problem.direction is None else copied(problem.direction)
    try:
        call(copied(problem.active), constants, direction)
    except Exception as error:
        return error
    return None
