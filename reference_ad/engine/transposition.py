"""The transpose of a linear program, found by reverse mode.

So one of a primitive's two rules can give the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .arguments import fill
from .core import Array, Rule
from .tape import Tape


def pull(
    tape: Tape, indices: Sequence[int], output_cotangents: Sequence[Array | None]
) -> list[Array | None]:
    """The cotangents of the tape's inputs, from those of the entries at `indices`.

    The inputs come first on the tape; -1 stands for no entry.
    """
    cotangents: list[Array | None] = [None] * len(tape.ends)
    for index, g in zip(indices, output_cotangents, strict=True):
        if index >= 0 and g is not None:
            present = cotangents[index]
            cotangents[index] = g if present is None else present + g
    tape.pull_back(cotangents)
    return cotangents


def transposed(
    linear: Callable[..., Sequence[Array | None]],
    like: Sequence[Array],
    cotangents: Sequence[Array | None],
) -> list[Array | None]:
    """The transpose of a linear function, applied to `cotangents`.

    The function takes several arrays like these to several.
    """
    with Tape() as tape:
        images = linear(*[tape.variable(fill(None, x)) for x in like])
    return pull(tape, [tape.index_of(image) for image in images], cotangents)[: len(like)]


def transpose_of(jvp: Rule) -> Rule:
    """The VJP rule of a function of one array, from its JVP rule."""
    return lambda g, ans, x, **params: transposed(lambda t: [jvp(t, ans, x, **params)], [x], [g])[0]
