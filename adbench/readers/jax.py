"""The reader of JAX: a function of JAX's arrays, by its jaxpr, as a model's function.

The jaxpr is that of the function with 64-bit types, at the shapes and dtypes of the arguments. Of a
function with a hand-written rule it holds the forward alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from adbench.cases.messages import SentenceError
from adbench.namespaces.jax import wide_types
from adbench.readers.jax_operations import OPERATIONS as ON_ARRAYS
from adbench.readers.jax_operations import TABLE
from adbench.readers.jax_program import (
    CALLS,
    UNSIGNED_BITS,
    Builder,
    Program,
    Run,
    Value,
    place_among,
)
from adbench.readers.reading import Reading, Unreadable

OPERATIONS: Mapping[str, Any] = {**ON_ARRAYS, **TABLE.structures, **CALLS}
"""All primitives that are known, by name, with those that hold functions."""

LOOKING_AT_VALUES = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)
"""What JAX raises where a function looks at the values of the arrays that it is traced with."""


class WrongArguments(SentenceError):
    """A function that was read is given other arguments than those it was read at."""


def read(function: Callable[..., Any], arguments: Sequence[Any]) -> Reading:
    """Read a function of JAX's arrays.

    arguments: arrays of JAX or NumPy in lists, tuples and dicts, and Python values, which the
    function that is returned takes for constants.

    Raises Unreadable where an operation has no meaning in the array namespace.
    """
    leaves, structure = jax.tree_util.tree_flatten(tuple(arguments))
    places = [k for k, leaf in enumerate(leaves) if hasattr(leaf, "dtype")]

    def of_arrays(*arrays: Any) -> Any:
        complete = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            complete[place] = array
        return function(*jax.tree_util.tree_unflatten(structure, complete))

    with wide_types():
        try:
            trace = jax.make_jaxpr(of_arrays, return_shape=True)
            jaxpr, shapes = trace(*[leaves[place] for place in places])
        except LOOKING_AT_VALUES as error:
            raise Unreadable(_looks_at_values(error)) from None
        builder = Builder(TABLE)
        inputs = [Value(tuple(aval.shape), aval.dtype) for aval in jaxpr.in_avals]
        program = builder.finished(inputs, builder.inline(jaxpr, inputs))
    output_structure = jax.tree_util.tree_structure(shapes)

    def of_namespace(xp: Any, *arguments: Any) -> Any:
        arrays = _arrays_in(xp, arguments, leaves, program)
        run = Run(xp, *_dtypes(xp, arrays, program))
        return jax.tree_util.tree_unflatten(output_structure, program(run, arrays))

    return Reading(of_namespace, tuple(program.names))


def _looks_at_values(error: BaseException) -> str:
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return (
        f"The function looks at the value of an array{place_among(reversed(frames))}, which it "
        "cannot under jax.jit either: choose with jnp.where, or pass what is looked at as a Python "
        "value."
    )


# ---- arguments


def _leaves(arguments: Any) -> Iterator[Any]:
    """The leaves of lists, tuples and dicts in JAX's order, in which None is none."""
    if isinstance(arguments, list | tuple):
        for part in arguments:
            yield from _leaves(part)
    elif isinstance(arguments, dict):
        for key in sorted(arguments):
            yield from _leaves(arguments[key])
    elif arguments is not None:
        yield arguments


def _arrays_in(xp: Any, arguments: Any, examples: Sequence[Any], program: Program) -> list[Any]:
    """Return the arrays among the arguments, which must be like those of the reading."""
    leaves = list(_leaves(arguments))
    if len(leaves) != len(examples):
        raise WrongArguments(
            f"The function was read with {len(examples)} arrays and values, and is given "
            f"{len(leaves)}: read it again with these arguments."
        )
    arrays: list[Any] = []
    for leaf, example in zip(leaves, examples, strict=True):
        if not hasattr(example, "dtype"):
            _check_static(leaf, example)
            continue
        array = leaf if hasattr(leaf, "dtype") else xp.asarray(leaf)
        shape, expected = tuple(map(int, array.shape)), program.inputs[len(arrays)].shape
        if np.dtype(example.dtype).name in UNSIGNED_BITS:
            array = xp.astype(array, xp.int64)
        if shape != expected:
            raise WrongArguments(
                f"The function was read with an array of shape {expected}, and is given one of "
                f"shape {shape}: read it again with these arguments."
            )
        arrays.append(array)
    return arrays


def _check_static(leaf: Any, example: Any) -> None:
    if isinstance(leaf, bool | int | float | str) and leaf != example:
        raise WrongArguments(
            f"The function was read with the value {example!r}, and is given {leaf!r}: read it "
            "again with these arguments."
        )


def _dtypes(xp: Any, arrays: Sequence[Any], program: Program) -> tuple[Any, Any]:
    """Return the real and the complex dtype to run in: those of the first floating argument."""
    kinds = [value.kind for value in program.inputs]
    for kind, array in zip(kinds, arrays, strict=True):
        if kind == "float":
            return array.dtype, _complex_like(xp, array.dtype)
        if kind == "complex":
            return xp.real(array).dtype, array.dtype
    return xp.float64, xp.complex128


def _complex_like(xp: Any, dtype: Any) -> Any:
    if isinstance(dtype, np.dtype) and dtype.kind == "O":  # balls are real or complex in one dtype
        return dtype
    return xp.complex128 if dtype == xp.float64 else xp.complex64
