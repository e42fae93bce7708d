"""README.md says what the example run says, and nothing else."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from adbench.cases.model import SpecError
from adbench.changes.recorded_run import read_environment
from adbench.comparing.report import make_report
from adbench.results import frames
from adbench.step_sweep import rows as step_rows

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "reports" / "example"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def load_tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "tools_readme", ROOT / "tools" / "readme.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module  # where dataclasses look for it
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool():
    return load_tool()


@pytest.fixture(scope="module")
def report():
    return make_report(frames.load(EXAMPLE), step_rows.load(EXAMPLE))


def test_the_readme_is_what_the_example_run_makes_of_it(tool):
    assert tool.rewritten_from(README, EXAMPLE) == README, "`make readme` mends it"


def test_a_number_that_the_run_does_not_say_is_mended(tool, report):
    (cell,) = [
        row[3] for row in report.tables[0].rows if row[:3] == ("mlp", "8-16-1x8", "gradient")
    ]
    altered = README.replace(cell, "0.0e+00")
    assert altered != README
    assert tool.rewritten(altered, report, read_environment(EXAMPLE)) == README


def test_a_part_that_nothing_makes_and_one_that_is_missing_are_named(tool, report):
    environment = read_environment(EXAMPLE)
    for readme in (README.replace("example: cost", "example: costs"), "no part at all"):
        with pytest.raises(SpecError, match=r"README\.md has the parts \["):
            tool.rewritten(readme, report, environment)


def test_a_table_a_column_and_a_row_that_are_not_there_are_named(tool, report):
    with pytest.raises(SpecError, match="has no table 'Nothing'"):
        tool.Excerpt("Nothing", {}).of(report)
    with pytest.raises(SpecError, match="has no column 'colour'"):
        replace(tool.COST, rows={"colour": ("red",)}).of(report)
    with pytest.raises(SpecError, match="has no row with"):
        replace(tool.COST, rows={"model": ("none",)}).of(report)
