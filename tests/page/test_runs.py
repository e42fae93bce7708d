"""Several runs side by side: every row is labelled with its run, its machine and its version."""

from pathlib import Path

from synthetic import EXAMPLE

from adbench.changes.recorded_run import read_environment
from adbench.page.build import figures_of
from adbench.page.figure import Figure
from adbench.page.runs import NamedRun, run_labels, side_by_side
from adbench.results import frames
from adbench.step_sweep import rows as step_rows


def run(folder, **environment):
    known = {**read_environment(EXAMPLE), **environment}
    return NamedRun(Path(folder), frames.load(EXAMPLE), step_rows.load(EXAMPLE), known)


def test_every_row_is_labelled_with_its_run():
    both = side_by_side([run("before"), run("after")])
    assert len(both.frame) == 2 * len(frames.load(EXAMPLE))
    labels = both.frame["backend"].str.extract(r"\[(.*)\]$", expand=False)
    assert set(labels) == {"before", "after"}
    assert list(both.environments) == ["before", "after"]


def test_machines_that_differ_are_named():
    runs = [run("mine", cpu="Small CPU"), run("theirs", cpu="Large CPU")]
    assert run_labels(runs) == ["mine, Small CPU", "theirs, Large CPU"]


def test_folders_of_one_name_are_told_apart():
    assert run_labels([run("a/run"), run("b/run")]) == ["1: run", "2: run"]


def test_versions_that_differ_are_named_and_others_are_not():
    versions = read_environment(EXAMPLE)["backends"]
    newer = {**versions, "torch:eager": "9.9"}
    both = side_by_side([run("before"), run("after", backends=newer)])
    backends = set(both.frame["backend"])
    assert "torch:eager 9.9 [after]" in backends
    assert f"torch:eager {versions['torch:eager']} [before]" in backends
    assert "jax:jit [before]" in backends


def test_the_figures_set_the_runs_beside_each_other():
    figures = figures_of(side_by_side([run("before"), run("after")]))
    modes = figures[0]
    assert isinstance(modes, Figure)
    assert {"jax:jit [before]", "jax:jit [after]"} <= set(modes.data["part"])
