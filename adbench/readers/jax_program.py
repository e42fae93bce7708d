"""A jaxpr as a program that runs in any namespace.

What a jaxpr calls by name (`jit`, the forward of a hand-written rule, `remat`) is put in its place.
What depends on no argument, and is of integers or truth values, is computed once, by JAX itself: so
an index or a predicate that is the same in every call is a constant here. Steps whose results
nobody needs are left out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from adbench.readers.reading import Unreadable, registered, taken

Apply = Callable[["Run", list[Any]], Sequence[Any]]
"""What a step does: `apply(run, operands)` returns its results."""

IGNORED_PARAMETERS = {
    "accuracy",
    "indices_are_sorted",
    "out_dtype",
    "out_sharding",
    "precision",
    "preferred_element_type",
    "sharding",
    "unique_indices",
    "weak_type",
}
"""Parameters of primitives that say how to compute or to place a value, and not which."""

DTYPE_PARAMETERS = {"dtype", "index_dtype", "new_dtype"}
"""Parameters that name a dtype, which is another one where the program runs in another."""

CALLS = {
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
"""The primitives that call a jaxpr, and the parameter that holds it."""

UNSIGNED_BITS = {"uint8": 8, "uint16": 16, "uint32": 32}
"""The unsigned integers, which frameworks lack here and there: they are computed in int64."""

WRAPPING = {"add", "convert_element_type", "mul", "neg", "not", "reduce_sum", "shift_left", "sub"}
"""The operations whose result may have more bits than its dtype, and loses them."""

RANDOM = ("random_", "threefry", "rng_")
"""How the names of random operations begin."""


# ---- what a program is made of


@dataclass(eq=False)
class Value:
    """An array in a program."""

    shape: tuple[int, ...]
    dtype: Any
    constant: Any = None
    """The array itself where it is the same in every call."""
    step: Step | None = None
    """The step that it is a result of, which is its `index`-th."""
    index: int = 0

    @property
    def kind(self) -> str:
        return kind_of(self.dtype)

    @property
    def is_known(self) -> bool:
        """Whether it is the same in every call."""
        return self.constant is not None or (self.step is not None and self.step.is_known)


@dataclass(eq=False)
class Step:
    """One operation of a program."""

    name: str
    equation: Any
    inputs: tuple[Value, ...]
    apply: Apply
    takes_constants: bool = False
    """Whether constants are given to it as NumPy's arrays, for it to look at."""
    outputs: list[Value] = field(default_factory=list)
    answers: Sequence[Any] | None = None
    """What JAX computes in it, where it depends on no argument and that was asked."""
    is_whole: bool = True
    """Whether it takes what its equation takes, so that JAX can compute it."""
    programs: Sequence[Program] = ()
    """The programs in it."""

    @property
    def is_known(self) -> bool:
        return self.is_whole and all(value.is_known for value in self.inputs)


class Run:
    """One call of a program: in which namespace, and in which dtype."""

    def __init__(self, xp: Any, real: Any, complex: Any) -> None:
        """real, complex: the dtypes that stand for all real and complex floating ones."""
        self.xp = xp
        self._real = real
        self._complex = complex

    def dtype(self, dtype: Any) -> Any:
        """Return the namespace's dtype for one of JAX's."""
        kind = kind_of(dtype)
        if kind == "float":
            return self._real
        if kind == "complex":
            return self._complex
        name = np.dtype(dtype).name
        return getattr(self.xp, "int64" if name in UNSIGNED_BITS else name)

    def asarray(self, constant: Any) -> Any:
        """Return a constant as an array of the namespace."""
        dtype = self.dtype(constant.dtype)
        wide = {"float": np.float64, "complex": np.complex128}.get(kind_of(constant.dtype))
        # A copy, since PyTorch warns of arrays that cannot be written to.
        return self.xp.asarray(np.array(constant, wide), dtype=dtype)


def kind_of(dtype: Any) -> str:
    """Return "bool", "integer", "float", "complex", or "key" for one of JAX's own dtypes."""
    if jnp.issubdtype(dtype, jax.dtypes.extended):
        return "key"
    if jnp.issubdtype(dtype, jnp.floating):
        return "float"
    if jnp.issubdtype(dtype, jnp.complexfloating):
        return "complex"
    return "bool" if jnp.issubdtype(dtype, jnp.bool_) else "integer"


@dataclass(frozen=True)
class Program:
    """Steps from inputs to outputs."""

    inputs: tuple[Value, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Value, ...]

    @property
    def names(self) -> dict[str, None]:
        """The names of the operations, each once, in order of first use."""
        names: dict[str, None] = {}
        for step in self.steps:
            names.setdefault(step.name)
            for program in step.programs:
                names.update(program.names)
        return names

    def __call__(self, run: Run, operands: Sequence[Any]) -> list[Any]:
        arrays: dict[Value, Any] = dict(zip(self.inputs, operands, strict=True))

        def array_of(value: Value, takes_constants: bool = False) -> Any:
            if value.constant is None:
                return taken(arrays, value)
            return np.asarray(value.constant) if takes_constants else run.asarray(value.constant)

        for step in self.steps:
            inputs = [array_of(value, step.takes_constants) for value in step.inputs]
            arrays.update(zip(step.outputs, step.apply(run, inputs), strict=True))
        return [array_of(value) for value in self.outputs]


# ---- what is known while a function is read


def evaluate(value: Value) -> Any:
    """Return what a known value is, as JAX computes it."""
    if value.constant is not None or value.step is None:
        return value.constant
    step = value.step
    if step.answers is None:
        operands = [jnp.asarray(evaluate(operand)) for operand in step.inputs]
        with jax.ensure_compile_time_eval():
            answers = step.equation.primitive.bind(*operands, **step.equation.params)
        step.answers = answers if step.equation.primitive.multiple_results else [answers]
    return step.answers[value.index]


def _place_of(equation: Any) -> str:
    """Return where in the user's code an equation comes from: " in line 3 of file.py", or ""."""
    traceback = equation.source_info.traceback
    frames = [] if traceback is None else traceback.frames
    return place_among((frame.file_name, frame.line_num) for frame in frames)


def place_among(frames: Any) -> str:
    """Return the first of some files and lines that is no part of JAX or of ours, in words."""
    of_others = (str(Path(jax.__file__).parent), str(Path(__file__).parent))
    for file, line in frames:
        if not file.startswith(of_others):
            return f" in line {line} of {Path(file).name}"
    return ""


# ---- reading


@dataclass(frozen=True)
class Table:
    """What the primitives mean, by their names."""

    operations: Mapping[str, Callable[..., Any]]
    """Functions of the namespace, the operands, and the parameters."""
    of_itself: Mapping[str, Callable[..., Any]]
    """The same for those of two floating operands, where both are one and the same array."""
    takes_constants: frozenset[str]
    """The operations that are given constants as NumPy's arrays, to look at them."""
    structures: Mapping[str, Callable[..., Sequence[Value]]]
    """Those that hold programs: `f(builder, equation, inputs)` adds steps and returns results."""
    refusals: Mapping[str, Callable[..., str | None]]
    """What to do instead, where an equation is of a form that cannot be read: of it and inputs."""
    of_calls: Mapping[Callable[..., Any], Callable[..., Any]]
    """Operations, by functions of JAX that are under `jit`, which return a list of results."""


class Builder:
    """Collects the steps of a program."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._steps: list[Step] = []
        self._callers: list[Any] = []

    def program(self, jaxpr: Any, inputs: Sequence[Value]) -> Program:
        """Return the program of a closed jaxpr, of which some inputs may be constants.

        The program takes those that are not.
        """
        builder = Builder(self.table)
        builder._callers = [*self._callers]
        outputs = builder.inline(jaxpr, inputs)
        arguments = tuple(value for value in inputs if value.constant is None)
        return builder.finished(arguments, outputs)

    def finished(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> Program:
        """Return the program, without the steps that the outputs do not need."""
        needed = set(outputs)
        steps = []
        for step in reversed(self._steps):
            if not needed.isdisjoint(step.outputs):
                needed.update(value for value in step.inputs if value.constant is None)
                steps.append(step)
        return Program(tuple(inputs), tuple(reversed(steps)), tuple(outputs))

    def inline(self, jaxpr: Any, inputs: Sequence[Value]) -> list[Value]:
        """Add the steps of a jaxpr, closed or not, and return its outputs."""
        constants = [constant_value(constant) for constant in getattr(jaxpr, "consts", ())]
        body = getattr(jaxpr, "jaxpr", jaxpr)
        values: dict[Any, Value] = dict(zip(body.constvars, constants, strict=True))
        values.update(zip(body.invars, inputs, strict=True))

        def value_of(atom: Any) -> Value:
            return constant_value(atom.val) if hasattr(atom, "val") else values[atom]

        for equation in body.eqns:
            operands = [value_of(atom) for atom in equation.invars]
            values.update(zip(equation.outvars, self.apply(equation, operands), strict=True))
        return [value_of(atom) for atom in body.outvars]

    def apply(self, equation: Any, inputs: Sequence[Value]) -> Sequence[Value]:
        """Add the steps of an equation, and return its results."""
        name = equation.primitive.name
        if not equation.outvars:  # it shows values to the user
            return []
        meaning = _meaning_of(equation)
        if name in CALLS and meaning is None:
            meaning = self._of_call(equation)
            if meaning is None:
                return self._inline_call(equation, inputs)
            name = equation.params["name"]
        if meaning is None and name in self.table.structures:
            return self.table.structures[name](self, equation, inputs)
        operation = meaning or self._operation(equation, inputs)
        if operation is None:
            return self._known_results(equation, inputs)
        apply = _applying(operation, equation, inputs)
        outputs = self.add(equation, inputs, apply, name in self.table.takes_constants)
        if outputs[0].step is not None:
            outputs[0].step.name = name
        return outputs

    def _operation(self, equation: Any, inputs: Sequence[Value]) -> Callable[..., Any] | None:
        """Return what the tables say of an equation, None where it is in none of them.

        Raises Unreadable for the forms of an operation that cannot be read.
        """
        name = equation.primitive.name
        if len(inputs) == 2 and inputs[0] is inputs[1] and inputs[0].kind == "float":
            of_itself = self.table.of_itself.get(name)
            if of_itself is not None:
                return of_itself
        if name in self.table.operations:
            self._refuse_some(equation, inputs)
        return self.table.operations.get(name)

    def _refuse_some(self, equation: Any, inputs: Sequence[Value]) -> None:
        """Raise Unreadable for the forms of an operation that cannot be read."""
        name = equation.primitive.name
        refuse: Callable[..., str | None] = self.table.refusals.get(name, _no_advice)
        advice = refuse(equation, inputs)
        if advice is not None:
            raise Unreadable(
                f"This form of the JAX operation `{name}`{self.place(equation)} cannot be read: "
                f"{advice}."
            )

    def _inline_call(self, equation: Any, inputs: Sequence[Value]) -> Sequence[Value]:
        self._callers.append(equation)
        outputs = self.inline(_body(equation), inputs)
        self._callers.pop()
        return outputs

    def _of_call(self, equation: Any) -> Callable[..., Any] | None:
        """Return what a function of JAX under `jit` is, if it is one of those in the table.

        One of another's that has the same name is traced to another jaxpr; JAX keeps those of its
        own.
        """
        for function, operation in self.table.of_calls.items():
            is_called_so = equation.params.get("name") == getattr(function, "__name__", "")
            if is_called_so and _body(equation) is _body_of(function, equation.invars):
                return lambda xp, *operands, **parameters: operation(xp, *operands)
        return None

    def place(self, equation: Any) -> str:
        """Return where an equation comes from, or the call that it is in."""
        places = map(_place_of, [equation, *reversed(self._callers)])
        return next(filter(None, places), "")

    def add(
        self,
        equation: Any,
        inputs: Sequence[Value],
        apply: Apply,
        takes_constants: bool = False,
        is_whole: bool = True,
        programs: Sequence[Program] = (),
    ) -> Sequence[Value]:
        """Add a step, unless all of its results are known and no floats, and return them."""
        step = Step(equation.primitive.name, equation, tuple(inputs), apply, takes_constants)
        step.is_whole = is_whole
        step.programs = programs
        step.outputs = [
            Value(tuple(atom.aval.shape), atom.aval.dtype, None, step, index)
            for index, atom in enumerate(equation.outvars)
        ]
        if step.is_known:
            for value in step.outputs:
                if value.kind not in ("float", "complex"):
                    value.constant = evaluate(value)
        if any(value.constant is None for value in step.outputs):
            self._steps.append(step)
        return step.outputs

    def _known_results(self, equation: Any, inputs: Sequence[Value]) -> Sequence[Value]:
        """Return the results of an operation that has no entry, if they are constants."""
        if not all(value.is_known for value in inputs):
            raise Unreadable(_no_entry(equation, self.place(equation)))
        outputs = self.add(equation, inputs, _never)
        for value in outputs:
            value.constant = evaluate(value)
        return outputs


def constant_value(constant: Any) -> Value:
    """Return a constant as a value of a program."""
    if isinstance(constant, int | float | complex):  # JAX's own have a dtype
        constant = np.asarray(constant, getattr(constant, "dtype", None))
    return Value(tuple(constant.shape), constant.dtype, constant)


def like(value: Value) -> Value:
    """Return an input of a program within another: the same constant, or any array like it."""
    return Value(value.shape, value.dtype, value.constant)


def arrays_that_vary(values: Sequence[Value], arrays: Sequence[Any]) -> list[Any]:
    """Return the arrays that a program takes: those of its inputs that are no constants."""
    pairs = zip(values, arrays, strict=False)
    return [array for value, array in pairs if value.constant is None]


def _never(run: Run, operands: list[Any]) -> Sequence[Any]:
    raise AssertionError("A step whose results are constants was asked for them.")


def _applying(operation: Callable[..., Any], equation: Any, inputs: Sequence[Value]) -> Apply:
    """Return what a step does for an operation of the table.

    An operation that names them is given `kind` and `read_dtype`, those of its first operand as it
    was read, and `result_dtype`, which is one of the namespace.
    """
    parameters = {
        name: value for name, value in equation.params.items() if name not in IGNORED_PARAMETERS
    }
    wanted = inspect.signature(operation).parameters
    if "kind" in wanted:
        parameters["kind"] = inputs[0].kind
    if "read_dtype" in wanted:
        parameters["read_dtype"] = np.dtype(inputs[0].dtype).name
    dtypes = {name: parameters.pop(name) for name in DTYPE_PARAMETERS & set(parameters)}
    if "result_dtype" in wanted:
        dtypes["result_dtype"] = equation.outvars[0].aval.dtype
    has_many_results = equation.primitive.multiple_results
    bits = None
    if equation.primitive.name in WRAPPING:
        bits = UNSIGNED_BITS.get(np.dtype(equation.outvars[0].aval.dtype).name)

    def apply(run: Run, operands: list[Any]) -> Sequence[Any]:
        converted = {name: run.dtype(dtype) for name, dtype in dtypes.items()}
        result = operation(run.xp, *operands, **parameters, **converted)
        if bits is not None:
            result = run.xp.bitwise_and(result, run.xp.asarray(2**bits - 1, dtype=result.dtype))
        return result if has_many_results else [result]

    return apply


def _meaning_of(equation: Any) -> Callable[..., Any] | None:
    """Return what the user said an operation means, or None."""
    meanings = registered("jax")
    for name in _names_of(equation):
        if name in meanings:
            return _without_parameters(meanings[name], equation)
    return None


def _body(equation: Any) -> Any:
    """Return the jaxpr that an equation calls."""
    return equation.params[CALLS[equation.primitive.name]]


def _body_of(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """Return the jaxpr that a function under `jit` has for operands of these kinds."""
    avals = [
        jax.ShapeDtypeStruct(x.aval.shape, x.aval.dtype, weak_type=x.aval.weak_type)
        for x in operands
    ]
    return _body(jax.make_jaxpr(function)(*avals).eqns[0])


def _names_of(equation: Any) -> list[str]:
    """Return the names of an operation, that of what it calls outside of JAX first."""
    name = equation.primitive.name
    callback = getattr(equation.params.get("callback"), "callback_func", None)
    called = getattr(callback, "__name__", equation.params.get("target_name"))
    return [name] if called is None else [f"{name}::{called}", name]


def _without_parameters(function: Callable[..., Any], equation: Any) -> Callable[..., Any]:
    """Return the meaning of a call outside of JAX as a function of the operands alone."""
    if len(_names_of(equation)) == 1:
        return function

    def call(xp: Any, *operands: Any, **parameters: Any) -> Any:
        result = function(xp, *operands)
        return result if isinstance(result, tuple | list) else [result]

    return call


def _no_advice(equation: Any, inputs: Sequence[Value]) -> str | None:
    return None


def _no_entry(equation: Any, place: str) -> str:
    name = _names_of(equation)[0]
    if name.startswith(RANDOM):
        return (
            f"The function draws random numbers with the JAX operation `{name}`{place}, from a key "
            "that is an argument: draw them before, and pass them as an argument."
        )
    return (
        f"The JAX operation `{name}`{place} cannot be read, for it has no meaning in the array "
        "namespace: write it with other operations, or give its meaning with "
        f'`adbench.readers.register("jax", "{name}", function)`.'
    )
