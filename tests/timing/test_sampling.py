"""Sampling goes on until it knows enough, and what it then says holds as often as it claims."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adbench.timing import reference_loop, sampling, stats
from adbench.timing.sampling import Sampling, paired_ratio
from adbench.timing.stats import Estimate


def test_looks_are_taken_at_the_counts_that_are_said():
    for number in range(1, 12):
        count = sampling.samples_at(number)
        assert sampling.look(count) == number
        assert sampling.look(count - 1) == number - 1


@given(st.integers(0, 600))
def test_no_look_comes_before_its_samples(count):
    number = sampling.look(count)
    assert number == 0 or sampling.samples_at(number) - 1 <= count


@pytest.mark.parametrize("scatter", [0.02, 0.3])
def test_an_equal_pair_is_called_different_at_any_look_in_at_most_5_percent(scatter):
    rng = np.random.default_rng(7)
    settings = Sampling()
    different = 0
    for _ in range(300):
        forward = np.exp(scatter * rng.standard_normal(200)).tolist()
        reverse = np.exp(scatter * rng.standard_normal(200)).tolist()
        for number in range(1, sampling.look(200) + 1):
            count = sampling.samples_at(number)
            if count > 200:
                break
            ratio = paired_ratio(forward[:count], reverse[:count])
            if ratio.low > 1 or ratio.high < 1:
                different += 1
                break
            if settings.is_decided(ratio):
                break
    assert different <= 0.05 * 300


def test_a_median_is_covered_in_90_percent_where_sampling_ends_as_its_interval_is_narrow():
    rng = np.random.default_rng(3)
    settings = Sampling(most_s=math.inf)
    covered = 0
    for _ in range(400):
        times = np.exp(0.15 * rng.standard_normal(sampling.MOST_SAMPLES))
        count = settings.turns * settings.rounds
        while count < len(times) and not settings.is_narrow(stats.median(times[:count])):
            count += settings.rounds_in_turn(count)
        estimate = stats.median(times[:count])
        covered += estimate.low <= 1 <= estimate.high
    assert covered >= 0.9 * 400


@pytest.mark.parametrize(
    ("low", "high", "is_decided"),
    [(1.01, 3, True), (0.2, 0.99, True), (0.96, 1.04, True), (0.9, 1.2, False), (0.96, 1.2, False)],
)
def test_a_ratio_is_decided_where_its_interval_excludes_1_or_lies_close_to_it(
    low, high, is_decided
):
    assert Sampling().is_decided(Estimate(1.0, low, high)) is is_decided


def test_too_few_samples_decide_nothing_and_are_not_narrow():
    nothing = Estimate(1.0, math.nan, math.nan)
    assert not Sampling().is_decided(nothing)
    assert not Sampling().is_narrow(nothing)


def test_a_slow_cell_may_overdraw_its_budget_until_it_has_an_interval():
    settings = Sampling(most_s=1.0)
    assert not settings.is_spent(sampling.FEWEST_SAMPLES - 1, 2.0)
    assert settings.is_spent(sampling.FEWEST_SAMPLES, 2.0)
    assert settings.is_spent(1, 1.0 + sampling.OVERDRAFT)
    assert settings.is_spent(sampling.MOST_SAMPLES, 0.0)


def test_the_reference_loop_takes_a_time_that_a_timer_can_see():
    assert reference_loop.work() == sum(number & 7 for number in range(reference_loop.STEPS))
    assert reference_loop.sample() > 1e-6
