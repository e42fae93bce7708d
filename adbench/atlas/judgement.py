"""What the atlas says of a row of a run: its word, and the convention that it follows."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from adbench.atlas.claims import Ball, Claim, Hull, Sides, Smooth, Word, flat, in_short, is_near
from adbench.atlas.corner import Corner
from adbench.atlas.row import CornerRow
from adbench.cases.answer import numbers_in
from adbench.cases.inputs import Array
from adbench.results.row import Outcome, Row, Verdict
from adbench.truth.formats import FORMATS

SIDES = {Word.LEFT: "left", Word.RIGHT: "right"}
"""The conventions at a kink of one number that have the name of a side."""


def corner_row(row: Row, corner: Corner) -> CornerRow:
    """Return what the atlas says of a row of a run.

    Where the certified truth has judged an answer at a point where the function is differentiable,
    its verdict stands, and the hand-written claim is not asked.
    """
    claim = claim_about(row, corner)
    record = CornerRow(
        corner=corner.name,
        backend=row.backend,
        implementation=row.implementation,
        dtype=row.dtype,
        operator=row.operator,
        order=row.order,
        mode=row.mode,
        outcome=str(row.outcome),
        word="",
        is_wrong=False,
        right="" if claim is None else claim.describe(),
        returned="",
        convention="",
        source=corner.source,
        message=row.message,
    )
    if row.outcome is not Outcome.OK or not row.returned:
        return record
    returned = numbers_in(row.returned)
    digits = sqrt(FORMATS[row.dtype].spacing)
    convention = _convention(returned, claim, corner, digits) if row.order == 1 else ""
    word = _word(row, claim, returned, digits)
    return replace(
        record,
        word=str(word),
        is_wrong=_is_wrong(word, claim, row),
        returned=in_short(returned),
        convention=convention,
    )


def claim_about(row: Row, corner: Corner) -> Claim | None:
    """Return what is claimed about the answer of a row; None where nothing is."""
    if row.order == 0:
        return Smooth()
    return corner.claim if row.order == 1 else corner.second


def _word(row: Row, claim: Claim | None, returned: Array, digits: float) -> Word:
    if claim is None or isinstance(claim, Smooth):
        if row.verdict is not Verdict.UNRESOLVED and not row.kink:
            return Word(row.verdict)
        if claim is None:
            return Word(row.kink or row.verdict)
    return claim.word(returned, digits)


def _is_wrong(word: Word, claim: Claim | None, row: Row) -> bool:
    """Whether an answer is indefensible; nan is where something else is defended."""
    if word is Word.NAN:
        is_claimed = isinstance(claim, Sides | Hull | Ball)
        return is_claimed or row.verdict is Verdict.WRONG
    return word in (Word.WRONG, Word.OUTSIDE)


def _convention(returned: Array, claim: Claim | None, corner: Corner, digits: float) -> str:
    """What an answer at a kink is called; "" where the function is differentiable."""
    if claim is None or isinstance(claim, Smooth):
        return ""
    for name, numbers in corner.conventions.items():
        if is_near(returned, flat(numbers), digits):
            return name
    if isinstance(claim, Sides):
        word = claim.word(returned, digits)
        if word in SIDES:
            return SIDES[word]
        if word is Word.INSIDE and claim.left == claim.right:
            return "both sides"
        middle = flat((claim.left + claim.right) / 2)
        return "the middle" if is_near(returned, middle, digits) else in_short(returned)
    return in_short(returned)
