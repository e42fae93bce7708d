"""The model: a pure function written once for every backend, with what is known about it.

Nothing heavy is imported here, so that a model file is cheap to load wherever only its name is
wanted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adbench.cases.messages import SentenceError
from adbench.cases.operators import Operator
from adbench.cases.text import plain_name

if TYPE_CHECKING:
    import numpy as np

    Size = Mapping[str, Any]
    Make = Callable[[Size, np.random.Generator], Sequence[Any]]


class SpecError(SentenceError, ValueError):
    """A model, a size, an operator or a backend that was asked for cannot be used.

    The message says why.
    """


_KINDS: tuple[tuple[str, Any, str], ...] = (
    ("name", str, "a string"),
    ("function", Callable, "a function of xp and the arguments"),
    ("make", Callable, "a function of size and rng"),
    ("sizes", Mapping, "a mapping of names to sizes, such as {'small': {}}"),
    ("active", int, "the position of an argument"),
    ("accuracy", float | int, "a relative error, such as 1e-6"),
    ("stagings", Mapping, "a mapping of operators to names of sizes"),
    ("oracle", Mapping, "a mapping of operators to functions"),
    ("native", Mapping, "a mapping of frameworks to functions"),
)
"""What the fields of a model must be, in words."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A function to differentiate, its inputs and what is known about its derivatives."""

    name: str
    """What the command line and the tables call it."""

    function: Callable[..., Any]
    """`function(xp, *arguments)`, pure, written against the array namespace `xp`: the Python array
    API standard 2024.12, and `xp.special` with SciPy's names. The output is one array, of shape ()
    where it is a scalar."""

    make: Make
    """`make(size, rng)` gives the arguments as a sequence of trees (arrays, or nested lists, tuples
    and dicts of arrays) of float64 values. The harness rounds them to the lowest dtype that is
    asked for, so every dtype and every backend starts from the same numbers."""

    sizes: Mapping[str, Size]
    """The named sizes, smallest first; each is a mapping that `make` understands."""

    active: int = 0
    """The position in `arguments` of the argument to differentiate with respect to; the others are
    constants."""

    sweep: Mapping[str, Size] = field(default_factory=dict)
    """Named sizes over which full Jacobians are timed in forward and in reverse mode, where that is
    of interest."""

    growth: Mapping[str, Mapping[str, Size]] = field(default_factory=dict)
    """Sizes along which cost is seen to grow, by what is varied: `{"depth": {"depth=1": {...}}}`.
    Each axis has sizes that are named "axis=value", smallest first; their gradients are timed, and
    their memory counted. Along the first of several axes a JVP is asked as well, one pass of
    forward mode beside one of reverse mode."""

    stagings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Operators, each with the names of sizes at which all stagings of all frameworks are compared
    in reverse mode: `{"gradient": ("small", "large")}`."""

    orders: int = 1
    """How often a scalar function of one scalar is differentiated."""

    oracle: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Derivatives known by hand: `{"gradient": oracle}` with `oracle(*arguments)` returning a tree
    like the active argument, `{"derivative": oracle}` with `oracle(*arguments, order=k)` returning
    a scalar, and so on. It is called with NumPy arrays in extended precision and should compute in
    the dtype that it is given. Those for `value` and `gradient` serve `value_and_gradient` too."""

    native: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Hand-written implementations to be checked against `function`: `{"torch": f}` with
    `f(*arguments)` on that framework's arrays, for instance a `torch.autograd.Function`. Keys are
    framework names."""

    accuracy: float = 0.0
    """The relative error that answers have by design, as those of an ODE's adjoint do: every entry
    is judged within this part of its size, or of its array's root mean square where that is
    more. 0 for functions that are right up to rounding."""

    summary: str = ""
    """One line for `adbench list`."""

    def __post_init__(self) -> None:
        self._check_kinds()
        for name in ("oracle", "native"):
            for key, function in getattr(self, name).items():
                if not callable(function):
                    raise SpecError(
                        f"The model {self.name!r} has {name}={{{key!r}: {function!r}}}; give a "
                        "function."
                    )
        if not self.sizes:
            raise SpecError(
                f"The model {self.name!r} names no size; give it sizes={{'small': {{...}}}}."
            )
        if not 0 <= self.accuracy < 1:
            raise SpecError(
                f"The model {self.name!r} has accuracy={self.accuracy!r}; it must be a relative "
                "error of at least 0 and less than 1."
            )
        operators = {operator.value for operator in Operator}
        for name in self.oracle:
            if name not in operators:
                raise SpecError(
                    f"The model {self.name!r} has an oracle for {name!r}, which is no operator; "
                    f"the operators are {', '.join(sorted(operators))}."
                )

        self._check_stagings(operators)
        self._make_names_plain()

    def _make_names_plain(self) -> None:
        """Let no name hold what is not seen: names stand in rows, tables and reports."""
        growth = {axis: _with_plain_names(sizes) for axis, sizes in self.growth.items()}
        stagings = {
            operator: tuple(map(plain_name, sizes)) for operator, sizes in self.stagings.items()
        }
        plain_fields = {
            "name": plain_name(self.name),
            "sizes": _with_plain_names(self.sizes),
            "sweep": _with_plain_names(self.sweep),
            "growth": _with_plain_names(growth),
            "stagings": stagings,
        }
        for field_name, value in plain_fields.items():
            object.__setattr__(self, field_name, value)

    def _check_stagings(self, operators: Set[str]) -> None:
        for operator, sizes in self.stagings.items():
            if operator not in operators:
                raise SpecError(
                    f"The model {self.name!r} has stagings of {operator!r}, which is no operator; "
                    f"the operators are {', '.join(sorted(operators))}."
                )
            for size in sizes:
                if size not in self.sizes:
                    raise SpecError(
                        f"The model {self.name!r} has stagings at {size!r}, which is no size of "
                        f"it; its sizes are {', '.join(self.sizes)}."
                    )

    def _check_kinds(self) -> None:
        for name, kind, description in _KINDS:
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise SpecError(
                    f"The model {self.name!r} has {name}={value!r}; it must be {description}."
                )

    @cached_property
    def _parameter_names(self) -> list[str]:
        """What the function calls its parameters after `xp`; none where it cannot be told."""
        try:
            return list(inspect.signature(self.function).parameters)[1:]
        except (ValueError, TypeError):
            return []

    def argument_names(self, count: int) -> list[str]:
        """Return what the function calls its arguments after `xp`, of which there are `count`."""
        names = self._parameter_names
        unnamed = [f"argument {position}" for position in range(len(names), count)]
        return [*names, *unnamed][:count]

    def size(self, name: str) -> Size:
        """Return the size called `name`, from `sizes`, `sweep` or `growth`."""
        all_sizes = {size: value for sizes in self.growth.values() for size, value in sizes.items()}
        all_sizes |= {**self.sweep, **self.sizes}
        if name in all_sizes:
            return all_sizes[name]
        names = ", ".join(all_sizes)
        raise SpecError(f"The model {self.name!r} has no size {name!r}; it has {names}.")


def _with_plain_names(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """A mapping whose keys are names, all of visible characters."""
    return {plain_name(name): value for name, value in mapping.items()}
