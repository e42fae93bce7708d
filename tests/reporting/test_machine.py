import numpy as np
import pandas as pd

from adbench.reporting import machine


def run_of(times_s):
    return pd.DataFrame({"reference_s": times_s})


def test_a_steady_machine_is_said_to_be_steady():
    rng = np.random.default_rng(1)
    sentence = machine.sentence(run_of(3e-5 * (1 + 0.01 * rng.standard_normal(200))))
    assert sentence == (
        "The machine was steady: the reference loop (30 µs) by which it is watched did not drift."
    )


def test_a_throttled_machine_is_said_to_have_become_slower():
    sentence = machine.sentence(run_of(3e-5 * np.linspace(1.0, 1.3, 200)))
    assert "the machine became slower by 26% over the run" in sentence


def test_cells_that_met_a_load_are_counted():
    times_s = np.full(100, 3e-5)
    times_s[40:43] *= 2
    sentence = machine.sentence(run_of(times_s))
    assert sentence == (
        "By the reference loop (30 µs), 3 of 100 cells were measured while it was slower by 15% or "
        "more, and flagged."
    )


def test_a_run_without_a_loop_says_nothing_of_the_machine():
    assert machine.sentence(run_of([np.nan] * 50)) == ""
