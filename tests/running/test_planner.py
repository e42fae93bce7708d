"""Code of the user's is run in a worker when a run is planned, and costs one sentence at most."""

import os
from dataclasses import replace

import pytest

from adbench.cases import SpecError
from adbench.cases.user_file import FileChanged, digest_of
from adbench.planning.settings import CHECK
from adbench.running import planner, runner
from adbench.running.selection import Selection
from adbench.running.worker_pool import worker_pool

MODEL = """
import os, sys, time
from adbench import Model
{before}
def f(xp, x):
    {body}
    return xp.sum(x * x)
def make(size, rng):
    {recipe}
    return (rng.standard_normal(3),)
model = Model(name={name!r}, function=f, make=make, sizes={{"s": {{}}}}, {fields})
"""


def written(path, **parts):
    usual = {"before": "", "body": "pass", "recipe": "pass", "name": "mine", "fields": ""}
    path.write_text(MODEL.format(**{**usual, **parts}))
    return str(path)


def selection(*models, **fields):
    return Selection(models=models, backends=("reference:tape",), **fields)


@pytest.fixture
def workers(tmp_path):
    with worker_pool(selection().settings(CHECK), tmp_path / "logs") as pool:
        yield pool


def test_no_line_of_a_file_is_run_in_this_process(tmp_path, workers, capfd):
    log = tmp_path / "pids"
    note = f"open({str(log)!r}, 'a').write(f'{{os.getpid()}}\\n'); print('noise')"
    path = written(tmp_path / "mine.py", before=note, body=note, recipe=note)
    plan = selection(path).plan(CHECK, workers)
    rows = []
    runner.run(plan, tmp_path / "logs", rows.append, pool=workers)
    assert {row.verdict for row in rows} == {"correct"}
    pids = set(log.read_text().split())
    assert str(os.getpid()) not in pids
    assert "noise" not in capfd.readouterr().out


def test_a_plan_made_in_a_worker_is_the_plan_that_is_made_here(tmp_path, workers):
    native = "native={'reference': lambda x: (x * x).sum()}, orders=1, accuracy=1e-9"
    path = written(tmp_path / "mine.py", fields=native)
    chosen = selection(path)
    plan = chosen.plan(CHECK, workers)
    from adbench import registry
    from adbench.planning.plan import make_plan
    from adbench.planning.restriction import Restriction
    from adbench.running.beyond import look_beyond

    sources = registry.find_models([path])
    here = make_plan(sources, plan.backends, plan.settings)
    here = look_beyond(here, Restriction((), (), ()))
    assert [group.cases for group in plan.groups] == [group.cases for group in here.groups]
    for planned, own in zip(plan.groups, here.groups, strict=True):
        assert planned.source.origin == own.source.origin
        assert planned.source.model.accuracy == own.source.model.accuracy
        assert replace(planned, source=own.source) == own
        assert plan.cells(planned) == here.cells(own)
    assert plan.files == {path: digest_of(tmp_path / "mine.py")}
    with pytest.raises(RuntimeError, match="called in a process that has not imported it"):
        plan.groups[0].source.model.function(None)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"before": "os._exit(0)"}, r"could not be planned\. The worker exited with status 0\."),
        ({"body": "os._exit(3)"}, r"could not be planned\. The worker exited with status 3\."),
        (
            {"recipe": "import ctypes; ctypes.string_at(0)"},
            r"could not be planned\. The worker was killed by SIGSEGV\.",
        ),
        ({"before": "raise KeyboardInterrupt"}, r"could not be planned: KeyboardInterrupt"),
        ({"before": "import nowhere_xyz"}, r"imports 'nowhere_xyz', which is not installed here"),
        ({"recipe": "return (1 / 0,)"}, r"raised ZeroDivisionError in line \d+ of "),
        ({"name": "a\nb"}, r"which has characters that cannot be printed; rename it\."),
    ],
)
def test_a_file_that_cannot_be_planned_is_one_sentence(tmp_path, workers, parts, sentence):
    path = written(tmp_path / "mine.py", **parts)
    with pytest.raises(SpecError, match=sentence) as caught:
        selection(path).plan(CHECK, workers)
    assert "\n" not in str(caught.value)


def test_a_file_that_does_not_end_is_given_up_at_the_limit_and_announced_before(
    tmp_path, workers, monkeypatch
):
    monkeypatch.setattr(planner, "SHORTEST_LIMIT_S", 1.0)
    monkeypatch.setattr(planner, "SILENT_S", 0.1)
    path = written(tmp_path / "mine.py", before="while True: time.sleep(1)")
    announced = []
    with pytest.raises(SpecError, match=r"mine\.py could not be planned within 3 s"):
        selection(path, timeout_s=3.0).plan(CHECK, workers, announced.append)
    assert announced == [f"planning {path}"]


def test_a_backend_that_cannot_be_started_is_no_fault_of_the_model(tmp_path, workers):
    backend = tmp_path / "broken.py"
    backend.write_text("raise RuntimeError('broken')\n")
    model = written(tmp_path / "mine.py")
    chosen = Selection(models=(model,), backends=(str(backend),))
    assert chosen.plan(CHECK, workers).total


def test_a_file_that_is_changed_ends_the_run_and_the_rows_so_far_are_kept(tmp_path, workers):
    path = written(tmp_path / "mine.py")
    plan = selection(path).plan(CHECK, workers)
    rows = []

    def keep_and_change(row):
        rows.append(row)
        (tmp_path / "mine.py").write_text("model = None\n")

    with pytest.raises(FileChanged, match=r"mine\.py was changed during the run"):
        runner.run(plan, tmp_path / "logs", keep_and_change, pool=workers)
    assert rows and len(rows) < plan.total


def test_a_worker_that_imports_a_file_too_late_says_that_it_was_changed(tmp_path):
    path = written(tmp_path / "mine.py")
    plan = selection(path).plan(CHECK)
    written(tmp_path / "mine.py", body="x = 2 * x")
    with pytest.raises(FileChanged, match=r"mine\.py was changed during the run"):
        runner.run(replace(plan, files={}), tmp_path / "logs", [].append)
