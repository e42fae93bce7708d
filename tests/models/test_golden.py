"""ADBench's input files and the values that it publishes for them, on every backend.

Each file is read as ADBench reads it; its licence lies beside the files.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from frameworks import ENTRIES, SLOW_TO_STAGE, answer, load

from adbench.backends.base import prepare, to_backend
from adbench.cases import MODES, Mode, Operator
from adbench.cases.inputs import make_inputs
from adbench.models import bundle_adjustment, gmm, lstm, particle
from reference_ad.engine import tree

pytestmark = pytest.mark.filterwarnings(
    # Inductor's own lowering of a diagonal.
    "ignore:`torch._prims_common.check` is deprecated:FutureWarning"
)

FILES = Path(__file__).parent / "golden"
GRADBENCH_CONTROL = 0.2071918746486116
"""Where gradbench's minimisation of `particle` ends from w = 0."""
AGREEMENT = 1e-10
"""How near an entry must be to its golden value, relative to that."""

LEFT_OUT = ("differences", "scipy", "mlx", "sympy")
"""Frameworks that approximate, that compute elementary functions in float32, or whose formulas
swell beyond what can be built in the time of a test."""
BACKENDS = [name for name, entry in ENTRIES.items() if entry.framework not in LEFT_OUT]
INDUCTOR_ADDS_TO_ONE_ROW = "Inductor's index_add on an expanded array adds all rows to one"
UNROLLED = {
    name: "it compiles every step of a loop"
    for name, entry in ENTRIES.items()
    if name in SLOW_TO_STAGE or entry.framework in ("pytensor", "tinygrad")
}
"""Backends that are not asked to stage 1023 steps, and why."""


def numbers_of_lines(path):
    return [np.array(line.split(), float) for line in path.read_text().splitlines() if line.strip()]


def golden(name, quantity):
    return np.loadtxt(FILES / name / f"expected_{quantity}.txt")


def inputs_of(model, function, arguments):
    """Return a model's inputs where it stands for another function at one point."""
    fixed = replace(model, function=function, make=lambda size, rng: arguments, sizes={"file": {}})
    return make_inputs(fixed, "file", seed=0)


def asked(name, model, inputs, operator, mode):
    """Return an answer's leaves; skip where the backend lacks something."""
    backend = load(name)
    try:
        _, output = answer(backend, model.output, inputs, operator, mode)
    except NotImplementedError as error:  # as a run calls it unsupported
        pytest.skip(str(error))
    except AttributeError as error:
        if "is not in the namespace" not in str(error):
            raise
        pytest.skip(str(error).partition(":")[0])
    return tree.leaves(output)


def assert_agreement(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=AGREEMENT, atol=0)


def adbench_posterior(xp, params, x, m, gamma):
    """The objective of ADBench, which subtracts the prior that gradbench adds."""
    return gmm.log_likelihood(xp, params, x) - gmm.log_prior(xp, params, m, gamma)


def mixture_of_file():
    lines = numbers_of_lines(FILES / "adbench_gmm" / "input.txt")
    size, components, count = map(int, lines[0])
    heights = np.cumsum([1, components, components, components, count])
    alpha, mu, factors, x = (
        np.array(lines[start:end]) for start, end in zip(heights, heights[1:], strict=False)
    )
    gamma, m = lines[-1]
    params = {"alpha": alpha[:, 0], "mu": mu, "q": factors[:, :size], "l": factors[:, size:]}
    return params, x, int(m), gamma


def cameras_of_file():
    lines = numbers_of_lines(FILES / "adbench_ba" / "input.txt")
    cameras, points, observations = map(int, lines[0])
    camera, point, weight, feature = lines[1:]
    params = {
        "cameras": np.tile(camera, (cameras, 1)),
        "points": np.tile(point, (points, 1)),
        "weights": np.tile(weight, observations),
    }
    features = np.tile(feature, (observations, 1))
    return params, features, *bundle_adjustment.observed(cameras, points, observations)


def text_of_file():
    lines = numbers_of_lines(FILES / "adbench_lstm" / "input.txt")
    layers = int(lines[0][0])
    main, extra, state, text = np.split(
        np.array([np.pad(line, (0, 56 - line.size)) for line in lines[1:]]),
        np.cumsum([2 * layers, 3, 2 * layers]),
    )
    bits = int(lines[0][2])
    params = {"main": main, "extra": extra[:, :bits]}
    return params, state[:, :bits], text[:, :bits]


@pytest.mark.parametrize("name", BACKENDS)
def test_the_mixture_has_the_value_and_gradient_of_adbench(name):
    model = replace(gmm.model, function=adbench_posterior)
    inputs = inputs_of(model, adbench_posterior, mixture_of_file())
    (value,) = asked(name, model, inputs, Operator.VALUE, MODES[Operator.VALUE][0])
    assert_agreement(value, golden("adbench_gmm", "objective"))
    leaves = asked(name, model, inputs, Operator.GRADIENT, MODES[Operator.GRADIENT][1])
    gradient = dict(zip(sorted(inputs.arguments[0]), leaves, strict=True))
    factors = np.concatenate([gradient["q"], gradient["l"]], axis=1)
    parts = (gradient["alpha"], gradient["mu"], factors)
    assert_agreement(np.concatenate([*map(np.ravel, parts)]), golden("adbench_gmm", "gradient"))


def sparse_rows(jacobian, observations):
    """Return the entries of a Jacobian that ADBench keeps, row by row."""
    cameras, points, weights = jacobian
    entries = []
    for i, (camera, point) in enumerate(zip(*observations, strict=True)):
        for row in (2 * i, 2 * i + 1):
            entries += [*cameras[row, camera], *points[row, point], weights[row, i]]
    first_of_weights = 2 * len(observations[0])
    entries += [weights[first_of_weights + i, i] for i in range(len(observations[0]))]
    return np.array(entries)


@pytest.mark.parametrize("mode", MODES[Operator.JACOBIAN])
@pytest.mark.parametrize("name", BACKENDS)
def test_bundle_adjustment_has_the_errors_and_the_jacobian_of_adbench(name, mode, request):
    if (name, mode) == ("torch:compile", Mode.REVERSE):
        request.applymarker(pytest.mark.xfail(strict=True, reason=INDUCTOR_ADDS_TO_ONE_ROW))
    model = bundle_adjustment.model
    inputs = inputs_of(model, model.function, cameras_of_file())
    (value,) = asked(name, model, inputs, Operator.VALUE, MODES[Operator.VALUE][0])
    assert_agreement(value, golden("adbench_ba", "objective"))
    jacobian = asked(name, model, inputs, Operator.JACOBIAN, mode)
    entries = sparse_rows(jacobian, inputs.arguments[2:])
    assert_agreement(entries, golden("adbench_ba", "jacobian_csr_values"))
    assert sum(np.count_nonzero(leaf) for leaf in jacobian) == np.count_nonzero(entries)


@pytest.mark.timeout(600)  # TensorFlow takes the 1023 steps one operation at a time
@pytest.mark.parametrize("name", BACKENDS)
def test_the_lstm_has_the_loss_and_gradient_of_adbench(name):
    if name in UNROLLED:
        pytest.skip(UNROLLED[name])
    model = lstm.model
    inputs = inputs_of(model, model.function, text_of_file())
    (value,) = asked(name, model, inputs, Operator.VALUE, MODES[Operator.VALUE][0])
    assert round(float(value), 8) == golden("adbench_lstm", "objective")  # it has 8 digits
    leaves = asked(name, model, inputs, Operator.GRADIENT, MODES[Operator.GRADIENT][1])
    gradient = dict(zip(sorted(inputs.arguments[0]), leaves, strict=True))
    ravelled = np.concatenate([np.ravel(gradient["main"]), np.ravel(gradient["extra"])])
    assert_agreement(ravelled, golden("adbench_lstm", "gradient"))


def descended(slope, cost, w):
    """Return where gradbench's gradient descent from w ends, in one dimension."""
    step, successes = 1e-5, 0
    while abs(slope(w)) > 1e-5:
        following = w - step * slope(w)
        if successes == 10:
            step, successes = 2 * step, 0
        elif abs(following - w) <= 1e-5:
            break
        elif cost(following) < cost(w):
            w, successes = following, successes + 1
        else:
            step, successes = step / 2, 0
    return w


@pytest.mark.parametrize("name", ["reference:compiled", "jax:jit"])
def test_the_particle_is_led_to_the_origin_as_in_gradbench(name):
    inputs = make_inputs(particle.model, "w=0,h=0.1", seed=0)
    backend = load(name)

    def call_of(operator, mode):
        problem = to_backend(backend, particle.model.function, inputs, operator)
        _, call = prepare(backend, problem, operator, mode, 1)

        def at(w):
            active = backend.asarray(np.asarray(w))
            return float(call(active, problem.constants, problem.direction))

        return at

    slope = call_of(Operator.DERIVATIVE, Mode.REVERSE)
    cost = call_of(Operator.VALUE, Mode.NONE)
    assert_agreement(descended(slope, cost, 0.0), GRADBENCH_CONTROL)
