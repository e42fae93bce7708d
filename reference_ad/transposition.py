"""The transpose of a linear program, found by reverse mode: so one of a primitive's two rules can give the other."""

from __future__ import annotations

from collections.abc import Callable

from .arguments import fill
from .core import Array, Rule
from .tape import Tape


def transposed(linear: Callable[[Array], Array], like: Array, g: Array) -> Array | None:
    """The transpose of a linear function, applied to g; `like` is an array of the function's domain."""
    with Tape() as tape:
        image = linear(tape.variable(fill(None, like)))
    index = tape.index_of(image)
    if index < 0:
        return None
    cotangents: list[Array | None] = [None] * len(tape.ends)
    cotangents[index] = g
    tape.pull_back(cotangents)
    return cotangents[0]


def transpose_of(jvp: Rule) -> Rule:
    """The VJP rule of a function of one array, from its JVP rule."""
    return lambda g, ans, x, **params: transposed(lambda t: jvp(t, ans, x, **params), x, g)
