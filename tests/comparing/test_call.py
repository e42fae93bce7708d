"""`adbench.run`: the same as the command, from Python."""

import json
from pathlib import Path

import pandas as pd
import pytest

import adbench
from adbench.cases import SpecError
from adbench.comparing import compare as comparing
from adbench.results import frames
from adbench.truth.certificate import CertificateError

ROOT = Path(__file__).parent.parent.parent

SMALL = {"models": "chain", "backends": "reference:tape", "operators": "value", "preset": "quick"}
"""A run of one cell."""


@pytest.fixture(scope="module")
def written_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    return adbench.run(**SMALL, out=out), out


def test_a_run_returns_the_frame_that_load_reads(written_run):
    table, out = written_run
    assert set(table["outcome"]) == {"ok"}
    assert set(table["verdict"]) == {"correct"}
    assert (table["median_s"] > 0).all()
    pd.testing.assert_frame_equal(table, adbench.load(out))


def test_the_folder_is_written_as_the_command_writes_it(written_run):
    _, out = written_run
    names = {path.name for path in out.iterdir()} - {"logs", "plan.json"}
    example = ROOT / "reports" / "example"
    assert names - {frames.SAMPLES_PARQUET} == {path.name for path in example.iterdir()} - {
        frames.SAMPLES_PARQUET,
        "plan.json",
        "figures",
    }
    assert json.loads((out / "environment.json").read_text())["effort"] == "quick"
    assert "Yes: the one answer is right." in (out / "report.html").read_text()
    assert (out / "report.md").read_text().startswith("# adbench report\n\n- **Is it right?**")


def test_a_folder_that_holds_a_run_is_refused(written_run):
    _, out = written_run
    with pytest.raises(SpecError, match="already holds a run"):
        adbench.run(**SMALL, out=out)


def test_without_a_folder_nothing_is_written_or_printed(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    table = adbench.run(**SMALL)
    assert len(table) == 1
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")


def test_files_are_taken_as_paths_or_strings(tmp_path):
    model = tmp_path / "square.py"
    model.write_text(
        "from adbench.cases import Model\n"
        "model = Model(name='square', function=lambda xp, x: xp.sum(x * x),\n"
        "              make=lambda size, rng: (rng.normal(size=2),), sizes={'two': {}})\n"
    )
    table = adbench.run([model], ["reference:tape"], "gradient", preset="quick")
    assert set(table["model"]) == {"square"}
    assert set(table["verdict"]) == {"correct"}


def test_a_model_object_is_refused_in_one_sentence():
    model = adbench.Model(
        name="mine",
        function=lambda xp, x: x,
        make=lambda size, rng: (1.0,),
        sizes={"small": {}},
    )
    for models in (model, [model]):
        with pytest.raises(SpecError, match=r"^run was given models of type Model; .*\)\.$"):
            adbench.run(models)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "xxl"}, r"There is no preset 'xxl'; known: quick, default, full\."),
        ({"preset": "quik"}, r"There is no preset 'quik'; did you mean 'quick'\?"),
        ({"threads": 0}, r"run was given threads=0; give an integer of at least 1, and"),
        ({"timeout": 0}, r"run was given timeout=0; give a number of seconds above 0, and"),
        ({"timeout": float("nan")}, r"run was given timeout=nan; give a number"),
        ({"timeout": float("inf")}, r"run was given timeout=inf; give a number of seconds above 0"),
        ({"timeout": "60"}, r"run was given timeout=.60.; give a number of seconds above 0"),
        ({"threads": None}, r"run was given threads=None; give an integer"),
        ({"seed": 1.5}, r"run was given seed=1\.5; give an integer"),
        ({"preset": 5}, r"There is no preset .5.; known: quick, default, full\."),
        ({"operators": [1]}, r"run was given operators of type int; give names\."),
        ({"seed": -1}, r"run was given seed=-1; give an integer that is not negative, and"),
        ({"models": "chian"}, r"There is no model 'chian'; did you mean 'chain'\?"),
        ({"dtypes": ["float46"]}, r"There is no dtype 'float46'; did you mean 'float64'\?"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, message):
    with pytest.raises(SpecError, match=message):
        adbench.run(**options)


@pytest.mark.parametrize("error", [CertificateError("not certified"), KeyboardInterrupt()])
def test_what_stops_a_run_is_raised_after_its_results_are_written(tmp_path, monkeypatch, error):
    measure = comparing.measure

    def measure_and_stop(*arguments, **options):
        measure(*arguments, **options)
        raise error

    monkeypatch.setattr(comparing, "measure", measure_and_stop)
    with pytest.raises(type(error)):
        adbench.run(**SMALL, out=tmp_path)
    assert len(adbench.load(tmp_path / "results.parquet")) == 1
    assert (tmp_path / "report.md").is_file()
