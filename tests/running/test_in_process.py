"""A plan runs alike in this process and in worker processes."""

from dataclasses import replace

import pytest
from runs import QUICK, fake

from adbench import registry
from adbench.backends.catalog import REFERENCE, Entry
from adbench.planning import plan as planning
from adbench.planning.settings import CHECK, Settings
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import in_process, runner
from adbench.timing.sampling import FEWEST_SAMPLES


def make_plan(*entries, effort=CHECK, operators=("value", "gradient")):
    settings = Settings(effort=effort)
    return planning.make_plan(
        registry.find_models(["chain"]), entries, settings, operators=operators, sizes=["L=3,k=1"]
    )


def rows_in_process(plan, watch=lambda what: None):
    rows: list[Row] = []
    in_process.run(plan, rows.append, watch)
    return rows


def judged(row):
    """A row without what differs from one run to another."""
    return replace(row, prepare_s=0.0, first_s=0.0, work_s=0.0, elapsed_s=0.0, peak_bytes=None)


def test_a_check_gives_the_same_rows_in_this_process_and_in_workers(tmp_path):
    plan = make_plan(*REFERENCE, fake("Wrong"), fake("Raising"))
    rows_in_workers: list[Row] = []
    runner.run(plan, tmp_path / "logs", rows_in_workers.append)
    pairs = zip(rows_in_process(plan), rows_in_workers, strict=True)
    for row_here, row_in_worker in pairs:
        assert repr(judged(row_here)) == repr(judged(row_in_worker))


def test_cells_can_be_timed_in_this_process():
    rows = rows_in_process(make_plan(REFERENCE[0], effort=QUICK))
    assert {row.verdict for row in rows} == {Verdict.CORRECT}
    assert all(row.samples >= FEWEST_SAMPLES and row.median_s > 0 for row in rows)


def test_a_missing_framework_is_not_installed_and_the_others_run():
    absent = Entry("absent:eager", "nowhere:Eager", "absent_framework", "absent-framework")
    rows = rows_in_process(make_plan(absent, REFERENCE[0]))
    assert {row.outcome for row in rows if row.backend == "absent:eager"} == {Outcome.NOT_INSTALLED}
    assert {row.message for row in rows if row.backend == "absent:eager"} == {
        "absent_framework is not installed; `pip install absent-framework` adds it."
    }
    assert {row.outcome for row in rows if row.backend != "absent:eager"} == {Outcome.OK}


def test_what_is_running_is_said_question_by_question_and_cell_by_cell():
    watched: list[str] = []
    rows_in_process(make_plan(REFERENCE[0], operators=("value",)), watched.append)
    assert watched == [
        "truth of chain L=3,k=1 float64 value",
        "reference:tape  chain L=3,k=1 float64 value",
    ]


@pytest.mark.parametrize("name", ["ReplacingRules", "ReplacingRulesInContext"])
def test_a_backend_that_replaces_rules_of_the_engine_is_wrong_and_the_truth_is_not(name, tmp_path):
    plan = make_plan(fake(name), operators=("value", "gradient", "jvp"))
    rows = rows_in_process(plan)
    rows_in_worker: list[Row] = []
    runner.run(plan, tmp_path / "logs", rows_in_worker.append)
    for row in [*rows, *rows_in_worker]:
        is_value = row.operator == "value"
        assert row.verdict is (Verdict.CORRECT if is_value else Verdict.WRONG)
        assert row.truth == "enclosure"
    assert not any(row.flags for row in rows_in_process(make_plan(REFERENCE[0])))
