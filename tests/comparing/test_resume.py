"""Runs that were stopped: gone on with, and their reports made from what there is."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

import adbench
from adbench.cli import main
from adbench.comparing.folder import make_run_folder
from adbench.comparing.kept_plan import KeptPlan, read_plan
from adbench.comparing.measure import APART
from adbench.comparing.resume import read_kept_plan
from adbench.planning.settings import QUICK
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.journal import Journal, read
from adbench.running.selection import Selection

MODEL = (
    "from adbench.cases import Model\n"
    "model = Model(name='square', function=lambda xp, x: xp.sum(x * x),\n"
    "              make=lambda size, rng: (rng.normal(size=2),), sizes={'two': {}})\n"
)


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def sentence_of(result):
    assert result.exit_code == ExitStatus.BAD_USAGE, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    (folder / "square.py").write_text(MODEL)
    model = folder / "square.py"
    backends = ("--backend", "reference:tape", "--backend", "reference:compiled")
    result = call("run", model, *backends, "--quick", "--out", folder / "out")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def run_of_its_own(whole_run, tmp_path):
    """A copy of the run, with the model where it was."""
    shutil.copytree(whole_run / "out", tmp_path / "out")
    return tmp_path / "out"


def kill_after(folder, count, torn=b'{"model":"squ'):
    """Leave of a run what a kill leaves after some rows: the plan, and the journal so far."""
    for name in frames.PARQUET, frames.CSV, frames.SAMPLES_PARQUET, "report.md":
        (folder / name).unlink()
    for name in "differences.parquet", "differences.csv":
        (folder / name).unlink()
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:count]) + torn)
    return lines[:count]


def cells(folder):
    return [row.cell for row in read(folder / "journal.jsonl", strict=True)]


def test_a_run_is_gone_on_with_and_no_cell_is_run_again(run_of_its_own):
    planned = cells(run_of_its_own)
    kept_lines = kill_after(run_of_its_own, 5)
    result = call("run", "--resume", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert (run_of_its_own / "journal.jsonl").read_bytes().startswith(b"".join(kept_lines))
    assert sorted(cells(run_of_its_own)) == sorted(planned)
    assert len(adbench.load(run_of_its_own / "results.parquet")) == len(planned)
    assert "Is it right, and" in result.output
    report = (run_of_its_own / "report.md").read_text()
    assert "The run was stopped and gone on with once" in report
    environment = json.loads((run_of_its_own / "environment.json").read_text())
    assert len(environment["resumed"]) == 1


def test_a_run_that_is_whole_is_gone_on_with_by_showing_it(run_of_its_own):
    planned = cells(run_of_its_own)
    result = call("run", "--resume", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert cells(run_of_its_own) == planned


def test_a_run_that_was_stopped_before_its_first_row_is_gone_on_with(run_of_its_own):
    planned = cells(run_of_its_own)
    kill_after(run_of_its_own, 0)
    (run_of_its_own / "environment.json").unlink()
    result = call("run", "--resume", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert sorted(cells(run_of_its_own)) == sorted(planned)


def test_cells_whose_question_was_interrupted_say_so(run_of_its_own):
    rows = list(read(run_of_its_own / "journal.jsonl"))
    gradients = [row for row in rows if row.operator == "gradient"]
    kill_after(run_of_its_own, 0, torn=b"")
    with Journal(run_of_its_own / "journal.jsonl") as journal:
        journal.append(gradients[0])
    assert call("run", "--resume", run_of_its_own).exit_code == 0
    table = adbench.load(run_of_its_own)
    apart = table["flags"].str.contains(APART)
    is_other_gradient = (table["operator"] == "gradient") & (table.index > 0)
    assert apart[is_other_gradient].all() and not apart[~is_other_gradient].any()


def test_a_killed_run_is_gone_on_with(tmp_path):
    out = tmp_path / "out"
    arguments = ["run", "chain", "tanh", "--quick", "--backend", "reference", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "adbench", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    journal = out / "journal.jsonl"
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 3):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept_rows = len(cells(out))
    shown = call("report", out)
    assert shown.exit_code == 0, shown.output
    assert "cells are missing" in shown.output.replace("\n", " ")
    result = call("run", "--resume", out)
    assert result.exit_code == 0, result.output
    plan = read_kept_plan(out)
    assert 3 <= kept_rows < len(plan.cells)
    assert sorted(cells(out)) == sorted(plan.cells)


def test_the_plan_comes_back_from_its_file_as_it_went(tmp_path):
    selection = Selection(models=["tanh"], backends=["reference"], timeout_s=5.0, order=2)
    kept = KeptPlan.of(selection.plan(QUICK), selection, "quick")
    (tmp_path / "plan.json").write_text(kept.to_json())
    assert read_plan(tmp_path) == kept
    assert kept.differences(read_plan(tmp_path)) == []


def test_a_model_that_was_changed_is_refused(run_of_its_own, whole_run):
    (whole_run / "square.py").write_text(MODEL + "# changed\n")
    try:
        sentence = sentence_of(call("run", "--resume", run_of_its_own))
    finally:
        (whole_run / "square.py").write_text(MODEL)
    assert "cannot be gone on with" in sentence and "square.py was changed" in sentence


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda kept: {"versions": {**kept.versions, "numpy": "1.0"}},
            "numpy was 1.0 and is ",
        ),
        (
            lambda kept: {"versions": {**kept.versions, "the processor": "8086"}},
            "the processor was 8086 and is ",
        ),
        (lambda kept: {"cells": kept.cells[1:]}, "1 cells are asked in addition, such as square"),
        (
            lambda kept: {"selection": replace(kept.selection, models=["nowhere.py"])},
            "There is no file nowhere.py",
        ),
    ],
)
def test_another_plan_version_or_processor_is_refused(run_of_its_own, change, reason):
    kept = read_kept_plan(run_of_its_own)
    changed = replace(kept, **change(kept))
    (run_of_its_own / "plan.json").write_text(changed.to_json())
    sentence = sentence_of(call("run", "--resume", run_of_its_own))
    assert reason in sentence


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (("--backend", "torch"), "--backend"),
        (("--full",), "--full"),
        (("--seed", "3"), "--seed"),
        (("tanh",), "another model"),
        (("--out", "elsewhere"), "--out"),
    ],
)
def test_options_that_ask_for_something_else_are_refused(run_of_its_own, options, option):
    sentence = sentence_of(call("run", *options, "--resume", run_of_its_own))
    assert sentence.startswith(f"adbench: --resume was given with {option}, which is not what ")


def test_options_that_agree_with_the_run_are_taken(run_of_its_own):
    options = ("--quick", "--seed", 0, "--out", run_of_its_own)
    assert call("run", *options, "--resume", run_of_its_own).exit_code == 0


@pytest.mark.parametrize("content", [None, "", "[]", '{"preset": 3}', "[" * 100_000])
def test_a_folder_without_a_plan_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "plan.json").write_text(content)
    sentence = sentence_of(call("run", "--resume", tmp_path))
    assert "plan" in sentence
    assert not (tmp_path / "journal.jsonl").exists()


# ---- reports made again


def test_a_report_made_again_is_the_report(run_of_its_own):
    names = ("report.md", frames.PARQUET, frames.CSV, frames.SAMPLES_PARQUET)
    before = {name: (run_of_its_own / name).read_bytes() for name in names}
    for name in names:
        (run_of_its_own / name).unlink()
    result = call("report", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert "missing" not in result.output
    assert {name: (run_of_its_own / name).read_bytes() for name in names} == before


def test_a_report_of_a_killed_run_says_what_is_missing(run_of_its_own):
    total = len(cells(run_of_its_own))
    kill_after(run_of_its_own, 3)
    result = call("report", run_of_its_own)
    assert result.exit_code == 0, result.output
    report = (run_of_its_own / "report.md").read_text()
    assert f"{total - 3} of {total} cells are missing, since the run ended before them (" in report
    assert f"adbench run --resume {run_of_its_own}" in report.replace("\\", "")
    assert "There is no comparison with numerical differentiation" in report
    assert "Is it right, and" in result.output


def test_a_report_of_a_run_without_a_row_is_made(run_of_its_own):
    kill_after(run_of_its_own, 0)
    (run_of_its_own / "environment.json").unlink()
    result = call("report", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert "0 cells" in (run_of_its_own / "report.md").read_text()


def test_a_report_of_a_run_of_an_older_version_counts_what_is_missing(run_of_its_own):
    total = len(cells(run_of_its_own))
    kill_after(run_of_its_own, 3)
    (run_of_its_own / "plan.json").unlink()
    result = call("report", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert f"{total - 3} of {total} cells are missing" in result.output.replace("\n", " ")


def test_damaged_lines_are_counted_in_the_report(run_of_its_own):
    with (run_of_its_own / "journal.jsonl").open("ab") as journal:
        journal.write(b"5\n")
    result = call("report", run_of_its_own)
    assert result.exit_code == 0, result.output
    assert "1 line cannot be read and was left out" in (run_of_its_own / "report.md").read_text()


def test_a_folder_without_a_run_has_no_report(tmp_path):
    assert sentence_of(call("report", tmp_path)).startswith("adbench: There is no run in ")
    assert not list(tmp_path.iterdir())


def test_a_report_that_cannot_be_written_is_shown(run_of_its_own, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("adbench.results.files.write_whole", refuse)
    result = call("report", run_of_its_own)
    assert result.exit_code == ExitStatus.NOT_RUN
    assert "Is it right, and" in result.output
    (line,) = result.stderr.splitlines()
    assert line.endswith(f"could not be written to {run_of_its_own} (Read-only file system).")


# ---- full disks


def test_on_a_full_disk_all_is_measured_and_shown(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("adbench.results.files.write_whole", refuse)
    monkeypatch.setattr("adbench.results.journal.Journal._write_line", refuse)
    options = ("--backend", "reference:tape", "--operator", "gradient", "--quick")
    result = call("run", "chain", *options, "--out", tmp_path / "out")
    assert result.exit_code == ExitStatus.NOT_RUN
    assert "correct" in result.output
    assert "Is it right, and" in result.output
    (line,) = result.stderr.splitlines()[-1:]
    assert "No space left on device" in line and "rows of journal.jsonl" in line
    assert "Traceback" not in result.output


def test_a_run_from_python_on_a_full_disk_returns_its_frame_and_warns(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("adbench.results.files.write_whole", refuse)
    with pytest.warns(UserWarning, match="could not be written to .*No space left on device"):
        table = adbench.run(
            "chain", "reference:tape", "value", preset="quick", out=tmp_path / "out"
        )
    assert len(table) == 1


def test_a_new_run_is_told_how_to_go_on_with_the_one_that_is_there(tmp_path):
    make_run_folder(tmp_path / "out")
    sentence = sentence_of(call("run", "tanh", "--quick", "--out", tmp_path / "out"))
    assert f"`adbench run --resume {tmp_path / 'out'}`" in sentence
