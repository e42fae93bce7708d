"""The JAX primitives that hold programs: loops, branches, and linear equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from adbench.readers.jax_elementwise import select_n
from adbench.readers.jax_linear_equations import custom_linear_solve
from adbench.readers.jax_program import (
    Builder,
    Run,
    Value,
    arrays_that_vary,
    constant_value,
    evaluate,
    like,
)
from adbench.readers.loops import LONGEST_LOOP, run_while
from adbench.readers.reading import Unreadable

Values = Sequence[Value]
Loop = Callable[[Any, Any], tuple[Any, Any]]


# ---- loops


def _scan(builder: Builder, equation: Any, inputs: Values) -> Values:
    parameters = equation.params
    n_constants, n_carried = parameters["num_consts"], parameters["num_carry"]
    length, is_reversed = parameters["length"], parameters["reverse"]
    body = parameters["jaxpr"]
    constants = [like(value) for value in inputs[:n_constants]]
    moving = [Value(tuple(aval.shape), aval.dtype) for aval in body.in_avals[n_constants:]]
    program = builder.program(body, [*constants, *moving])

    def apply(run: Run, operands: list[Any]) -> Sequence[Any]:
        fixed = arrays_that_vary(constants, operands[:n_constants])

        def step(carry: Any, x: Any) -> tuple[Any, Any]:
            results = program(run, [*fixed, *carry, *x])
            return results[:n_carried], results[n_carried:]

        start = operands[n_constants : n_constants + n_carried]
        sequences = operands[n_constants + n_carried :]
        if is_reversed:
            sequences = [run.xp.flip(x, axis=0) for x in sequences]
        if length == 0:
            types = [atom.aval for atom in equation.outvars[n_carried:]]
            empty = [run.xp.zeros(aval.shape, dtype=run.dtype(aval.dtype)) for aval in types]
            return [*start, *empty]
        carry, outputs = loop(run.xp, step, start, sequences, length)
        if is_reversed:
            outputs = [run.xp.flip(y, axis=0) for y in outputs]
        return [*carry, *outputs]

    return builder.add(equation, inputs, apply, programs=[program])


def loop(xp: Any, step: Loop, start: Any, sequences: Any, length: int) -> tuple[Any, Any]:
    """Return what `xp.scan` does, in a Python loop where the namespace has none."""
    scan = getattr(xp, "scan", None)
    if scan is not None:
        carry, outputs = scan(step, start, sequences, length)
        return carry, outputs
    carry, collected = start, []
    for k in range(length):
        carry, output = step(carry, [x[k, ...] for x in sequences])
        collected.append(output)
    return carry, [xp.stack(list(parts), axis=0) for parts in zip(*collected, strict=True)]


def _while(builder: Builder, equation: Any, inputs: Values) -> Values:
    parameters = equation.params
    n_condition, n_body = parameters["cond_nconsts"], parameters["body_nconsts"]
    start = inputs[n_condition + n_body :]
    body = parameters["body_jaxpr"]
    constants = [like(value) for value in inputs[n_condition : n_condition + n_body]]
    n_rounds = _number_of_rounds(builder, equation, inputs)
    carried = [Value(value.shape, value.dtype) for value in start]
    program = builder.program(body, [*constants, *carried])
    of_condition = [like(value) for value in inputs[:n_condition]]
    condition = builder.program(parameters["cond_jaxpr"], [*of_condition, *carried])

    def apply(run: Run, operands: list[Any]) -> Sequence[Any]:
        fixed = arrays_that_vary(constants, operands[n_condition:])
        compared = arrays_that_vary(of_condition, operands)

        def step(carry: Any, x: Any) -> tuple[Any, Any]:
            return program(run, [*fixed, *carry]), []

        def goes_on(carry: Any) -> Any:
            return condition(run, [*compared, *carry])[0]

        start = operands[n_condition + n_body :]
        if n_rounds is None:
            return run_while(goes_on, lambda carry: step(carry, None)[0], start)
        carry, _ = loop(run.xp, step, start, [], n_rounds)
        return carry

    return builder.add(equation, inputs, apply, programs=[program])


def _number_of_rounds(builder: Builder, equation: Any, inputs: Values) -> int | None:
    """Return how often a `while` goes round, None where that depends on the arguments."""
    parameters = equation.params
    n_condition, n_body = parameters["cond_nconsts"], parameters["body_nconsts"]
    of_condition, of_body = inputs[:n_condition], inputs[n_condition : n_condition + n_body]
    carry: Values = [_as_known(value) for value in inputs[n_condition + n_body :]]
    for n_rounds in range(LONGEST_LOOP):
        scratch = Builder(builder.table)
        (goes_on,) = scratch.inline(parameters["cond_jaxpr"], [*of_condition, *carry])
        if not goes_on.is_known:
            return None
        if not bool(evaluate(goes_on)):
            return n_rounds
        results = scratch.inline(parameters["body_jaxpr"], [*of_body, *carry])
        carry = [_as_known(value) for value in results]
    raise Unreadable(
        f"The loop `while`{builder.place(equation)} goes round more than {LONGEST_LOOP} times: "
        "give it fewer rounds, or write it with lax.scan."
    )


def _as_known(value: Value) -> Value:
    """Return a value without the steps that led to it: a constant, or what is not known."""
    return constant_value(evaluate(value)) if value.is_known else Value(value.shape, value.dtype)


# ---- branches


def _cond(builder: Builder, equation: Any, inputs: Values) -> Values:
    """One branch where it is known which; else all of them, and a choice between their results."""
    which, operands = inputs[0], inputs[1:]
    branches = equation.params["branches"]
    if which.is_known:
        place = min(max(int(evaluate(which)), 0), len(branches) - 1)
        return builder.inline(branches[place], operands)
    results = [builder.inline(branch, operands) for branch in branches]
    which = _condition_behind(which)

    def apply(run: Run, arrays: list[Any]) -> Sequence[Any]:
        index, *cases = arrays
        alternatives = [cases[k :: len(outputs)] for k in range(len(outputs))]
        return [select_n(run.xp, index, *choice, kind=which.kind) for choice in alternatives]

    outputs = equation.outvars
    return builder.add(equation, [which, *chain.from_iterable(results)], apply, is_whole=False)


def _condition_behind(which: Value) -> Value:
    """Return the truth value that was cast to the number of a branch, or that number."""
    step = which.step
    if step is not None and step.name == "convert_element_type" and step.inputs[0].kind == "bool":
        return step.inputs[0]
    return which


def _platform_index(builder: Builder, equation: Any, inputs: Values) -> Values:
    """The number of the branch for the processor, on which the reader's function is judged."""
    platforms = equation.params["platforms"]
    fitting = [k for k, names in enumerate(platforms) if names is None or "cpu" in names]
    aval = equation.outvars[0].aval
    return [constant_value(aval.dtype.type(fitting[0]))]


STRUCTURES: dict[str, Callable[[Builder, Any, Values], Values]] = {
    "cond": _cond,
    "custom_linear_solve": custom_linear_solve,
    "platform_index": _platform_index,
    "scan": _scan,
    "while": _while,
}
"""The primitives that hold programs."""
