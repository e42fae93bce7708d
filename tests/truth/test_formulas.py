"""No formula that a careful author may write for a derivative is called wrong.

The formulas are made by rewriting a few of the textbook's at random with identities of algebra, and
computed with NumPy, the second derivatives by dual numbers.
"""

import math

import numpy as np
import pytest
from truths import model_at, question_of

from adbench.cases.answer import Answer
from adbench.cases.operators import Operator
from adbench.judging.verdict import judge
from adbench.results.row import Verdict
from adbench.truth.truth import establish
from reference_ad.engine.core import PRIMITIVES
from reference_ad.engine.rounding import Rounding
from reference_ad.rules import special

SEEDS = range(30)
SIZES = (3, 30, 300)
DTYPES = ("float64", "float32")

# ---- formulas: nested tuples of an operation and its operands, which are numbers, the argument
# "x", the value "y", and the weights "w" of a function with many values


class Dual:
    """A number and its derivative in one direction, both in one dtype."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope


CALLED = {
    "exp": (np.exp, lambda v, x: v),
    "sqrt": (np.sqrt, lambda v, x: 0.5 / v),
    "sin": (np.sin, lambda v, x: np.cos(x)),
    "cos": (np.cos, lambda v, x: -np.sin(x)),
    "sinh": (np.sinh, lambda v, x: np.cosh(x)),
    "cosh": (np.cosh, lambda v, x: np.sinh(x)),
    "square": (np.square, lambda v, x: 2 * x),
    "expit": (special.expit.implementation, lambda v, x: v * (1 - v)),
    "digamma": (
        special.digamma.implementation,
        lambda v, x: special.polygamma.implementation(x, order=1),
    ),
    "trigamma": (
        lambda x: special.polygamma.implementation(x, order=1),
        lambda v, x: special.polygamma.implementation(x, order=2),
    ),
    "neg": (np.negative, lambda v, x: -np.ones_like(x)),
    "total": (np.sum, None),
}
"""Functions that occur in formulas, with their slopes."""


def evaluate(formula, numbers):
    """The dual number that a formula gives; `numbers`: what its names stand for."""
    if isinstance(formula, str):
        return numbers[formula]
    if not isinstance(formula, tuple):
        return Dual(numbers["x"].value.dtype.type(formula), 0)
    operation, *operands = formula
    duals = [evaluate(operand, numbers) for operand in operands]
    if operation == "total":
        slope = duals[0].slope
        return Dual(np.sum(duals[0].value), np.sum(slope) if np.ndim(slope) else slope)
    if operation in CALLED:
        function, slope_of = CALLED[operation]
        value = function(duals[0].value)
        return Dual(value, slope_of(value, duals[0].value) * duals[0].slope)
    a, b = duals
    if operation == "add":
        return Dual(a.value + b.value, a.slope + b.slope)
    if operation == "sub":
        return Dual(a.value - b.value, a.slope - b.slope)
    if operation == "mul":
        return Dual(a.value * b.value, a.slope * b.value + a.value * b.slope)
    quotient = a.value / b.value
    return Dual(quotient, (a.slope - quotient * b.slope) / b.value)


# ---- rewriting


def is_a(formula, operation):
    return isinstance(formula, tuple) and formula[0] == operation


def root(formula):
    """What a formula is the square of, or None."""
    if formula == 1:
        return 1
    if is_a(formula, "mul") and formula[1] == formula[2]:
        return formula[1]
    return formula[1] if is_a(formula, "square") else None


def of_products(a, b):
    yield "mul", b, a
    if a == b:
        yield "square", a
    if is_a(a, "mul"):
        yield "mul", a[1], ("mul", a[2], b)
    if is_a(b, "div") and b[1] == 1:
        yield "div", a, b[2]
    for operation in ("add", "sub"):
        if is_a(b, operation):
            yield operation, ("mul", a, b[1]), ("mul", a, b[2])
    if is_a(a, "exp") and is_a(b, "exp"):
        yield "exp", ("add", a[1], b[1])


def of_quotients(a, b):
    yield "mul", a, ("div", 1, b)
    if is_a(b, "mul"):
        yield "div", ("div", a, b[1]), b[2]
    if is_a(b, "square"):
        yield "div", ("div", a, b[1]), b[1]
        if a == 1:
            yield "square", ("div", 1, b[1])
    if is_a(b, "exp"):
        yield "mul", a, ("exp", ("neg", b[1]))


def of_sums(a, b):
    yield "add", b, a


def of_differences(a, b):
    yield "neg", ("sub", b, a)
    yield "add", a, ("neg", b)
    if root(a) is not None and root(b) is not None:
        yield "mul", ("sub", root(a), root(b)), ("add", root(a), root(b))


def of_exponentials(a):
    if is_a(a, "neg"):
        yield "div", 1, ("exp", a[1])
    if is_a(a, "sub"):
        yield "div", ("exp", a[1]), ("exp", a[2])


def of_roots(a):
    if is_a(a, "mul"):
        yield "mul", ("sqrt", a[1]), ("sqrt", a[2])


def of_squares(a):
    yield "mul", a, a


REWRITINGS = {
    "mul": of_products,
    "div": of_quotients,
    "add": of_sums,
    "sub": of_differences,
    "exp": of_exponentials,
    "sqrt": of_roots,
    "square": of_squares,
}


def rewritten(formula, rng):
    """The formula with one of its parts rewritten, where the draw finds one."""
    if not isinstance(formula, tuple):
        return formula
    if rng.random() < 0.5:
        place = rng.integers(1, len(formula))
        return (*formula[:place], rewritten(formula[place], rng), *formula[place + 1 :])
    if formula[0] not in REWRITINGS:
        return formula
    choices = list(REWRITINGS[formula[0]](*formula[1:]))
    return choices[rng.integers(len(choices))] if choices else formula


def some_formula(textbook, rng):
    formula = textbook[rng.integers(len(textbook))]
    for _ in range(rng.integers(0, 12)):
        formula = rewritten(formula, rng)
    return formula


# ---- the textbook


def product(*factors):
    total = factors[0]
    for factor in factors[1:]:
        total = ("mul", total, factor)
    return total


XX, YY = ("mul", "x", "x"), ("mul", "y", "y")
E, DECAY = ("exp", "x"), ("exp", ("neg", "x"))
BELL = ("exp", ("neg", XX))
TWICE_COSH = ("add", E, DECAY)
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def anywhere(n, rng):
    """Numbers of all sizes from 1e-4 to 8, and with both signs."""
    return np.exp(rng.uniform(np.log(1e-4), np.log(8), n)) * rng.choice([-1, 1], n)


def positive(n, rng):
    return np.abs(anywhere(n, rng))


def within_one(n, rng):
    return anywhere(n, rng) / 8.5


def above_one(n, rng):
    return 1 + positive(n, rng)


def around_one(n, rng):
    return np.exp(rng.normal(0, 0.05, n))


SHARES = ("div", E, ("total", E))
TEXTBOOK = {
    "exp": (anywhere, ["y", E, ("div", 1, DECAY)]),
    "expm1": (anywhere, [E, ("add", "y", 1)]),
    "log": (positive, [("div", 1, "x"), ("exp", ("neg", "y"))]),
    "log1p": (positive, [("div", 1, ("add", 1, "x")), ("exp", ("neg", "y"))]),
    "log2": (positive, [("div", 1, product("x", math.log(2))), ("div", 1 / math.log(2), "x")]),
    "log10": (positive, [("div", 1, product("x", math.log(10))), ("div", 1 / math.log(10), "x")]),
    "sqrt": (positive, [("div", 1, product(2, "y")), ("div", ("div", "y", "x"), 2)]),
    "square": (anywhere, [product(2, "x"), ("add", "x", "x")]),
    "reciprocal": (positive, [("neg", YY), ("div", -1, XX), ("neg", ("div", "y", "x"))]),
    "sin": (anywhere, [("cos", "x")]),
    "cos": (anywhere, [("neg", ("sin", "x"))]),
    "tan": (within_one, [("add", 1, YY), ("div", 1, ("square", ("cos", "x")))]),
    "asin": (within_one, [("div", 1, ("sqrt", ("sub", 1, XX))), ("div", 1, ("cos", "y"))]),
    "acos": (within_one, [("div", -1, ("sqrt", ("sub", 1, XX))), ("div", -1, ("sin", "y"))]),
    "atan": (anywhere, [("div", 1, ("add", 1, XX)), ("square", ("cos", "y"))]),
    "sinh": (anywhere, [("cosh", "x"), ("sqrt", ("add", 1, YY)), ("div", TWICE_COSH, 2)]),
    "cosh": (anywhere, [("sinh", "x")]),
    "tanh": (
        anywhere,
        [
            ("sub", 1, YY),
            ("div", 1, ("square", ("cosh", "x"))),
            ("div", 4, ("mul", TWICE_COSH, TWICE_COSH)),
        ],
    ),
    "asinh": (anywhere, [("div", 1, ("sqrt", ("add", 1, XX))), ("div", 1, ("cosh", "y"))]),
    "acosh": (above_one, [("div", 1, ("sqrt", ("sub", XX, 1)))]),
    "atanh": (within_one, [("div", 1, ("sub", 1, XX)), ("square", ("cosh", "y"))]),
    "expit": (
        anywhere,
        [
            product("y", ("sub", 1, "y")),
            product("y", ("expit", ("neg", "x"))),
            product(DECAY, ("square", "y")),
            ("div", DECAY, ("square", ("add", 1, DECAY))),
        ],
    ),
    "log_expit": (
        anywhere,
        [
            ("sub", 1, ("expit", "x")),
            ("expit", ("neg", "x")),
            ("div", 1, ("add", 1, E)),
            ("sub", 1, ("exp", "y")),
        ],
    ),
    "softplus": (
        anywhere,
        [
            ("expit", "x"),
            ("sub", 1, ("exp", ("neg", "y"))),
            ("sub", 1, ("div", 1, ("add", 1, E))),
            ("exp", ("sub", "x", "y")),
            ("div", E, ("add", 1, E)),
        ],
    ),
    "erf": (anywhere, [product(TWO_OVER_ROOT_PI, BELL)]),
    "erfc": (anywhere, [product(-TWO_OVER_ROOT_PI, BELL)]),
    "erfinv": (within_one, [("div", ("exp", YY), TWO_OVER_ROOT_PI)]),
    "gammaln": (positive, [("digamma", "x")]),
    "digamma": (positive, [("trigamma", "x")]),
    "logsumexp": (anywhere, [("exp", ("sub", "x", "y")), SHARES]),
    "norm": (anywhere, [("div", "x", "y"), ("div", "x", ("sqrt", ("total", XX)))]),
    "prod": (around_one, [("div", "y", "x"), product("y", ("div", 1, "x"))]),
    "softmax": (
        anywhere,
        [
            product("y", ("sub", "w", ("total", product("w", "y")))),
            ("sub", product("w", "y"), product("y", ("total", product("y", "w")))),
            product(SHARES, ("sub", "w", ("total", product(SHARES, "w")))),
        ],
    ),
    "log_softmax": (
        anywhere,
        [
            ("sub", "w", product(("exp", "y"), ("total", "w"))),
            ("sub", "w", product(SHARES, ("total", "w"))),
        ],
    ),
}
"""For each function where it is tried, and the textbook's formulas for its slope: for a reduction,
its gradient; for a function with many values, that of their sum with the weights."""

TANGENTS = {
    "softmax": lambda y, slope, t: y * (t - np.sum(y * t)),
    "log_softmax": lambda y, slope, t: t - np.sum(np.exp(y) * t),
    **dict.fromkeys(["logsumexp", "norm", "prod"], lambda y, slope, t: np.sum(slope * t)),
}
"""The tangent of a value, from its slope and the tangent of the argument, where that is not their
product."""

NOT_UNARY = {"atan2", "hypot", "logaddexp", "power", "remainder", "xlogy", "polygamma"}
"""Functions of several arguments: `logaddexp` is tried as softplus."""


def weights(n):
    return np.cos(np.arange(n)).astype(np.float32)


def function_of(name, with_argument):
    """A function with one value; `with_argument`: with the sum of the argument added to it."""

    def function(xp, x):
        if name == "norm":
            ans = xp.linalg.vector_norm(x)
        else:
            own = name in ("square", "reciprocal")
            ans = getattr(xp.special if not own and hasattr(xp.special, name) else xp, name)(x)
        if name.endswith("softmax"):
            ans = ans * xp.asarray(weights(x.shape[0]), dtype=x.dtype)
        total = xp.sum(ans)
        return total + xp.sum(x) if with_argument else total

    return function


def value_of(name, x):
    largest = np.max(x)
    if name == "softplus":
        return np.logaddexp(x, x.dtype.type(0))
    if name == "norm":
        return np.sqrt(np.sum(x * x))
    if name == "prod":
        return np.prod(x)
    if name not in ("logsumexp", "softmax", "log_softmax"):
        return PRIMITIVES[name].implementation(x)
    powers = np.exp(x - largest)
    if name == "softmax":
        return powers / np.sum(powers)
    log_of_sum = np.log(np.sum(powers)) + largest
    return log_of_sum if name == "logsumexp" else x - log_of_sum


def answered(name, formula, question, dtype):
    """A gradient, or its derivative along the question's tangent, by a formula."""
    x = question.inputs.arguments[0].astype(dtype)
    y = value_of(name, x)
    assert np.asarray(y).dtype == dtype
    numbers = {"x": Dual(x, 0), "y": Dual(y, 0), "w": Dual(weights(x.size).astype(dtype), 0)}
    slope = evaluate(formula, numbers).value
    if question.operator is Operator.GRADIENT:
        return np.broadcast_to(np.asarray(slope, dtype), x.shape)
    tangent = question.inputs.tangent.astype(dtype)
    tangent_of = TANGENTS.get(name, lambda y, slope, t: slope * t)
    numbers |= {"x": Dual(x, tangent), "y": Dual(y, tangent_of(y, slope, tangent))}
    return np.broadcast_to(np.asarray(evaluate(formula, numbers).slope, dtype), x.shape)


def posed(name, operator, n, seed, with_argument=False):
    points, _ = TEXTBOOK[name]
    x = points(n, np.random.default_rng(seed)).astype(np.float32).astype(np.float64)
    model = model_at(function_of(name, with_argument), x)
    question = question_of(model, operator, lowest_dtype="float32")
    return question, establish(question, DTYPES)


def judged(entries, truth, question, dtype):
    return judge(Answer(("",), (entries,)), truth, question, dtype, exact=True)


def test_every_function_of_one_argument_has_its_formulas_here():
    functions = {
        primitive.name
        for primitive in PRIMITIVES.values()
        if primitive.rounding is Rounding.FUNCTION
        and primitive.elementwise
        and len(primitive.vjps) == 1
    }
    parts = {"polygamma", "expit_slope", "gaussian"}  # slopes of digamma, expit and erf
    of_an_order = {"bessel_i", "bessel_i_scaled", "bessel_j"}
    assert functions - parts - of_an_order <= {*TEXTBOOK}


@pytest.mark.parametrize("operator", [Operator.GRADIENT, Operator.HVP])
@pytest.mark.parametrize("name", TEXTBOOK)
def test_no_careful_formula_for_a_derivative_is_wrong(name, operator):
    for seed in SEEDS:
        n, with_argument = SIZES[seed % 3], seed % 2 == 1
        question, truth = posed(name, operator, n, seed, with_argument)
        formula = some_formula(TEXTBOOK[name][1], np.random.default_rng(seed))
        for dtype in DTYPES:
            entries = answered(name, formula, question, dtype)
            if with_argument and operator is Operator.GRADIENT:
                entries = 1 + entries
            judgement = judged(entries, truth, question, dtype)
            assert judgement.verdict is not Verdict.WRONG, (n, dtype, formula, judgement)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_a_relative_error_of_one_in_a_billion_hides_in_no_careful_formula(name):
    question, truth = posed(name, Operator.GRADIENT, 30, 1)
    (true,), (bound,) = truth.answer.arrays, truth.bounds["float64"]
    well_conditioned = np.flatnonzero(2 * bound < 1e-9 * np.abs(true))
    assert len(well_conditioned) >= 24
    rng = np.random.default_rng(5)
    for _ in range(10):
        formula = some_formula(TEXTBOOK[name][1], rng)
        entries = np.array(answered(name, formula, question, "float64"))
        entries[rng.choice(well_conditioned)] *= 1 + 1e-9 * rng.choice([-1, 1])
        assert judged(entries, truth, question, "float64").verdict is Verdict.WRONG, formula


@pytest.mark.parametrize(
    ("name", "point"), [("exp", -40.0), ("expit", -40.0), ("erf", 5.0), ("log1p", 1e-12)]
)
def test_slopes_that_every_formula_has_to_the_last_digits_are_bounded_so(name, point):
    model = model_at(function_of(name, with_argument=False), [point])
    question = question_of(model, Operator.GRADIENT)
    truth = establish(question, ["float64"])
    (true,), (bound,) = truth.answer.arrays, truth.bounds["float64"]
    assert bound[0] < 2e-13 * abs(true[0])


def test_a_derivative_that_is_small_by_cancellation_may_be_off_by_the_rounding_of_its_terms():
    """tanh'' near 0 is (1 - t) - (1 + t) by one formula, and -2 t by another."""
    model = model_at(function_of("tanh", with_argument=False), [2.0**-30])
    question = question_of(model, Operator.HESSIAN)
    truth = establish(question, ["float64"])
    (true,), (bound,) = truth.answer.arrays, truth.bounds["float64"]
    assert abs(true[0, 0]) < 2e-9
    assert 1e-16 < bound[0, 0] < 1e-14
