"""A hand-written function as a backend is given it: what it returns is looked at first.

A specification returns one array, or a tree of them, and so must the code that is judged by it:
arrays of the framework, of the shapes that the specification gives and in the dtype of the
arguments. Derivatives of anything else would fail somewhere inside the framework, or be cast and
look nearly right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adbench.backends.base import Backend
from adbench.cases.case import DTYPES
from adbench.cases.complex_parts import joined, split_output
from adbench.cases.inputs import Inputs
from adbench.cases.messages import SentenceError
from adbench.cases.model import Model
from adbench.cases.outputs import as_one_array
from adbench.cases.static import arrays_of
from reference_ad.engine import tree


class UnusableOutput(SentenceError):
    """A hand-written function returns something that is no array of its framework."""


class WrongOutput(SentenceError):
    """A hand-written function returns an array of another shape or dtype than it should."""


def returning_one_array(backend: Backend, model: Model, inputs: Inputs) -> Callable[..., Any]:
    """Return the hand-written function of a model for a backend's framework.

    The first call raises UnusableOutput where it returns anything but one array of the framework,
    and WrongOutput where that has another shape or dtype than the output at `inputs`. Later calls
    are not held up by that: they may be timed. Of several outputs the numbers are put in a row.
    """
    function = model.native[backend.framework]
    title = f"native[{backend.framework!r}] of the model {model.name!r}"
    was_checked = False

    if inputs.is_complex:
        function = _of_parts(function, backend)

    def checked(*arguments: Any) -> Any:
        nonlocal was_checked
        output = function(*arguments)
        if inputs.outputs:
            if not was_checked:
                _check_tree(output, backend, inputs, title)
            output = as_one_array(backend.xp, output)
        if was_checked:
            return output
        if not backend.is_array(output):
            raise UnusableOutput(
                f"{title} returned {_described(output)}, where one {backend.array_name} is "
                f"expected: {_advice_on_kind(output, function, backend)}."
            )
        if not _has_complex(arguments):  # as complex steps make them
            _check_dtype(output, inputs, title)
        _check_shape(output, inputs, title)
        was_checked = True
        return output

    return checked


def _of_parts(function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """A function of complex arrays as one of their parts."""
    return lambda *arguments: split_output(backend.xp, function(*map(joined, arguments)))


def _check_tree(output: Any, backend: Backend, inputs: Inputs, title: str) -> None:
    """Raise unless a tree of the framework's arrays has the places and shapes of the outputs."""
    expected_paths = [part.path for part in inputs.outputs]
    paths = tree.paths(output)
    if paths != expected_paths:
        raise WrongOutput(
            f"{title} returned arrays at {', '.join(paths) or 'no place'}, and the specification "
            f"at {', '.join(expected_paths)}: let both return the same tree."
        )
    for part, leaf in zip(inputs.outputs, tree.leaves(output), strict=True):
        if not backend.is_array(leaf):
            raise UnusableOutput(
                f"{title} returned {_described(leaf)} at {part.path}, where one "
                f"{backend.array_name} is expected."
            )
        shape = _static_shape(leaf)
        if shape is not None and shape != part.shape:
            raise WrongOutput(
                f"{title} returned an array of shape {shape} at {part.path}, and the specification "
                f"one of shape {part.shape}: let both have the same."
            )


def _described(output: Any) -> str:
    if isinstance(output, tuple | list):
        kind = "a tuple" if isinstance(output, tuple) else "a list"
        return f"{kind} of {len(output)}"
    if isinstance(output, dict):
        return f"a dict with the keys {', '.join(map(repr, output))}"
    if output is None:
        return "None"
    cls = type(output)
    if cls.__module__ == "builtins":
        return f"a Python {cls.__name__}"
    return f"a {cls.__module__.partition('.')[0]}.{cls.__name__}"


def _advice_on_kind(output: Any, function: Callable[..., Any], backend: Backend) -> str:
    if isinstance(function, type):
        return "it is a class; give a function, such as an instance of it, or its `apply`"
    if isinstance(output, tuple | list):
        return "return the one to be judged, such as f(x)[0]"
    if isinstance(output, dict):
        return f"return the one to be judged, such as f(x)[{next(iter(output), 'name')!r}]"
    return f"return what the operations of {backend.framework} give"


def _has_complex(arguments: Sequence[Any]) -> bool:
    leaves = [leaf for argument in arguments for leaf in arrays_of(argument)]
    return any(dtype_name(leaf).startswith("complex") for leaf in leaves)


def _check_dtype(output: Any, inputs: Inputs, title: str) -> None:
    """Raise WrongOutput unless an array has the dtype of the output at `inputs`."""
    dtype, expected = dtype_name(output), inputs.cotangent.dtype.name
    if dtype != expected:
        advice = _advice_on_dtype(dtype, expected)
        raise WrongOutput(f"{title} returned {dtype} for {expected} arguments: {advice}.")


def _check_shape(output: Any, inputs: Inputs, title: str) -> None:
    """Raise WrongOutput unless an array has the shape of the output at `inputs`."""
    shape, expected = _static_shape(output), inputs.cotangent.shape
    if shape is not None and shape != expected:
        raise WrongOutput(
            f"{title} returned an array of shape {shape}, and the specification one of shape "
            f"{expected}: let both have the same."
        )


def dtype_name(array: Any) -> str:
    """The name of an array's dtype, such as "float64", in whatever framework."""
    name = getattr(array.dtype, "name", None) or str(array.dtype)
    return str(name).rpartition(".")[2]


def _advice_on_dtype(dtype: str, expected: str) -> str:
    if dtype in DTYPES and DTYPES.index(dtype) > DTYPES.index(expected):
        return (
            f"ask it in {dtype} (--dtype {dtype}), or let it compute in the dtype of its arguments"
        )
    return "let it return the dtype of its arguments"


def _static_shape(array: Any) -> tuple[int, ...] | None:
    """The shape of an array; None where a graph does not know it before it runs."""
    try:
        return tuple(int(length) for length in array.shape)
    except (TypeError, ValueError):
        return None
