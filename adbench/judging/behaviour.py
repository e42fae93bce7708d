"""How a call behaves, beside what it answers.

Whether it leaves its inputs alone, and answers alike again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array, Inputs
from reference_ad.engine import tree

SECOND_POINT_FACTOR = 0.875
"""The second point is the first times this: it keeps signs, and stays within [-1, 1] and similar
domains."""


def second_point(inputs: Inputs, lowest_dtype: str) -> Inputs:
    """Return other inputs.

    Every floating number changed, constants and directions too, none below `lowest_dtype`.
    """

    def moved(leaf: Array) -> Array:
        if leaf.dtype.kind != "f":
            return leaf
        scaled = leaf * leaf.dtype.type(SECOND_POINT_FACTOR)
        representable: Array = scaled.astype(lowest_dtype).astype(leaf.dtype)
        return representable

    return replace(
        inputs,
        arguments=tuple(tree.map(moved, argument) for argument in inputs.arguments),
        tangent=tree.map(moved, inputs.tangent),
        cotangent=moved(inputs.cotangent),
    )


def same(left: Answer, right: Answer) -> bool:
    """Whether two answers are the same to the last bit, nan being equal to itself."""
    if len(left.arrays) != len(right.arrays):
        return False
    pairs = zip(left.arrays, right.arrays, strict=True)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def changed(before: Sequence[Array], after: Sequence[Array], names: Sequence[str]) -> str:
    """Return a sentence that names the inputs which a call has changed.

    It is "" where the call left them all alone.
    """
    triples = zip(names, before, after, strict=True)
    changed_names = [
        name for name, a, b in triples if a.dtype == b.dtype and a.tobytes() != b.tobytes()
    ]
    if not changed_names:
        return ""
    return (
        "The call changed its inputs, which differ from what they were: "
        f"{', '.join(changed_names)}."
    )
