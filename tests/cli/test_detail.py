import json
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner

from adbench.cli import main

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"

LINES_OF_A_SCREEN = 40


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def example(tmp_path):
    return copytree(EXAMPLE, tmp_path / "example")


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_the_answer_of_a_run_fits_on_one_screen(example):
    result = call("report", example)
    lines = result.stdout.splitlines()
    models_at_sizes = 8  # a line each has been shown before, while the run went on
    assert len(lines) + models_at_sizes <= LINES_OF_A_SCREEN
    assert max(map(len, lines)) <= 80 or "report.md" in lines[-1]


def test_all_tables_are_shown_where_they_are_wanted(example):
    result = call("report", example, "--tables")
    assert "What does it cost?" in result.stdout
    assert "Is it right, and" in result.stdout


def test_a_quiet_command_says_how_the_cells_ended_and_no_more(example):
    result = call("report", example, "--quiet")
    first, *others = result.stdout.splitlines()
    assert first.startswith("913 cells: ")
    assert len(others) == 1 and "report.md" in others[0]


def test_a_run_as_json_is_one_document_with_every_cell(example):
    result = call("report", example, "--json")
    document = json.loads(result.stdout)
    assert len(document["cells"]) == 913
    assert document["exit_status"] == 0
    assert document["summary"].startswith("913 cells: ")


def test_two_ways_of_showing_are_refused_in_one_sentence(example):
    result = call("report", example, "--quiet", "--json")
    assert result.exit_code == 2
    assert result.stderr == "adbench: --quiet and --json were given; choose one.\n"


def test_a_run_as_json_shows_nothing_else_on_standard_output(tmp_path):
    options = ("--backend", "reference", "--operator", "gradient", "--quick")
    result = call("run", "chain", *options, "--json", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert {cell["operator"] for cell in json.loads(result.stdout)["cells"]} == {"gradient"}
