"""Two implementations of one function, in one framework or two, as functions of the same arguments.

The arguments of the first are those of both. The second may take the parameters of a module in a
tree of its own, under other names, with their axes in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from adbench.cases.model import Model, SpecError
from adbench.functions.as_it_stands import AsItStands, ReadFunction
from adbench.functions.framework import (
    FRAMEWORKS,
    Framework,
    OpenArray,
    OpenCall,
    framework_called,
    framework_of,
    name_of,
)
from adbench.functions.function_model import GivenPoint, definition_of
from adbench.functions.packing import Packing
from adbench.functions.specification import frameworks_named
from reference_ad.engine import tree

Target = str | tuple[str, Sequence[int]]
"""Where the second function has a parameter: its path, with dots, and the order of its axes."""


@dataclass(frozen=True)
class Port:
    """Two implementations as functions of the same arguments."""

    first: AsItStands
    second: AsItStands

    @property
    def names(self) -> tuple[str, str]:
        """What the two are called, with their frameworks where the names are the same."""
        names = [name_of(side.opened.function) for side in (self.first, self.second)]
        if names[0] != names[1]:
            return names[0], names[1]
        frameworks = self.first.framework.name, self.second.framework.name
        if frameworks[0] != frameworks[1]:
            return f"{names[0]} of {frameworks[0]}", f"{names[1]} of {frameworks[1]}"
        return f"first {names[0]}", f"second {names[1]}"

    def model(self, specification: AsItStands, judged: AsItStands, name: str) -> Model:
        """Return the model in which one of them is judged by the forward of one of them."""
        return Model(
            name=name,
            function=ReadFunction(specification, name),
            make=GivenPoint(self.first.packing.point()),
            sizes={"given": {}},
            native={judged.framework.name: judged},
            differentiable=(0,),
        )


def port_of(
    first: Callable[..., Any],
    second: Callable[..., Any],
    arguments: Sequence[Any],
    parameters: Mapping[str, Target] | None,
    frameworks: Sequence[str] | None,
) -> Port:
    """Return two functions as those of the same arguments.

    Raises SpecError where a framework cannot be told, or a parameter has no counterpart.
    """
    for function in (first, second):
        if not callable(function):
            raise SpecError(
                f"compare_functions was given a {type(function).__name__}; give two functions, "
                "and then the arguments of both."
            )
    names = frameworks or [_framework(function, arguments) for function in (first, second)]
    source, target = (framework_called(name) for name in names)
    dtype = "float64"
    with source.modes(dtype), target.modes(dtype):
        opened = source.open_call(first, _moved(arguments, source), {})
        floating = [each.name for each in opened.arrays if source.kind(each.array) in "fc"]
        packing = Packing.of(source, opened, floating or None)
        as_first = AsItStands(source, opened, packing, definition_of(first))
        copies = [_converted(each.array, source, target) for each in opened.arrays]
        inputs = _moved(arguments, target)
        tree_of_parameters, places = _parameters(target, second, opened, copies, parameters)
        if tree_of_parameters is not None:
            inputs = (tree_of_parameters, *inputs)
        inner = target.open_call(second, inputs, {})
    arrange = _arrangement(opened, inner, places, offset=int(tree_of_parameters is not None))

    def call(arrays: Sequence[Any]) -> Any:
        return inner.call([choose(arrays) for choose in arrange])

    open_arrays = tuple(
        replace(each, array=copy) for each, copy in zip(opened.arrays, copies, strict=True)
    )
    reopened = OpenCall(second, open_arrays, opened.rebuild, call)
    second_packing = replace(packing, framework=target, arrays=open_arrays)
    return Port(as_first, AsItStands(target, reopened, second_packing, definition_of(second)))


# ---- frameworks and arrays


def _framework(function: Any, arguments: Sequence[Any]) -> str:
    """The framework that a function is written in. Raises SpecError where it cannot be told."""
    named = frameworks_named(function)
    if len(named) == 1:
        return named[0]
    of_arguments = framework_of(None, list(arguments))
    if of_arguments and (not named or of_arguments in named):
        return of_arguments
    raise SpecError(
        f"The framework of {name_of(function)} cannot be told; give frameworks=, such as "
        "('torch', 'jax')."
    )


def _moved(arguments: Sequence[Any], target: Framework) -> tuple[Any, ...]:
    """The arguments with all arrays, of whatever framework, as those of one."""

    def moved(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray | np.generic):
            return target.from_numpy(np.array(leaf), leaf.dtype.name)
        owner = framework_of(None, [leaf])
        if owner not in FRAMEWORKS:
            return leaf
        source = framework_called(owner)
        return _converted(leaf, source, target) if source.is_array(leaf) else leaf

    return tuple(tree.map(moved, argument) for argument in arguments)


def _converted(array: Any, source: Framework, target: Framework) -> Any:
    if source.name == target.name:
        return array
    return target.from_numpy(source.to_numpy(array), source.dtype_name(array))


# ---- parameters


@dataclass(frozen=True)
class _Place:
    """Where the second function finds a parameter of the first."""

    index: int
    """Which of the first call's arrays it is."""
    axes: tuple[int, ...] | None
    """The order of its axes in the second."""

    def choose(self, target: Framework) -> Callable[[Sequence[Any]], Any]:
        """Return what takes the parameter out of the first call's arrays."""
        if self.axes is None:
            return lambda arrays: arrays[self.index]
        axes = self.axes
        return lambda arrays: target.permuted(arrays[self.index], axes)


def _parameters(
    target: Framework,
    second: Callable[..., Any],
    opened: OpenCall,
    copies: Sequence[Any],
    mapping: Mapping[str, Target] | None,
) -> tuple[Any, dict[str, Callable[[Sequence[Any]], Any]]]:
    """The tree of parameters that the second function takes first, and where they come from.

    The tree is None where it takes none: the first function has none, or the second is a module.
    """
    own = {each.name: index for index, each in enumerate(opened.arrays) if each.owner == ""}
    for name in mapping or ():
        if name not in own:
            raise SpecError(
                f"parameters names {name!r}, which is no parameter of the first function; its "
                f"parameters are {', '.join(own) or 'none'}."
            )
    places: dict[str, Callable[[Sequence[Any]], Any]] = {}
    nested: dict[str, Any] = {}
    for name, index in own.items():
        goal = (mapping or {}).get(name, name)
        path, axes = (goal, None) if isinstance(goal, str) else (goal[0], tuple(goal[1]))
        places[path] = _Place(index, axes).choose(target)
        _insert(nested, path, places[path](copies))
    is_module = framework_of(second, []) == target.name and hasattr(second, "named_parameters")
    return (None if is_module or not own else nested), places


def _insert(nested: dict[str, Any], path: str, array: Any) -> None:
    """Put an array into nested dicts at a path with dots."""
    *folders, name = path.split(".")
    for folder in folders:
        nested = nested.setdefault(folder, {})
    nested[name] = array


def _arrangement(
    opened: OpenCall,
    inner: OpenCall,
    parameters: Mapping[str, Callable[[Sequence[Any]], Any]],
    offset: int,
) -> list[Callable[[Sequence[Any]], Any]]:
    """What takes each array of the second call out of those of the first.

    offset: 1 where the second takes the parameters first. Raises SpecError where one has no
    counterpart.
    """
    index_by_place = {each.place: index for index, each in enumerate(opened.arrays)}
    chosen: list[Callable[[Sequence[Any]], Any]] = []
    for each in inner.arrays:
        path = _dotted(each)
        is_parameter = each.owner == "" or (offset and each.owner == 0)
        if is_parameter and path in parameters:
            chosen.append(parameters[path])
            continue
        owner = each.owner - offset if isinstance(each.owner, int) else each.owner
        index = index_by_place.get((owner, each.path))
        if index is None:
            raise SpecError(
                f"The second function has {each.name}, which is no array of the first; name its "
                "counterpart with parameters=, such as {'weight': 'kernel'}."
            )
        chosen.append(partial(_taken, index))
    return chosen


def _taken(index: int, arrays: Sequence[Any]) -> Any:
    return arrays[index]


def _dotted(each: OpenArray) -> str:
    """The path of a parameter with dots: of `.weight` and of `['dense']['kernel']`."""
    if each.path.startswith("."):
        return each.path.removeprefix(".")
    return each.path.replace("']['", ".").removeprefix("['").removesuffix("']")
