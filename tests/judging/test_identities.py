"""Identities see what is wrong with no truth at hand, and are silent over what is right."""

from math import isnan

import numpy as np
import pytest

from adbench.cases.operators import Mode, Operator
from adbench.judging.identities import along, asymmetry, taylor_order

EPS = 2.0**-53
RNG = np.random.default_rng(7)
JACOBIAN = RNG.standard_normal((3, 4))
U, V = RNG.standard_normal(3), RNG.standard_normal(4)
CASES = {
    Operator.JVP: JACOBIAN @ V,
    Operator.VJP: JACOBIAN.T @ U,
    Operator.JACOBIAN: JACOBIAN,
}


def ray(operator, array):
    bounds = [16 * EPS * np.full(array.shape, 10.0)]
    found = along(operator, Mode.FORWARD, [array], bounds, [V], U)
    assert found is not None
    return found


@pytest.mark.parametrize("left", CASES)
@pytest.mark.parametrize("right", CASES)
def test_jvp_vjp_and_jacobian_agree_within_their_bounds(left, right):
    assert ray(left, CASES[left]).apart_from(ray(right, CASES[right])) <= 1


@pytest.mark.parametrize("operator", [Operator.VJP, Operator.JACOBIAN])
def test_a_wrong_sign_breaks_the_adjoint_identity(operator):
    assert ray(Operator.JVP, CASES[Operator.JVP]).apart_from(ray(operator, -CASES[operator])) > 1e6


def test_nan_breaks_every_identity():
    assert (
        ray(Operator.JVP, CASES[Operator.JVP] * np.nan).apart_from(
            ray(Operator.JVP, CASES[Operator.JVP])
        )
        == np.inf
    )


def test_a_value_takes_part_in_no_identity():
    assert along(Operator.VALUE, Mode.NONE, [U], [U], [V], U) is None


def hessian():
    a, b, c = RNG.standard_normal((2, 2)), RNG.standard_normal((2, 3)), RNG.standard_normal((3, 3))
    return [a + a.T, b, b.T.copy(), c + c.T]


def test_a_symmetric_hessian_in_blocks_is_symmetric():
    blocks = hessian()
    assert asymmetry(blocks, [EPS * np.ones_like(block) for block in blocks]) == 0


@pytest.mark.parametrize("block", range(4))
def test_one_entry_on_one_side_is_seen(block):
    blocks = hessian()
    blocks[block][0, 1] += 1e-9
    assert asymmetry(blocks, [1e-15 * np.ones_like(each) for each in blocks]) == pytest.approx(
        5e5, rel=1e-3
    )


def sine(h):
    return np.sin(np.longdouble(0.5) + np.longdouble(h))


def test_the_taylor_remainder_of_a_right_slope_is_of_order_two():
    assert taylor_order(sine, float(np.cos(0.5)), 1e-16, 1e-19) == pytest.approx(2, abs=0.1)


def test_the_taylor_remainder_of_a_wrong_slope_is_of_order_one():
    assert taylor_order(sine, float(np.cos(0.5)) * 1.001, 1e-16, 1e-19) == pytest.approx(1, abs=0.1)


def test_a_linear_function_leaves_no_remainder():
    assert isnan(taylor_order(lambda h: np.longdouble(3 * h), 3.0, 1e-15, 1e-19))
