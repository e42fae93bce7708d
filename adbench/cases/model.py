"""The model: a pure function written once for every backend, with what is known about it.

Nothing heavy is imported here, so that a model file is cheap to load wherever only its name is
wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adbench.cases.operators import Operator

if TYPE_CHECKING:
    import numpy as np

    Size = Mapping[str, Any]
    Make = Callable[[Size, np.random.Generator], Sequence[Any]]


class SpecError(ValueError):
    """A model, a size, an operator or a backend that was asked for cannot be used; the message says
    why."""


_KINDS: tuple[tuple[str, Any, str], ...] = (
    ("name", str, "a string"),
    ("function", Callable, "a function of xp and the arguments"),
    ("make", Callable, "a function of size and rng"),
    ("sizes", Mapping, "a mapping of names to sizes, such as {'small': {}}"),
    ("active", int, "the position of an argument"),
    ("oracle", Mapping, "a mapping of operators to functions"),
    ("native", Mapping, "a mapping of frameworks to functions"),
)
"""What the fields of a model must be, in words."""


def account(error: BaseException, file: str, of: str = "") -> str:
    """Return what the user's code raised, for a sentence: the type, the last line of `file` on the
    way, the message.

    of: what to call the file where the sentence does not name it already.
    """
    lines, frame = [], error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == file:
            lines.append(frame.tb_lineno)
        frame = frame.tb_next
    place = f" in line {lines[-1]}{of and f' of {of}'}" if lines else ""
    said = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}{place}{said and f': {said}'}."


@dataclass(frozen=True, kw_only=True)
class Model:
    """A function to differentiate, its inputs and what is known about its derivatives.

    name: what the command line and the tables call it.
    function: `function(xp, *arguments)`, pure, written against the array namespace `xp` (the Python
        array API standard 2024.12 plus `xp.special` with SciPy's names). The output is one array,
        of shape () where it is a scalar.
    make: `make(size, rng)` gives the arguments as a sequence of trees (arrays, or nested lists,
        tuples and dicts of arrays) of float64 values. The harness rounds them to the lowest dtype
        that is asked for, so every dtype and every backend starts from the same numbers.
    sizes: the named sizes, smallest first; each is a mapping that `make` understands.
    active: the position in `arguments` of the argument to differentiate with respect to; the others
    are constants.
    sweep: named sizes over which full Jacobians are timed in forward and in reverse mode, where
    that is of interest.
    orders: how often a scalar function of one scalar is differentiated.
    oracle: derivatives known by hand: `{"gradient": oracle}` with `oracle(*arguments)` returning a
        tree like the active argument, `{"derivative": oracle}` with `oracle(*arguments, order=k)`
        returning a scalar, and so on. It is called with NumPy arrays in extended precision and
        should compute in the dtype that it is given.
    native: hand-written implementations to be checked against `function`: `{"torch": f}` with
        `f(*arguments)` on that framework's arrays, for instance a `torch.autograd.Function`. Keys
        are framework names.
    summary: one line for `adbench list`.
    """

    name: str
    function: Callable[..., Any]
    make: Make
    sizes: Mapping[str, Size]
    active: int = 0
    sweep: Mapping[str, Size] = field(default_factory=dict)
    orders: int = 1
    oracle: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    native: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    summary: str = ""

    def __post_init__(self) -> None:
        for name, kind, what in _KINDS:
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise SpecError(f"The model {self.name!r} has {name}={value!r}; it must be {what}.")
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
        known = {operator.value for operator in Operator}
        for operator in self.oracle:
            if operator not in known:
                raise SpecError(
                    f"The model {self.name!r} has an oracle for {operator!r}, which is no "
                    "operator; "
                    f"the operators are {', '.join(sorted(known))}."
                )

    def size(self, name: str) -> Size:
        """Return the size called `name`, from `sizes` or from `sweep`."""
        for sizes in (self.sizes, self.sweep):
            if name in sizes:
                return sizes[name]
        known = ", ".join([*self.sizes, *self.sweep])
        raise SpecError(f"The model {self.name!r} has no size {name!r}; it has {known}.")
