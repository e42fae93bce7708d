"""What a sample would have missed: formulas against simulation."""

from math import comb, inf

import numpy as np
import pytest

from adbench.truth.detection import (
    probability_missed,
    probability_none_drawn,
    share_seen,
    smallest_error_seen,
)

DRAWS = 200_000


def errors_of_every_form(rng):
    single = np.zeros(12)
    single[3] = 1.0
    spread = rng.standard_normal(12)
    return [single, np.ones(12) / 12**0.5, spread / np.linalg.norm(spread)]


def test_a_projection_misses_an_error_as_often_as_stated_whatever_it_looks_like():
    rng = np.random.default_rng(0)
    for error in errors_of_every_form(rng):
        projected = np.abs(rng.standard_normal((DRAWS, 12)) @ error)
        for width in (0.01, 0.1, 0.5):
            missed = np.mean(projected <= width)
            stated = probability_missed([width], 1.0, is_matrix=False)
            assert abs(missed - stated) < 4 * (stated / DRAWS) ** 0.5


def test_projections_together_miss_an_error_as_often_as_all_of_them():
    rng = np.random.default_rng(1)
    error = errors_of_every_form(rng)[1]
    widths = np.asarray([0.3, 0.5])
    projected = np.abs(rng.standard_normal((DRAWS, 2, 12)) @ error)
    missed = np.mean((projected <= widths).all(axis=1))
    stated = probability_missed(widths.tolist(), 1.0, is_matrix=False)
    assert abs(missed - stated) < 4 * (stated / DRAWS) ** 0.5


@pytest.mark.parametrize("rank", [1, 2, 6])
def test_a_projection_of_a_matrix_misses_an_error_no_oftener_than_stated(rank):
    rng = np.random.default_rng(rank)
    error = rng.standard_normal((6, rank)) @ rng.standard_normal((rank, 6))
    error /= np.linalg.norm(error)
    left, right = rng.standard_normal((2, DRAWS, 6))
    projected = np.abs(np.sum((left @ error) * right, axis=1))
    for width in (1e-3, 1e-2, 0.1):
        missed = np.mean(projected <= width)
        stated = probability_missed([width], 1.0, is_matrix=True)
        assert missed <= stated
        assert stated < 30 * missed or rank > 1  # and for a single entry hardly less often


@pytest.mark.parametrize("is_matrix", [False, True])
def test_the_smallest_error_seen_is_missed_with_just_the_stated_probability(is_matrix):
    widths = [1e-9, 3e-9]
    size = smallest_error_seen(widths, 0.01, is_matrix=is_matrix)
    assert probability_missed(widths, size, is_matrix=is_matrix) == pytest.approx(0.01)
    assert probability_missed(widths, 2 * size, is_matrix=is_matrix) < 0.01


def test_no_error_is_seen_without_a_bound_and_every_one_without_rounding():
    assert smallest_error_seen([], is_matrix=False) == inf
    assert smallest_error_seen([inf, inf], is_matrix=False) == inf
    seen_by_one = smallest_error_seen([1.0], is_matrix=True)
    assert smallest_error_seen([inf, 1.0], is_matrix=True) == pytest.approx(seen_by_one)
    assert smallest_error_seen([0.0, 1.0], is_matrix=False) == 0.0


def test_drawn_entries_miss_wrong_ones_as_often_as_stated():
    assert probability_none_drawn(10, 3, 2) == pytest.approx(comb(8, 3) / comb(10, 3))
    assert probability_none_drawn(10, 3, 8) == 0.0
    rng = np.random.default_rng(2)
    draws = [rng.choice(50, 10, replace=False).min() >= 5 for _ in range(20_000)]
    assert np.mean(draws) == pytest.approx(probability_none_drawn(50, 10, 5), abs=0.02)


def test_the_smallest_share_seen_is_the_first_that_is_seldom_missed():
    share = share_seen(1000, 100, 0.01)
    wrong = round(share * 1000)
    assert probability_none_drawn(1000, 100, wrong) <= 0.01
    assert probability_none_drawn(1000, 100, wrong - 1) > 0.01
    assert share_seen(1000, 0) == 1.0 and share_seen(10, 10) == 0.1
