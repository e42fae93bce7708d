"""The function of a model that has none, read from its hand-written implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from adbench.cases.model import Model, SpecError, no_function
from adbench.functions.as_it_stands import read
from adbench.functions.framework import FRAMEWORKS, framework_called, parameter_names
from reference_ad.engine import tree

READ_IN = ("float64", "float32")
"""The dtypes in which a function is read: the first one in which it runs."""


def with_function(model: Model) -> Model:
    """Return a model with a function: where it has none, the reading of its native one.

    Raises SpecError where that is of no framework that is read.
    """
    if model.function is not no_function:
        return model
    for framework, function in model.native.items():
        if framework in FRAMEWORKS:
            return replace(model, function=NativeReading(model.name, framework, function))
    raise SpecError(
        f"The model {model.name!r} has no function, and its native is for "
        f"{', '.join(model.native)}: functions of {', '.join(FRAMEWORKS)} are read; give it a "
        "function of xp."
    )


@dataclass(eq=False)
class NativeReading:
    """A hand-written function as a model's: read at the shapes that it is called with."""

    name: str
    framework: str
    native: Callable[..., Any]
    is_read = True
    takes_other_shapes = True
    _readings: dict[Any, Callable[..., Any]] = field(default_factory=dict)

    @property
    def __wrapped__(self) -> Any:
        return self.native

    @property
    def argument_names(self) -> tuple[str, ...]:
        """What the hand-written function calls its arguments."""
        return tuple(parameter_names(self.native))

    def __call__(self, xp: Any, *arguments: Any) -> Any:
        """Evaluate the reading; the first call with arrays of some shapes must be NumPy's."""
        leaves = tree.leaves(list(arguments))
        key = tuple(getattr(leaf, "shape", leaf) for leaf in leaves)
        key = tuple(tuple(part) if isinstance(part, tuple | list) else part for part in key)
        if key not in self._readings:
            self._readings[key] = self._read(arguments)
        return self._readings[key](xp, *arguments)

    def _read(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        framework = framework_called(self.framework)
        for dtype in READ_IN:

            def moved(leaf: Any, dtype: str = dtype) -> Any:
                if not isinstance(leaf, np.ndarray | np.generic):
                    return leaf
                array = np.array(leaf)
                name = dtype if array.dtype.kind == "f" else array.dtype.name
                return framework.from_numpy(array, name)

            try:
                with framework.modes(dtype):
                    examples = tree.map(moved, list(arguments))
                return read(self.framework, self.native, examples, self.name, dtype)
            except SpecError:
                if dtype == READ_IN[-1]:
                    raise
        raise AssertionError("a function is read or refused")
