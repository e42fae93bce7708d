"""Runs over time: what a store keeps, which steps are told, and what is said of damage."""

import json
import math
import re
from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import pytest
import synthetic
from click.testing import CliRunner

from adbench.cases import SpecError
from adbench.changes.recorded_run import read_run
from adbench.cli import main
from adbench.history import steps as steps_module
from adbench.history.records import VERSION, record_of
from adbench.history.steps import find_steps
from adbench.history.store import Addition, add_runs, read_store
from adbench.history.trends import place_of, trends
from adbench.results.exit_status import ExitStatus

pytest.importorskip("ruptures")

CELLS = 40
STEPPED = "torch:eager"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Ten runs of one machine; from the seventh on a backend costs 30 % more."""
    folder = tmp_path_factory.mktemp("runs")
    return [write_run(folder, number) for number in range(10)]


def write_run(folder, number, *, host="alpha", factor=1.3, frame=None, **environment):
    frame = synthetic.many_cells(CELLS) if frame is None else frame
    noise = np.random.default_rng(number).standard_normal(len(frame))
    ratios = frame["cost_ratio"] * np.exp(0.02 * noise)
    is_slower = (frame["backend"] == STEPPED) & (number >= 6)
    versions = {STEPPED: "2.14" if number >= 6 else "2.13"}
    return synthetic.write_run(
        folder / f"{host}-{number}",
        frame.assign(cost_ratio=ratios.where(~is_slower, factor * ratios)),
        created=f"2026-11-{number + 10}T05:00:00+00:00",
        host=host,
        backends=versions,
        **environment,
    )


def store_of(path, folders, host=""):
    add_runs(path, [record_of(read_run(folder), host) for folder in folders])
    return read_store(path)


def history(*arguments):
    return CliRunner().invoke(main, ["history", *map(str, arguments)])


# ---- the detector


def test_a_step_of_a_fifth_is_found_at_its_place():
    noise = np.exp(0.03 * np.random.default_rng(0).standard_normal(40))
    ratios = 3 * noise * np.where(np.arange(40) < 25, 1.0, 1.2)
    (step,) = find_steps(ratios.tolist())
    assert step.position == 25
    assert step.factor == pytest.approx(1.2, rel=0.03)


def test_noise_alone_has_no_step_in_most_series():
    generator = np.random.default_rng(1)
    series = np.exp(0.05 * generator.standard_normal((60, 40)))
    assert sum(bool(find_steps(ratios.tolist())) for ratios in series) <= 2


def test_a_run_that_was_disturbed_is_no_step():
    ratios = [3.0] * 20
    ratios[11] = 9.0
    assert find_steps(ratios) == []


def test_what_is_not_known_is_left_out_and_places_stay():
    ratios = [math.nan, 1.0, 1.0, 1.01, 1.0, math.inf, 2.0, 2.0, 2.01, 2.0]
    (step,) = find_steps(ratios)
    assert step.position == 6


def test_a_step_below_the_smallest_is_not_told():
    ratios = [1.0] * 10 + [1.2] * 10
    assert find_steps(ratios, smallest=0.1)
    assert find_steps(ratios, smallest=0.25) == []


def test_a_few_runs_have_no_step():
    assert find_steps([1.0, 1.0, 2.0, 2.0, 2.0]) == []


# ---- the store


def test_a_run_comes_back_as_it_was_compared(folders, tmp_path):
    run = read_run(folders[0])
    store = store_of(tmp_path / "store.jsonl", folders[:1])
    cells = store.runs[0].to_recorded_run().cells
    assert cells.index.equals(run.cells.index)
    np.testing.assert_allclose(cells["cost_ratio"], run.cells["cost_ratio"], rtol=1e-6)
    assert cells["verdict"].tolist() == run.cells["verdict"].tolist()


def test_a_run_is_added_once_wherever_its_folder_lies(folders, tmp_path):
    path = tmp_path / "store.jsonl"
    records = [record_of(read_run(folder)) for folder in folders[:2]]
    assert add_runs(path, [*records, records[0]]) == [Addition.NEW, Addition.NEW, Addition.KNOWN]
    content = path.read_bytes()
    moved = tmp_path / "moved"
    moved.symlink_to(folders[1])
    assert add_runs(path, [record_of(read_run(moved))]) == [Addition.KNOWN]
    assert path.read_bytes() == content


def test_a_run_that_went_on_stands_once_and_nothing_written_before_changes(tmp_path):
    path = tmp_path / "store.jsonl"
    frame = synthetic.many_cells(CELLS)
    half = write_run(tmp_path, 1, frame=frame.head(20))
    add_runs(path, [record_of(read_run(half))])
    content = path.read_bytes()
    (tmp_path / "later").mkdir()
    whole = write_run(tmp_path / "later", 1, frame=frame)
    assert add_runs(path, [record_of(read_run(whole))]) == [Addition.GROWN]
    assert path.read_bytes().startswith(content)
    (run,) = read_store(path).runs
    assert len(run.cells) == CELLS


def test_runs_are_in_the_order_in_which_they_were_begun(folders, tmp_path):
    store = store_of(tmp_path / "store.jsonl", folders[::-1])
    assert [run.name for run in store.runs] == [folder.name for folder in folders]


@pytest.mark.parametrize("damage", [b"{", b"\xff\n", b'{"version":1}\n', b"[]\n", b"\0\0\n", b"\n"])
def test_a_damaged_store_ends_in_a_sentence_and_stays_as_it_is(folders, tmp_path, damage):
    path = tmp_path / "store.jsonl"
    store_of(path, folders[:1])
    content = path.read_bytes() + damage
    path.write_bytes(content)
    done = history(folders[1], "--store", path)
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert f"Line 2 of the history {path} is damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert path.read_bytes() == content


def test_a_store_that_lost_its_last_bytes_is_damaged(folders, tmp_path):
    path = tmp_path / "store.jsonl"
    store_of(path, folders[:1])
    path.write_bytes(path.read_bytes()[:-1])
    assert "its end is missing" in history("--store", path).stderr


def test_a_store_of_a_later_version_ends_in_a_sentence(tmp_path):
    path = tmp_path / "store.jsonl"
    path.write_bytes(msgspec.json.encode({"version": VERSION + 1, "cells": "other"}) + b"\n")
    done = history("--store", path)
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert "written by a later adbench" in done.stderr


def test_a_store_without_a_run_ends_in_a_sentence(tmp_path):
    done = history("--store", tmp_path / "store.jsonl")
    assert done.exit_code == ExitStatus.BAD_USAGE
    assert "There is no run in" in done.stderr


def test_runs_that_are_added_at_one_time_are_all_there(folders, tmp_path):
    path = tmp_path / "store.jsonl"
    records = [record_of(read_run(folder)) for folder in folders]
    with ThreadPoolExecutor(4) as threads:
        additions = threads.map(lambda record: add_runs(path, [record]), [*records, *records])
        kinds = [addition for added in additions for addition in added]
    assert sorted(kinds) == [Addition.KNOWN] * len(folders) + [Addition.NEW] * len(folders)
    assert len(path.read_bytes().splitlines()) == len(folders)


def test_steps_are_not_looked_for_where_ruptures_is_missing(monkeypatch):
    monkeypatch.setattr(steps_module, "find_spec", lambda name: None)
    with pytest.raises(SpecError, match="pip install 'adbench\\[history\\]'"):
        find_steps([1.0] * 5 + [2.0] * 5)


# ---- what changed


def test_the_backend_that_became_slower_steps_and_no_other(folders, tmp_path):
    store = store_of(tmp_path / "store.jsonl", folders)
    steps = trends(store).steps
    assert {step.cell["backend"] for step in steps} == {STEPPED}
    assert {step.run.name for step in steps} == {"alpha-6"}
    for step in steps:
        assert step.step.factor == pytest.approx(1.3, rel=0.05)


def test_runs_of_different_machines_are_different_series(folders, tmp_path):
    others = [write_run(tmp_path, number, host="beta", factor=1.0) for number in range(6, 10)]
    alone = trends(store_of(tmp_path / "alone.jsonl", folders[:6]))
    both = trends(store_of(tmp_path / "both.jsonl", [*folders[:6], *others]))
    assert alone.steps == both.steps == ()
    assert both.series["machine"].nunique() == 2


def test_a_machine_that_changes_its_name_is_one_series_where_it_is_named(folders, tmp_path):
    others = [write_run(tmp_path, number, host=f"pod-{number}") for number in range(6, 10)]
    store = store_of(tmp_path / "store.jsonl", [*folders[:6], *others], host="ci")
    assert trends(store).series["machine"].nunique() == 1
    assert {step.run.name for step in trends(store).steps} == {"pod-6-6"}


def test_the_latest_run_is_compared_with_the_one_before_it_on_its_machine(folders, tmp_path):
    other = write_run(tmp_path, 8, host="beta")
    store = store_of(tmp_path / "store.jsonl", [folders[0], folders[5], other, folders[9]])
    assert store.runs[place_of(store, "")].name == "alpha-5"
    assert store.runs[place_of(store, "alpha-0")].name == "alpha-0"
    assert "did you mean 'alpha-0'" in history("--store", store.path, "--since", "alpha-00").stderr


def test_what_changed_is_said_on_one_screen(folders, tmp_path):
    frame = synthetic.many_cells(CELLS + 1).drop(index=[0, 1])
    frame.loc[5, "verdict"] = "wrong"
    latest = write_run(tmp_path, 12, frame=frame)
    done = history(*folders, latest, "--store", tmp_path / "store.jsonl", "--since", "alpha-2")
    assert done.exit_code == ExitStatus.ALL_RIGHT, done.output
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "Answers: 1." in lines
    assert "- turned wrong: " in done.stdout
    assert "since alpha-6: torch:eager" in done.stdout
    assert f"The version of {STEPPED} differs: 2.13 before, 2.14 after." in done.stdout
    assert "Cells that appeared: 1; that vanished: 2." in done.stdout


def test_a_run_that_is_there_already_is_told(folders, tmp_path):
    path = tmp_path / "store.jsonl"
    history(folders[0], "--store", path)
    done = history(folders[0], "--store", path)
    assert "There already, and not added again: alpha-0" in done.stdout
    assert len(path.read_bytes().splitlines()) == 1


# ---- the page


@pytest.fixture
def page_modules():
    for module in ("altair", "vl_convert", "jinja2"):
        pytest.importorskip(module)


def test_the_page_draws_every_model_and_needs_nothing_from_elsewhere(
    folders, tmp_path, page_modules
):
    page = tmp_path / "page.html"
    done = history(*folders, "--store", tmp_path / "store.jsonl", "--page", page)
    assert done.exit_code == ExitStatus.ALL_RIGHT, done.output
    text = page.read_text()
    series = trends(read_store(tmp_path / "store.jsonl")).series
    models = series.loc[series["operator"] != "value", "model"].unique()
    assert len(models) >= 1
    for model in models:
        assert f"Trends: {model}" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert not re.search(r"<(?:script|img|link)[^>]+(?:src|href)=[\"']?http", text)


def test_hostile_names_are_text_on_page_and_screen(tmp_path, page_modules):
    cells = synthetic.hostile_cells().head(60)
    folders = [
        synthetic.write_run(tmp_path / f"<b>{number}", cells, created=f"2026-11-1{number}")
        for number in range(2)
    ]
    page = tmp_path / "page.html"
    done = history(*folders, "--store", tmp_path / "store.jsonl", "--page", page)
    assert done.exit_code == ExitStatus.ALL_RIGHT, done.output
    assert "\x1b" not in done.stdout
    text = page.read_text()
    for attack in ("<script>window.hit", "<img src=x", "<svg onload", "<b>1", "\u202e", "\x1b"):
        assert attack not in text


def test_a_long_history_is_thinned_and_says_so(tmp_path, page_modules):
    from adbench.history.page import history_page
    from adbench.page.figure import MOST_MARKS

    frame = synthetic.many_cells(400)
    run = record_of(read_run(write_run(tmp_path, 1, frame=frame)))
    records = [
        msgspec.structs.replace(run, run=str(number), name=f"r{number}", created=f"{number:04}")
        for number in range(30)
    ]
    path = tmp_path / "store.jsonl"
    add_runs(path, records)
    text = history_page(trends(read_store(path)), None)
    assert "Thinned: " in text
    for spec in re.findall(
        r'<script type="application/json" id="spec-trend[^>]*>(.*?)</script', text
    ):
        datasets = json.loads(spec)["datasets"].values()
        assert max(map(len, datasets)) <= MOST_MARKS
