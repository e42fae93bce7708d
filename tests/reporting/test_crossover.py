import math

import numpy as np
import pandas as pd
import pytest
from sweeps import GRID, ideal, swept

from adbench.cases import Mode
from adbench.reporting import crossover
from adbench.reporting.crossover import Winner


def cells(*arguments, **known):
    return crossover.ratios(swept(*arguments, **known))


def forward_always(mode, n, m):
    return 1e-6 if mode is Mode.FORWARD else 3e-6


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((1.01, 1.03), Winner.REVERSE),
        ((0.5, 0.99), Winner.FORWARD),
        ((0.96, 1.04), Winner.EQUAL),
        ((0.96, 1.06), Winner.NOT_TOLD),
        ((0.94, 1.04), Winner.NOT_TOLD),
    ],
)
def test_a_mode_wins_where_the_interval_excludes_1_and_none_does_where_it_is_near_1(
    interval, expected
):
    assert crossover.winner(*interval) is expected


def test_a_run_that_did_not_pair_its_samples_has_no_ratio():
    unpaired = swept(ideal).assign(forward_ratio=np.nan)
    assert crossover.ratios(unpaired).empty
    assert crossover.ratios(swept(ideal).iloc[:0]).empty


def test_a_cell_that_was_timed_in_one_mode_alone_is_left_out():
    table = swept(ideal)
    table.loc[(table["mode"] == "forward") & (table["n_inputs"] == 1024), "outcome"] = "timed_out"
    assert set(crossover.ratios(table)["n_inputs"]) == set(GRID) - {1024}


def test_the_modes_cross_where_their_passes_take_equally_long():
    measured = crossover.measured_boundary(cells(ideal))
    assert measured.value == pytest.approx(1)
    assert measured.low <= 1 <= measured.high


def test_a_boundary_between_two_measured_quotients_is_interpolated_on_a_logarithmic_scale():
    dear_reverse = cells(lambda mode, n, m: ideal(mode, n, m) * (1 if mode is Mode.FORWARD else 2))
    measured = crossover.measured_boundary(dear_reverse)
    assert measured.value == pytest.approx(2, rel=1e-6)
    assert measured.low <= 2 <= measured.high
    assert crossover.predicted_boundary(dear_reverse) == pytest.approx(1)


def test_a_boundary_is_less_sure_where_the_ratios_are():
    sharp, blunt = (
        crossover.measured_boundary(cells(ideal, spread=spread)) for spread in (0.01, 1.0)
    )
    assert blunt.high / blunt.low > 1.5 * sharp.high / sharp.low


def test_one_noisy_cell_does_not_move_a_boundary_far():
    rng = np.random.default_rng(0)
    noisy = cells(lambda mode, n, m: ideal(mode, n, m) * rng.uniform(0.8, 1.25))
    measured = crossover.measured_boundary(noisy)
    assert 0.7 < measured.value < 1.5
    assert measured.low < 1 < measured.high


def test_without_a_crossing_the_boundary_is_at_an_end():
    assert crossover.measured_boundary(cells(forward_always)).value == math.inf
    reverse_always = cells(lambda mode, n, m: 3e-6 if mode is Mode.FORWARD else 1e-6)
    assert crossover.measured_boundary(reverse_always).value == 0


def test_nothing_is_predicted_where_nothing_was_counted():
    assert math.isnan(crossover.predicted_boundary(cells(ideal, counted=False)))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_growth_is_the_exponent_of_the_larger_sizes(exponent):
    def time_of(mode, n, m):
        passes = n if mode is Mode.FORWARD else m
        hidden_at_few_passes = 1e-4
        return 1e-6 * (hidden_at_few_passes + (passes / 1024) ** exponent)

    for growth in (crossover.forward_growth, crossover.reverse_growth):
        estimate = growth(cells(time_of))
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.value == pytest.approx(exponent, rel=0.05)


def test_two_sizes_are_too_few_for_an_exponent():
    assert math.isnan(crossover.forward_growth(cells(ideal, grid=(1, 16))).value)


def test_the_cost_of_a_call_is_told_from_that_of_a_pass():
    def time_of(mode, n, m):
        return 5e-4 + 1e-6 * n if mode is Mode.FORWARD else 2e-3 + 3e-6 * m

    forward, reverse = crossover.mode_costs(cells(time_of))
    assert (forward.overhead_s, forward.pass_s) == pytest.approx((5e-4, 1e-6))
    assert (reverse.overhead_s, reverse.pass_s) == pytest.approx((2e-3, 3e-6))


def test_every_backend_and_model_is_a_sweep_of_its_own():
    frame = pd.concat(
        [swept(ideal), swept(ideal, backend="other:jit"), swept(ideal, model="dense")],
        ignore_index=True,
    )
    names = [(model, backend) for (model, _, _, backend), _ in crossover.sweeps(frame)]
    assert sorted(names) == [("deep", "other:jit"), ("deep", "some:eager"), ("dense", "some:eager")]
