"""What the bounds assume of every backend's primitives, measured.

Values against balls, at easy and at hard points.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import flint
import numpy as np
import pytest
from frameworks import EXACT, load

import ball_arithmetic
from adbench.backends.base import prepare, to_backend
from adbench.cases import Mode, Model, Operator
from adbench.cases.answer import collect
from adbench.cases.inputs import make_inputs
from adbench.cases.question import Question
from adbench.judging.comparison import Entries
from adbench.truth import rounding
from adbench.truth.formats import FORMATS
from adbench.truth.truth import establish
from ball_arithmetic import numbers, precision
from reference_ad import grad, jvp
from reference_ad import numpy as xp
from reference_ad.engine.core import PRIMITIVES, Primitive
from reference_ad.engine.elements import current_arithmetic
from reference_ad.engine.rounding import Rounding

RNG = np.random.default_rng(3)


def spread(low, high, count=60, sign=False):
    """Numbers spread over the orders of magnitude between `low` and `high`.

    They have both signs if asked for.
    """
    sizes = np.exp(RNG.uniform(np.log(low), np.log(high), count))
    return np.concatenate([sizes, -sizes]) if sign else sizes


def pairs(low, high):
    return spread(low, high, sign=True), RNG.permutation(spread(low, high, sign=True))


ANY = spread(1e-12, 80, sign=True)
UNARY = {
    **dict.fromkeys(["exp", "expm1", "tanh", "expit", "atan", "asinh", "erf", "sinh", "cosh"], ANY),
    **dict.fromkeys(["sin", "cos", "tan"], spread(1e-12, 1000, sign=True)),
    **dict.fromkeys(
        ["log", "log2", "log10", "sqrt"],
        np.concatenate([spread(1e-30, 1e30), 1 + spread(1e-7, 0.3, sign=True)]),
    ),
    **dict.fromkeys(["asin", "acos", "atanh"], np.tanh(spread(1e-10, 6, sign=True))),
    **dict.fromkeys(["square", "reciprocal"], spread(1e-12, 1e12, sign=True)),
    "acosh": 1 + spread(1e-6, 1e8),
    "log1p": [*spread(1e-12, 1e12), *-spread(1e-12, 0.99)],
    "erfc": spread(1e-12, 8, sign=True),
    "gammaln": spread(1e-6, 1e6),
    "digamma": spread(1e-2, 1e6),
    **dict.fromkeys(["i0", "i1"], spread(1e-8, 80, sign=True)),
    **dict.fromkeys(["i0e", "i1e", "j0", "j1"], spread(1e-8, 5000, sign=True)),
}
BINARY = {
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "hypot", "atan2"], pairs(1e-8, 1e8)),
    "pow": (spread(1e-3, 1e3), spread(1e-2, 8)),
    "logaddexp": pairs(1e-4, 60),
    "xlogy": (spread(1e-8, 1e8), spread(1e-8, 1e8)),
    "remainder": (spread(1e-3, 1e3), spread(1e-3, 1e3)),
}
ROWS = RNG.standard_normal((40, 300)) * np.exp(RNG.uniform(-3, 3, (40, 1)))
REDUCTIONS = {
    "sum": lambda xp, x: xp.sum(x, axis=1),
    "mean": lambda xp, x: xp.mean(x),
    "var": lambda xp, x: xp.var(x + 30, axis=1),
    "cumulative_sum": lambda xp, x: xp.cumulative_sum(x, axis=1),
    "prod": lambda xp, x: xp.prod(x[:, :20], axis=1),
    "matmul": lambda xp, x: x @ xp.permute_dims(x, (1, 0)),
    "matvec": lambda xp, x: x @ x[0, :],
    "rfft": lambda xp, x: xp.imag(xp.fft.rfft(x[:, :257], axis=1)),
    "ifft": lambda xp, x: xp.real(xp.fft.ifft(xp.fft.rfft(x[:, :100], axis=1), n=50)),
    "irfft": lambda xp, x: xp.fft.irfft(xp.fft.rfft(x[:, :64], axis=1), n=31, axis=1),
    "logsumexp": lambda xp, x: xp.special.logsumexp(x, axis=1),
    "softmax": lambda xp, x: xp.special.softmax(x, axis=1),
    "log_softmax": lambda xp, x: xp.special.log_softmax(x, axis=1),
    "constants": lambda xp, x: (x - 0.1) * 0.3 + x / 0.7,
    "powers": lambda xp, x: x**2 + x**3 - 2.0 * x**-1,
}
FUNCTIONS = {
    **{
        name: (lambda xp, x, name=name: found(xp, name)(x), (points,))
        for name, points in UNARY.items()
    },
    **{
        name: (lambda xp, x, y, name=name: found(xp, name)(x, y), both)
        for name, both in BINARY.items()
    },
    **{name: (function, (ROWS,)) for name, function in REDUCTIONS.items()},
}


SPECIAL = {"expit", "erf", "erfc", "gammaln", "digamma", "xlogy"}
SPECIAL |= {"i0", "i1", "i0e", "i1e", "j0", "j1"}


def found(xp, name):
    return getattr(xp.special if name in SPECIAL else xp, name)


INACCURATE = {
    ("torch", "erf", "bfloat16"),
    ("torch", "i0e", "bfloat16"),
    ("torch", "j0", "float64"),
    ("torch", "j1", "float64"),
}
"""What no room is given for, so that an answer computed with it is wrong: PyTorch's erf of a
bfloat16 near 0 is 0, its i0e of one is off by four units of roundoff, and its j0 and j1 are off by
up to 4e-7 between 2 and 60."""

NOT_IN_BFLOAT16 = {"rfft", "ifft", "irfft", "j0", "j1"}
"""What frameworks do not compute in 16 bits."""

LACKING = {("jax", "j0"), ("jax", "j1")}
"""Functions that a framework does not have."""


def worst(backend, name, dtype):
    """The largest error of a value in units of its bound."""
    function, arguments = FUNCTIONS[name]
    model = Model(
        name=name,
        function=function,
        make=lambda size, rng: tuple(map(np.asarray, arguments)),
        sizes={"": {}},
    )
    inputs = make_inputs(model, "", 0, dtype)
    truth = establish(Question(model, inputs, Operator.VALUE, 0), [dtype])
    problem = to_backend(backend, function, inputs.astype(dtype), Operator.VALUE)
    _, call = prepare(backend, problem, Operator.VALUE, Mode.NONE, 0)
    answer = collect(call(problem.active, problem.constants, None), backend.to_numpy)
    given, true, bound = answer.arrays[0], truth.answer.arrays[0], truth.bounds[dtype][0]
    return float(np.max(Entries.of(given, true, bound, dtype).in_bounds))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    ("backend", "dtype"),
    [(backend, dtype) for backend in EXACT for dtype in ("float64", "float32")]
    + [(backend, "bfloat16") for backend in ("torch:eager", "jax:jit")],
)
def test_values_lie_within_the_bounds_that_are_assumed(backend, dtype, name):
    if dtype == "bfloat16" and name in NOT_IN_BFLOAT16:
        pytest.skip("it is not computed in 16 bits")
    engine = load(backend)
    if (engine.framework, name) in LACKING:
        with pytest.raises(NotImplementedError, match=f"JAX has no Bessel function {name}"):
            worst(engine, name, dtype)
        return
    with np.errstate(all="ignore"):
        inside = worst(engine, name, dtype) <= 1
    assert inside is ((engine.framework, name, dtype) not in INACCURATE)


SURE = np.asarray([12.0, 0.5, -1.0, 2.0])
"""Scores of which the first is chosen almost surely."""

SECOND_ORDER = {
    "hypot": (lambda xp, x: xp.sum(xp.hypot(x[0], x[1])), np.asarray([[1e4, 3.0], [1.0, -2.0]])),
    "atan2": (lambda xp, x: xp.sum(xp.atan2(x[0], x[1])), np.asarray([[1e4, 2.0001], [1.0, 2.0]])),
    "norm": (lambda xp, x: xp.linalg.vector_norm(x), np.asarray([100.0, 1.0, 0.1, -3.0])),
    "tanh": (lambda xp, x: xp.sum(xp.tanh(x)), np.asarray([0.1, 2.0, 9.0, -15.0])),
    "expit": (lambda xp, x: xp.sum(xp.special.expit(x)), np.asarray([0.001, 9.0, -15.0])),
    "softplus": (lambda xp, x: xp.sum(xp.special.softplus(x)), np.asarray([0.001, 9.0, -15.0])),
    "erf": (lambda xp, x: xp.sum(xp.special.erf(x)), np.asarray([0.001, 2.0, 5.0, -4.0])),
    "asin": (lambda xp, x: xp.sum(xp.asin(x)), np.asarray([0.001, -0.5])),
    "atanh": (lambda xp, x: xp.sum(xp.atanh(x)), np.asarray([0.001, -0.5])),
    "softmax": (lambda xp, x: xp.sum(xp.special.softmax(x, axis=0) * xp.cos(x)), SURE),
    "a sum of softmax": (lambda xp, x: xp.sum(xp.special.softmax(x, axis=0)) * 1000.0, SURE),
    "log_softmax": (lambda xp, x: xp.sum(xp.special.log_softmax(x, axis=0) * xp.cos(x)), SURE),
}
"""Functions whose second derivative others compute with fewer digits than the engine."""


# torch 2.13 loads its own decompositions by way of its own deprecated function
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", SECOND_ORDER)
@pytest.mark.parametrize("backend", ["reference:tape", "torch:eager", "jax:jit"])
def test_second_derivatives_by_the_formulas_of_others_lie_within_the_bounds(backend, name):
    function, x = SECOND_ORDER[name]
    model = Model(name="a function", function=function, make=lambda *_: (x,), sizes={"": {}})
    inputs, engine = make_inputs(model, "", 0, "float64"), load(backend)
    operator, mode = Operator.HESSIAN, Mode.FORWARD_OVER_REVERSE
    truth = establish(Question(model, inputs, operator, 2), ["float64"])
    problem = to_backend(engine, function, inputs, operator)
    _, call = prepare(engine, problem, operator, mode, 2)
    (given,) = collect(call(problem.active, problem.constants, None), engine.to_numpy).arrays
    (true,), (bound,) = truth.answer.arrays, truth.bounds["float64"]
    assert np.max(Entries.of(given, true, bound, "float64").in_bounds) <= 1


def test_every_primitive_says_how_it_is_rounded():
    # The selftest registers its seeded bugs as primitives of its own.
    own = {p for p in PRIMITIVES.values() if not p.name.startswith("selftest ")}
    assert [p.name for p in own if not isinstance(p.rounding, Rounding)] == []
    assert {p for p in own if p.rounding is Rounding.SUM} == set(rounding.TERMS)
    functions = {p for p in own if p.rounding is Rounding.FUNCTION}
    assert set(rounding.EXTRA_GUARDS) <= functions


def test_a_primitive_that_does_not_say_how_it_is_rounded_is_refused_with_its_name():
    undeclared = Primitive("undeclared", np.exp, listed=False)
    with (
        rounding.arithmetic(FORMATS["float64"]),
        pytest.raises(TypeError, match="how the primitive 'undeclared' is rounded"),
    ):
        undeclared(numbers(1.0))


def bounds(form, x):
    """The sizes of the balls that the rounding of a format makes of a few functions."""
    with rounding.arithmetic(form) as xp:
        balls = xp.special.softmax(xp.exp(numbers(x)) + xp.special.expit(numbers(x)), axis=0)
        return [str(ball) for ball in balls.primal]


def test_arithmetics_nest_and_are_undone_when_something_raises():
    x = np.asarray([0.1, 0.7, 2.0])
    wide, narrow = bounds(FORMATS["float32"], x), bounds(FORMATS["float64"], x)
    assert wide != narrow
    with rounding.arithmetic(FORMATS["float32"]):
        assert bounds(FORMATS["float64"], x) == narrow
        assert bounds(FORMATS["float32"], x) == wide
    with pytest.raises(ZeroDivisionError), rounding.arithmetic(FORMATS["float32"]):
        raise ZeroDivisionError
    assert current_arithmetic() is ball_arithmetic.ARITHMETIC
    with precision(80):
        exact = xp.special.expit(xp.exp(numbers(x)))
    assert all(float(ball.rad()) < 1e-20 for ball in exact.primal)


def slope_of_expit(at):
    """The slope of the logistic function by reverse mode, as a ball."""
    (ball,) = grad(xp.special.expit)(numbers(at)).primal.flat
    return ball


def tangent(function, points, direction):
    """The tangent of a function of several numbers, by forward mode, as a ball."""
    _, ball = jvp(function, tuple(map(numbers, points)), tuple(map(numbers, direction)))
    return ball.primal.flat[0]


def relative_radius(ball):
    return float(ball.rad()) / abs(float(ball.mid()))


def test_alternative_rules_hold_in_their_block_alone():
    """At 30 the engine's slope keeps its digits, and y (1 - y) has none in float32."""
    with rounding.arithmetic(FORMATS["float32"]):
        assert relative_radius(slope_of_expit(30.0)) > 1e3
        assert relative_radius(tangent(xp.special.expit, [30.0], [1.0])) > 1e3
    with precision(80):
        assert relative_radius(slope_of_expit(30.0)) < 1e-20
        assert relative_radius(tangent(xp.special.expit, [30.0], [1.0])) < 1e-20


def test_alternative_rules_are_undone_when_something_raises():
    with pytest.raises(ZeroDivisionError), rounding.arithmetic(FORMATS["float32"]):
        raise ZeroDivisionError
    with precision(80):
        assert relative_radius(slope_of_expit(30.0)) < 1e-20


def test_the_tangent_of_a_selected_argument_may_be_computed_from_both():
    """That of the argument not chosen, a thousand times larger, leaves its rounding behind."""
    points, direction = [3.0, 1.0], [1.0, 1000.0]
    form = FORMATS["float32"]
    with rounding.arithmetic(form):
        assert relative_radius(tangent(xp.maximum, points, direction)) > 1000 * form.unit
        assert relative_radius(tangent(xp.minimum, points[::-1], direction)) > 1000 * form.unit
    with precision(80):
        assert relative_radius(tangent(xp.maximum, points, direction)) == 0


def test_threads_with_different_formats_do_not_disturb_each_other():
    x = np.linspace(-1.0, 1.0, 40)
    alone = {name: bounds(form, x) for name, form in FORMATS.items()}
    names = list(FORMATS) * 4
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda name: bounds(FORMATS[name], x), names))
    assert together == [alone[name] for name in names]


def test_a_thread_keeps_its_precision_while_others_set_theirs():
    def seen(bits):
        with precision(bits):
            readings = set()
            for _ in range(5):
                readings.add(flint.ctx.prec)
                time.sleep(0.002)  # gives the other threads their turn
            return readings

    settings = [60, 100, 140, 180]
    before = flint.ctx.prec
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(seen, settings)) == [{bits} for bits in settings]
    assert flint.ctx.prec == before
