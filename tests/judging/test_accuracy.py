"""Functions that are approximate by design are judged within the accuracy that they declare."""

import numpy as np
import pytest
from click.testing import CliRunner

import adbench
from adbench.cases import Model, SpecError
from adbench.cli import main
from adbench.results.row import Verdict

POINT = np.asarray([0.5, -1.0, 2.0])


def cubes(xp, x):
    return xp.sum(x**3)


def off_by(error):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    return lambda x: torch.sum(x**3) * (1 + error)


@pytest.mark.parametrize("error", [3e-8, -9e-7])
def test_an_error_within_the_accuracy_passes_and_is_said(error):
    native = off_by(error)
    report = adbench.check(cubes, POINT, backend="torch", native=native, accuracy=1e-6)
    assert report, report
    assert "within the declared accuracy of 1e-06" in str(report)
    assert adbench.check(cubes, POINT, backend="torch", native=native).exit_status == 1


def test_an_error_beyond_the_accuracy_is_wrong():
    options = {"backend": "torch", "accuracy": 1e-6, "dtypes": "float64"}
    report = adbench.check(cubes, POINT, native=off_by(1e-5), **options)
    assert {row.verdict for row in report.rows} == {Verdict.WRONG}


@pytest.mark.parametrize("accuracy", [-1e-6, 1.0, "fine"])
def test_an_accuracy_that_is_none_is_refused(accuracy):
    with pytest.raises(SpecError, match="accuracy="):
        Model(
            name="f", function=cubes, make=lambda s, r: (POINT,), sizes={"": {}}, accuracy=accuracy
        )


MODEL_FILE = """
import torch
from adbench import Model


def cubes(xp, x):
    return xp.sum(x**3)


def native(x):
    return torch.sum(x**3) * (1 + 3e-8)


def make(size, rng):
    return (rng.uniform(1, 2, 3),)


model = Model(name="cubes", function=cubes, make=make, sizes={"3": {}}, native={"torch": native})
"""


@pytest.mark.parametrize(
    ("options", "status"),
    [((), 1), (("--accuracy", "1e-6"), 0), (("--accuracy", "1e-9"), 1)],
)
def test_the_accuracy_of_the_command_line_reaches_the_workers(tmp_path, options, status):
    pytest.importorskip("torch", reason="torch is not installed")
    file = tmp_path / "cubes.py"
    file.write_text(MODEL_FILE)
    command = ["check", str(file), "--backend", "torch", "--operator", "gradient", *options]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == status, result.output
    assert ("within the declared accuracy of 1e-06" in result.output) is (status == 0)


@pytest.mark.parametrize("accuracy", ["-1e-6", "1", "fine"])
def test_an_accuracy_out_of_range_is_bad_usage(accuracy):
    result = CliRunner().invoke(main, ["check", "chain", "--accuracy", accuracy])
    assert result.exit_code == 2
    assert "Invalid value for '--accuracy'" in result.stderr
