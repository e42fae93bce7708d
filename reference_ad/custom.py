"""Functions whose derivative the user chooses: their own rules, and recomputation instead of storage.

The functions take pytrees of arrays (and constants) and return one array. Of the two rules one is enough: the other is
its transpose, found by reverse mode. A rule is a program like any other, so it is differentiated for higher orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from . import tree
from .arguments import fill, zeros
from .core import Array, Observation, Tracer
from .forward import jvp as forward
from .reverse import vjp as reverse
from .transposition import transposed

Function = Callable[..., Array]
Pushed = Callable[[Sequence[Array | None], Array, Sequence[Array], dict[str, Any]], Array]
Pulled = Callable[..., Sequence[Array | None]]


def _apply(f: Function, of_leaves: Function, leaves: Sequence[Any], jvp: Pushed, vjp: Pulled) -> Array:
    """Apply `f` to the leaves of its arguments, as a primitive for this one call; it is in no table.

    jvp: the tangent, as a primitive has it; vjp: the cotangents of all the leaves
    """
    name = getattr(f, "__name__", "a function")

    def implementation(*leaves: Array) -> Array:
        ans = of_leaves(*leaves)
        outermost = max([leaf.level.number for leaf in leaves if isinstance(leaf, Tracer)], default=0)
        if isinstance(ans, Tracer) and ans.level.number > outermost:
            raise TypeError(f"{name!r} uses a traced array that is not among its arguments: pass it as one.")
        return ans

    latest: list[Any] = [None, None, None]

    def rule(position: int, g: Array, ans: Array, *leaves: Array) -> Array | None:
        if latest[0] is not g or latest[1] is not ans:  # the rules share one computation of all the cotangents
            latest[:] = g, ans, vjp(g, ans, *leaves)
        return latest[2][position]

    primitive = Observation(name, implementation)
    primitive.jvp = jvp
    primitive.vjps = [partial(rule, position) for position in range(len(leaves))]
    return primitive(*leaves)


def _is_floating(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and leaf.dtype.kind in "fcO"


def custom_jvp(f: Function, jvp: Callable[..., Array]) -> Function:
    """f with a JVP rule of its own.

    f:   of any number of arguments, returns one array
    jvp: ``jvp(tangents, ans, *args)``, with one tangent per argument, like it in structure and shapes (zeros where
         there is none, None for leaves that are no arrays), returns the tangent of the answer. Linear in the tangents
    """

    def call(*args: Any) -> Array:
        leaves, structure = tree.flatten(args)

        def pushed(tangents: Sequence[Array | None], ans: Array, leaves: Sequence[Array], params: Any) -> Array:
            pairs = zip(tangents, leaves, strict=True)
            filled = [fill(t, x) if hasattr(x, "dtype") else None for t, x in pairs]
            return jvp(tree.unflatten(structure, filled), ans, *tree.unflatten(structure, leaves))

        def pulled(g: Array, ans: Array, *leaves: Array) -> Sequence[Array | None]:
            like = [x if _is_floating(x) else zeros(np.shape(x), float) for x in leaves]
            return transposed(lambda *tangents: [pushed(tangents, ans, leaves, {})], like, [g])

        return _apply(f, lambda *leaves: f(*tree.unflatten(structure, leaves)), leaves, pushed, pulled)

    return call


def custom_vjp(f: Function, vjp: Callable[..., Sequence[Any]]) -> Function:
    """f with a VJP rule of its own.

    f:   of any number of arguments, returns one array
    vjp: ``vjp(g, ans, *args)``, with the cotangent of the answer, returns a tuple with one cotangent per argument, like
         it in structure and shapes; None for a leaf without one. Linear in g
    """

    def call(*args: Any) -> Array:
        leaves, structure = tree.flatten(args)

        def pulled(g: Array, ans: Array, *leaves: Array) -> Sequence[Array | None]:
            return tree.leaves(tuple(vjp(g, ans, *tree.unflatten(structure, leaves))))

        def pushed(tangents: Sequence[Array | None], ans: Array, leaves: Sequence[Array], params: Any) -> Array:
            return transposed(lambda g: pulled(g, ans, *leaves), [ans], tangents)[0]

        return _apply(f, lambda *leaves: f(*tree.unflatten(structure, leaves)), leaves, pushed, pulled)

    return call


def checkpoint(f: Function) -> Function:
    """f without its intermediate results: they are computed again when its derivative is taken, to save memory."""

    def call(*args: Any) -> Array:
        leaves, structure = tree.flatten(args)
        active = [k for k, x in enumerate(leaves) if _is_floating(x)]

        def inner(*values: Array) -> Array:
            complete = list(leaves)
            for position, value in zip(active, values, strict=True):
                complete[position] = value
            return f(*tree.unflatten(structure, complete))

        def pushed(tangents: Sequence[Array | None], ans: Array, xs: Sequence[Array], params: Any) -> Array:
            return forward(inner, xs, [fill(t, x) for t, x in zip(tangents, xs, strict=True)])[1]

        return _apply(f, inner, [leaves[k] for k in active], pushed, lambda g, ans, *xs: reverse(inner, *xs)[1](g))

    return call
