"""How a call behaves, beside what it answers.

Whether it leaves its inputs alone, answers alike again, and whether gradients reach its inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from adbench.cases.answer import Answer, mismatch, relative_error
from adbench.cases.inputs import Array
from adbench.cases.question import Question, array_name

NOT_A_FUNCTION = (
    "Two calls at the same point gave different answers: where the function is random, make the "
    "mask, the seed or the key an argument of the model; where it keeps something from call to "
    "call, let it keep nothing."
)
"""What to do about hand-written code whose answers depend on more than its arguments."""


def same(left: Answer, right: Answer) -> bool:
    """Whether two answers are the same to the last bit, nan being equal to itself."""
    if len(left.arrays) != len(right.arrays):
        return False
    pairs = zip(left.arrays, right.arrays, strict=True)
    return all(
        a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs
    )


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


def differ(left: Answer, right: Answer, *, beyond: float) -> bool:
    """Whether two finite answers at one point differ by more than a part of their size."""
    if mismatch(right, left) or not right.is_finite or not left.is_finite:
        return False
    return relative_error(right, left) > beyond


def unreached(paths: Sequence[str], truth: Answer, question: Question) -> str:
    """Return a sentence that names what no gradient reaches though a derivative is due.

    paths: the arrays of the active argument for which None came back. It is "" where there are
    none, or where their derivatives are 0.
    """
    pairs = zip(truth.paths, truth.arrays, strict=True)
    due = {question.title(place) for place, array in pairs if array.any()}
    titles = [array_name(question.active_name, path) for path in paths]
    if due and len(paths) == len(question.active_leaves):
        titles = [question.active_name or "any argument"]
    else:
        titles = [title for title in titles if title in due]
    if not titles:
        return ""
    return (
        f"No gradient reached {', '.join(titles)}: None came back for it, as where a result is "
        "detached from its argument, or where a backward pass returns None."
    )
