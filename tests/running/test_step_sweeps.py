"""The step sweep runs in a worker: what hangs or raises there is one line, and the rest is kept."""

from adbench.planning.settings import CHECK
from adbench.running.selection import Selection
from adbench.running.step_sweeps import StepResults, sweep
from adbench.running.worker_pool import worker_pool

FILE = """
import sys, time
from adbench import Model
calls = 0
def f(xp, x):
    global calls
    calls += 1
    if calls > 150:
        {fault}
    return xp.sum(x * x)
def g(xp, x):
    print("noise")
    return xp.sum(x * x)
def make(size, rng):
    return (rng.standard_normal(3),)
bad = Model(name="bad", function=f, make=make, sizes={{"s": {{}}}})
good = Model(name="good", function=g, make=make, sizes={{"s": {{}}}})
"""


def swept(tmp_path, fault, timeout_s):
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(fault=fault))
    selection = Selection(models=(str(path),), backends=("reference:tape",), timeout_s=timeout_s)
    results = StepResults()
    activities = []
    with worker_pool(selection.settings(CHECK), tmp_path / "logs") as workers:
        plan = selection.plan(CHECK, workers)
        sweep(plan, workers, results, activities.append)
    assert activities == ["differences of bad s float64", "differences of good s float64"]
    assert {row.model for row in results.rows} == {"good"}
    return results.missing


def test_a_function_that_hangs_in_a_later_call_costs_its_own_part_alone(tmp_path, capfd):
    assert swept(tmp_path, "time.sleep(1e5)", timeout_s=4.0) == [
        "bad s float64 was not compared with numerical differentiation: no answer within the limit "
        "of 4 s; --timeout sets it."
    ]
    assert "noise" not in capfd.readouterr().out


def test_a_function_that_raises_in_a_later_call_costs_its_own_part_alone(tmp_path):
    (sentence,) = swept(tmp_path, "raise ValueError('no more')", timeout_s=60.0)
    assert sentence == (
        "bad s float64 was not compared with numerical differentiation: ValueError: no more."
    )
