"""Times of several hosts: none is taken for a point of another's line, nor for a drift of it."""

import numpy as np
import pandas as pd

from adbench.reporting import machine
from adbench.reporting.crossover import reverse_growth
from adbench.reporting.one_host import on_one_host


def test_the_cells_of_the_host_with_most_are_kept():
    cells = pd.DataFrame({"host": ["a", "b", "b"], "time": [1, 2, 3]})
    assert [*on_one_host(cells)["time"]] == [2, 3]
    assert on_one_host(cells[["time"]]).equals(cells[["time"]])
    assert on_one_host(cells[1:]).equals(cells[1:])


def test_an_exponent_is_that_of_one_host():
    sizes = np.array([1.0, 4, 16, 64, 256, 1024])
    slow = np.where(sizes > 100, 1000.0, 1.0)  # another host, a thousand times slower
    cells = pd.DataFrame(
        {
            "n_inputs": 1.0,
            "n_outputs": sizes,
            "reverse_s": sizes * slow,
            "host": np.where(sizes > 100, "slow", "fast"),
        }
    )
    assert abs(reverse_growth(cells).value - 1) < 1e-6
    assert reverse_growth(cells.assign(host="one")).value > 2


def test_another_machine_is_no_drift():
    loop = [7e-6] * 12 + [14e-6] * 12
    frame = pd.DataFrame({"reference_s": loop, "host": ["a"] * 12 + ["b"] * 12})
    assert "12 of 24 cells were" in machine.sentence(frame.assign(host="a"))
    sentence = machine.sentence(frame)
    assert sentence.startswith("a: The machine was steady") and "b: The machine was" in sentence
    assert "cells were" not in sentence
