"""Corners asked of backends in worker processes, and what the atlas says of the answers."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from runs import fake

from adbench.atlas import asking, tables
from adbench.atlas import run as atlas
from adbench.atlas.row import CORNER_ROWS
from adbench.backends.catalog import REFERENCE
from adbench.cases.model import SpecError
from adbench.cli import main
from adbench.planning.settings import Settings
from adbench.results.exit_status import ExitStatus

SETTINGS = Settings(effort=asking.ATLAS, order=asking.HIGHEST_ORDER, specification=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A few corners on the reference engine, and on two fakes."""
    corners = atlas.find_corners(["abs(x) at 0", "max with two ties", "prod with one zero"])
    entries = [REFERENCE[0], fake("FarOff"), fake("FromTheRight")]
    plan = asking.plan_of(atlas.atlas_of(corners), entries, SETTINGS, ["float64"])
    folder = tmp_path_factory.mktemp("atlas")
    return atlas.CornerRun(plan, asking.run_in(folder, plan, progress=False))


def rows_of(run, corner, backend, order=1, mode="forward"):
    return next(
        row
        for row in run.rows
        if (row.corner, row.backend, row.order, row.mode) == (corner, backend, order, mode)
    )


def test_a_value_outside_of_the_hull_is_caught(run):
    row = rows_of(run, "abs(x) at 0", "fake:FarOff")
    assert (row.word, row.is_wrong, row.returned) == ("outside", True, "7")
    assert run.exit_status is ExitStatus.WRONG


def test_conventions_are_told_apart(run):
    assert rows_of(run, "abs(x) at 0", "reference:tape").convention == "the middle"
    assert rows_of(run, "abs(x) at 0", "fake:FromTheRight").convention == "right"
    assert rows_of(run, "max with two ties", "reference:tape").convention == "shared equally"
    shown = {row[0]: row[2] for row in tables.conventions(run.rows, all_corners=False).rows}
    assert shown["abs(x) at 0"].startswith("0, the middle: reference:tape")
    assert "1, right: fake:FromTheRight" in shown["abs(x) at 0"]


def test_where_a_function_is_differentiable_the_truth_judges(run):
    row = rows_of(run, "prod with one zero", "reference:tape", mode="reverse")
    assert (row.word, row.returned, row.convention) == ("correct", "[0 6 0]", "")


def test_a_value_is_judged_as_in_a_run(run):
    assert rows_of(run, "abs(x) at 0", "reference:tape", order=0, mode="none").word == "correct"


def test_of_a_second_derivative_over_a_kink_both_sides_came_back(run):
    row = rows_of(run, "abs(x) at 0", "reference:tape", order=2)
    assert (row.word, row.is_wrong) == ("inside", False)


def test_what_is_wrong_is_told_with_who_gave_it(run):
    lines = [row for row in tables.wrong(run.rows).rows if row[0] == "abs(x) at 0"]
    assert lines[0][1:3] == ("first derivative", "-1 | 1")
    assert lines[0][3].startswith("7 by fake:FarOff")


def test_every_answer_has_a_place_in_the_tables(run):
    assert sum(int(cell or 0) for row in tables.words(run.rows).rows for cell in row[1:]) == len(
        run.rows
    )
    assert all(len(row) == 6 + 3 for row in tables.cases(run.rows).rows)


def test_the_rows_are_read_as_they_were_written(run, tmp_path):
    table = CORNER_ROWS.frame(run.rows)
    CORNER_ROWS.write(table, tmp_path)
    assert CORNER_ROWS.load(tmp_path).equals(table)
    assert CORNER_ROWS.load(tmp_path / "corners.csv").equals(table)


def test_an_unknown_corner_is_a_sentence():
    with pytest.raises(SpecError, match="There is no corner 'abs at one'"):
        atlas.find_corners(["abs at one"])


def test_without_a_name_every_corner_is_asked():
    assert len(atlas.find_corners([])) >= 80


def test_approximations_are_asked_where_they_are_named_alone():
    assert "differences" not in {entry.framework for entry in asking.find_entries([])}
    assert [entry.framework for entry in asking.find_entries(["differences"])] == ["differences"]
    assert len(asking.find_entries([], full=True)) >= len(asking.find_entries([]))


def test_the_command_shows_the_answer_and_keeps_it(tmp_path):
    arguments = ["atlas", "clip(x, 0, 1) at 0", "--backend", "reference:tape", "--dtype", "float64"]
    done = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "What came back" in done.output and "at 1 corner by 1 backend: none" in done.output
    assert set(CORNER_ROWS.load(tmp_path / "out")["corner"]) == {"clip(x, 0, 1) at 0"}


def test_the_command_gives_one_json_document():
    arguments = ["atlas", "x^y at (0, 2)", "--backend", "reference:tape", "--dtype", "float64"]
    done = CliRunner().invoke(main, [*arguments, "--json"])
    document = json.loads(done.stdout)
    assert document["exit_status"] == done.exit_code
    assert {answer["corner"] for answer in document["answers"]} == {"x^y at (0, 2) by x"}


def test_a_row_that_did_not_run_has_no_word(run):
    from adbench.atlas.judgement import corner_row
    from adbench.atlas.models import CORNERS
    from adbench.results.row import Outcome

    row = replace(run.measured.rows[0], outcome=Outcome.RAISED, message="no rule")
    record = corner_row(row, CORNERS[row.model])
    assert (record.word, record.outcome, record.message) == ("", "raised", "no rule")


def test_a_framework_has_a_function_of_its_own_for_what_it_is_said_to():
    pytest.importorskip("torch")
    from adbench.atlas.own_functions import NAMES
    from adbench.atlas.torch_functions import FUNCTIONS

    assert set(NAMES["torch"]) == set(FUNCTIONS)


def test_a_framework_s_own_function_is_asked_beside_the_formula():
    pytest.importorskip("torch")
    from adbench.running.selection import Selection

    selection = Selection(backends=["torch:eager"], dtypes=["float64"])
    run = atlas.ask_corners(["maximum(x, 0) at 0"], asking.Request(selection, progress=False))
    slopes = {
        row.implementation: row.returned
        for row in run.rows
        if (row.order, row.mode) == (1, "reverse")
    }
    assert slopes == {"spec": "0.5", "native": "0"}
