"""The model: a pure function written once for every backend, with what is known about it.

Nothing heavy is imported here, so that a model file is cheap to load wherever only its name is
wanted.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adbench.cases.messages import SentenceError
from adbench.cases.operators import Operator

if TYPE_CHECKING:
    import numpy as np

    Size = Mapping[str, Any]
    Make = Callable[[Size, np.random.Generator], Sequence[Any]]


class SpecError(SentenceError, ValueError):
    """A model, a size, an operator or a backend that was asked for cannot be used.

    The message says why.
    """


_KINDS: tuple[tuple[str, Any, str], ...] = (
    ("function", Callable, "a function of xp and the arguments"),
    ("make", Callable, "a function of size and rng"),
    ("sizes", Mapping, "a mapping of names to sizes, such as {'small': {}}"),
    ("active", int, "the position of an argument"),
    ("sweep", Mapping, "a mapping of names to sizes, such as {'n=1,m=4': {'n': 1, 'm': 4}}"),
    ("growth", Mapping, "a mapping such as {'depth': {'depth=1': {'depth': 1}}}"),
    ("stagings", Mapping, "a mapping of operators to names of sizes"),
    ("orders", int, "the highest order of its derivatives, an integer of at least 1"),
    ("oracle", Mapping, "a mapping of operators to functions"),
    ("native", Mapping, "a mapping of frameworks to functions"),
    ("known_issues", Mapping, "a mapping of frameworks or backends to addresses"),
    ("accuracy", float | int, "a relative error, such as 1e-6"),
    ("summary", str, "a line of text"),
    ("group", str, "a line of text"),
)
"""What the fields of a model must be, in words."""

_GROWN = re.compile(r".+=\d+(\.\d+)?", re.ASCII)
"""How a size of a model's growth is called."""


def no_function(xp: Any, *arguments: Any) -> Any:
    """Stand for the function of a model that is read from its native implementation."""
    raise RuntimeError("A model was called that has no function; its native one was not read.")


WEB = ("https://", "http://")
"""What the address of a known issue begins with."""

LONGEST_NAME = 200
"""How many characters the name of a model or of a size may have."""

LONGEST_VALUE = 100
"""How many characters of a value that cannot be used are shown."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A function to differentiate, its inputs and what is known about its derivatives."""

    name: str
    """What the command line and the tables call it."""

    function: Callable[..., Any] = no_function
    """`function(xp, *arguments)`, pure, written against the array namespace `xp`: the Python array
    API standard 2024.12, and `xp.special` with SciPy's names. The output is one array, of shape ()
    where it is a scalar, or a tree of arrays, which is judged as their numbers in a row. Where it
    is left out it is read from a native implementation."""

    make: Make
    """`make(size, rng)` gives the arguments as a sequence of trees (arrays, or nested lists, tuples
    and dicts of arrays) of float64 or complex128 values. The harness rounds them to the lowest
    dtype that is asked for, so every dtype and every backend starts from the same numbers."""

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

    samples: Sequence[int] = ()
    """The positions of the arguments whose arrays have the samples of a batch along their first
    axis, where a gradient for each sample has a meaning: the function is called with one alone."""

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

    differentiable: Sequence[int] | None = None
    """The positions of the arguments that hand-written functions have derivatives by; None for all
    that hold floating numbers."""

    known_issues: Mapping[str, str] = field(default_factory=dict)
    """Where defects of frameworks are tracked that this model shows: `{"torch": "https://..."}`.
    Keys are names of frameworks or of backends; the page of a run links them."""

    accuracy: float = 0.0
    """The relative error that answers have by design, as those of an ODE's adjoint do: every entry
    is judged within this part of its size, or of its array's root mean square where that is
    more. 0 for functions that are right up to rounding."""

    summary: str = ""
    """One line for `adbench list`."""

    group: str = ""
    """Where it comes from, in a word or two: what `adbench list` puts together."""

    by_default: bool = True
    """Whether a run that names no model has it, of the models that adbench brings; those of other
    packages it always has."""

    def __post_init__(self) -> None:
        self._check_name()
        self._check_kinds()
        self._check_numbers()
        self._check_functions()
        self._check_known_issues()
        self._check_all_sizes()
        self._check_stagings()

    def _refusal(self, subject: str, requirement: str) -> SpecError:
        return SpecError(f"The model {self.name!r} has {subject}; {requirement}.")

    def _check_name(self) -> None:
        name: Any = self.name
        if not isinstance(name, str):
            raise SpecError(f"A model has name={_in_short(name)}; it must be a string.")
        fault = _fault_of_name(name)
        if not name:
            fault = "is empty"
        if fault:
            raise SpecError(f"A model has the name {_in_short(name)}, which {fault}; rename it.")

    def _check_kinds(self) -> None:
        for field_name, kind, description in _KINDS:
            value = getattr(self, field_name)
            if isinstance(value, bool) or not isinstance(value, kind):
                raise self._refusal(f"{field_name}={_in_short(value)}", f"it must be {description}")

    def _check_numbers(self) -> None:
        if self.active < 0:
            raise self._refusal(f"active={self.active}", "it must be a position, counted from 0")
        if self.orders < 1:
            raise self._refusal(f"orders={self.orders}", "it must be an integer of at least 1")
        if not 0 <= self.accuracy < 1:
            raise self._refusal(
                f"accuracy={self.accuracy!r}",
                "it must be a relative error of at least 0 and less than 1",
            )

    def _check_functions(self) -> None:
        if self.function is no_function and not self.native:
            raise self._refusal(
                "no function", "give it a function of xp, or a native one that it is read from"
            )
        operators = sorted(operator.value for operator in Operator)
        for field_name in ("oracle", "native"):
            for key, function in getattr(self, field_name).items():
                if not isinstance(key, str):
                    raise self._refusal(f"{field_name} of {_in_short(key)}", "give it by its name")
                if not callable(function):
                    raise self._refusal(
                        f"{field_name}={{{key!r}: {_in_short(function)}}}", "give a function"
                    )
        for name in self.oracle:
            if name not in operators:
                raise self._refusal(
                    f"an oracle for {_in_short(name)}, which is no operator",
                    f"the operators are {', '.join(operators)}",
                )

    def _check_known_issues(self) -> None:
        for name, address in self.known_issues.items():
            is_address = isinstance(address, str) and address.startswith(WEB)
            if not isinstance(name, str) or not is_address:
                raise self._refusal(
                    f"known_issues={{{_in_short(name)}: {_in_short(address)}}}",
                    "give the name of a framework and an address that begins with https://",
                )

    def _check_all_sizes(self) -> None:
        if not self.sizes:
            raise SpecError(
                f"The model {self.name!r} names no size; give it sizes={{'small': {{...}}}}."
            )
        self._check_sizes("sizes", self.sizes)
        self._check_sizes("sweep", self.sweep)
        for axis, sizes in self.growth.items():
            if not isinstance(axis, str) or not isinstance(sizes, Mapping) or not sizes:
                raise self._refusal(
                    f"growth={{{_in_short(axis)}: {_in_short(sizes)}}}",
                    "give the name of what is varied and a mapping of names to sizes",
                )
            self._check_sizes(f"growth by {axis!r}", sizes)
            for name in sizes:
                if not _GROWN.fullmatch(name):
                    raise self._refusal(
                        f"a size called {name!r} in its growth by {axis!r}",
                        f"call it by its number, such as '{axis}=4'",
                    )
        self._check_sweep()

    def _check_sweep(self) -> None:
        """Raise SpecError for a sweep whose sizes cannot be put in an order by their numbers."""
        for name, size in self.sweep.items():
            for parameter, number in size.items():
                if isinstance(number, bool) or not isinstance(number, int | float):
                    raise self._refusal(
                        f"{parameter}={_in_short(number)} for the size {name!r} of its sweep",
                        "give a number",
                    )
        parameters = {tuple(sorted(size)) for size in self.sweep.values()}
        if len(parameters) > 1:
            raise self._refusal(
                "sizes of its sweep with different keys, "
                + " and ".join(str(list(keys)) for keys in sorted(parameters)[:2]),
                "give each of them the same",
            )

    def _check_sizes(self, title: str, sizes: Mapping[Any, Any]) -> None:
        """Raise SpecError for sizes that are no mappings by names."""
        for name, size in sizes.items():
            if not isinstance(name, str):
                raise self._refusal(
                    f"a size called {_in_short(name)} in its {title}",
                    f"the names of sizes are strings, such as {str(_in_short(name))!r}",
                )
            fault = _fault_of_name(name)
            if fault:
                raise self._refusal(f"a size called {_in_short(name)}, which {fault}", "rename it")
            if not isinstance(size, Mapping) or not all(isinstance(key, str) for key in size):
                raise self._refusal(
                    f"{_in_short(size)} for the size {name!r} in its {title}",
                    "give a mapping of names to values, such as {'n': 3}",
                )

    def _check_stagings(self) -> None:
        operators = sorted(operator.value for operator in Operator)
        for operator, sizes in self.stagings.items():
            if operator not in operators:
                raise self._refusal(
                    f"stagings of {_in_short(operator)}, which is no operator",
                    f"the operators are {', '.join(operators)}",
                )
            if isinstance(sizes, str) or not isinstance(sizes, Sequence):
                raise self._refusal(
                    f"stagings={{{operator!r}: {_in_short(sizes)}}}",
                    "give a tuple of names of sizes",
                )
            for size in sizes:
                if size not in tuple(self.sizes):
                    raise self._refusal(
                        f"stagings at {_in_short(size)}, which is no size of it",
                        f"its sizes are {', '.join(self.sizes)}",
                    )

    def output(self, xp: Any, *arguments: Any) -> Any:
        """Return what the function gives as one array: the numbers of a tree of arrays in a row.

        arguments: with parts for complex arrays; so has the output, before its numbers are counted.
        """
        from adbench.cases.complex_parts import joined, split_output
        from adbench.cases.outputs import as_one_array

        return as_one_array(xp, split_output(xp, self.function(xp, *map(joined, arguments))))

    def output_of_reals(self, xp: Any, *arguments: Any) -> Any:
        """Return what `output` does, where no argument and no output is complex: what is timed."""
        from adbench.cases.outputs import as_one_array

        return as_one_array(xp, self.function(xp, *arguments))

    @cached_property
    def _parameter_names(self) -> list[str]:
        """What the function calls its parameters after `xp`; none where it cannot be told."""
        names = getattr(self.function, "argument_names", None)
        if names is not None:  # a reading, whose arguments are those of another function
            return list(names)
        try:
            return list(inspect.signature(self.function).parameters)[1:]
        except (ValueError, TypeError):
            return []

    def argument_names(self, count: int) -> list[str]:
        """Return what the function calls its arguments after `xp`, of which there are `count`.

        One is called "" whose entries have names of their own: a dict of arrays by name.
        """
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


def _fault_of_name(name: str) -> str:
    """Why something cannot be called so, or ""."""
    if not name.isprintable():
        return "has characters that cannot be printed"
    if name != name.strip():
        return "begins or ends with a space"
    if len(name) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME} characters"
    return ""


def _in_short(value: Any) -> str:
    """Return a value of the user's as Python writes it, cut off where that is long."""
    try:
        text = repr(value)
    except Exception:
        text = f"an object of {type(value).__name__}"
    text = text.encode("ascii", "backslashreplace").decode() if not text.isprintable() else text
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} ..."
