"""Balls.

Every primitive encloses the exact result, and never guesses on which side of a kink it is.
"""

# ruff: noqa: SIM905
from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitive_samples import CASES, DIFFERENTIABLE, SAMPLES, Sample, central_difference, of_active

import ball_arithmetic
import reference_ad as ad
from ball_arithmetic import (
    ElementArray,
    UndecidedError,
    coefficients,
    contains,
    midpoints,
    numbers,
    precision,
    radii,
    series,
    series_length,
)
from reference_ad.engine.core import PRIMITIVES

pytest.importorskip("flint")
xp = ad.numpy


@pytest.fixture(autouse=True)
def bits() -> Any:
    with precision(128):
        yield


def assert_encloses(balls: Any, expected: Any, relative: float) -> None:
    assert isinstance(balls, ElementArray)
    assert balls.shape == np.shape(expected)
    expected = np.asarray(expected)
    scale = np.maximum(np.abs(expected), 1)
    assert np.all(radii(balls, expected) <= relative * scale), (balls, expected)


@pytest.mark.parametrize(("primitive", "sample"), CASES)
def test_every_primitive_takes_balls(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    found, expected = f(*map(numbers, x)), f(*x)
    if np.asarray(expected).dtype.kind in "biu" and not isinstance(found, ElementArray):
        np.testing.assert_array_equal(found, expected)
    else:
        assert_encloses(found, expected, 5e-15)  # float64 is a few ulp off


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_both_modes_give_balls_around_the_derivatives(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(1)
    t = tuple(np.asarray(rng.uniform(-1, 1, a.shape)) for a in x)
    value, tangent = ad.jvp(f, tuple(map(numbers, x)), t)
    assert np.all(radii(tangent - central_difference(f, x, t), np.zeros(tangent.shape)) <= 1e-25)
    u = np.asarray(rng.uniform(-1, 1, value.shape))
    cotangents = ad.vjp(f, *map(numbers, x))[1](u)
    for found, expected in zip(cotangents, ad.vjp(f, *x)[1](u), strict=True):
        assert_encloses(found, expected, 1e-13)
    along = [xp.sum(g * a) for g, a in zip(cotangents, t, strict=True)]
    assert radii(sum(along[1:], along[0]) - xp.sum(u * tangent), np.zeros(())) <= 1e-25


# --- wide balls: containment ----------------------------------------------------------------------

UNARY = [
    "sin cos tanh exp sinh cosh atan asinh expm1 square abs negative sign floor ceil".split()
    + ["round", "trunc"],
    "expit erf erfc log_expit softplus".split(),
]
BINARY = "add subtract multiply maximum minimum logaddexp hypot atan2 divide remainder".split()
REDUCTIONS = ["sum", "mean", "max", "min", "prod", "var"]


@st.composite
def programs(draw: Any) -> Any:
    """A chain of primitives on a vector, as a function."""
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from([*UNARY[0], *UNARY[1], *BINARY]), st.floats(-1, 1)),
            min_size=1,
            max_size=5,
        )
    )
    reduction = draw(st.sampled_from(REDUCTIONS))

    def f(x: Any) -> Any:
        y = x
        for name, other in steps:
            if name in BINARY:
                y = getattr(xp, name)(xp.sin(y), x * other)
            else:
                y = getattr(xp.special if name in UNARY[1] else xp, name)(xp.tanh(y) * 1.5)
        return getattr(xp, reduction)(y)

    f.__name__ = f"{steps} {reduction}"
    return f


@settings(max_examples=300, deadline=None)
@given(programs(), st.integers(0, 10**6), st.sampled_from([1e-20, 1e-3, 0.1]))
def test_wide_balls_contain_value_and_gradient_at_every_point_inside(
    f: Any, seed: int, radius: float
) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(-1, 1, 3)
    with precision(128):
        value, gradient = ad.value_and_grad(f)(numbers(centre, radius))
    inside = numbers(centre).primal + radius * numbers(rng.uniform(-0.99, 0.99, 3)).primal
    with precision(300):
        exact_value, exact_gradient = ad.value_and_grad(f)(numbers(inside))
    for wide, exact in [(value, exact_value), (gradient, exact_gradient)]:
        for v, w in zip(wide.primal.ravel(), exact.primal.ravel(), strict=True):
            assert v.overlaps(w) or not v.is_finite(), (v, w)


# --- undecided branches ---------------------------------------------------------------------------

NEAR_ZERO = np.asarray([0.0, 2.0, -2.0])


def ends(x: Any) -> Any:
    return [(float(v.lower()), float(v.upper())) for v in x.primal.ravel()]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: xp.abs(x), [(-1, 1), (1, 1), (-1, -1)]),
        (lambda x: xp.maximum(x, 0), [(0, 1), (1, 1), (0, 0)]),
        (lambda x: xp.minimum(0, 3 * x), [(0, 3), (0, 0), (3, 3)]),
        (lambda x: xp.where(x > 0, 5 * x, 2 * x), [(2, 5), (5, 5), (2, 2)]),
        (lambda x: xp.where(xp.logical_not(x <= 0), 5 * x, 2 * x), [(2, 5), (5, 5), (2, 2)]),
        (lambda x: xp.where(xp.logical_and(x > 0, x < 1), x, 7 * x), [(1, 7), (7, 7), (7, 7)]),
        (lambda x: xp.clip(x, 0.0, 1.5), [(0, 1), (0, 0), (0, 0)]),
        (lambda x: x * xp.astype(x > 0, xp.float64), [(0, 1), (1, 1), (0, 0)]),
    ],
)
@pytest.mark.parametrize("radius", [1e-3, 1e-30])
def test_an_undecided_branch_gives_the_hull_of_the_derivatives(
    f: Any, expected: Any, radius: float
) -> None:
    gradient = ad.grad(lambda x: xp.sum(f(x)))(numbers(NEAR_ZERO, radius))
    found = ends(gradient)
    for (low, high), (least, most) in zip(found, expected, strict=True):
        assert low <= least
        assert most <= high
        assert (
            high - low <= 7.1 * (most - least) + 1e-7
        )  # the two branches' parts are added as balls


def test_an_undecided_branch_gives_the_hull_of_the_values() -> None:
    x = numbers(0.0, 0.5)
    for f, least, most in [
        (lambda x: xp.where(x > 0, 3.0, -1.0), -1, 3),
        (xp.abs, 0, 0.5),
        (lambda x: xp.maximum(x, 0), 0, 0.5),
        (lambda x: xp.minimum(x, 0), -0.5, 0),
    ]:
        ((low, high),) = ends(f(x))
        assert least - 1e-7 <= low <= least
        assert most <= high <= most + 1e-7


def test_elements_that_may_be_the_largest_may_get_all_of_the_derivative() -> None:
    x = numbers([1.0, 1.0, 3.0, 3.0, 0.0], [0, 0, 1e-9, 1e-9, 0.5])
    found = ends(ad.grad(xp.max)(x))
    assert found[0] == found[1] == found[4] == (0, 0)
    for low, high in found[2:4]:
        assert low <= 0 and high >= 1
    separate = numbers([1.0, 3.0, 0.0], 0.5)
    assert ends(ad.grad(xp.max)(separate)) == [(0, 0), (1, 1), (0, 0)]
    assert ends(ad.grad(xp.max)(numbers([1.0, 3.0, 3.0]))) == [(0, 0), (0.5, 0.5), (0.5, 0.5)]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x if x > 0 else -x,
        lambda x: 1.0 if x[0] else 2.0,
        xp.sort,
        xp.argmax,
        lambda x: xp.argsort(x, descending=True),
        lambda x: x[x > 0],
        lambda x: xp.all(x > -1e-3),
        xp.count_nonzero,
    ],
)
def test_a_program_that_must_decide_says_that_it_cannot(f: Any) -> None:
    x = numbers([0.0, 1e-3], 1e-2)
    with pytest.raises(
        UndecidedError, match="is undecided, for the balls overlap: raise the precision"
    ):
        f(x)


def test_what_the_balls_decide_is_plain_python() -> None:
    x = numbers([3.0, 1.0, 2.0], 0.1)
    assert ends(ad.grad(lambda x: x * x if x > 0 else -x)(numbers(3.0))) == [(6, 6)]
    np.testing.assert_array_equal(xp.argsort(x), [1, 2, 0])
    assert xp.argmax(x) == 0
    assert xp.argmin(x, axis=0) == 1
    assert [round(c) for c in midpoints(xp.sort(x))] == [1, 2, 3]
    assert (x > 1.5).tolist() == [True, False, True]
    assert x[x > 1.5].shape == (2,)


# --- conversions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_go_in_and_out_exactly(dtype: Any) -> None:
    x = np.asarray([0.1, -1 / 3, 1e30, 0.0], dtype) / dtype(3)
    with precision(20):
        balls = numbers(x)
        np.testing.assert_array_equal(midpoints(balls), x)
        assert np.all(radii(balls, x) == 0)
        assert np.all(contains(balls, x))
    assert not np.any(contains(balls, np.nextafter(x, dtype(2))))


def test_a_radius_is_added_around_the_exact_midpoint() -> None:
    x = np.asarray([1 / 3, 1e10, -0.1])
    with precision(8):
        balls = numbers(x, [0.25, 0.0, 1e-3])
        np.testing.assert_array_equal(midpoints(balls), x)
    assert np.all(radii(balls) >= [0.25, 0, 1e-3])
    assert np.all(radii(balls) <= [0.2500001, 0, 1.000001e-3])
    (square,) = numbers(np.asarray([1 / 3 + 2j]), 0.5).primal
    assert square.contains(1 / 3 + 0.49 + 2.49j)


def test_radii_are_rounded_outwards_and_infinite_where_nothing_is_known() -> None:
    third = numbers(1.0) / 3
    assert 1 / 3 * 2**-54 < radii(third) < 2**-53
    assert radii(xp.log(numbers(-1.0))) == np.inf


def test_the_gradient_of_object_arrays_is_one_of_balls() -> None:
    import flint

    x = np.asarray([flint.arb(1) / 3, flint.arb(2)], object)
    gradient = ad.grad(lambda x: xp.sum(xp.tanh(x) * 0.5))(x)
    assert isinstance(gradient, ElementArray)
    assert np.all(radii(gradient) < 1e-16)


def test_single_elements_go_out_of_arrays_and_back() -> None:
    def f(x: Any) -> Any:
        y = xp.stack([x[0], xp.asarray(0.5), x[1] * x[0], xp.asarray(3.0)])
        return y[0] * y[2] / y[1] + xp.sum(y[1:]) + xp.concat([x, xp.ones(1)])[-1]

    x = np.asarray([0.3, -0.7])
    found = ad.hessian(f)(numbers(x))
    assert np.all(radii(found, ad.hessian(f)(x)) < 1e-14)


def test_an_array_of_balls_does_not_turn_into_one_of_numpy_unnoticed() -> None:
    with pytest.raises(
        TypeError,
        match="or Python asked for it as a number: use the functions of reference_ad.numpy",
    ):
        float(numbers(1.0))
    with pytest.raises(TypeError, match="NumPy was given an array of balls"):
        np.sin(np.asarray(numbers(1.0)))


# --- power series ---------------------------------------------------------------------------------


# eigenvalues of series would need a method of their own
ON_SERIES = [case for case in DIFFERENTIABLE if case.values[0].name not in ("eigh", "svd")]


@pytest.mark.parametrize(("primitive", "sample"), ON_SERIES)
def test_series_give_the_directional_derivative_from_the_values_alone(
    primitive: Any, sample: Sample
) -> None:
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(2)
    t = tuple(np.asarray(rng.uniform(-1, 1, a.shape)) for a in x)
    value, tangent = ad.jvp(f, tuple(map(numbers, x)), t)
    with series_length(3):
        found = f(*[series(a, b) for a, b in zip(x, t, strict=True)])
        second = ad.jvp(lambda *y: ad.jvp(f, y, t)[1], tuple(map(numbers, x)), t)[1]
        for order, expected in enumerate([value, tangent, second / 2]):
            coefficient = coefficients(found, order)
            for v, w in zip(coefficient.primal.ravel(), expected.primal.ravel(), strict=True):
                assert v.overlaps(w)
                assert float(v.rad()) < 1e-25


# --- a model's own constants ----------------------------------------------------------------------


def test_constants_made_inside_a_model_are_enclosed_too() -> None:
    xe = ball_arithmetic.xp

    def model(xp: Any, x: Any) -> Any:
        grid = (
            xp.linspace(0.0, 1.0, 7)
            + xp.arange(0.0, 0.7, 0.1)
            + xp.exp(xp.asarray(0.3)) * xp.ones(7)
        )
        weights = xp.special.expit(xp.asarray([0.1] * 7)) / xp.linalg.vector_norm(xp.full(7, 0.1))
        return xp.sum(xp.tanh(x * grid) * weights + xp.where(xp.arange(7) > 3, 1.0, 0.5))

    x = numbers(0.3)
    value, slope = ad.value_and_grad(lambda x: model(xe, x))(x)
    with precision(400):
        finer, finer_slope = ad.value_and_grad(lambda x: model(xe, x))(x)
    assert contains(value, finer)
    assert contains(slope, finer_slope)
    assert not contains(ad.value_and_grad(lambda x: model(xp, x))(x)[0], finer)
    np.testing.assert_allclose(midpoints(value), model(xp, np.float64(0.3)), rtol=1e-14)


def test_all_jacobians_and_hessians_of_balls_agree() -> None:
    x = numbers([0.3, -0.7, 0.0], [0, 0, 1e-3])

    def f(x: Any) -> Any:
        return xp.stack([xp.sum(xp.maximum(x, 0) * xp.exp(x)), xp.max(x * x), xp.prod(x)])

    forward, reverse = ad.jacfwd(f)(x), ad.jacrev(f)(x)
    exact = ad.jacrev(f)(np.asarray([0.3, -0.7, 5e-4]))
    for jacobian in (forward, reverse):
        assert np.all(radii(jacobian) < 1.1)
        assert np.all(radii(jacobian, exact) <= radii(jacobian) * 2.01 + 1e-15)
    hessian = ad.hessian(lambda x: xp.sum(xp.sin(x) * xp.roll(x, 1)))(x)
    assert np.all(radii(hessian - hessian.mT) < 1e-2)


@pytest.mark.parametrize(
    "f",
    [
        xp.abs,
        lambda x: xp.maximum(x, 0),
        lambda x: xp.minimum(2 * x, x),
        lambda x: xp.clip(x, 0, 1),
    ],
)
@pytest.mark.parametrize("radius", [0, 1e-10])
def test_series_at_a_kink_contain_the_slopes_of_both_sides(f: Any, radius: float) -> None:
    with series_length(2):
        answer = f(series(numbers(0.0, radius), 1.0))
    slope = coefficients(answer, 1)
    left, right = (ad.grad(f)(x) for x in (-0.5, 0.5))
    assert contains(slope, left) and contains(slope, right)
    assert contains(slope, ad.grad(f)(0.0))


# --- linear algebra, and life without FLINT -------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["solve", "det", "logabsdet", "eigh", "cholesky", "qr", "svd", "pinv", "norm"]
)
def test_wide_balls_contain_linear_algebra_at_every_point_inside(name: str) -> None:
    sample = SAMPLES[name][0]
    f, x = of_active(PRIMITIVES[name], sample)
    u = np.random.default_rng(4).uniform(-1, 1, np.shape(f(*x)))
    radius = 1e-9

    def both(*x: Any) -> Any:
        value, pullback = ad.vjp(f, *x)
        return [value, *pullback(u)]

    wide = both(*[numbers(a, radius) for a in x])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        inside = [a + radius * rng.uniform(-0.99, 0.99, a.shape) for a in x]
        for ball, exact in zip(wide, both(*map(numbers, inside)), strict=True):
            assert all(
                v.overlaps(w)
                for v, w in zip(ball.primal.ravel(), exact.primal.ravel(), strict=True)
            )
            assert np.all(radii(ball) < 0.1)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_engine_never_loads_flint() -> None:
    program = (
        "import sys, numpy, reference_ad as ad; ad.grad(lambda x: ad.numpy.sum(x))(numpy.ones(2)); "
        "print('flint' in sys.modules); import ball_arithmetic; print('flint' in sys.modules)"
    )
    assert run(program).split() == ["False", "True"]


def test_without_flint_only_balls_are_missed_and_the_message_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['flint'] = None; import reference_ad as ad; "
        "print(ad.grad(lambda x: x * x)(3.0))"
    )
    assert run(program).strip() == "6.0"
    last = run(program + "; import ball_arithmetic").strip().splitlines()[-1]
    assert (
        last == "ModuleNotFoundError: Balls need python-flint: install it with `pip install "
        "python-flint`."
    )


def test_an_array_of_objects_without_arithmetic_is_refused_in_one_sentence() -> None:
    program = (
        "import numpy, reference_ad as ad; ad.grad(ad.numpy.sum)(numpy.asarray([1, 2], object))"
    )
    last = run(program).strip().splitlines()[-1]
    assert last.startswith(
        "TypeError: An array of objects was given, and nothing says how to compute on them: import "
    )


def test_a_choice_between_no_balls_has_empty_derivatives() -> None:
    def f(x: Any) -> Any:
        return xp.sum(xp.where(x > 0, x * x, -x))

    for transform, shape in [(ad.grad, (0,)), (ad.hessian, (0, 0))]:
        assert transform(f)(numbers(np.zeros(0))).shape == shape


@pytest.mark.parametrize("name", ["solve", "det", "cholesky", "eigh", "qr", "svd", "pinv"])
def test_a_stack_of_no_matrices_keeps_its_shape(name: str) -> None:
    primitive = PRIMITIVES[name]
    args = [np.zeros((0, 3, 3))] * (2 if name == "solve" else 1)
    assert primitive(*map(numbers, args)).shape == primitive(*args).shape


def test_no_double_leaks_into_balls() -> None:
    import flint

    x = numbers(np.asarray([1.0, 2.0, 3.0]))
    slope = ad.grad(lambda x: xp.sum(x**-2.3))(x)[1]
    found = [y.primal[()] for y in (xp.std(x), xp.linalg.vector_norm(x, ord=3), slope)]
    with precision(300):
        power = flint.arb(-2.3)  # the double
        expected = [
            (flint.arb(2) / 3).sqrt(),
            flint.arb(36).root(3),
            power * flint.arb(2) ** (power - 1),
        ]
        for ball, exact in zip(found, expected, strict=True):
            assert ball.rad() < 1e-36 and ball.overlaps(exact), (ball, exact)


def test_undecided_truth_values_become_the_numbers_between() -> None:
    x = numbers([0.0, 2.0], 1.0)
    open_or_true = x > 0
    for found in (xp.astype(open_or_true, np.int64), xp.where(open_or_true, open_or_true, x > 5)):
        assert all(contains(found, np.asarray([value, 1.0])).all() for value in (0.0, 1.0))


def test_integers_of_a_model_are_exact_and_what_is_computed_of_them_is_enclosed() -> None:
    xe, k, a = ball_arithmetic.xp, np.asarray([1, 2, 4]), np.asarray([[3, 1], [1, 2]])

    def rounded(xp: Any) -> list[Any]:
        made = [
            xp.sqrt(2),
            xp.divide(1, 3),
            xp.pow(0.3, 0.1),
            xp.log(k),
            xp.mean(k),
            xp.var(k),
            xp.std(k),
        ]
        return [
            *made,
            xp.special.softmax(k),
            xp.linalg.inv(a),
            xp.linalg.vector_norm(k),
            xp.linalg.matrix_power(a, -1),
        ]

    found = rounded(xe)
    with precision(300):
        finer = rounded(xe)
    for balls, exact, double in zip(found, finer, rounded(xp), strict=True):
        assert np.all(contains(balls, exact))
        assert np.all(radii(balls, double) < 1e-14)
    for f in (
        xe.argsort,
        xe.sum,
        xe.square,
        lambda k: xe.take(k, np.asarray([0])),
        lambda k: xe.repeat(k, 2),
    ):
        assert f(k).dtype.kind == "i"


def test_a_correction_of_the_count_is_not_rounded() -> None:
    x = numbers([1.0, 2.0, 4.0])
    found = [f(x, correction=0.1).primal[()] for f in (xp.var, xp.std)]
    with precision(300):
        variance = 14 / numbers(3.0) / (3 - numbers(0.1))
        for ball, exact in zip(found, [variance, xp.sqrt(variance)], strict=True):
            assert ball.rad() < 1e-36 and ball.overlaps(exact.primal[()])


def test_linear_algebra_says_what_the_balls_leave_open() -> None:
    with pytest.raises(
        ValueError, match="A matrix of balls is singular, or too near to it to tell"
    ):
        xp.linalg.inv(numbers(np.ones((2, 2))))
    with pytest.raises(ValueError, match="Eigenvalues of a matrix of balls are not separated"):
        xp.linalg.eigh(numbers(np.eye(2)))


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda y: np.asarray([2.5]) ** y, 1.3),
        (lambda x: xp.pow(x, np.asarray([0.1])), 1.3),
        (lambda x: xp.pow(x, 0.1), 1.3),
    ],
)
def test_the_constants_of_a_power_are_not_rounded(f: Any, x: float) -> None:
    found = ad.grad(lambda x: xp.sum(f(x)))(numbers([x]))
    with precision(300):
        assert np.all(contains(found, ad.grad(lambda x: xp.sum(f(x)))(numbers([x]))))
        assert np.all(radii(found - central_difference(f, ([x],), ([1.0],)), np.zeros(1)) < 1e-34)


HERMITIAN = np.asarray([[3, 1 + 1j], [1 - 1j, 4]])


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda z: xp.vecdot(z, z * (1 + 2j)), HERMITIAN),
        (lambda z: xp.linalg.vector_norm(z, axis=1), HERMITIAN),
        (xp.sign, HERMITIAN),
        (xp.linalg.cholesky, HERMITIAN),
        (xp.linalg.pinv, HERMITIAN + np.eye(2) * 1j),
        (xp.linalg.pinv, HERMITIAN[:, :1]),
        (xp.linalg.pinv, HERMITIAN[:1]),
    ],
)
def test_complex_balls_are_conjugated_where_complex_floats_are(f: Any, x: Any) -> None:
    np.testing.assert_allclose(midpoints(f(numbers(x))), f(x), atol=1e-14)
    if f is not xp.linalg.pinv:  # whose derivative is that of real matrices
        t = np.asarray([[1, 0.5j], [-0.5j, -2]])
        found = ad.jvp(f, (numbers(x),), (numbers(t),))[1]
        np.testing.assert_allclose(midpoints(found), ad.jvp(f, (x,), (t,))[1], atol=1e-14)


@pytest.mark.parametrize("name", ["qr", "eigh", "svd"])
def test_balls_decompose_real_matrices_alone(name: str) -> None:
    with pytest.raises(
        TypeError, match="qr, eigh and svd of balls are those of real matrices, and one is complex"
    ):
        getattr(xp.linalg, name)(numbers(HERMITIAN))


@pytest.mark.parametrize(
    ("x", "exponent", "power"), [(1.0, 1e300, 1.0), (0.5, np.inf, 0.0), (0.5, -(2.0**21), np.inf)]
)
def test_an_exponent_may_be_huge(x: float, exponent: float, power: float) -> None:
    found = numbers(x) ** exponent
    assert contains(found, power) or midpoints(found) == power


def test_a_ball_has_no_bits() -> None:
    x = numbers([6.0, 0.0])
    assert list((x > 1) & (x < 7)) == [True, False]
    assert list(~(x > 1) | (x > 7)) == [False, True]
    for bits in (lambda: x & numbers([3.0, 3.0]), lambda: x | 1, lambda: ~x, lambda: x ^ x):
        with pytest.raises(TypeError, match="Bits of balls were asked for, and a ball has none"):
            bits()


@pytest.mark.parametrize(
    "f",
    [
        xp.linalg.det,
        lambda z: xp.linalg.slogdet(z).logabsdet,
        lambda z: xp.linalg.slogdet(z).sign,
        ad.custom_jvp(lambda z: z * z, lambda tangents, ans, z: 2 * z * tangents[0]),
    ],
)
def test_rules_found_by_transposition_keep_the_imaginary_parts_of_complex_balls(f: Any) -> None:
    cotangent = np.ones_like(f(HERMITIAN + 1j))
    (found,) = ad.vjp(f, numbers(HERMITIAN + 1j))[1](numbers(cotangent))
    np.testing.assert_allclose(
        midpoints(found), ad.vjp(f, HERMITIAN + 1j)[1](cotangent)[0], rtol=1e-13, atol=1e-14
    )


def test_a_cast_of_exact_integers_gives_numbers_that_can_be_an_index():
    labels = ball_arithmetic.numbers(np.asarray([0.0, 2.0, -1.0]))
    cast = ball_arithmetic.xp.astype(labels, np.int64)
    assert np.asarray(cast).dtype == np.int64 and list(np.asarray(cast)) == [0, 2, -1]


def test_a_cast_of_a_single_exact_integer_gives_a_number():
    cast = ball_arithmetic.xp.astype(ball_arithmetic.xp.asarray(2.0), np.int64)
    assert np.asarray(cast).dtype == np.int64 and cast == 2


def test_a_cast_of_balls_that_hold_several_integers_stays_undecided():
    wide = ball_arithmetic.numbers(np.asarray([1.0]), np.asarray([0.5]))
    cast = ball_arithmetic.xp.astype(wide, np.int64)
    with pytest.raises(TypeError):
        np.zeros(3)[cast]


def test_the_sum_of_all_numbers_is_cast_to_an_integer():
    total = xp.sum(numbers(np.asarray([1.0, 2.0])))
    assert int(xp.astype(total, np.int64)) == 3


def test_an_integer_in_a_floating_dtype_is_what_the_user_of_the_namespace_makes_of_floats():
    enclosed = ball_arithmetic.namespace(lambda x: ("enclosed", float(x)))
    assert enclosed.asarray(2, dtype=np.float64) == ("enclosed", 2.0)


def test_an_index_that_balls_leave_open_is_undecided() -> None:
    x = numbers(np.asarray([1.0, 2.0, 3.0]))
    place = xp.astype(xp.floor(numbers(np.asarray([1.0]), np.asarray([1e-9]))), xp.int64)
    with pytest.raises(UndecidedError, match="An index is undecided"):
        x[place]
    exact = xp.astype(xp.floor(numbers(np.asarray([1.0]))), xp.int64)
    assert contains(x[exact], np.asarray([2.0])).all()
