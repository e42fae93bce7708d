"""Linear algebra.

NumPy's values, and derivatives that are right at singular matrices and at 0 as well.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import reference_ad as ad

xp = ad.numpy
linalg = xp.linalg
RNG = np.random.default_rng(3)
WELL = RNG.uniform(-1, 1, (2, 3, 3)) + 3 * np.eye(3)
TALL, WIDE = RNG.uniform(-1, 1, (2, 4, 3)), RNG.uniform(-1, 1, (2, 3, 4))
VECTORS = RNG.uniform(-1, 1, (4, 3))


def symmetric(x: Any) -> Any:
    return (x + x.mT) / 2


FUNCTIONS = {
    "solve a vector": lambda lib, xp: lib.solve(WELL, VECTORS[0]),
    "solve a matrix": lambda lib, xp: lib.solve(WELL[0], VECTORS.T),
    "inv": lambda lib, xp: lib.inv(WELL),
    "det": lambda lib, xp: lib.det(WELL),
    "slogdet": lambda lib, xp: lib.slogdet(-WELL),
    "cholesky": lambda lib, xp: lib.cholesky(symmetric(WELL)),
    "cholesky upper": lambda lib, xp: lib.cholesky(symmetric(WELL), upper=True),
    "qr tall": lambda lib, xp: lib.qr(TALL),
    "qr wide": lambda lib, xp: lib.qr(WIDE),
    "eigh": lambda lib, xp: lib.eigh(symmetric(WELL)),
    "eigvalsh": lambda lib, xp: lib.eigvalsh(symmetric(WELL)),
    "svd tall": lambda lib, xp: lib.svd(TALL, full_matrices=False),
    "svd square": lambda lib, xp: lib.svd(WELL),
    "svdvals": lambda lib, xp: lib.svdvals(WIDE),
    "pinv": lambda lib, xp: lib.pinv(TALL),
    "pinv wide": lambda lib, xp: lib.pinv(WIDE),
    "trace": lambda lib, xp: lib.trace(TALL, offset=1),
    "diagonal": lambda lib, xp: lib.diagonal(TALL, offset=-1),
    "cross": lambda lib, xp: lib.cross(VECTORS, VECTORS[::-1]),
    "matrix_rank": lambda lib, xp: lib.matrix_rank(TALL),
    "outer": lambda lib, xp: lib.outer(VECTORS[0], VECTORS[1]),
    **{f"matrix_power {n}": lambda lib, xp, n=n: lib.matrix_power(WELL, n) for n in [-2, 0, 1, 5]},
    **{
        f"vector_norm {p} {axis}": lambda lib, xp, p=p, axis=axis: lib.vector_norm(
            TALL, ord=p, axis=axis, keepdims=True
        )
        for p in [0, 1, 2, 3, 2.5, np.inf, -np.inf]
        for axis in [None, 1, (0, 2)]
    },
    **{
        f"matrix_norm {p}": lambda lib, xp, p=p: lib.matrix_norm(TALL, ord=p)
        for p in ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]
    },
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_numpy_s(name: str) -> None:
    found, expected = FUNCTIONS[name](linalg, xp), FUNCTIONS[name](np.linalg, np)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    pairs = zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    if isinstance(found, tuple):
        assert found._fields == expected._fields  # type: ignore[attr-defined]


def test_a_wide_qr_and_a_wide_svd_have_the_derivatives_of_differences() -> None:
    t = RNG.uniform(-1, 1, WIDE.shape)
    for f in [linalg.qr, lambda x: linalg.svd(x, full_matrices=False)]:
        found = ad.jvp(f, (WIDE,), (t,))[1]
        expected = [
            (a - b) / 2e-6 for a, b in zip(f(WIDE + 1e-6 * t), f(WIDE - 1e-6 * t), strict=True)
        ]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)


def leibniz(x: Any) -> Any:
    """The determinant as a sum over permutations, which has every derivative everywhere."""
    n = x.shape[-1]
    total = 0.0
    for order in itertools.permutations(range(n)):
        sign = np.linalg.det(np.eye(n)[list(order)])
        total = total + round(sign) * xp.prod(x[np.arange(n), list(order)])
    return total


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
def test_the_determinant_has_its_derivatives_at_singular_matrices_too(rank: int) -> None:
    left, right = RNG.uniform(-1, 1, (4, rank)), RNG.uniform(-1, 1, (rank, 4))
    x = left @ right
    np.testing.assert_allclose(ad.grad(linalg.det)(x), ad.grad(leibniz)(x), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(
        ad.hessian(linalg.det)(x), ad.hessian(leibniz)(x), rtol=1e-9, atol=1e-14
    )


def test_the_determinant_of_a_large_matrix_has_finite_derivatives() -> None:
    x = np.random.default_rng(0).standard_normal((60, 60)) * 3
    t = np.random.default_rng(1).standard_normal((60, 60))
    inverse = np.linalg.inv(x)
    slope = np.trace(inverse @ t)
    expected = np.linalg.det(x) * (slope * inverse.T - (inverse @ t @ inverse).T)
    np.testing.assert_allclose(
        ad.hvp(linalg.det, (x,), (t,)), expected, rtol=1e-8, atol=1e-8 * np.max(np.abs(expected))
    )


def test_the_norm_has_derivative_0_at_0_and_does_not_overflow() -> None:
    np.testing.assert_array_equal(ad.grad(linalg.vector_norm)(np.zeros(3)), np.zeros(3))
    np.testing.assert_allclose(
        ad.grad(linalg.vector_norm)(np.asarray([3e300, 4e300])), [0.6, 0.8], rtol=1e-15
    )
    np.testing.assert_allclose(linalg.vector_norm(np.asarray([3e-300, 4e-300])), 5e-300, rtol=1e-15)
    np.testing.assert_array_equal(ad.grad(xp.std)(np.asarray([2.0, 2.0, 2.0])), np.zeros(3))
    assert ad.grad(lambda x: xp.std(x))(np.asarray([5.0])) == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the factor has no second derivative
def test_the_second_derivative_of_the_square_of_a_norm_is_no_wrong_number_at_0() -> None:
    """It is twice the identity, and the product rule cannot know."""
    curvature = ad.hessian(lambda x: linalg.vector_norm(x) ** 2)(np.zeros(2))
    assert np.all(np.isnan(curvature))


def test_a_triangular_solve_ignores_the_other_triangle() -> None:
    def f(a: Any) -> Any:
        return xp.sum(linalg.solve_triangular(a, VECTORS[0], lower=True) ** 2)

    gradient = ad.grad(f)(WELL[0])
    np.testing.assert_array_equal(gradient, np.tril(gradient))
    expected = ad.grad(lambda a: xp.sum(linalg.solve(a, VECTORS[0]) ** 2))(np.tril(WELL[0]))
    np.testing.assert_allclose(gradient, np.tril(expected), rtol=1e-12)


def test_what_has_no_unique_derivative_is_refused() -> None:
    with pytest.raises(ValueError, match="full_matrices=False only"):
        linalg.svd(TALL)
    with pytest.raises(ValueError, match="only 'reduced' has a derivative"):
        linalg.qr(TALL, mode="complete")
    with pytest.raises(ValueError, match="give 'fro'"):
        linalg.matrix_norm(TALL, ord=3)


def test_complex_systems_follow_the_cotangent_convention() -> None:
    a = WELL[0] + 1j * RNG.uniform(-1, 1, (3, 3))
    b = VECTORS[0] + 1j * VECTORS[1]

    def loss(a: Any) -> Any:
        return xp.sum(xp.abs(linalg.solve(a, b)) ** 2)

    gradient = ad.grad(loss)(a)
    t = RNG.uniform(-1, 1, (3, 3)) + 1j * RNG.uniform(-1, 1, (3, 3))
    difference = (loss(a + 1e-6 * t) - loss(a - 1e-6 * t)) / 2e-6
    np.testing.assert_allclose(np.sum(np.real(gradient * t)), difference, rtol=1e-5)


COMPOSED = {
    "solve": lambda a: linalg.solve(a, VECTORS[0]),
    "det": linalg.det,
    "eigh": lambda a: linalg.eigh(a).eigenvectors ** 2,
    "svdvals": linalg.svdvals,
    "qr": lambda a: linalg.qr(a).R,
    "pinv": linalg.pinv,
    "matrix_norm": linalg.matrix_norm,
}


@pytest.mark.parametrize("name", COMPOSED)
def test_rules_found_by_transposition_batch_nest_and_compile(name: str) -> None:
    f, x = COMPOSED[name], WELL[0]

    def loss(a: Any) -> Any:
        return xp.sum(f(a) ** 2)

    expected = ad.jacrev(f)(x)
    np.testing.assert_allclose(ad.jacfwd(f)(x), expected, rtol=1e-11, atol=1e-13)
    hessian = ad.hessian(loss)(x)
    np.testing.assert_allclose(ad.jacrev(ad.grad(loss))(x), hessian, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ad.compile(ad.hessian(loss))(x), hessian, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "f", [linalg.qr, linalg.eigh, linalg.eigvalsh, linalg.svd, linalg.svdvals, linalg.pinv]
)
def test_a_decomposition_of_a_complex_matrix_has_no_derivative_here(f: Any) -> None:
    a = WELL[0] + 1j * np.eye(3)
    for derivative in (lambda: ad.jvp(f, (a,), (a,)), lambda: ad.vjp(f, a)[1](f(a))):
        with pytest.raises(
            TypeError, match="have derivatives for real matrices only, and one is complex"
        ):
            derivative()


def test_the_sign_of_a_complex_determinant_turns() -> None:
    a = WELL[0] + 1j * RNG.uniform(-1, 1, (3, 3))
    t = RNG.uniform(-1, 1, (3, 3)) + 1j * RNG.uniform(-1, 1, (3, 3))
    tangent = ad.jvp(lambda a: linalg.slogdet(a).sign, (a,), (t,))[1]
    signs = [linalg.slogdet(a + h * t).sign for h in (1e-6, -1e-6)]
    np.testing.assert_allclose(tangent, (signs[0] - signs[1]) / 2e-6, rtol=1e-5)
    u = np.asarray(0.3 + 0.5j)
    (g,) = ad.vjp(lambda a: linalg.slogdet(a).sign, a)[1](u)
    np.testing.assert_allclose(np.sum(np.real(g * t)), np.real(u * tangent), rtol=1e-12)


def test_complex_factors_are_numpy_s() -> None:
    a = WELL[0] + 1j * RNG.uniform(-1, 1, (3, 3))
    hermitian = a @ a.conj().T
    upper = linalg.cholesky(hermitian, upper=True)
    np.testing.assert_allclose(upper, np.linalg.cholesky(hermitian, upper=True), rtol=1e-12)
    for values in (linalg.eigvalsh(hermitian), linalg.svdvals(a), linalg.matrix_norm(a, ord="nuc")):
        assert values.dtype == np.float64
    np.testing.assert_allclose(linalg.svdvals(a), np.linalg.svdvals(a), rtol=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the vectors' derivatives are infinite
def test_sums_of_values_have_derivatives_where_values_are_repeated() -> None:
    eye = np.eye(3)
    for f in (lambda a: linalg.matrix_norm(a, ord="nuc"), lambda a: xp.sum(linalg.eigvalsh(a))):
        for transform in (ad.grad, ad.jacfwd, lambda f: ad.compile(ad.grad(f))):
            np.testing.assert_allclose(transform(f)(eye), eye, atol=1e-15)


def test_a_power_that_is_no_integer_is_refused() -> None:
    with pytest.raises(TypeError, match=r"matrix_power was given n=2.5: give an integer"):
        linalg.matrix_power(WELL[0], 2.5)
