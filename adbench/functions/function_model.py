"""A framework's function with example arguments as a model: the reading, and the function itself.

The reading is the specification, unless another is given. What is judged is the function as it
stands, with whatever derivative rules of its own it has.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adbench.cases.case import DTYPES
from adbench.cases.model import Model, SpecError
from adbench.functions.as_it_stands import AsItStands, ReadFunction
from adbench.functions.framework import framework_called, framework_of, name_of
from adbench.functions.native_reading import NativeReading
from adbench.functions.packing import Packing
from adbench.functions.specification import specification_of, takes_namespace
from reference_ad.engine import tree


def function_model(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    *,
    argnums: Any = None,
    spec: Callable[..., Any] | None = None,
    name: str = "",
) -> Model:
    """Return the model of a call of a framework's function.

    argnums: the active arguments, by position, keyword or the name of a parameter; None for the
        arrays that the framework records derivatives by, or else all of floating-point numbers.
    spec: the function that it is to be judged by instead of its own reading.
    Raises SpecError where it holds nothing to differentiate by.
    """
    framework = framework_called(framework_of(function, [*arguments, *keywords.values()]))
    opened = framework.open_call(function, arguments, keywords)
    packing = Packing.of(framework, opened, argnums)
    point = packing.point()
    as_it_stands = AsItStands(framework, opened, packing, definition_of(function))
    name = name or name_of(function)
    specification: Callable[..., Any] = ReadFunction(as_it_stands, name)
    if spec is not None:
        specification = specification_of(spec, as_it_stands)
    return Model(
        name=name,
        function=specification,
        make=GivenPoint(point),
        sizes={"given": {}},
        native={framework.name: as_it_stands},
        differentiable=(0,),
    )


@dataclass(frozen=True, eq=False)
class GivenPoint:
    """Makes the arguments that a function was given."""

    arguments: tuple[Any, ...]

    def __call__(self, size: Mapping[str, Any], rng: Any) -> tuple[Any, ...]:
        return self.arguments

    @property
    def fingerprint(self) -> str:
        """A digest of the arguments, by which processes tell whether theirs are the same."""
        digest = hashlib.sha256()
        for path, leaf in zip(tree.paths(self.arguments), tree.leaves(self.arguments), strict=True):
            digest.update(f"{path} {leaf.dtype} {leaf.shape}".encode())
            digest.update(leaf.tobytes())
        return digest.hexdigest()[:16]


def stands_alone(function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Whether a function of these arguments is one of a framework as it stands."""
    if isinstance(function, Model) or not callable(function) or takes_namespace(function):
        return False
    return framework_of(function, [*arguments, *keywords.values()]) != ""


def default_backends(model: Model) -> list[str]:
    """Return who is asked of a model where nobody is named.

    The frameworks of a function as it stands, and the reference for other models.
    """
    if isinstance(model.function, NativeReading):
        return list(model.native)
    names = [name for name, function in model.native.items() if isinstance(function, AsItStands)]
    return names or ["reference"]


def dtype_of_call(model: Model) -> str:
    """Return the lowest dtype of the active arguments of a function as it stands."""
    for function in model.native.values():
        if isinstance(function, AsItStands):
            return function.packing.dtype
    return DTYPES[0]


def definition_of(function: Any) -> Any:
    """Return what is defined where a function is: of an object that is called, its class."""
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return getattr(function, "func", None) or type(function)


def case(
    function: Callable[..., Any],
    *arguments: Any,
    argnums: Any = None,
    spec: Callable[..., Any] | None = None,
    name: str = "",
    **keywords: Any,
) -> Model:
    """Return a framework's function with example arguments as a model, for a file to be checked.

    arguments, keywords: arrays of PyTorch, JAX or TensorFlow, in trees, and whatever else the
        function takes. argnums, spec: as in `check`. name: what it is called in tables; by default
        the function's own name.
    Raises SpecError where the arguments hold no array of a framework.
    """
    if not stands_alone(function, arguments, keywords):
        raise SpecError(
            "case was given no array of PyTorch, JAX or TensorFlow, or a function of xp: give a "
            "function as it stands and the arguments to call it with; for others there is Model."
        )
    return function_model(function, arguments, keywords, argnums=argnums, spec=spec, name=name)
