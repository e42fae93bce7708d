"""Identities see what is wrong with no truth at hand, and are silent over what is right."""

import numpy as np
import pytest
from truths import model_at

from adbench.cases.inputs import Inputs
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.judging.identities import asymmetry, check_projections, check_symmetry, project

EPS = 2.0**-53
RNG = np.random.default_rng(7)
JACOBIAN = RNG.standard_normal((3, 4))
U, V = RNG.standard_normal(3), RNG.standard_normal(4)
X = np.ones(4)
MODEL = model_at(lambda xp, x: xp.matmul(xp.asarray(JACOBIAN), x), X)
ANSWERS = {
    Operator.JVP: JACOBIAN @ V,
    Operator.VJP: JACOBIAN.T @ U,
    Operator.JACOBIAN: JACOBIAN,
}


def projection_of(operator, *arrays, cotangent=U):
    question = Question(MODEL, Inputs((X,), 0, V, np.asarray(cotangent)), operator, 1)
    bounds = [16 * EPS * np.full(np.shape(array), 10.0) for array in arrays]
    projection = project(question, Mode.FORWARD, [np.asarray(array) for array in arrays], bounds)
    assert projection is not None
    return projection


@pytest.mark.parametrize("left", ANSWERS)
@pytest.mark.parametrize("right", ANSWERS)
def test_jvp_vjp_and_jacobian_agree_within_their_bounds(left, right):
    projection = projection_of(left, ANSWERS[left])
    check = check_projections(projection, [projection_of(right, ANSWERS[right])])
    assert check.finding is None and check.over_bound <= 1


@pytest.mark.parametrize("operator", [Operator.VJP, Operator.JACOBIAN])
def test_a_wrong_sign_breaks_the_adjoint_identity(operator):
    wrong = projection_of(operator, -ANSWERS[operator])
    check = check_projections(projection_of(Operator.JVP, ANSWERS[Operator.JVP]), [wrong])
    assert check.over_bound > 1e6
    assert check.finding.check == "identity"
    assert check.finding.message.startswith(
        f"<u, Jv> = <J'u, v> fails: {operator} forward gives {wrong.value:.9g}, this "
    )


def test_the_gradient_of_a_value_and_gradient_takes_part_in_the_adjoint_identity():
    gradient = RNG.standard_normal(4)
    alone = projection_of(Operator.GRADIENT, gradient, cotangent=2.0)
    both = projection_of(Operator.VALUE_AND_GRADIENT, 7.0, gradient, cotangent=2.0)
    assert both.value == alone.value == pytest.approx(2 * gradient @ V)
    assert both.distance(alone) == 0


def test_nan_breaks_every_identity():
    products = ANSWERS[Operator.JVP]
    right, wrong = (projection_of(Operator.JVP, array) for array in (products, products * np.nan))
    assert wrong.distance(right) == np.inf


def test_first_and_second_order_are_not_compared():
    first = projection_of(Operator.VJP, V)
    second = projection_of(Operator.HVP, 2 * V)
    assert check_projections(second, [first]).over_bound == 0


def test_a_value_takes_part_in_no_identity():
    question = Question(MODEL, Inputs((X,), 0, V, U), Operator.VALUE, 0)
    assert project(question, Mode.NONE, [U], [U]) is None


def hessian():
    a, b, c = RNG.standard_normal((2, 2)), RNG.standard_normal((2, 3)), RNG.standard_normal((3, 3))
    return [a + a.T, b, b.T.copy(), c + c.T]


def test_a_symmetric_hessian_in_blocks_is_symmetric():
    blocks = hessian()
    assert asymmetry(blocks, [EPS * np.ones_like(block) for block in blocks]) == 0


@pytest.mark.parametrize("position", range(4))
def test_an_entry_that_is_off_on_one_side_is_seen(position):
    blocks = hessian()
    blocks[position][0, 1] += 1e-9
    check = check_symmetry(blocks, [1e-15 * np.ones_like(block) for block in blocks])
    assert check.over_bound == pytest.approx(5e5, rel=1e-3)
    assert check.finding.message == "The Hessian is not symmetric."
