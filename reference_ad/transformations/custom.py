"""Functions whose derivative the user chooses.

Their own rules, and recomputation instead of storage.

The functions take pytrees of arrays (and constants) and return one array. Of the two rules one is
enough: the other is its transpose, found by reverse mode. A rule is a program like any other, so it
is differentiated for higher orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.arguments import ARRAYS, fill, zeros
from ..engine.core import Array, Tracer, UnlistedPrimitive
from ..engine.declaring import broadcast_tangent
from ..engine.transposition import transposed
from .forward import jvp as forward
from .reverse import vjp as reverse

Function = Callable[..., Array]
Leaves = Sequence[Any]
Pushed = Callable[[Sequence[Array | None], Array, tree.Structure, Leaves], Array]
Pulled = Callable[[Array, Array, tree.Structure, Leaves], Sequence[Array | None]]


def _apply(f: Function, args: tuple[Any, ...], jvp: Pushed, vjp: Pulled) -> Array:
    """Apply `f` as a primitive of the arrays among its arguments, for this one call.

    It is in no table.

    jvp, vjp: the tangent of the answer, and the cotangents of all leaves, given structure and
    leaves of the arguments
    """
    name = getattr(f, "__name__", "a function")
    all_leaves, structure = tree.flatten(args)
    places = [place for place, leaf in enumerate(all_leaves) if hasattr(leaf, "dtype")]

    def complete(values: Sequence[Any], defaults: Leaves = all_leaves) -> Leaves:
        leaves = list(defaults)
        for place, leaf in zip(places, values, strict=True):
            leaves[place] = leaf
        return leaves

    def implementation(*arrays: Array) -> Array:
        ans = f(*tree.unflatten(structure, complete(arrays)))
        outermost = max(
            [array.level.number for array in arrays if isinstance(array, Tracer)], default=0
        )
        if isinstance(ans, Tracer) and ans.level.number > outermost:
            raise TypeError(
                f"{name!r} uses a traced array that is not among its arguments: pass it as one."
            )
        if not isinstance(ans, (*ARRAYS, int, float, complex)):
            raise TypeError(f"{name!r} returned {type(ans).__name__}: it must return one array.")
        return _as_array(ans)

    def push(
        tangents: Sequence[Array | None],
        ans: Array,
        arrays: Sequence[Array],
        params: dict[str, Any],
    ) -> Array:
        with _ending(name):
            leaves = complete(tangents, [None] * len(all_leaves))
            return jvp(leaves, ans, structure, complete(arrays))

    latest: tuple[Any, ...] = (None, None, None)

    def pull(place: int, g: Array, ans: Array, *arrays: Array) -> Array | None:
        nonlocal latest
        shared = latest  # the rules share one computation of all the cotangents
        if shared[0] is not g or shared[1] is not ans:
            with _ending(name):
                shared = latest = (g, ans, vjp(g, ans, structure, complete(arrays)))
        return shared[2][place]

    primitive = UnlistedPrimitive(name, implementation)
    primitive.jvp = push
    primitive.vjps = [partial(pull, place) for place in places]
    return primitive(*[all_leaves[place] for place in places])


class _EndlessRuleError(RecursionError):
    """A rule has called itself without end."""


@contextmanager
def _ending(name: str) -> Iterator[None]:
    """Say what is wrong where the rule of the function of this name does not end."""
    try:
        yield
    except _EndlessRuleError:
        raise
    except RecursionError:
        raise _EndlessRuleError(
            f"The rule of {name!r} does not end: it asks for the derivative of the function that "
            "it is the rule of, or calls itself too deeply. A rule may call its function, and must "
            "give the derivative by other means."
        ) from None


def _as_array(x: Any) -> Array:
    return x if hasattr(x, "dtype") else np.asarray(x)


def _is_floating(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and leaf.dtype.kind in "fcO"


def custom_jvp(f: Function, jvp: Callable[..., Array]) -> Function:
    """f with a JVP rule of its own.

    f:   of any number of arguments, returns one array
    jvp: ``jvp(tangents, ans, *args)``, with one tangent per argument, like it in structure and
    shapes (zeros where
         there is none, None for leaves that are no arrays), returns the tangent of the answer.
         Linear in the tangents

    Raises ValueError where the rule's answer is not like the function's.
    """

    def pushed(
        tangents: Sequence[Array | None], ans: Array, structure: tree.Structure, leaves: Leaves
    ) -> Array:
        pairs = zip(tangents, leaves, strict=True)
        filled = [fill(t, x) if hasattr(x, "dtype") else None for t, x in pairs]
        tangent = jvp(tree.unflatten(structure, filled), ans, *tree.unflatten(structure, leaves))
        if tangent is not None and np.shape(tangent) != np.shape(ans):
            raise ValueError(
                f"A JVP rule returned shape {np.shape(tangent)} for an answer of shape "
                f"{np.shape(ans)}: a tangent has the shape of the answer."
            )
        return None if tangent is None else broadcast_tangent(_as_array(tangent), ans)

    def pulled(
        g: Array, ans: Array, structure: tree.Structure, leaves: Leaves
    ) -> Sequence[Array | None]:
        like = [x if _is_floating(x) else zeros(np.shape(x), float) for x in leaves]
        return transposed(lambda *tangents: [pushed(tangents, ans, structure, leaves)], like, [g])

    return wraps(f)(lambda *args: _apply(f, args, pushed, pulled))


def custom_vjp(f: Function, vjp: Callable[..., Sequence[Any]]) -> Function:
    """f with a VJP rule of its own.

    f:   of any number of arguments, returns one array
    vjp: ``vjp(g, ans, *args)``, with the cotangent of the answer, returns a tuple with one
    cotangent per argument, like
         it in structure and shapes; None for a leaf without one. Linear in g

    Raises ValueError where the rule returns anything else.
    """

    def pulled(
        g: Array, ans: Array, structure: tree.Structure, leaves: Leaves
    ) -> Sequence[Array | None]:
        returned = vjp(g, ans, *tree.unflatten(structure, leaves))
        cotangents = tree.leaves(returned)
        if not _fit(returned, cotangents, leaves):
            like = tree.unflatten(structure, leaves)
            raise ValueError(
                "A VJP rule must return a tuple with one cotangent per argument, like it in "
                "structure and shapes, and None for a leaf without one: it returned "
                f"{_described(returned)} for {_described(like)}."
            )
        return [None if c is None else _as_array(c) for c in cotangents]

    def pushed(
        tangents: Sequence[Array | None], ans: Array, structure: tree.Structure, leaves: Leaves
    ) -> Array:
        return transposed(lambda g: pulled(g, ans, structure, leaves), [ans], tangents)[0]

    return wraps(f)(lambda *args: _apply(f, args, pushed, pulled))


def _fit(returned: Any, cotangents: Sequence[Any], leaves: Leaves) -> bool:
    """Whether what a VJP rule returned is a tuple with a cotangent like each leaf, or None."""
    if not isinstance(returned, tuple) or len(cotangents) != len(leaves):
        return False
    pairs = zip(cotangents, leaves, strict=True)
    return all(c is None or np.shape(c) == np.shape(leaf) for c, leaf in pairs)


def _described(values: Any) -> str:
    shapes = ", ".join(
        [
            str(np.shape(leaf)) if hasattr(leaf, "dtype") else repr(leaf)
            for leaf in tree.leaves(values)
        ]
    )
    return f"{type(values).__name__} of shapes {shapes or 'none'}"


def checkpoint(f: Function) -> Function:
    """f without its intermediate results.

    They are computed again when its derivative is taken, to save memory.

    f: of any number of arguments, returns one array
    """

    def of_active(structure: tree.Structure, leaves: Leaves) -> tuple[list[int], Function]:
        active = [place for place, leaf in enumerate(leaves) if _is_floating(leaf)]

        def again(*values: Array) -> Array:
            complete = list(leaves)
            for place, value in zip(active, values, strict=True):
                complete[place] = value
            return f(*tree.unflatten(structure, complete))

        return active, again

    def pushed(
        tangents: Sequence[Array | None], ans: Array, structure: tree.Structure, leaves: Leaves
    ) -> Array:
        active, again = of_active(structure, leaves)
        return forward(
            again, [leaves[k] for k in active], [fill(tangents[k], leaves[k]) for k in active]
        )[1]

    def pulled(
        g: Array, ans: Array, structure: tree.Structure, leaves: Leaves
    ) -> Sequence[Array | None]:
        active, again = of_active(structure, leaves)
        _, pullback = reverse(again, *[leaves[k] for k in active])
        cotangents = dict(zip(active, pullback(g), strict=True))
        return [cotangents.get(place) for place in range(len(leaves))]

    return wraps(f)(lambda *args: _apply(f, args, pushed, pulled))
