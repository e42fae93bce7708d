"""The four ideas on which everything else stands: primitive, tracer, level, bind.

A *primitive* is a function of arrays whose derivative is known. A *tracer* stands for an array
while a transformation
watches the program: it carries the array itself (the primal, which may be a tracer of an outer
transformation) and whatever the transformation adds to it. A *level* is one running transformation.
To *bind* a primitive to its arguments
is to apply it: the innermost level among the arguments decides what happens; with no tracer among
them, NumPy computes.

Array values are positional, parameters are keywords, everywhere.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

Array = Any
"""What an array function takes and gives: a NumPy array or scalar, a Python number, or a tracer."""

Rule = Callable[..., Array]
"""One line of a table of derivatives: ``rule(g, ans, *args, **params)``, with g a tangent or a
cotangent."""

PRIMITIVES: dict[str, Primitive] = {}
"""Every primitive by its name."""

_level_numbers = itertools.count(1)

_other_rules: ContextVar[Mapping[Primitive, Primitive]] = ContextVar("other rules")
"""Primitives whose rules are replaced in this context, each with one that has the others."""

_NO_OTHER_RULES: Mapping[Primitive, Primitive] = {}


@contextmanager
def other_rules(primitives: Mapping[Primitive, Primitive]) -> Iterator[None]:
    """Let levels that open within the block use other rules.

    primitives: for a primitive another one, as `Primitive.with_rules` makes it, whose rules are
    used. The rules are those of this context alone: of the thread, say.
    """
    token = _other_rules.set(primitives)
    try:
        yield
    finally:
        _other_rules.reset(token)


class Level:
    """One running transformation.

    Levels are numbered in the order in which they open, so of two open levels the one with the
    larger number is the inner one, and a tracer belongs to exactly one of them: this is what keeps
    perturbations apart. It closes when the function that it watches returns; a tracer that outlives
    it is an error, not a wrong number.
    """

    __slots__ = ("closed", "number", "other_rules")

    def __init__(self) -> None:
        self.number = next(_level_numbers)
        self.closed = False
        self.other_rules = _other_rules.get(_NO_OTHER_RULES)

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        """Apply `primitive`; arguments that are not tracers of this level are constants to it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.closed = True


class Tracer:
    """An array under a transformation. Its operators are attached in `operators.py`."""

    __slots__ = ("level", "primal")
    __array_ufunc__ = None  # so that ndarray + tracer asks the tracer

    level: Level
    primal: Array

    shape = property(lambda self: self.primal.shape)
    dtype = property(lambda self: self.primal.dtype)
    ndim = property(lambda self: self.primal.ndim)
    size = property(lambda self: self.primal.size)

    def __len__(self) -> int:
        return len(self.primal)

    def __iter__(self) -> Iterator[Array]:
        return (self[position] for position in range(len(self)))  # type: ignore[index]

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # nobody can write to it, and a copied level would be another one

    def __repr__(self) -> str:
        return f"{type(self).__name__}(level={self.level.number}, primal={self.primal!r})"

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "NumPy was given a traced array, or Python asked for it as a number, and its "
            "derivative would be lost: use the functions of reference_ad.numpy, or "
            "reference_ad.stop_gradient if it is meant to be lost."
        )

    __float__ = __int__ = __complex__ = __array__
    __hash__ = None  # type: ignore[assignment]  # == compares values, as for arrays


class Primitive:
    """A function of arrays together with everything that is known about it.

    Rules are written in primitives, so they can be differentiated again.
    """

    __slots__ = (
        "batching",
        "commutative",
        "elementwise",
        "implementation",
        "jvp",
        "linear",
        "lowering",
        "name",
        "rounding",
        "series",
        "simplifications",
        "source",
        "takes_indices",
        "vjps",
    )

    name: str
    """Unique; the key in `PRIMITIVES`, if it is listed there."""
    implementation: Callable[..., Any]
    """``implementation(*args, **params)``, on plain arrays."""
    jvp: Callable[[Sequence[Array], Array, Sequence[Array], dict[str, Any]], Array] | None
    """``jvp(tangents, ans, args, params)`` gives the tangent of the answer; absent tangents are
    None, and so is a tangent that is zero whatever the arguments. None: locally constant."""
    vjps: Sequence[Rule | None]
    """``vjps[position](g, ans, *args, **params)`` gives the cotangent of one argument."""
    elementwise: bool
    """Whether it acts on each element after broadcasting."""
    linear: bool
    """Whether it is linear in each argument taken alone."""
    commutative: bool
    """Whether its two arguments may be exchanged."""
    series: Any
    """How Taylor coefficients go through it, see `engine/series.py`; None: by its JVP rule."""
    batching: Any
    """How it is applied to stacks of arrays; None: to one array after another."""
    simplifications: Sequence[Any]
    """Identities of algebra by which an application is replaced in a graph."""
    lowering: Any
    """How an application is rewritten for NumPy when a graph is compiled; None: as it is."""
    source: Any
    """How it is written in compiled source, a `NumPySource`."""
    rounding: Any
    """How its value is rounded, a `Rounding`."""
    takes_indices: bool
    """Whether its arguments but the first are arrays of indices."""

    def __init__(self, name: str, implementation: Callable[..., Any], listed: bool = True) -> None:
        self.name = name
        self.implementation = implementation
        self.jvp = None
        self.vjps = ()
        self.elementwise = False
        self.linear = False
        self.commutative = False
        self.series = None
        self.batching = None
        self.simplifications = ()
        self.lowering = None
        self.source = None
        self.rounding = None
        self.takes_indices = False
        if listed and PRIMITIVES.setdefault(name, self) is not self:
            raise ValueError(f"There is a primitive named {name!r} already: choose another name.")

    def with_rules(self, *, jvp: Any, vjps: Sequence[Rule | None]) -> Primitive:
        """Return the same function of arrays with other rules, for `other_rules`."""
        primitive = copy.copy(self)
        primitive.jvp = jvp
        primitive.vjps = vjps
        return primitive

    def __call__(self, *args: Array, **params: Any) -> Array:
        """Bind: let the innermost level among the arguments apply this primitive."""
        innermost = None
        for arg in args:
            if isinstance(arg, Tracer):
                level = arg.level
                if innermost is None or level.number > innermost.number:
                    innermost = level
        if innermost is None:
            return self.implementation(*args, **params) if params else self.implementation(*args)
        if innermost.closed:
            raise RuntimeError(
                f"A traced array was given to {self.name!r} after its transformation had "
                "finished: return it from the differentiated function instead of keeping it "
                "elsewhere."
            )
        return innermost.process(self, args, params)

    def __repr__(self) -> str:
        return f"Primitive({self.name!r})"


class UnlistedPrimitive(Primitive):
    """A primitive that is in no table.

    A function of values alone, such as their order, or made of others.

    Below all transformations its implementation is a program like any other, on balls too.
    """

    __slots__ = ()

    def __init__(self, name: str, implementation: Callable[..., Any]) -> None:
        super().__init__(name, implementation, listed=False)

    def __call__(self, *args: Array, **params: Any) -> Array:
        # level 0 is no transformation: its arrays are values themselves
        if any(isinstance(arg, Tracer) and arg.level.number > 0 for arg in args):
            return super().__call__(*args, **params)
        return self.implementation(*args, **params)
