"""Functions whose derivative the user chooses: their own rules, and recomputation instead of storage.

The functions take pytrees of arrays (and constants) and return one array. Of the two rules one is enough: the other is
its transpose, found by reverse mode. A rule is a program like any other, so it is differentiated for higher orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import tree
from .arguments import fill
from .core import Array, Primitive, Rule, Tracer
from .forward import jvp as forward
from .reverse import vjp as reverse
from .rules import sum_of_parts
from .scalars import Numbers
from .transposition import transposed

Function = Callable[..., Array]


class _Custom(Primitive):
    """A primitive for one call of one function of arrays; it is in no table."""

    __slots__ = ()

    def __init__(self, name: str, function: Function) -> None:
        def implementation(*args: Array) -> Array:
            ans = function(*args)
            outermost = max([arg.level.number for arg in args if isinstance(arg, Tracer)], default=0)
            if isinstance(ans, Tracer) and ans.level.number > outermost:
                raise TypeError(f"{name!r} uses a traced array that is not among its arguments: pass it as one.")
            return ans

        self.name = name
        self.implementation = implementation
        self.jvp = None
        self.vjps = ()
        self.elementwise = False

    def __call__(self, *args: Array, **params: Any) -> Array:
        if any(isinstance(arg, Tracer) and not isinstance(arg, Numbers) for arg in args):
            return super().__call__(*args, **params)
        return self.implementation(*args, **params)


def _name(f: Function) -> str:
    return getattr(f, "__name__", "a function")


class _Each(Sequence[Rule]):
    """The rule for each position; they share one computation of all the cotangents."""

    def __init__(self, cotangents: Callable[..., Sequence[Array | None]]) -> None:
        self.cotangents = cotangents
        self.latest: tuple[Any, Any, Any] = (None, None, None)

    def __getitem__(self, position: Any) -> Any:
        def rule(g: Array, ans: Array, *args: Array) -> Array | None:
            latest = self.latest
            if latest[0] is not g or latest[1] is not ans:
                latest = self.latest = (g, ans, self.cotangents(g, ans, *args))
            return latest[2][position]

        return rule

    def __len__(self) -> int:
        raise TypeError("There are as many rules as there are arguments.")


def custom_jvp(f: Function, jvp: Callable[..., Array]) -> Function:
    """f with a JVP rule of its own.

    f:   of any number of arguments, returns one array
    jvp: ``jvp(tangents, ans, *args)``, with one tangent per argument, like it in structure and shapes (zeros where
         there is none, None for leaves that are no arrays), returns the tangent of the answer. Linear in the tangents
    """

    def call(*args: Any) -> Array:
        leaves, structure = tree.flatten(args)
        primitive = _Custom(_name(f), lambda *leaves: f(*tree.unflatten(structure, leaves)))

        def pushed(tangents: Sequence[Array | None], ans: Array, leaves: Sequence[Array]) -> Array:
            pairs = zip(tangents, leaves, strict=True)
            filled = [fill(t, x) if hasattr(x, "dtype") else None for t, x in pairs]
            return jvp(tree.unflatten(structure, filled), ans, *tree.unflatten(structure, leaves))

        def pulled(position: int) -> Rule:
            def only(t: Array, ans: Array, *leaves: Array) -> Array:
                return pushed([t if k == position else None for k in range(len(leaves))], ans, leaves)

            return lambda g, ans, *leaves: transposed(lambda t: only(t, ans, *leaves), leaves[position], g)

        primitive.jvp = lambda tangents, ans, leaves, params: pushed(tangents, ans, leaves)
        primitive.vjps = [pulled(position) for position in range(len(leaves))]
        return primitive(*leaves)

    return call


def custom_vjp(f: Function, vjp: Callable[..., Sequence[Any]]) -> Function:
    """f with a VJP rule of its own.

    f:   of any number of arguments, returns one array
    vjp: ``vjp(g, ans, *args)``, with the cotangent of the answer, returns a tuple with one cotangent per argument, like
         it in structure and shapes; None for a leaf without one. Linear in g
    """

    def call(*args: Any) -> Array:
        leaves, structure = tree.flatten(args)
        primitive = _Custom(_name(f), lambda *leaves: f(*tree.unflatten(structure, leaves)))

        def pulled(g: Array, ans: Array, *leaves: Array) -> Sequence[Array | None]:
            return tree.leaves(tuple(vjp(g, ans, *tree.unflatten(structure, leaves))))

        def pushed(position: int) -> Rule:
            return lambda t, ans, *leaves: transposed(lambda g: pulled(g, ans, *leaves)[position], ans, t)

        primitive.vjps = _Each(pulled)
        primitive.jvp = sum_of_parts([pushed(position) for position in range(len(leaves))])
        return primitive(*leaves)

    return call


def checkpoint(f: Function) -> Function:
    """f without its intermediate results: they are computed again when its derivative is taken, to save memory."""

    def call(*args: Any) -> Array:
        leaves, structure = tree.flatten(args)
        active = [k for k, x in enumerate(leaves) if hasattr(x, "dtype") and x.dtype.kind in "fcO"]

        def inner(*values: Array) -> Array:
            complete = list(leaves)
            for position, value in zip(active, values, strict=True):
                complete[position] = value
            return f(*tree.unflatten(structure, complete))

        def pushed(tangents: Sequence[Array | None], ans: Array, xs: Sequence[Array], params: Any) -> Array:
            return forward(inner, xs, [fill(t, x) for t, x in zip(tangents, xs, strict=True)])[1]

        primitive = _Custom(_name(f), inner)
        primitive.jvp = pushed
        primitive.vjps = _Each(lambda g, ans, *xs: reverse(inner, *xs)[1](g))
        return primitive(*[leaves[k] for k in active])

    return call
