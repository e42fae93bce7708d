"""The corners as data, each held against the certified engine."""

import numpy as np
import pytest

from adbench.atlas.claims import Ball, Hull, Sides, Smooth, Word, flat, is_near
from adbench.atlas.corner import POINT
from adbench.atlas.kinks import EACH
from adbench.atlas.models import CORNERS, MODELS
from adbench.cases.inputs import make_inputs
from adbench.cases.operators import Operator
from adbench.cases.question import Question
from adbench.truth.truth import establish

DIGITS = 1e-12


def truth_at(corner, order):
    model = MODELS[corner.name]
    inputs = make_inputs(model, POINT, seed=0)
    operator = Operator.GRADIENT if order == 1 else Operator.HESSIAN
    if inputs.is_scalar_to_scalar:
        operator = Operator.DERIVATIVE
    return establish(Question(model, inputs, operator, order), ["float64"])


def in_a_row(arrays):
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])


def test_there_are_eighty_corners_and_more():
    assert len(CORNERS) >= 80


@pytest.mark.parametrize("corner", CORNERS.values(), ids=lambda corner: corner.name)
def test_a_corner_says_where_it_comes_from(corner):
    assert len(corner.source) > 5


@pytest.mark.parametrize("corner", CORNERS.values(), ids=lambda corner: corner.name)
def test_what_a_convention_gives_is_defensible(corner):
    for name, numbers in corner.conventions.items():
        expected = Word.OUTSIDE if name == EACH else Word.INSIDE
        assert corner.claim.word(flat(numbers), DIGITS) is expected, name


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("corner", CORNERS.values(), ids=lambda corner: corner.name)
def test_a_claim_agrees_with_the_certified_truth(corner, order):
    claim, truth = (corner.claim if order == 1 else corner.second), truth_at(corner, order)
    if isinstance(claim, Sides):
        agree_on_sides(claim, truth)
    elif isinstance(claim, Hull | Ball) and truth.sides is not None:
        sides_are_claimed(claim, truth)
    elif isinstance(claim, Smooth) and claim.value is not None and is_known(truth):
        assert is_near(in_a_row(truth.answer.arrays), flat(claim.value), DIGITS)


def is_known(truth):
    return not truth.doubt and not truth.not_unique


def agree_on_sides(claim, truth):
    if truth.sides is None:  # nothing but one derivative is there
        assert claim.left == claim.right == in_a_row(truth.answer.arrays)
        return
    np.testing.assert_allclose(in_a_row(truth.sides.left), [claim.left], rtol=DIGITS)
    np.testing.assert_allclose(in_a_row(truth.sides.right), [claim.right], rtol=DIGITS)


def sides_are_claimed(claim, truth):
    """The derivatives on the sides of each entry lie within what the claim leaves to it."""
    if isinstance(claim, Ball):
        low, high = -claim.radius, claim.radius
    else:
        vertices = np.asarray([flat(vertex) for vertex in claim.vertices])
        low, high = vertices.min(axis=0), vertices.max(axis=0)
    for sides in (truth.sides.left, truth.sides.right):
        entries = in_a_row(sides)
        known = ~np.isnan(entries)
        assert np.all((entries >= low - DIGITS) & (entries <= high + DIGITS) | ~known)
        assert known.any()


def test_most_claims_are_known_to_the_engine_too():
    unknown = [
        name
        for name, corner in CORNERS.items()
        if isinstance(corner.claim, Smooth) and truth_at(corner, 1).doubt
    ]
    assert unknown == []
