"""What is known of the workloads: published values, exact solutions, other formulas."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

import reference_ad as ad
from adbench import registry
from adbench.cases.inputs import make_inputs
from adbench.models import det, gaussian_likelihood, hand_tracking, kmeans, layer_norm, ode, saddle
from adbench.models import more_garbow_hillstrom as problems

xp = ad.numpy
MODELS = {name: source.model for name, source in registry.models().items()}


def arguments_of(name, size, seed=0):
    return make_inputs(MODELS[name], size, seed).arguments


STARTS = {
    "rosenbrock": ("n=2", 24.2),
    "helical_valley": ("start", 2500.0),
    "powell_singular": ("start", 215.0),
    "wood": ("start", 19192.0),
    "broyden_tridiagonal": ("n=10", 21.0),
}
"""The values at the starts that More, Garbow and Hillstrom give, or that follow by hand."""


@pytest.mark.parametrize("name", STARTS)
def test_a_function_of_more_garbow_and_hillstrom_has_its_value_at_the_start(name):
    size, value = STARTS[name]
    assert MODELS[name].function(xp, *arguments_of(name, size)) == pytest.approx(value, rel=1e-14)


MINIMA = {
    problems.rosenbrock: np.ones(6),
    problems.helical_valley: np.array([1.0, 0.0, 0.0]),
    problems.powell_singular: np.zeros(4),
    problems.wood: np.ones(4),
    problems.trigonometric: np.zeros(5),
}


@pytest.mark.parametrize("residuals", MINIMA, ids=lambda residuals: residuals.__name__)
def test_a_function_of_more_garbow_and_hillstrom_vanishes_where_it_is_least(residuals):
    assert np.all(residuals(xp, MINIMA[residuals]) == 0)


def test_expansion_by_minors_gives_the_determinant():
    A = np.random.default_rng(0).standard_normal((6, 6))
    assert det.determinant(xp, A) == pytest.approx(np.linalg.det(A), rel=1e-12)


def test_a_newton_step_of_kmeans_leads_to_the_means_of_the_clusters():
    centroids, points = arguments_of("kmeans", "k=10,n=1000,d=8")
    distances = np.sum((points[:, None, :] - centroids) ** 2, axis=2)
    nearest = np.argmin(distances, axis=1)
    means = np.array([np.mean(points[nearest == j], axis=0) for j in range(10)])
    step = kmeans.newton_step(xp, centroids, points)
    np.testing.assert_allclose(centroids - step, means, rtol=1e-12)


def test_the_chain_of_equations_is_solved_exactly_where_its_solution_is_a_polynomial():
    x = np.array([0.5, 0.75, 0.25])
    exact = np.prod(x) * ode.END**3 / factorial(3)
    assert ode.last_solution(xp, x, 3) == pytest.approx(exact, rel=1e-14)


def test_the_searches_for_the_saddle_come_near_it():
    x, y = saddle.saddle_point(xp, np.array([1.0, 1.0]), 40)
    assert np.max(np.abs([x, y])) == pytest.approx(0.75**40, rel=1e-12)


def test_layer_normalisation_gives_mean_0_and_variance_1():
    rows = np.random.default_rng(0).standard_normal((4, 100))
    plain = {"x": rows, "scale": np.ones(100), "shift": np.zeros(100)}
    normalised = layer_norm.normalised(xp, plain)
    np.testing.assert_allclose(np.mean(normalised, axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(np.var(normalised, axis=1), 1, rtol=1e-4)


def test_the_likelihood_of_a_gaussian_process_is_that_of_scipy():
    from scipy.stats import multivariate_normal

    logarithms, x, y = arguments_of("gaussian_likelihood", "n=20")
    length, amplitude, noise = np.exp(logarithms)
    squares = (x[:, None] - x) ** 2
    covariance = amplitude**2 * np.exp(-squares / (2 * length**2)) + noise**2 * np.eye(20)
    expected = multivariate_normal(np.zeros(20), covariance).logpdf(y)
    value = gaussian_likelihood.log_likelihood(xp, logarithms, x, y)
    assert value == pytest.approx(expected, rel=1e-12)


def test_a_hand_at_rest_stays_where_its_vertices_are():
    theta, hand, _, _ = arguments_of("hand_tracking", "P=2,V=3")
    absolute = hand_tracking.skeleton(xp, np.zeros(20), hand["rest"])
    at_rest = {**hand, "inverse": np.linalg.inv(absolute)}
    pose = np.concatenate([theta[:3] * 1e-9, np.zeros(23)])
    vertices = hand_tracking.vertices(xp, pose, at_rest)
    np.testing.assert_allclose(vertices, hand["positions"][:, :3], atol=1e-8)
