"""A call of a function, written as code that makes it again."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adbench.cases.model import Model
from adbench.functions.as_it_stands import AsItStands
from adbench.functions.framework import OpenArray
from reference_ad.engine import tree

MOST_NUMBERS = 200
"""Arguments of more numbers are not written out."""


def code_of(model: Model, arguments: Sequence[Any]) -> str:
    """Return code that checks a model at one point again, "" where that is too long to write.

    arguments: those of the model there, as NumPy arrays. Of a function as it stands it is a call of
    `adbench.check`, in which the function has the name that it has in its file.
    """
    if sum(np.size(leaf) for leaf in tree.leaves(list(arguments))) > MOST_NUMBERS:
        return ""
    for native in model.native.values():
        if isinstance(native, AsItStands):
            return _code_of_call(native, arguments)
    values = ", ".join(_numpy_code(argument) for argument in arguments)
    return "\n".join(
        [
            "import dataclasses, numpy",
            "import adbench",
            "",
            f"# model: the adbench.Model called {model.name!r}",
            f"point = ({values},)",
            "model = dataclasses.replace(",
            '    model, make=lambda size, rng: point, sizes={"point": {}})',
            "print(adbench.check(model, backend="
            f"{list(model.native) or ['reference']!r}, budget_s=0))",
        ]
    )


def _code_of_call(native: AsItStands, arguments: Sequence[Any]) -> str:
    framework, opened, packing = native.framework, native.opened, native.packing
    parts = packing.unpacked(arguments[0], arguments[1:])
    examples = packing.examples()
    arrays = [
        framework.from_numpy(np.array(part), framework.dtype_name(example))
        for part, example in zip(parts, examples, strict=True)
    ]
    joined = packing.joined(arrays, framework)
    joined = [
        framework.as_watched(array) if open_array.is_watched else array
        for open_array, array in zip(opened.arrays, joined, strict=True)
    ]
    positional, named = opened.rebuild(joined)
    function, lines = _function_code(opened.function)
    lines = [*framework.imports, "import adbench", *lines, ""]
    for open_array, array in zip(opened.arrays, joined, strict=True):
        if _is_parameter(open_array):
            lines.append(framework.assignment(f"{function}{open_array.path}", array))
    codes = [_argument_code(framework, value) for value in positional]
    codes += [f"{name}={_argument_code(framework, value)}" for name, value in named.items()]
    call = ", ".join([function, *codes, "budget_s=0"])
    return "\n".join([*lines, f"print(adbench.check({call}))"])


def _is_parameter(open_array: OpenArray) -> bool:
    """Whether an array is a parameter of the function itself."""
    return open_array.owner == ""


def _function_code(function: Any) -> tuple[str, list[str]]:
    """What the function is called, and the lines that make its name known."""
    target = function
    owner = getattr(function, "__self__", None)
    suffix = ""
    if inspect.isclass(owner):  # the `apply` of an autograd function
        target, suffix = owner, f".{function.__name__}"
    module, name = getattr(target, "__module__", None), getattr(target, "__qualname__", "")
    if not name or "<" in name or module in (None, "__main__", "builtins"):
        shown = name.rpartition(".")[2] if name and "<lambda>" not in name else ""
        shown = shown or "function"
        return f"{shown}{suffix}", [f"# {shown}: the function that was checked"]
    return f"{name}{suffix}", [f"from {module} import {name.partition('.')[0]}"]


def _argument_code(framework: Any, value: Any) -> str:
    """A tree of arrays and Python values as code."""
    if framework.is_array(value):
        return str(framework.code_of(value))
    if isinstance(value, Mapping):
        pairs = (f"{key!r}: {_argument_code(framework, item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if type(value) in (list, tuple):
        items = [_argument_code(framework, item) for item in value]
        inner = ", ".join(items)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(items) == 1 else f"({inner})"
    return repr(value)


def _numpy_code(argument: Any) -> str:
    """A tree of NumPy's arrays as code."""
    if isinstance(argument, np.ndarray | np.generic):
        return f"numpy.array({argument.tolist()!r}, dtype={str(argument.dtype)!r})"
    if isinstance(argument, Mapping):
        items = (f"{key!r}: {_numpy_code(item)}" for key, item in argument.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(argument, list):
        return f"[{', '.join(map(_numpy_code, argument))}]"
    if isinstance(argument, tuple):
        return f"({', '.join(map(_numpy_code, argument))},)"
    return repr(argument)
