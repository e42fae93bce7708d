"""What was measured is written before functions are called at the points of the step sweep."""

import json

from adbench.cases.user_file import digest_of
from adbench.comparing import compare as comparing
from adbench.comparing.compare import compare
from adbench.planning.settings import QUICK
from adbench.results.exit_status import ExitStatus
from adbench.running.selection import Selection

FILE = """
import sys, time
from adbench import Model
def f(xp, x):
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.endswith("differences.py"):
            time.sleep(1e5)
        frame = frame.f_back
    return xp.sum(x * x)
def make(size, rng):
    return (rng.standard_normal(3),)
model = Model(name="mine", function=f, make=make, sizes={"s": {}})
"""

SENTENCE = "mine s float64 was not compared with numerical differentiation: no answer within"


def test_a_function_that_hangs_in_the_step_sweep_costs_a_line_of_the_report(tmp_path, monkeypatch):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    folder = tmp_path / "out"
    folder.mkdir()
    selection = Selection(
        models=(str(path),), backends=("reference:tape",), operators=("value",), timeout_s=10.0
    )
    written_before = []

    def sweep(*arguments):
        written_before.extend(path.name for path in folder.iterdir())
        sweep_steps(*arguments)

    sweep_steps = comparing.sweep_steps
    monkeypatch.setattr(comparing, "sweep_steps", sweep)
    comparison = compare(selection.plan(QUICK), folder, progress=False)
    assert {"report.md", "results.parquet", "results.csv"} <= set(written_before)
    assert comparison.exit_status is ExitStatus.ALL_RIGHT
    assert set(comparison.table["verdict"]) == {"correct"}
    assert SENTENCE in (folder / "report.md").read_text()
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["files"] == {str(path): digest_of(path)}
