"""What an answer is beside a claim: words, one at a time."""

import numpy as np
import pytest

from adbench.atlas.claims import Ball, Hull, Sides, Smooth, Undefined, Word

nan, inf = np.nan, np.inf
DIGITS = 1e-8

SIMPLEX = Hull(([1, 0, 0], [0, 1, 0], [0, 0, 1]))


@pytest.mark.parametrize(
    ("claim", "returned", "word"),
    [
        (Sides(-1, 1), [-1], Word.LEFT),
        (Sides(-1, 1), [1 + 1e-12], Word.RIGHT),
        (Sides(-1, 1), [0], Word.INSIDE),
        (Sides(-1, 1), [1.001], Word.OUTSIDE),
        (Sides(-1, 1), [nan], Word.NAN),
        (Sides(0, 0), [0], Word.INSIDE),
        (Sides(0, 0), [1], Word.OUTSIDE),
        (Sides(nan, inf), [inf], Word.RIGHT),
        (Sides(nan, inf), [-inf], Word.OUTSIDE),
        (Sides(nan, inf), [0], Word.OUTSIDE),
        (Sides(-inf, inf), [0], Word.INSIDE),
        (SIMPLEX, [0.5, 0.25, 0.25], Word.INSIDE),
        (SIMPLEX, [0, 1, 0], Word.INSIDE),
        (SIMPLEX, [1, 1, 1], Word.OUTSIDE),
        (SIMPLEX, [1.5, -0.5, 0], Word.OUTSIDE),
        (SIMPLEX, [0.5, 0.25, 0.24], Word.OUTSIDE),
        (SIMPLEX, [inf, 0, 0], Word.OUTSIDE),
        (SIMPLEX, [nan, 0, 0], Word.NAN),
        (Ball(1), [0.6, 0.8], Word.INSIDE),
        (Ball(1), [1, 1], Word.OUTSIDE),
        (Ball(1), [nan, 0], Word.NAN),
        (Ball(1, is_centred=True), [0.5, -0.5], Word.INSIDE),
        (Ball(1, is_centred=True), [0.5, 0.5], Word.OUTSIDE),
        (Undefined(), [5, 0], Word.INSIDE),
        (Undefined(), [nan], Word.NAN),
        (Smooth([0, 6, 0]), [0, 6, 0], Word.CORRECT),
        (Smooth([0, 6, 0]), [0, nan, 0], Word.WRONG),
        (Smooth(), [3], Word.UNRESOLVED),
    ],
)
def test_an_answer_has_one_word(claim, returned, word):
    assert claim.word(np.asarray(returned, float), DIGITS) is word


def test_a_claim_says_in_short_what_is_right():
    assert Sides(-1, 1).describe() == "-1 | 1"
    assert Sides(nan, inf).describe() == "none | inf"
    assert SIMPLEX.describe() == "means of [1 0 0], [0 1 0] ..."
    assert Ball(1, is_centred=True).describe() == "length <= 1, sum 0"
    assert Smooth(-0.0).describe() == "0"
