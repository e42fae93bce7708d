import numpy as np
import pandas as pd
import pytest

from adbench.cases import Case, Mode, Operator
from adbench.reporting import crossover
from adbench.results import frames
from adbench.results.row import Row

GRID = (1, 4, 16, 64, 256)


def swept(time_of, *, spread=0.05, backend="some:eager", grid=GRID):
    """A frame of a sweep in which time_of(mode, n, m) is measured with intervals of +- `spread`."""
    rows = []
    for n in grid:
        for m in grid:
            for mode in (Mode.FORWARD, Mode.REVERSE):
                case = Case("dense", f"n={n},m={m}", "float64", Operator.JACOBIAN, 1, mode)
                t = time_of(mode, n, m)
                times = {"median_s": t, "ci_low_s": t * (1 - spread), "ci_high_s": t * (1 + spread)}
                rows.append(Row.begun(case, backend, n_inputs=n, n_outputs=m, swept=True, **times))
    return frames.frame(rows)


def ideal(mode, n, m):
    return float(n if mode is Mode.FORWARD else m)


def test_reverse_wins_when_inputs_outnumber_outputs_and_the_modes_cross_where_they_are_equal():
    (said,) = crossover.sentences(swept(ideal))
    assert said == (
        "some:eager: reverse mode won wherever inputs outnumber outputs (10 of 10 cells); with "
        "fewer inputs than outputs forward mode won in 10 of 10 cells; they cross near n = 1 m (1 "
        "m to 1 m) at m = 1, 4, 16, 64, 256."
    )
    assert crossover.crossings(crossover.ratios(swept(ideal)))[16] == pytest.approx(16)


def test_a_backend_whose_forward_mode_is_always_faster_is_said_to_break_the_claim():
    (said,) = crossover.sentences(swept(lambda mode, n, m: 1.0 if mode is Mode.FORWARD else 3.0))
    assert (
        "reverse mode did not win where inputs outnumber outputs: it won in 0 of 10 cells" in said
    )
    assert "forward is ahead at every n for m = 1, 4, 16, 64, 256" in said


def test_cells_that_are_too_close_to_tell_are_won_by_neither():
    (said,) = crossover.sentences(swept(lambda mode, n, m: 1.0, spread=0.1))
    assert "it won in 0 of 10 cells (10 too close to tell)" in said


def test_a_mode_that_won_in_some_cells_is_said_to_have_won_in_these_alone():
    (said,) = crossover.sentences(
        swept(lambda mode, n, m: 2.0 if (mode, n, m) == (Mode.FORWARD, 256, 1) else 1.0)
    )
    assert said.startswith(
        "some:eager: where inputs outnumber outputs reverse mode won in 1 of 10 cells (9 too "
        "close to tell), forward mode in none; "
    )


def test_a_crossing_between_two_measured_sizes_is_interpolated_on_a_logarithmic_scale():
    measured = crossover.ratios(swept(lambda mode, n, m: n if mode is Mode.FORWARD else 2.0 * m))
    assert crossover.crossings(measured)[16] == pytest.approx(32)


def test_one_noisy_cell_does_not_move_a_crossing_far():
    rng = np.random.default_rng(0)
    noisy = swept(lambda mode, n, m: ideal(mode, n, m) * rng.uniform(0.8, 1.25))
    found = crossover.crossings(crossover.ratios(noisy))
    assert 8 <= found[16] <= 32


def test_a_cell_that_was_timed_in_one_mode_alone_is_left_out():
    table = swept(ideal)
    table.loc[(table["mode"] == "forward") & (table["n_inputs"] == 256), "outcome"] = "timed_out"
    assert set(crossover.ratios(table)["n_inputs"]) == {1, 4, 16, 64}


def test_each_backend_has_its_sentence():
    both = pd.concat([swept(ideal), swept(ideal, backend="other:jit")], ignore_index=True)
    assert [said.partition(":")[0] for said in crossover.sentences(both)] == ["some", "other"]
