"""Balls: every primitive encloses the exact result, and never guesses on which side of a kink it is."""

# ruff: noqa: SIM905
from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitive_samples import SAMPLES, Sample

import reference_ad as ad
from reference_ad import scalars
from reference_ad.core import PRIMITIVES

pytest.importorskip("flint")
xp = ad.numpy


@pytest.fixture(autouse=True)
def bits() -> Any:
    with scalars.precision(128):
        yield


CASES = [
    pytest.param(PRIMITIVES[name], sample, id=f"{name}-{number}")
    for name, samples in SAMPLES.items()
    for number, sample in enumerate(samples)
]
DIFFERENTIABLE = [case for case in CASES if case.values[0].jvp is not None]


def active(sample: Sample) -> list[int]:
    return [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def of_active(primitive: Any, sample: Sample) -> tuple[Any, tuple[Any, ...]]:
    """The primitive as a function of its floating-point arguments, and these."""
    positions = active(sample)

    def f(*values: Any) -> Any:
        args = list(sample.args)
        for position, value in zip(positions, values, strict=True):
            args[position] = value
        return primitive(*args, **sample.params)

    return f, tuple(sample.args[k] for k in positions)


def assert_encloses(balls: Any, expected: Any, relative: float) -> None:
    assert isinstance(balls, scalars.Numbers)
    assert balls.shape == np.shape(expected)
    expected = np.asarray(expected)
    scale = np.maximum(np.abs(expected), 1)
    assert np.all(scalars.radii(balls, expected) <= relative * scale), (balls, expected)


@pytest.mark.parametrize(("primitive", "sample"), CASES)
def test_every_primitive_takes_balls(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    g, y = of_active(primitive, sample if "dtype" in sample.params else sample.cast(np.longdouble))
    found, expected = f(*map(scalars.numbers, x)), g(*y)
    if np.asarray(expected).dtype.kind in "biu" and not isinstance(found, scalars.Numbers):
        np.testing.assert_array_equal(found, expected)
    else:
        assert_encloses(found, expected, 1e-15)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_both_modes_give_balls_around_the_derivatives(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(1)
    t = tuple(np.asarray(rng.uniform(-1, 1, a.shape)) for a in x)
    wide = x[0].dtype if "dtype" in sample.params else np.longdouble
    extended = [tuple(np.asarray(a, wide) for a in arrays) for arrays in (x, t)]
    _, expected = ad.jvp(f, *extended)
    value, tangent = ad.jvp(f, tuple(map(scalars.numbers, x)), t)
    assert_encloses(tangent, expected, 1e-14)
    u = np.asarray(rng.uniform(-1, 1, value.shape))
    cotangents = ad.vjp(f, *map(scalars.numbers, x))[1](u)
    for found, expected in zip(cotangents, ad.vjp(f, *extended[0])[1](np.asarray(u, wide)), strict=True):
        assert_encloses(found, expected, 1e-14)


# --- wide balls: containment ------------------------------------------------------------------------------------------

UNARY = [
    "sin cos tanh exp sinh cosh atan asinh expm1 square abs negative sign floor ceil round trunc".split(),
    "expit erf erfc log_expit softplus".split(),
]
BINARY = "add subtract multiply maximum minimum logaddexp hypot atan2 divide remainder".split()
REDUCTIONS = ["sum", "mean", "max", "min", "prod", "var"]


@st.composite
def programs(draw: Any) -> Any:
    """A chain of primitives on a vector, as a function."""
    steps = draw(
        st.lists(st.tuples(st.sampled_from([*UNARY[0], *UNARY[1], *BINARY]), st.floats(-1, 1)), min_size=1, max_size=5)
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
def test_wide_balls_contain_value_and_gradient_at_every_point_inside(f: Any, seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(-1, 1, 3)
    with scalars.precision(128):
        value, gradient = ad.value_and_grad(f)(scalars.numbers(centre, radius))
    inside = scalars.numbers(centre).primal + radius * scalars.numbers(rng.uniform(-0.99, 0.99, 3)).primal
    with scalars.precision(300):
        exact_value, exact_gradient = ad.value_and_grad(f)(scalars.numbers(inside))
    for wide, exact in [(value, exact_value), (gradient, exact_gradient)]:
        for v, w in zip(wide.primal.ravel(), exact.primal.ravel(), strict=True):
            assert v.overlaps(w) or not v.is_finite(), (v, w)


@pytest.mark.parametrize("bits", [24, 53])
def test_sums_in_any_order_enclose_what_floating_point_gives(bits: int) -> None:
    dtype = {24: np.float32, 53: np.float64}[bits]
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(-1, 1, shape).astype(dtype) for shape in [(3, 4000), (4000, 2)])
    x[:, 1::2] = -x[:, ::2]  # heavy cancellation
    with scalars.precision(bits, any_order=True):
        product, total = scalars.numbers(x) @ scalars.numbers(y), xp.sum(scalars.numbers(x), axis=1)
    for order in [np.arange(4000), np.argsort(x[0]), np.argsort(np.abs(x[0])), rng.permutation(4000)]:
        one_by_one = np.add.accumulate(x[:, order], axis=1, dtype=dtype)[:, -1]
        assert np.all(scalars.contains(total, one_by_one))
        terms = x[:, order, None] * y[None, order, :]
        assert np.all(scalars.contains(product, np.add.accumulate(terms, axis=1, dtype=dtype)[:, -1]))
    with scalars.precision(bits):
        assert np.all(scalars.radii(scalars.numbers(x) @ scalars.numbers(y)) < scalars.radii(product) / 100)


# --- undecided branches -----------------------------------------------------------------------------------------------

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
def test_an_undecided_branch_gives_the_hull_of_the_derivatives(f: Any, expected: Any, radius: float) -> None:
    gradient = ad.grad(lambda x: xp.sum(f(x)))(scalars.numbers(NEAR_ZERO, radius))
    found = ends(gradient)
    for (low, high), (least, most) in zip(found, expected, strict=True):
        assert low <= least
        assert most <= high
        assert high - low <= 7.1 * (most - least) + 1e-7  # the two branches' parts are added as balls


def test_an_undecided_branch_gives_the_hull_of_the_values() -> None:
    x = scalars.numbers(0.0, 0.5)
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
    x = scalars.numbers([1.0, 1.0, 3.0, 3.0, 0.0], [0, 0, 1e-9, 1e-9, 0.5])
    found = ends(ad.grad(xp.max)(x))
    assert found[0] == found[1] == found[4] == (0, 0)
    for low, high in found[2:4]:
        assert low <= 0 and high >= 1
    separate = scalars.numbers([1.0, 3.0, 0.0], 0.5)
    assert ends(ad.grad(xp.max)(separate)) == [(0, 0), (1, 1), (0, 0)]
    assert ends(ad.grad(xp.max)(scalars.numbers([1.0, 3.0, 3.0]))) == [(0, 0), (0.5, 0.5), (0.5, 0.5)]


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
    x = scalars.numbers([0.0, 1e-3], 1e-2)
    with pytest.raises(scalars.UndecidedError, match="is undecided, for the balls overlap: raise the precision"):
        f(x)


def test_what_the_balls_decide_is_plain_python() -> None:
    x = scalars.numbers([3.0, 1.0, 2.0], 0.1)
    assert ends(ad.grad(lambda x: x * x if x > 0 else -x)(scalars.numbers(3.0))) == [(6, 6)]
    np.testing.assert_array_equal(xp.argsort(x), [1, 2, 0])
    assert xp.argmax(x) == 0
    assert xp.argmin(x, axis=0) == 1
    assert [round(c) for c in scalars.midpoints(xp.sort(x))] == [1, 2, 3]
    assert (x > 1.5).tolist() == [True, False, True]
    assert x[x > 1.5].shape == (2,)


# --- conversions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_floats_go_in_and_out_exactly(dtype: Any) -> None:
    x = np.asarray([0.1, -1 / 3, 1e30, 0.0], dtype) / dtype(3)
    with scalars.precision(20):
        balls = scalars.numbers(x)
        np.testing.assert_array_equal(scalars.midpoints(balls, dtype), x)
        assert np.all(scalars.radii(balls, x) == 0)
        assert np.all(scalars.contains(balls, x))
    assert not np.any(scalars.contains(balls, np.nextafter(x, dtype(2))))


def test_a_radius_is_added_around_the_exact_midpoint() -> None:
    x = np.asarray([1 / 3, 1e10, -0.1])
    with scalars.precision(8):
        balls = scalars.numbers(x, [0.25, 0.0, 1e-3])
        np.testing.assert_array_equal(scalars.midpoints(balls), x)
    radii = scalars.radii(balls)
    assert np.all(radii >= [0.25, 0, 1e-3])
    assert np.all(radii <= [0.2500001, 0, 1.000001e-3])
    (square,) = scalars.numbers(np.asarray([1 / 3 + 2j]), 0.5).primal
    assert square.contains(1 / 3 + 0.49 + 2.49j)


def test_radii_are_rounded_outwards_and_infinite_where_nothing_is_known() -> None:
    third = scalars.numbers(1.0) / 3
    assert 1 / 3 * 2**-54 < scalars.radii(third) < 2**-53
    assert scalars.radii(third, scalars.midpoints(third, np.longdouble)) < 2**-64
    assert scalars.radii(xp.log(scalars.numbers(-1.0))) == np.inf


def test_the_gradient_of_object_arrays_is_one_of_balls() -> None:
    import flint

    x = np.asarray([flint.arb(1) / 3, flint.arb(2)], object)
    gradient = ad.grad(lambda x: xp.sum(xp.tanh(x) * 0.5))(x)
    assert isinstance(gradient, scalars.Numbers)
    assert np.all(scalars.radii(gradient) < 1e-16)


def test_single_elements_go_out_of_arrays_and_back() -> None:
    def f(x: Any) -> Any:
        y = xp.stack([x[0], xp.asarray(0.5), x[1] * x[0], xp.asarray(3.0)])
        return y[0] * y[2] / y[1] + xp.sum(y[1:]) + xp.concat([x, xp.ones(1)])[-1]

    x = np.asarray([0.3, -0.7])
    found = ad.hessian(f)(scalars.numbers(x))
    assert np.all(scalars.radii(found, ad.hessian(f)(x)) < 1e-14)


def test_an_array_of_balls_does_not_turn_into_one_of_numpy_unnoticed() -> None:
    with pytest.raises(TypeError, match="NumPy was given an array of balls"):
        np.sin(np.asarray(scalars.numbers(1.0)))


# --- power series -----------------------------------------------------------------------------------------------------


# eigenvalues of series would need a method of their own
ON_SERIES = [case for case in DIFFERENTIABLE if case.values[0].name not in ("eigh", "svd")]


@pytest.mark.parametrize(("primitive", "sample"), ON_SERIES)
def test_series_give_the_directional_derivative_from_the_values_alone(primitive: Any, sample: Sample) -> None:
    f, x = of_active(primitive, sample)
    rng = np.random.default_rng(2)
    t = tuple(np.asarray(rng.uniform(-1, 1, a.shape)) for a in x)
    value, tangent = ad.jvp(f, tuple(map(scalars.numbers, x)), t)
    with scalars.series_length(3):
        found = f(*[scalars.series(a, b) for a, b in zip(x, t, strict=True)])
        second = ad.jvp(lambda *y: ad.jvp(f, y, t)[1], tuple(map(scalars.numbers, x)), t)[1]
        for order, expected in enumerate([value, tangent, second / 2]):
            coefficient = scalars.coefficients(found, order)
            for v, w in zip(coefficient.primal.ravel(), expected.primal.ravel(), strict=True):
                assert v.overlaps(w)
                assert float(v.rad()) < 1e-25


# --- a model's own constants ------------------------------------------------------------------------------------------


def test_constants_made_inside_a_model_are_enclosed_too() -> None:
    xe = ad.exact.namespace

    def model(xp: Any, x: Any) -> Any:
        grid = xp.linspace(0.0, 1.0, 7) + xp.arange(0.0, 0.7, 0.1) + xp.exp(xp.asarray(0.3)) * xp.ones(7)
        weights = xp.special.expit(xp.asarray([0.1] * 7)) / xp.linalg.vector_norm(xp.full(7, 0.1))
        return xp.sum(xp.tanh(x * grid) * weights + xp.where(xp.arange(7) > 3, 1.0, 0.5))

    x = scalars.numbers(0.3)
    value, slope = ad.value_and_grad(lambda x: model(xe, x))(x)
    with scalars.precision(400):
        finer, finer_slope = ad.value_and_grad(lambda x: model(xe, x))(x)
    assert scalars.contains(value, finer)
    assert scalars.contains(slope, finer_slope)
    assert not scalars.contains(ad.value_and_grad(lambda x: model(xp, x))(x)[0], finer)
    np.testing.assert_allclose(scalars.midpoints(value), model(xp, np.float64(0.3)), rtol=1e-14)


def test_all_jacobians_and_hessians_of_balls_agree() -> None:
    x = scalars.numbers([0.3, -0.7, 0.0], [0, 0, 1e-3])

    def f(x: Any) -> Any:
        return xp.stack([xp.sum(xp.maximum(x, 0) * xp.exp(x)), xp.max(x * x), xp.prod(x)])

    forward, reverse = ad.jacfwd(f)(x), ad.jacrev(f)(x)
    exact = ad.jacrev(f)(np.asarray([0.3, -0.7, 5e-4]))
    for jacobian in (forward, reverse):
        assert np.all(scalars.radii(jacobian) < 1.1)
        assert np.all(scalars.radii(jacobian, exact) <= scalars.radii(jacobian) * 2.01 + 1e-15)
    hessian = ad.hessian(lambda x: xp.sum(xp.sin(x) * xp.roll(x, 1)))(x)
    assert np.all(scalars.radii(hessian - hessian.mT) < 1e-2)


@pytest.mark.parametrize(
    "f", [xp.abs, lambda x: xp.maximum(x, 0), lambda x: xp.minimum(2 * x, x), lambda x: xp.clip(x, 0, 1)]
)
@pytest.mark.parametrize("radius", [0, 1e-10])
def test_series_at_a_kink_contain_the_slopes_of_both_sides(f: Any, radius: float) -> None:
    with scalars.series_length(2):
        answer = f(scalars.series(scalars.numbers(0.0, radius), 1.0))
    slope = scalars.coefficients(answer, 1)
    left, right = (ad.grad(f)(x) for x in (-0.5, 0.5))
    assert scalars.contains(slope, left) and scalars.contains(slope, right)
    assert scalars.contains(slope, ad.grad(f)(0.0))


# --- linear algebra, and life without FLINT ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["solve", "det", "logabsdet", "eigh", "cholesky", "qr", "svd", "pinv", "norm"])
def test_wide_balls_contain_linear_algebra_at_every_point_inside(name: str) -> None:
    sample = SAMPLES[name][0]
    f, x = of_active(PRIMITIVES[name], sample)
    u = np.random.default_rng(4).uniform(-1, 1, np.shape(f(*x)))
    radius = 1e-9

    def both(*x: Any) -> Any:
        value, pullback = ad.vjp(f, *x)
        return [value, *pullback(u)]

    wide = both(*[scalars.numbers(a, radius) for a in x])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        inside = [a + radius * rng.uniform(-0.99, 0.99, a.shape) for a in x]
        for ball, exact in zip(wide, both(*map(scalars.numbers, inside)), strict=True):
            assert all(v.overlaps(w) for v, w in zip(ball.primal.ravel(), exact.primal.ravel(), strict=True))
            assert np.all(scalars.radii(ball) < 0.1)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_flint_is_loaded_when_the_first_ball_is_made_and_not_before() -> None:
    program = (
        "import sys, numpy, reference_ad as ad; ad.grad(lambda x: ad.numpy.sum(x))(numpy.ones(2)); "
        "print('flint' in sys.modules); ad.scalars.numbers(1.0); print('flint' in sys.modules)"
    )
    assert run(program).split() == ["False", "True"]


def test_without_flint_only_balls_are_missed_and_the_message_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['flint'] = None; import reference_ad as ad; print(ad.grad(lambda x: x * x)(3.0)); "
    )
    assert run(program).strip() == "6.0"
    last = run(program + "ad.scalars.numbers(1.0)").strip().splitlines()[-1]
    assert last == "ModuleNotFoundError: Balls need python-flint: install it with `pip install python-flint`."


def test_a_choice_between_no_balls_has_empty_derivatives() -> None:
    def f(x: Any) -> Any:
        return xp.sum(xp.where(x > 0, x * x, -x))

    for transform, shape in [(ad.grad, (0,)), (ad.hessian, (0, 0))]:
        assert transform(f)(scalars.numbers(np.zeros(0))).shape == shape
