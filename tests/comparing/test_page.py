"""The page among the files of a run: written, made again, and of several runs."""

from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from synthetic import EXAMPLE, many_cells, write_run

from adbench.cli import main
from adbench.comparing import page as pages
from adbench.results import frames
from adbench.results.exit_status import ExitStatus


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    few = frames.load(EXAMPLE).query("model in ('mlp', 'deep')")
    return write_run(tmp_path_factory.mktemp("runs") / "before", few)


def broken_cells(folder):
    """How many answers of a run are wrong."""
    return int((frames.load(folder)["verdict"] == "wrong").sum())


@pytest.fixture(scope="module")
def worse(stored):
    few = frames.load(EXAMPLE).query("model in ('mlp', 'deep')")
    is_broken = (few["backend"] == "torch:eager") & (few["operator"] == "gradient")
    broken = few.assign(verdict=few["verdict"].mask(is_broken, "wrong"))
    return write_run(stored.parent / "after", broken)


def test_figures_are_written_as_svg_png_and_csv(stored):
    result = call("report", stored, "--figures")
    assert result.exit_code == 0, result.output
    assert "report.html and report.md" in result.output
    names = {path.name for path in (stored / "figures").iterdir()}
    assert {"modes.svg", "modes.png", "modes.csv", "cost-ratio.svg"} <= names
    ElementTree.parse(stored / "figures" / "modes.svg")
    assert (stored / "figures" / "modes.png").read_bytes().startswith(b"\x89PNG")
    assert "orders-cost.svg" not in names  # the run has no derivative of higher order
    assert "adbench run tanh --operator derivative" in (stored / "report.html").read_text()


def test_a_baseline_is_in_report_and_page(stored, worse):
    result = call("report", worse, "--baseline", stored)
    assert result.exit_code == 0, result.output
    assert "## What changed" in (worse / "report.md").read_text()
    assert "turned wrong" in (worse / "report.md").read_text()
    assert '<h2 id="changes">' in (worse / "report.html").read_text()


def test_several_runs_are_on_one_page(stored, worse, tmp_path):
    result = call("report", stored, worse, "--out", tmp_path / "both")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "both" / "report.html").read_text()
    assert "torch:eager [before]" in text
    assert "torch:eager [after]" in text
    assert f"No: {broken_cells(worse)} of" in text
    assert f"torch:eager [after] in {broken_cells(worse)} of" in text
    again = call("report", stored, worse, "--out", tmp_path / "both")
    assert again.exit_code == ExitStatus.BAD_USAGE
    assert "is there already and would be overwritten" in again.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "x"], "--out was given with one run, whose report is in its own folder"),
        (["missing", "--baseline", "x"], "--baseline was given with 2 runs; give one"),
        (["missing", "--out", "x"], "There is no run in missing"),
    ],
)
def test_options_that_do_not_fit_are_refused(stored, options, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("report", stored, *options)
    assert result.exit_code == ExitStatus.BAD_USAGE
    assert sentence in result.stderr


def test_without_what_a_page_needs_there_is_a_report_and_a_sentence(stored, monkeypatch):
    monkeypatch.setattr(pages, "NEEDED", ("altair", "nowhere_to_be_found"))
    (stored / "report.html").unlink(missing_ok=True)
    result = call("report", stored)
    assert result.exit_code == 0
    assert "nowhere_to_be_found cannot be imported" in " ".join(result.output.split())
    assert "pip install 'adbench[report]'" in " ".join(result.output.split())
    assert not (stored / "report.html").exists()


def test_two_runs_compared_have_a_page(stored, worse, tmp_path):
    path = tmp_path / "changes.html"
    result = call("compare", stored, worse, "--page", path)
    assert result.exit_code == ExitStatus.WRONG
    text = path.read_text()
    assert f"{broken_cells(worse)} turned wrong" in text
    assert "wrong after" in text
    again = call("compare", stored, worse, "--page", path)
    assert again.exit_code == ExitStatus.BAD_USAGE


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_of_100000_rows_has_its_page_within_a_minute(tmp_path):
    folder = write_run(tmp_path / "large", many_cells(100_000))
    result = call("report", folder)
    assert result.exit_code == 0, result.output
    page = (folder / "report.html").read_text()
    assert "Thinned: 1,000 of 100,000 cells are shown" in page
    assert len(page.encode()) < 6e6
