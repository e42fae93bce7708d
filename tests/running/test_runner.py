"""Whatever happens to a worker ends in a row, and the run goes on."""

import os
import signal

import pytest
from runs import QUICK, fake, only, others, run

from adbench import registry
from adbench.backends.catalog import REFERENCE, Entry
from adbench.cases import Operator
from adbench.checking.report import Report
from adbench.comparing.compare import Comparison
from adbench.counting.operations import OperationCounts
from adbench.planning import plan as planning
from adbench.planning.settings import Settings
from adbench.reporting.summary import summary_of
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.row import TRUTH_FAILED, Outcome, Row, Verdict
from adbench.running import runner, worker_pool
from adbench.running.group import GroupCell, _cell
from adbench.running.protocol import (
    CellOpen,
    CellRow,
    EstablishTruth,
    Open,
    Sample,
    Sampled,
    TruthBroken,
)
from adbench.running.run_clock import RunClock
from adbench.running.runner import WorkerHost
from adbench.running.spent import Spent
from adbench.running.worker_process import WorkerFailed
from adbench.truth.certificate import CertificateError


def test_a_correct_backend_is_correct_in_every_cell(tmp_path):
    rows = run(tmp_path, *REFERENCE)
    assert {row.outcome for row in rows} == {Outcome.OK}
    assert {row.verdict for row in rows} == {Verdict.CORRECT}
    gradient = only(rows, "reference:tape")
    assert gradient.truth == "enclosure"
    assert gradient.route == "grad"
    assert gradient.repeatable
    assert len(gradient.samples_s) == len(gradient.primal_samples_s) == gradient.samples >= 2
    assert (
        gradient.median_s > 0
        and gradient.cost_ratio > 0
        and gradient.first_s > 0
        and gradient.prepare_s >= 0
    )
    assert gradient.error_vs_oracle < 1e-12
    assert gradient.max_error_over_bound < 1 and gradient.unresolved_entries == 0
    assert gradient.error_vs_other_mode < 1e-14


def test_a_segmentation_fault_costs_one_row(tmp_path):
    rows = run(tmp_path, *REFERENCE, fake("Crashing"))
    row = only(rows, "fake:Crashing")
    assert row.outcome is Outcome.CRASHED
    assert row.message.startswith("The worker was killed by SIGSEGV.")
    assert {r.outcome for r in others(rows, row)} == {Outcome.OK}


def test_a_worker_killed_from_outside_costs_one_row(tmp_path, monkeypatch):
    started = []
    init = worker_pool.WorkerProcess.__init__
    monkeypatch.setattr(
        worker_pool.WorkerProcess,
        "__init__",
        lambda self, entry, *rest: (init(self, entry, *rest), started.append(self))[0],
    )
    said = []

    def watch(what):
        said.append(what)
        if len(said) == 8:  # some cells are open, some sampled
            (worker,) = (process for process in started if process.entry is REFERENCE[0])
            os.kill(worker.process.pid, signal.SIGSEGV)

    rows = run(tmp_path, *REFERENCE, watch=watch)
    crashed = [row for row in rows if row.outcome is Outcome.CRASHED]
    assert len(crashed) == 1
    assert {r.outcome for r in others(rows, crashed[0])} == {Outcome.OK}
    assert all(row.samples > 0 for row in others(rows, crashed[0]))


def test_a_hang_is_timed_out_at_its_limit(tmp_path):
    rows = run(tmp_path, fake("Hanging"), timeout_s=2.0)
    row = only(rows, "fake:Hanging")
    assert row.outcome is Outcome.TIMED_OUT
    assert row.message == "No answer within the limit of 2 s; --timeout sets it."
    assert row.elapsed_s >= 2.0
    assert {r.outcome for r in others(rows, row)} == {Outcome.OK}


@pytest.mark.parametrize(
    ("name", "outcome", "message"),
    [
        ("Raising", Outcome.RAISED, "RuntimeError: no rule for this operation"),
        ("Hungry", Outcome.OUT_OF_MEMORY, "MemoryError: out of it"),
        ("Forgetful", Outcome.UNSUPPORTED, "It has no vjp, which the mode reverse needs."),
    ],
)
def test_what_a_framework_raises_ends_in_its_row(tmp_path, name, outcome, message):
    rows = run(tmp_path, fake(name))
    row = only(rows, f"fake:{name}")
    assert (row.outcome, row.verdict) == (outcome, Verdict.NONE)
    assert row.message.partition(" It asked for more than ")[0].rstrip(".") == message.rstrip(".")
    assert {r.outcome for r in others(rows, row)} == {Outcome.OK}


def test_a_missing_framework_is_not_installed(tmp_path):
    absent = Entry("absent:eager", "nowhere:Eager", "absent_framework", "absent-framework")
    rows = run(tmp_path, absent, *REFERENCE)
    missing = [row for row in rows if row.backend == "absent:eager"]
    assert {row.outcome for row in missing} == {Outcome.NOT_INSTALLED}
    assert {row.message for row in missing} == {
        "absent_framework is not installed; `pip install absent-framework` adds it."
    }
    assert {row.outcome for row in rows if row not in missing} == {Outcome.OK}


def test_a_backend_that_cannot_be_started_says_why_in_every_row(tmp_path):
    rows = run(tmp_path, fake("Unstartable"))
    assert {row.outcome for row in rows} == {Outcome.RAISED}
    assert {row.message for row in rows} == {
        "Could not be started: OSError: libfake.so: cannot open shared object file"
    }


def test_a_small_error_in_one_array_is_wrong_and_its_place_is_named(tmp_path):
    row = only(run(tmp_path, fake("Wrong")), "fake:Wrong")
    assert row.verdict is Verdict.WRONG
    assert row.worst_entry == "params[0][1]"
    assert row.max_error_over_bound > 1e3
    assert row.error_vs_other_mode > 1e-9


def test_nan_where_the_truth_is_finite_is_wrong(tmp_path):
    row = only(run(tmp_path, fake("Nan")), "fake:Nan")
    assert row.verdict is Verdict.WRONG
    assert row.relative_error == float("inf")


def test_an_answer_in_another_dtype_is_wrong(tmp_path):
    row = only(run(tmp_path, fake("Single")), "fake:Single")
    assert row.verdict is Verdict.WRONG
    assert row.message == (
        "The answer came back as float32 where float64 was asked for: "
        "if the model makes arrays, give them dtype=x.dtype."
    )


def test_a_transposed_jacobian_is_wrong(tmp_path):
    row = only(
        run(tmp_path, fake("Transposed"), model="dense"), "fake:Transposed", Operator.JACOBIAN
    )
    assert row.verdict is Verdict.WRONG
    assert row.message == "The answer has shape (4, 3) where (3, 4) was expected."


def test_a_gradient_that_accumulates_over_calls_is_not_repeatable(tmp_path):
    row = only(run(tmp_path, fake("Accumulating")), "fake:Accumulating")
    assert row.repeatable is False
    assert "not repeatable" in row.flags


def test_a_native_implementation_is_judged_against_the_spec(tmp_path):
    file = tmp_path / "square.py"
    file.write_text(
        "from adbench import Model\n"
        "import reference_ad.numpy as rnp\n"
        "def square(xp, x):\n    return xp.sum(x * x)\n"
        "def mine(x):\n    return rnp.sum(x * x * x if hasattr(x, 'level') else x * x)\n"
        "model = Model(name='square', function=square, make=lambda size, rng: "
        "(rng.standard_normal(3),),\n"
        "              sizes={'3': {}}, native={'reference': mine})\n"
    )
    rows = run(tmp_path, *REFERENCE, model=str(file))
    gradients = {
        row.implementation: row
        for row in rows
        if row.operator == "gradient" and row.mode == "reverse"
    }
    assert gradients["spec"].verdict is Verdict.CORRECT
    assert gradients["native"].verdict is Verdict.WRONG
    assert gradients["native"].worst_entry.startswith("x[")


def test_an_oracle_that_contradicts_the_enclosure_leaves_cells_unresolved(tmp_path):
    file = tmp_path / "cube.py"
    file.write_text(
        "from adbench import Model\n"
        "def cube(xp, x):\n    return xp.sum(x * x * x)\n"
        "model = Model(name='cube', function=cube, make=lambda size, rng: "
        "(rng.standard_normal(3),),\n"
        "              sizes={'3': {}}, oracle={'gradient': lambda x: 2 * x})\n"
    )
    row = only(run(tmp_path, *REFERENCE, model=str(file)), "reference:tape")
    assert row.verdict is Verdict.UNRESOLVED
    assert row.message.startswith("The oracle of the model 'cube' is wrong")


def test_a_truth_that_is_not_certified_stops_the_run_and_keeps_what_was_measured(
    tmp_path, monkeypatch
):
    ask = worker_pool.WorkerPool.ask
    groups = []

    def broken(self, entry, message, limit_s):
        if isinstance(message, EstablishTruth):
            groups.append(message)
            if len(groups) == 2:
                return TruthBroken("The gradient of the model 'chain' is not certified")
        return ask(self, entry, message, limit_s)

    monkeypatch.setattr(worker_pool.WorkerPool, "ask", broken)
    settings = Settings(effort=QUICK)
    plan = planning.make_plan(
        registry.find_models(["chain"]), REFERENCE, settings, operators=["value", "gradient"]
    )
    rows: list[Row] = []
    with pytest.raises(CertificateError, match="the model 'chain'"):
        runner.run(plan, tmp_path / "logs", rows.append)
    assert {row.operator for row in rows} == {"value"}


def test_a_timed_row_tells_how_many_operations_its_mode_takes(tmp_path):
    rows = run(tmp_path, REFERENCE[0], operators=("value", "gradient"))
    (value,) = (row for row in rows if row.operator == "value")
    forward, reverse = (only(rows, "reference:tape", mode=mode) for mode in ("forward", "reverse"))
    assert value.operations == value.primal_operations == forward.primal_operations > 0
    assert forward.operations > reverse.operations


def failing_truths(monkeypatch, failures):
    """Let that many requests for a truth fail."""
    ask = worker_pool.WorkerPool.ask
    remaining = [WorkerFailed(Outcome.CRASHED, "The worker was killed by SIGKILL.")] * failures

    def ask_or_fail(self, entry, request, limit_s):
        if isinstance(request, EstablishTruth) and remaining:
            raise remaining.pop()
        return ask(self, entry, request, limit_s)

    monkeypatch.setattr(worker_pool.WorkerPool, "ask", ask_or_fail)


def test_a_truth_whose_worker_dies_is_computed_again(tmp_path, monkeypatch):
    failing_truths(monkeypatch, 1)
    rows = run(tmp_path, REFERENCE[0], operators=("gradient",))
    assert {row.verdict for row in rows} == {Verdict.CORRECT}


def test_a_truth_whose_worker_dies_again_is_no_success(tmp_path, monkeypatch):
    failing_truths(monkeypatch, 2)
    rows = run(tmp_path, REFERENCE[0], operators=("gradient",))
    assert {(row.verdict, row.truth) for row in rows} == {(Verdict.UNRESOLVED, TRUTH_FAILED)}
    assert {row.message for row in rows} == {
        "No true answer is known: The worker was killed by SIGKILL."
    }
    table = frames.frame(rows)
    assert (
        Comparison(table, tuple(rows), steps=None, report=None, stopped_by=None).exit_status
        is ExitStatus.NOT_RUN
    )
    assert Report(tuple(rows)).exit_status is ExitStatus.NOT_RUN
    assert "The truth of 2 could not be computed" in summary_of(rows)


class ScriptedPool:
    """A pool whose workers answer, or die, as a test says."""

    had_late_truth = False

    def __init__(self):
        self.clock = RunClock()
        self.worker = object()
        self.dies = False
        self.asked = []
        self.replies = {Open: CellOpen(), Sample: Sampled({}, ())}

    def begin_round(self):
        pass

    def start(self, entry):
        return self.worker

    def ask(self, entry, request, limit_s):
        self.asked.append((type(request), limit_s))
        self.clock._suspended_s -= 4.0  # it takes as long
        if self.dies:
            self.dies = False
            self.worker = object()
            raise WorkerFailed(Outcome.CRASHED, "The worker was killed by SIGSEGV.")
        return self.replies[type(request)]


@pytest.fixture
def scripted(tmp_path):
    """A scripted pool, a host on it, and two cells of one question on one backend."""
    settings = Settings(effort=QUICK, timeout_s=7.0)
    plan = planning.make_plan(
        registry.find_models(["chain"]), REFERENCE[:1], settings, operators=["gradient"]
    )
    group = plan.groups[0]
    cells: list[GroupCell] = [
        _cell(plan, group, case, entry, "", OperationCounts(), has_truth_failed=False)
        for case, entry in plan.cells(group)
    ]
    pool = ScriptedPool()
    host = WorkerHost(pool, plan, plan.sampling(group), tmp_path / "truth", Spent())
    return pool, host, cells[:2]


def test_a_cell_whose_worker_died_over_another_has_its_whole_limit_again(scripted):
    pool, host, cells = scripted
    assert [host.open(cell) for cell in cells] == [None, None]
    pool.dies = True
    turn = host.sample(cells)
    assert (turn.ended, turn.unsettled) == ((), ())
    reopened = [limit_s for kind, limit_s in pool.asked if kind is Open][2:]
    assert reopened == pytest.approx([7.0, 7.0], abs=0.1)
    assert host._progress_of(cells[0]).spent_s > 7.0


def test_a_cell_is_not_reopened_for_ever(scripted, monkeypatch):
    monkeypatch.setattr(runner, "MOST_REOPENINGS", 2)
    pool, host, (cell, _) = scripted
    host.open(cell)
    for _ in range(3):
        pool.worker = object()
        turn = host.sample([cell])
    ((_, row),) = turn.ended
    assert row.outcome is Outcome.CRASHED
    assert row.message.startswith("Its worker has died 3 times over other cells of the backend;")


def test_the_row_of_another_cell_is_no_answer(scripted):
    pool, host, (cell, other) = scripted
    pool.replies[Open] = CellRow(other.begun)
    row = host.open(cell)
    assert row.outcome is Outcome.CRASHED and row.mode == cell.begun.mode
    assert row.message == "The worker answered with the row of another cell."
