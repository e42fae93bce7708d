"""Functions that are approximate by design are judged within the accuracy that they declare."""

import numpy as np
import pytest

import adbench
from adbench.cases import Model, SpecError
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
    assert "within the accuracy of 1e-06 that the model declares" in str(report)
    assert adbench.check(cubes, POINT, backend="torch", native=native).exit_status == 1


def test_an_error_beyond_the_accuracy_is_wrong():
    report = adbench.check(cubes, POINT, backend="torch", native=off_by(1e-5), accuracy=1e-6)
    assert {row.verdict for row in report.rows} == {Verdict.WRONG}


@pytest.mark.parametrize("accuracy", [-1e-6, 1.0, "fine"])
def test_an_accuracy_that_is_none_is_refused(accuracy):
    with pytest.raises(SpecError, match="accuracy="):
        Model(
            name="f", function=cubes, make=lambda s, r: (POINT,), sizes={"": {}}, accuracy=accuracy
        )
