"""What the lecture says of its models, and that they are written in the standard alone."""

from dataclasses import replace

import array_api_strict
import numpy as np
import pytest
import scipy.special

from adbench import registry
from adbench.cases import SpecError
from adbench.cases.inputs import make_inputs
from adbench.cases.static import map_arrays
from adbench.models import chain, tanh
from adbench.namespaces.namespace import Namespace
from adbench.namespaces.numpy import numpy
from reference_ad.engine import tree


def strict_logsumexp(x, axis=None):
    return array_api_strict.log(array_api_strict.sum(array_api_strict.exp(x), axis=axis))


def strict_softmax(x, axis):
    terms = array_api_strict.exp(x)
    return terms / array_api_strict.sum(terms, axis=axis, keepdims=True)


def strict_log_softmax(x, axis):
    return array_api_strict.log(strict_softmax(x, axis))


def strict_set_at(x, index, value):
    changed = np.array(x)
    changed[index] = np.asarray(value)
    return array_api_strict.asarray(changed)


STRICT = Namespace(
    array_api_strict,
    Namespace(
        scipy.special,
        None,
        expit=lambda z: 1 / (1 + array_api_strict.exp(-z)),
        log_softmax=strict_log_softmax,
        logsumexp=strict_logsumexp,
        softmax=strict_softmax,
    ),
    set_at=strict_set_at,
    stop_gradient=lambda x: x,
)
WITH_DERIVATIVES_INSIDE = {"kmeans_step", "particle", "saddle"}
"""Models that call `xp.grad`, for which the strict namespace has nothing."""
SIZES = [
    (name, size)
    for name, source in registry.models().items()
    for size in list(source.model.sizes)[:2]
]


@pytest.mark.parametrize(
    ("name", "size"), [case for case in SIZES if case[0] not in WITH_DERIVATIVES_INSIDE]
)
def test_models_use_nothing_but_the_array_api_standard(name, size):
    model = registry.models()[name].model
    inputs = make_inputs(model, size, seed=1)
    strict = [map_arrays(array_api_strict.asarray, argument) for argument in inputs.arguments]
    value = np.asarray(model.output(STRICT, *strict))
    assert np.allclose(value, model.output(numpy, *inputs.arguments), rtol=1e-13)


@pytest.mark.parametrize(("name", "size"), SIZES)
def test_inputs_depend_on_the_seed_the_model_and_the_size_alone(name, size):
    model = registry.models()[name].model
    first, again = make_inputs(model, size, seed=3), make_inputs(model, size, seed=3)
    for a, b in zip(tree.leaves(first.arguments), tree.leaves(again.arguments), strict=True):
        assert np.array_equal(a, b)
    other = make_inputs(model, size, seed=4)
    assert not np.array_equal(tree.leaves(first.tangent)[0], tree.leaves(other.tangent)[0])


def test_inputs_are_the_same_numbers_in_every_dtype_asked_for():
    inputs = make_inputs(registry.models()["mlp"].model, "8-16-1x8", seed=0, lowest_dtype="float32")
    for leaf in tree.leaves((inputs.arguments, inputs.tangent, inputs.cotangent)):
        assert leaf.dtype == np.float64
        assert np.array_equal(leaf.astype(np.float32).astype(np.float64), leaf)


def test_the_worked_example_of_the_lecture():
    """a_L = 0.66 and y = 1.00.

    DC_0/da_L = 2 (0.66 - 1.00) = -0.68, and sigmoid'(z_L) = 0.66 * 0.34.
    """
    w, a_before, y = 0.8, 0.5, np.array([1.00])
    b = scipy.special.logit(0.66) - w * a_before
    ((by_w, by_b),) = chain.gradient([(w, b)], np.array([a_before]), y)
    assert by_b == pytest.approx(0.66 * 0.34 * -0.68)
    assert by_w == pytest.approx(0.5 * 0.66 * 0.34 * -0.68)


def test_the_cost_of_a_data_set_is_the_mean_over_its_examples():
    rng = np.random.default_rng(0)
    params = [(rng.standard_normal(), rng.standard_normal()) for _ in range(3)]
    x, y = rng.standard_normal(5), rng.uniform(size=5)
    each = [chain.cost(numpy, params, x[k : k + 1], y[k : k + 1]) for k in range(5)]
    assert chain.cost(numpy, params, x, y) == pytest.approx(np.mean(each))
    gradients = [np.array(chain.gradient(params, x[k : k + 1], y[k : k + 1])) for k in range(5)]
    assert np.allclose(np.array(chain.gradient(params, x, y)), np.mean(gradients, axis=0))


def test_the_derivatives_of_tanh_are_its_polynomials():
    t = np.tanh(0.3)
    assert tanh.derivative(0.3, order=0) == t
    assert tanh.derivative(0.3, order=1) == pytest.approx(1 - t**2)
    assert tanh.derivative(0.3, order=2) == pytest.approx(-2 * t * (1 - t**2))
    assert tanh.derivative(0.3, order=3) == pytest.approx((1 - t**2) * (6 * t**2 - 2))


@pytest.mark.parametrize(
    ("stagings", "sentence"),
    [
        ({"slope": ("8-16-1x8",)}, "has stagings of 'slope', which is no operator"),
        ({"gradient": ("8-16-9x8",)}, "has stagings at '8-16-9x8', which is no size of it"),
    ],
)
def test_stagings_of_what_a_model_does_not_have_are_refused(stagings, sentence):
    with pytest.raises(SpecError, match=sentence):
        replace(registry.models()["mlp"].model, stagings=stagings)
