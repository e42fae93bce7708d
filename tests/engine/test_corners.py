"""Points where a careless rule says NaN, or loses all its digits, though the derivative exists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import reference_ad as ad

xp = ad.numpy
special = xp.special
pytestmark = pytest.mark.filterwarnings(
    "ignore::RuntimeWarning"
)  # the values themselves may be infinite
INF = np.inf

CORNERS = {
    "a root that is not taken": (lambda x: xp.where(x > 0, xp.sqrt(x), 0 * x), 0.0, 0.0),
    "a logarithm that is not taken": (lambda x: xp.where(x > 0, xp.log(x), x), -1.0, 1.0),
    "a logarithm at 0 that is not taken": (lambda x: xp.where(x > 0, xp.log(x), x), 0.0, 1.0),
    "a root of what is cut off": (lambda x: xp.sqrt(xp.maximum(x, 0)), -10.0, 0.0),
    "a clip without room": (lambda x: xp.clip(x, 1.0, 1.0), 1.0, 0.0),
    "an arc of what is clipped": (lambda x: xp.sqrt(1 - xp.clip(x, -1.0, 1.0) ** 2), 3.0, 0.0),
    "0 to a power": (lambda x: 0.0**x, 2.0, 0.0),
    "the 0th power": (lambda x: x**0, 0.0, 0.0),
    "the square of a norm at 0": (
        lambda x: xp.linalg.vector_norm(xp.stack([x, 0 * x])) ** 2,
        0.0,
        0.0,
    ),
    "softplus at 0": (special.softplus, 0.0, 0.5),
    "softplus far right": (special.softplus, 1000.0, 1.0),
    "softplus far left": (special.softplus, -100.0, 3.720075976020836e-44),
    "softplus farther left": (special.softplus, -1000.0, 0.0),
    "xlogy at 0": (lambda x: special.xlogy(x, 2.0), 0.0, np.log(2.0)),
    "expit in its tail": (special.expit, 40.0, 4.248354255291589e-18),
    "expit far left": (special.expit, -700.0, 9.85967654375977e-305),
    "log_expit far left": (special.log_expit, -1e4, 1.0),
    "expm1 near 0": (xp.expm1, 1e-12, 1.000000000001),
    "log1p near 0": (xp.log1p, 1e-12, 0.999999999999),
    "erfc far out": (special.erfc, 20.0, -2 / np.sqrt(np.pi) * np.exp(-400.0)),
    "atan2 of huge numbers": (lambda x: xp.atan2(x, 1e200), 1e200, 5e-201),
    "hypot of huge numbers": (lambda x: xp.hypot(x, 4e300), 3e300, 0.6),
    "logaddexp with nothing": (lambda x: xp.logaddexp(x, -INF), 1.0, 1.0),
    "a cross-entropy of large logits": (
        lambda x: -special.log_softmax(xp.stack([x, -x]))[1],
        1e4,
        2.0,
    ),
    "the standard deviation of equal numbers": (
        lambda x: xp.std(xp.stack([x, 0 * x + 2])),
        2.0,
        0.0,
    ),
    "the standard deviation of one number": (lambda x: xp.std(xp.stack([x])), 5.0, 0.0),
    "the variance of one number": (lambda x: xp.var(xp.stack([x])), 5.0, 0.0),
}


@pytest.mark.parametrize("name", CORNERS)
def test_both_modes_are_right_at_corners_where_a_derivative_exists(name: str) -> None:
    f, x, expected = CORNERS[name]
    np.testing.assert_allclose(ad.grad(f)(x), expected, rtol=1e-14, atol=0)
    np.testing.assert_allclose(ad.jvp(f, (x,), (1.0,))[1], expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_entries_of_minus_infinity_have_no_influence(name: str) -> None:
    def f(x: Any) -> Any:
        y = getattr(special, name)(x)
        return y if name == "logsumexp" else y[1]

    expected = ad.grad(lambda x: f(xp.concat([np.asarray([-1e4]), x])))(np.asarray([1.0, 2.0]))
    gradient = ad.grad(f)(np.asarray([-INF, 1.0, 2.0]))
    np.testing.assert_allclose(gradient, [0, *expected], rtol=1e-14, atol=1e-16)


def test_a_slope_that_is_infinite_stays_so() -> None:
    assert ad.grad(xp.sqrt)(0.0) == INF
    assert ad.grad(xp.log)(0.0) == INF
    assert ad.jvp(xp.sqrt, (0.0,), (1.0,))[1] == INF
    assert ad.grad(lambda x: 1 / x)(0.0) == -INF


def test_contributions_of_a_repeated_index_add_up() -> None:
    gradient = ad.grad(
        lambda x: xp.sum(xp.take(x, np.asarray([0, 2, 0, 0])) * np.asarray([1.0, 2.0, 4.0, 8.0]))
    )
    np.testing.assert_array_equal(gradient(np.zeros(3)), [13, 0, 2])


def test_an_infinite_slope_is_infinite_for_every_way_to_it() -> None:
    def pulled(g: Any) -> Any:
        return ad.vjp(xp.sqrt, 0.0)[1](g)[0]

    assert ad.jvp(pulled, (0.0,), (1.0,))[1] == INF
    by_jvp = ad.custom_jvp(
        lambda x: xp.sqrt(x), lambda tangents, ans, x: ad.jvp(xp.sqrt, (x,), tangents)[1]
    )
    assert ad.grad(by_jvp)(0.0) == INF


def test_xlogy_does_not_depend_on_y_where_x_is_0() -> None:
    assert ad.grad(lambda y: special.xlogy(np.asarray(0.0), y))(0.0) == 0


def test_the_gradient_of_logsumexp_does_not_lose_the_digits_of_a_common_offset() -> None:
    x = np.asarray([1e4, 1e4 - 1, 1e4 - 3], np.float32)
    expected = special.softmax(x.astype(np.float64))
    for gradient in (
        ad.grad(special.logsumexp),
        ad.compile(ad.grad(special.logsumexp)),
        ad.jacfwd(special.logsumexp),
    ):
        np.testing.assert_allclose(gradient(x), expected, rtol=5e-7)


def as_complex(f: Any) -> Any:
    """A function of complex numbers as one of their real and imaginary parts, half and half."""
    return lambda x: f(x[: x.size // 2] + 1j * x[x.size // 2 :])


WITHOUT_SECOND_DERIVATIVE = {
    "norm": (xp.linalg.vector_norm, np.zeros(3)),
    "norm of one number": (xp.linalg.vector_norm, np.zeros(1)),
    "hypot": (lambda x: xp.hypot(x[0], x[1]), np.zeros(2)),
    "std": (xp.std, np.full(4, 2.0)),
    "std of numbers whose mean is rounded": (xp.std, np.full(3, 0.1)),
    "Frobenius norm": (lambda x: xp.linalg.matrix_norm(xp.reshape(x, (2, 2))), np.zeros(4)),
    "norm of complex numbers": (as_complex(xp.linalg.vector_norm), np.zeros(4)),
    "std of complex numbers": (as_complex(xp.std), np.ones(4)),
    "size of a complex number": (as_complex(lambda z: xp.abs(z[0])), np.zeros(2)),
}
"""Functions with a cone at a point, where the slopes all around differ."""

SECOND_ORDER = {
    "forward over reverse": ad.hessian,
    "reverse over reverse": lambda f: ad.jacrev(ad.grad(f)),
    "forward over forward": lambda f: ad.jacfwd(ad.jacfwd(f)),
    "compiled": lambda f: ad.compile(ad.hessian(f)),
}


@pytest.mark.parametrize("transform", SECOND_ORDER)
@pytest.mark.parametrize("name", WITHOUT_SECOND_DERIVATIVE)
def test_no_number_stands_for_a_second_derivative_that_does_not_exist(
    name: str, transform: str
) -> None:
    f, x = WITHOUT_SECOND_DERIVATIVE[name]
    np.testing.assert_allclose(ad.grad(f)(x), np.zeros(x.size), atol=1e-16)  # the convention
    assert not np.any(np.isfinite(SECOND_ORDER[transform](f)(x)))


def test_a_vector_that_is_0_does_not_disturb_its_neighbours() -> None:
    rows = np.asarray([[0.0, 0.0], [3.0, 4.0]])
    curvature = ad.hessian(lambda x: xp.sum(xp.linalg.vector_norm(x, axis=1)))(rows)
    assert np.all(np.isnan(curvature[0, :, 0]))
    np.testing.assert_array_equal(curvature[0, :, 1], 0)
    np.testing.assert_array_equal(curvature[1, :, 0], 0)
    expected = np.asarray([[16.0, -12.0], [-12.0, 9.0]]) / 125
    np.testing.assert_allclose(curvature[1, :, 1], expected, rtol=1e-14)


def test_the_variance_of_equal_complex_numbers_is_smooth() -> None:
    centred = np.asarray([[0.5, -0.5], [-0.5, 0.5]])
    curvature = ad.hessian(as_complex(xp.var))(np.ones(4))
    np.testing.assert_allclose(curvature, np.kron(np.eye(2), centred), atol=1e-15)


@pytest.mark.parametrize("x", [np.zeros((2, 2)), np.ones((3, 3)), np.diag([1.0, 0.0])])
def test_the_determinant_of_a_singular_matrix_has_no_logarithm_and_no_exception(x: Any) -> None:
    for slogdet in (xp.linalg.slogdet, ad.compile(lambda x: tuple(xp.linalg.slogdet(x)))):
        sign, logarithm = slogdet(x)
        assert sign == 0
        assert logarithm == -INF
    both = np.stack([x, np.eye(len(x))])
    for transform in (ad.grad, lambda f: ad.compile(ad.grad(f))):
        slope = transform(lambda x: xp.sum(xp.linalg.slogdet(x).logabsdet))(both)
        assert np.all(np.isnan(slope[0]))
        np.testing.assert_array_equal(slope[1], np.eye(len(x)))


@pytest.mark.parametrize("compiled", [False, True])
def test_an_overflowed_slope_is_never_answered_with_a_zero(compiled: bool) -> None:
    gradient = ad.grad(lambda x: xp.atan(xp.log(xp.exp(x))))
    if compiled:
        gradient = ad.compile(gradient)
    assert float(gradient(np.asarray(700.0))) == pytest.approx(1 / (1 + 700.0**2), rel=1e-12)
    assert np.isnan(gradient(np.asarray(1000.0)))  # 1e-6 in truth, and 0 times infinity here


@pytest.mark.parametrize("compiled", [False, True])
def test_a_root_of_a_negative_number_keeps_its_nan_in_a_gradient(compiled: bool) -> None:
    gradient = ad.grad(lambda x: 0 * xp.sqrt(x))
    if compiled:
        gradient = ad.compile(gradient)
    assert np.isnan(gradient(np.asarray(-1.0)))


def test_arguments_kept_in_the_domain_give_the_slope_of_the_branch_that_is_taken() -> None:
    def root(x: Any) -> Any:
        return xp.where(x > 0, xp.sqrt(xp.where(x > 0, x, 1.0)), 0.0)

    for gradient in (ad.grad(root), ad.compile(ad.grad(root))):
        assert float(gradient(np.asarray(-1.0))) == 0
        assert float(gradient(np.asarray(4.0))) == 0.25
    assert float(ad.grad(special.expit)(np.asarray(-1000.0))) == 0
