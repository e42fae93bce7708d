"""How a call behaves, beside what it answers.

Whether it leaves its inputs alone, and answers alike again.
"""

from __future__ import annotations

from collections.abc import Sequence

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array


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
        f"{', '.join(changed_names)}. Let it work on a copy."
    )
