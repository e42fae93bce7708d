import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adbench.timing import stats

POSITIVE = st.floats(1e-9, 1e3)


@given(st.lists(POSITIVE, min_size=6, max_size=60))
def test_the_interval_is_made_of_samples_around_the_median(samples):
    estimate = stats.median(samples)
    assert estimate.low in samples and estimate.high in samples
    assert estimate.low <= estimate.median <= estimate.high
    assert estimate.median == np.median(samples)


@given(st.lists(POSITIVE, min_size=1, max_size=5))
def test_fewer_than_six_samples_give_no_interval(samples):
    estimate = stats.median(samples)
    assert math.isnan(estimate.low) and math.isnan(estimate.high)
    assert estimate.median == np.median(samples)


def test_no_samples_give_no_median():
    assert math.isnan(stats.median([]).median)


def test_six_samples_are_the_fewest_whose_range_covers_the_median_at_95_percent():
    estimate = stats.median([3, 1, 2, 6, 5, 4])
    assert (estimate.low, estimate.high) == (1, 6)


@pytest.mark.parametrize("count", [6, 9, 12, 25, 40])
def test_the_interval_covers_the_true_median_as_often_as_it_says(count):
    rng = np.random.default_rng(count)
    draws = rng.exponential(size=(4000, count))  # skewed, as times are; its median is log 2
    covered = np.mean([e.low <= math.log(2) <= e.high for e in map(stats.median, draws)])
    assert covered >= 0.94


def test_a_ratio_of_paired_samples_is_free_of_a_drift_that_hits_both():
    drift = np.linspace(1, 10, 31)
    estimate = stats.ratio(3.0 * drift, drift)
    assert estimate.low == pytest.approx(3) and estimate.high == pytest.approx(3)
