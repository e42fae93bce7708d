"""Two runs compared: made-up journals whose changes are known."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import adbench
from adbench.cases import Case, Mode, Operator
from adbench.changes import report
from adbench.changes.changes import find_changes, machine_change
from adbench.changes.conditions import compare_conditions
from adbench.changes.effects import CommonChange
from adbench.changes.recorded_run import RecordedRun, cells_of, read_run
from adbench.changes.verdicts import AnswerChange, answer_change
from adbench.cli import main
from adbench.results.exit_status import ExitStatus
from adbench.results.journal import Journal
from adbench.results.row import Outcome, Row, Verdict

ENVIRONMENT = {"cpu": "one", "cpu_count": 2, "threads": 1, "backends": {"torch:eager": "2.13"}}
BACKENDS = ("reference:tape", "torch:eager", "jax:jit")


def made_up_rows(rng, slowdowns=None, *, cells=60, scatter=0.02, machine=1.0, loop_s=1e-3):
    """Rows of a run: every cell has a time of its own, which a run moves by some scatter.

    slowdowns: by which factor each backend is slower. Samples lie above the time of their cell, as
    what disturbs them makes them longer. loop_s: the reference loop's time where the machine is as
    it was (s), nan where it was not timed.
    """
    rows = []
    for backend in BACKENDS:
        slowdown = machine * (slowdowns or {}).get(backend, 1.0)
        for number in range(cells):
            true_s = 1e-5 * 1.1**number
            run_s = true_s * slowdown * np.exp(scatter * rng.standard_t(5))
            samples = run_s * (1 + 0.05 * rng.standard_exponential(20))
            case = Case("mlp", f"n={number}", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
            rows.append(
                Row.begun(
                    case,
                    backend,
                    verdict=Verdict.CORRECT,
                    samples_s=tuple(samples),
                    reference_s=loop_s * machine * np.exp(0.01 * rng.standard_normal()),
                )
            )
    return rows


def made_up_run(rows, **environment):
    return RecordedRun(Path("made-up"), cells_of(rows), {**ENVIRONMENT, **environment})


def compare(rows_before, rows_after, **environment):
    return find_changes(made_up_run(rows_before), made_up_run(rows_after, **environment))


def share(changes, backend, *kinds):
    """Which share of a backend's cells is called so."""
    column = changes.cells.loc[changes.cells["backend"] == backend, "time_change"]
    return column.isin(kinds).mean()


@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 2**32 - 1),
    scatter=st.sampled_from([0.002, 0.02, 0.04]),
    machine=st.sampled_from([0.7, 1.0, 1.3]),
    loop_s=st.sampled_from([1e-3, math.nan]),
)
def test_of_two_runs_of_one_plan_at_most_one_cell_in_twenty_is_called_different(
    seed, scatter, machine, loop_s
):
    rng = np.random.default_rng(seed)
    before = made_up_rows(rng, scatter=scatter, loop_s=loop_s)
    after = made_up_rows(rng, scatter=scatter, machine=machine, loop_s=loop_s)
    changes = compare(before, after)
    assert changes.cells["time_change"].isin(["slower", "faster"]).mean() <= 0.05


@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 2**32 - 1),
    scatter=st.sampled_from([0.002, 0.01]),
    machine=st.sampled_from([0.7, 1.0, 1.3]),
    slowed=st.sampled_from(BACKENDS),
)
def test_of_a_backend_slowed_by_a_fifth_nearly_all_cells_are_called_slower_and_no_other(
    seed, scatter, machine, slowed
):
    rng = np.random.default_rng(seed)
    before = made_up_rows(rng, scatter=scatter)
    changes = compare(before, made_up_rows(rng, {slowed: 1.2}, scatter=scatter, machine=machine))
    assert share(changes, slowed, "slower") >= 0.95
    for backend in set(BACKENDS) - {slowed}:
        assert share(changes, backend, "slower", "faster") <= 0.05
    assert changes.machine_ratio == pytest.approx(machine, rel=0.05)


def test_one_cell_that_became_slower_by_itself_is_told_from_its_backend():
    rng = np.random.default_rng(0)
    before, after = made_up_rows(rng), made_up_rows(rng)
    position = 70
    slowed_samples = tuple(1.5 * sample for sample in after[position].samples_s)
    after[position] = replace(after[position], samples_s=slowed_samples)
    changes = compare(before, after)
    slower = changes.cells[changes.cells["time_change"] == "slower"]
    (cell,) = slower.to_dict("records")
    assert (cell["size"], cell["backend"]) == (after[position].size, after[position].backend)
    assert cell["ratio_low"] < 1.5 < cell["ratio_high"]


def test_the_intervals_hold_the_true_ratio_as_often_as_they_say():
    held = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        changes = compare(made_up_rows(rng), made_up_rows(rng, {"torch:eager": 1.2}))
        true_ratio = np.where(changes.cells["backend"] == "torch:eager", 1.2, 1.0)
        cells = changes.cells
        held.append(
            ((cells["ratio_low"] <= true_ratio) & (true_ratio <= cells["ratio_high"])).mean()
        )
    assert np.mean(held) >= 0.9


def test_cells_too_noisy_to_tell_are_not_called_equal():
    rng = np.random.default_rng(0)
    changes = compare(
        made_up_rows(rng, cells=4, scatter=0.5), made_up_rows(rng, cells=4, scatter=0.5)
    )
    assert "equal" not in set(changes.cells["time_change"])
    assert (changes.cells["time_change"] == "not told").mean() >= 0.75


def common(**middles):
    return {name: CommonChange(middle, 0.01) for name, middle in middles.items()}


@pytest.mark.parametrize(
    ("changes", "reference", "machine"),
    [
        (common(torch=0.2), math.nan, math.nan),
        (common(torch=0.2), 0.05, 0.05),
        (common(torch=0.2, jax=0.02), math.nan, 0.02),
        (common(torch=0.2, jax=0.02), 0.01, 0.02),
        (common(torch=0.2, jax=0.1, tape=0.1), math.nan, 0.1),
        (common(torch=-0.2, jax=0.1, tape=0.09, tensorflow=0.1), 0.1, 0.1),
    ],
)
def test_one_backend_that_changed_is_not_taken_for_the_machine(changes, reference, machine):
    assert machine_change(changes, reference) == pytest.approx(machine, nan_ok=True)


def test_what_the_machine_did_is_said_not_to_be_known_from_one_backend_without_a_loop():
    rng = np.random.default_rng(0)
    before, after = (
        [row for row in made_up_rows(rng, loop_s=math.nan) if row.backend == "jax:jit"]
        for _ in range(2)
    )
    changes = compare(before, after)
    assert math.isnan(changes.machine_ratio)
    assert "the machine itself was is not known from one backend" in " ".join(
        report.sentences(changes)
    )
    assert share(changes, "jax:jit", "equal") >= 0.9


# ---- answers

OK, RAISED, UNSUPPORTED = Outcome.OK, Outcome.RAISED, Outcome.UNSUPPORTED


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ((OK, "correct"), (OK, "wrong"), AnswerChange.TURNED_WRONG),
        ((RAISED, ""), (OK, "wrong"), AnswerChange.TURNED_WRONG),
        ((OK, "wrong"), (OK, "wrong"), AnswerChange.NONE),
        ((OK, "wrong"), (OK, "correct"), AnswerChange.MENDED),
        ((OK, "correct"), (RAISED, ""), AnswerChange.NEWLY_FAILING),
        ((UNSUPPORTED, ""), (RAISED, ""), AnswerChange.NEWLY_FAILING),
        ((Outcome.CRASHED, ""), (RAISED, ""), AnswerChange.FAILS_OTHERWISE),
        ((RAISED, ""), (RAISED, ""), AnswerChange.NONE),
        ((RAISED, ""), (OK, "correct"), AnswerChange.RUNS_AGAIN),
        ((OK, "correct"), (UNSUPPORTED, ""), AnswerChange.NO_LONGER_ANSWERED),
        ((OK, "correct"), (OK, "unresolved"), AnswerChange.LESS_CERTAIN),
        ((OK, "imprecise"), (OK, "correct"), AnswerChange.MORE_CERTAIN),
        ((OK, "correct"), (OK, "correct"), AnswerChange.NONE),
    ],
)
def test_what_became_of_an_answer(before, after, change):
    assert answer_change(*map(str, before), *map(str, after)) is change


def write_run(folder, rows, **environment):
    folder.mkdir()
    with Journal(folder / "journal.jsonl") as journal:
        for row in rows:
            journal.append(row)
    (folder / "environment.json").write_text(json.dumps({**ENVIRONMENT, **environment}))
    return folder


def call(*arguments):
    return CliRunner().invoke(
        main, ["compare", *map(str, arguments)], env={"COLUMNS": "200"}, catch_exceptions=False
    )


@pytest.fixture
def runs(tmp_path):
    """Two folders of runs of one plan, and the rows of the second."""
    rng = np.random.default_rng(0)
    before = write_run(tmp_path / "before", made_up_rows(rng, cells=30))
    rows = made_up_rows(rng, cells=30)
    return before, write_run(tmp_path / "after", rows), rows


def test_two_runs_of_one_plan_are_no_reason_to_fail(runs):
    before, after, _ = runs
    result = call(before, after, "--fail-on", "slower:10%")
    assert result.exit_code == ExitStatus.ALL_RIGHT
    assert "90 cells are in both runs: no verdict changed" in result.output


@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_a_verdict_that_turned_wrong_is_shown_first_and_fails(tmp_path, runs, output_format):
    before, _, rows = runs
    rows = [replace(row, samples_s=tuple(2 * s for s in row.samples_s)) for row in rows[:20]]
    rows[3] = replace(rows[3], verdict=Verdict.WRONG, message="off by a factor")
    rows[4] = replace(rows[4], outcome=Outcome.CRASHED)
    after = write_run(tmp_path / "wrong", rows)
    result = call(before, after, "--format", output_format)
    assert result.exit_code == ExitStatus.WRONG
    tables = result.output[result.output.index("Changed answers") :]
    assert tables.index("turned wrong") < tables.index("newly failing") < tables.index("Slower")
    assert "correct before, wrong after: off by a factor" in tables


def test_a_cell_that_no_longer_runs_fails(tmp_path, runs):
    before, _, rows = runs
    after = write_run(tmp_path / "crashed", [replace(rows[0], outcome=Outcome.CRASHED), *rows[1:]])
    assert call(before, after).exit_code == ExitStatus.NOT_RUN


def test_a_slowdown_fails_where_it_was_asked_for_and_is_certain(tmp_path, runs):
    before, _, _ = runs
    rows = made_up_rows(np.random.default_rng(1), {"torch:eager": 1.2}, cells=30)
    after = write_run(tmp_path / "slow", rows)
    assert call(before, after).exit_code == ExitStatus.ALL_RIGHT
    assert call(before, after, "--fail-on", "slower:10%").exit_code == ExitStatus.WRONG
    assert call(before, after, "--fail-on", "slower:40%").exit_code == ExitStatus.ALL_RIGHT
    sentence = r"torch:eager: (19|20|21) % slower over 30 cells \(\+1\d % to \+2\d % in common\)"
    assert re.search(sentence, call(before, after).output)


def test_times_of_another_processor_are_shown_and_not_judged(tmp_path, runs):
    before, _, rows = runs
    slow_rows = [replace(row, samples_s=tuple(2 * s for s in row.samples_s)) for row in rows]
    slow_rows[0] = replace(slow_rows[0], verdict=Verdict.WRONG)
    after = write_run(tmp_path / "other", slow_rows, cpu="two")
    result = call(before, after, "--fail-on", "slower:10%", "--csv", tmp_path / "cells.csv")
    assert "The processor differs: one before, two after. Times are shown and not" in result.output
    assert "90 not judged" in result.output
    assert result.exit_code == ExitStatus.WRONG
    cells = pd.read_csv(tmp_path / "cells.csv")
    assert len(cells) == 90
    assert cells["ratio"].isna().all()
    assert cells["measured_ratio"].notna().all()


def test_another_version_is_said_and_judged():
    after = {**ENVIRONMENT, "backends": {"torch:eager": "2.14", "jax:jit": "0.10"}, "seed": 3}
    conditions = compare_conditions(ENVIRONMENT, after)
    assert conditions.are_times_comparable
    assert conditions.remarks == (
        "The seed of the inputs differs: unknown before, 3 after.",
        "The version of torch:eager differs: 2.13 before, 2.14 after.",
    )


def test_cells_of_one_run_alone_are_said(tmp_path, runs):
    before, _, rows = runs
    after = write_run(tmp_path / "fewer", [row for row in rows if row.backend != "jax:jit"])
    assert "30 cells are in the run before alone: 30 of mlp on jax:jit." in call(
        before, after
    ).output.replace("\n", " ")
    assert "30 cells are in the run after alone: 30 of mlp on jax:jit." in call(
        after, before
    ).output.replace("\n", " ")


def test_runs_without_a_cell_in_common_are_compared_in_a_sentence(runs):
    before, _, rows = runs
    renamed = [replace(row, model="other") for row in rows]
    changes = find_changes(read_run(before), made_up_run(renamed))
    assert report.headline(changes) == (
        "0 cells are in both runs: no verdict changed; none was timed in both."
    )
    assert report.text(changes).count("alone") == 2


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / "journal.jsonl").unlink(), "adbench: There is no run in "),
        (
            lambda folder: (folder / "journal.jsonl").write_text('{"model": 3}\n'),
            "adbench: The journal of the run in ",
        ),
        (
            lambda folder: (folder / "journal.jsonl").write_bytes(b"\xff\n"),
            "adbench: The journal of the run in ",
        ),
        (lambda folder: (folder / "journal.jsonl").write_text(""), "adbench: The run in "),
        (
            lambda folder: (folder / "environment.json").unlink(),
            "cannot be read, so that nobody knows what the run ran on",
        ),
        (lambda folder: (folder / "environment.json").write_text("[]"), "holds no JSON object"),
    ],
)
def test_a_damaged_run_is_one_sentence_and_status_2(runs, damage, sentence):
    before, after, _ = runs
    damage(after)
    result = call(before, after)
    assert result.exit_code == ExitStatus.BAD_USAGE
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--fail-on", "10%"],
        ["--fail-on", "slower:10"],
        ["--fail-on", "slower:much%"],
        ["--resolution", "0%"],
        ["--resolution", "nan%"],
        ["--csv", "nowhere/cells.csv"],
    ],
)
def test_an_option_that_cannot_be_used_is_one_sentence_and_status_2(runs, options):
    before, after, _ = runs
    result = call(before, after, *options)
    assert result.exit_code == ExitStatus.BAD_USAGE
    assert len(result.stderr.splitlines()) == 1


def test_long_tables_of_a_pull_request_are_folded(tmp_path, runs):
    before, _, _ = runs
    rows = made_up_rows(np.random.default_rng(1), {"torch:eager": 1.5}, cells=30)
    markdown = call(before, write_run(tmp_path / "slow", rows), "--format", "markdown").output
    assert "<details><summary>Slower (30 rows)</summary>" in markdown
    assert "<details><summary>All cells (90 rows)</summary>" in markdown
    assert markdown.count("<details>") == markdown.count("</details>") == 2


def test_the_python_call_returns_a_frame_of_cells(runs):
    before, after, _ = runs
    cells = adbench.compare_runs(before, str(after))
    assert len(cells) == 90
    assert set(cells["time_change"]) <= {"equal", "not told", "slower", "faster"}
    assert (cells["ratio_low"] <= cells["ratio"]).all()
    assert (cells["ratio"] <= cells["ratio_high"]).all()


def test_the_rate_of_missed_cells_is_small_on_average_where_runs_scatter_by_three_percent():
    shares = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        slowed = made_up_rows(rng, {"torch:eager": 1.2}, scatter=0.02)
        changes = compare(made_up_rows(rng, scatter=0.02), slowed)
        shares.append(share(changes, "torch:eager", "slower"))
    assert np.mean(shares) >= 0.95


SMALL_RUN = ("run", "tanh", "--quick", "--backend", "reference:tape", "--operator", "value")


def invoke(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def test_a_run_shows_and_keeps_what_changed_since_its_baseline(tmp_path):
    assert invoke(*SMALL_RUN, "--out", tmp_path / "before").exit_code == ExitStatus.ALL_RIGHT
    options = ("--out", tmp_path / "after", "--baseline", tmp_path / "before")
    result = invoke(*SMALL_RUN, *options)
    assert result.exit_code == ExitStatus.ALL_RIGHT
    assert "Since the run in" in result.output
    assert "1 cell is in both runs: no verdict changed" in result.output.replace("\n", " ")
    written = (tmp_path / "after" / "changes.md").read_text()
    changes = find_changes(read_run(tmp_path / "before"), read_run(tmp_path / "after"))
    assert written == report.to_markdown(changes)


def test_a_baseline_that_is_no_run_is_refused_before_anything_is_measured(tmp_path):
    result = invoke(*SMALL_RUN, "--out", tmp_path / "out", "--baseline", tmp_path)
    assert result.exit_code == ExitStatus.BAD_USAGE
    assert result.stderr.startswith("adbench: There is no run in ")
    assert not (tmp_path / "out").exists()
