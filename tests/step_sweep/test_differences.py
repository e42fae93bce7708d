"""The step sweep.

Differences have a best step, and are far from the truth even there; AD is not.
"""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from adbench import registry
from adbench.cases import Model
from adbench.cases.inputs import make_inputs
from adbench.cli import main
from adbench.reporting import step_tables as reporting
from adbench.step_sweep import differences
from adbench.step_sweep import rows as results
from adbench.step_sweep import run as running


def swept(name, size, dtype="float64"):
    model = registry.models()[name].model
    return results.frame(running.rows(model, size, make_inputs(model, size, 0, dtype), dtype))


@pytest.fixture(scope="module")
def chain():
    return swept("chain", "L=3,k=1")


def errors(frame, method):
    return frame[frame["method"] == method].set_index("step")["relative_error"]


@pytest.mark.parametrize(
    ("method", "step", "error"), [("forward", 1e-8, 1e-6), ("central", 1e-5, 1e-9)]
)
def test_the_error_over_h_is_a_v_with_its_lowest_point_near_the_theorys(chain, method, step, error):
    curve = errors(chain, method)
    assert len(curve) == 33
    assert step / 30 <= curve.idxmin() <= step * 30
    assert curve.min() < error
    assert curve[1.0] > 1e3 * curve.min() and curve[1e-16] > 1e3 * curve.min()


@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2)])
def test_truncation_falls_with_the_order_of_the_difference(chain, method, order):
    curve = errors(chain, method)
    assert np.log10(curve[1e-2] / curve[1e-3]) == pytest.approx(order, abs=0.1)


def test_ad_is_more_accurate_than_any_difference_at_any_step(chain):
    ad = float(errors(chain, "ad").iloc[0])
    assert ad < 1e-14
    assert (chain.loc[chain["method"] != "ad", "relative_error"] > 10 * ad).all()


def test_forward_differences_cost_n_plus_1_evaluations_and_central_ones_2n(chain):
    n = chain["n_inputs"].iloc[0]
    assert set(chain.loc[chain["method"] == "forward", "evaluations"]) == {n + 1}
    assert set(chain.loc[chain["method"] == "central", "evaluations"]) == {2 * n}


def test_libraries_that_choose_their_steps_are_better_and_dearer(chain):
    assert float(errors(chain, "scipy").iloc[0]) < errors(chain, "forward").min()
    assert (
        chain.loc[chain["method"] == "scipy", "evaluations"].iloc[0] > 2 * chain["n_inputs"].iloc[0]
    )
    assert (find_spec("numdifftools") is not None) == ("numdifftools" in set(chain["method"]))


@pytest.mark.parametrize(
    ("name", "size"), [("dense", "n=4,m=3"), ("tanh", "x=0.5"), ("mlp", "1-1-1-1x1")]
)
def test_every_kind_of_model_is_swept(name, size):
    frame = swept(name, size)
    assert errors(frame, "central").min() < 1e-9
    assert float(errors(frame, "ad").iloc[0]) < 1e-14


def test_float32_has_its_own_v():
    frame = swept("chain", "L=3,k=1", "float32")
    assert 1e-7 < errors(frame, "central").min() < 1e-2
    assert errors(frame, "central").idxmin() > 1e-4
    assert float(errors(frame, "ad").iloc[0]) < 1e-6


def test_the_step_divided_by_is_the_one_between_representable_points():
    model = Model(
        name="line",
        function=lambda xp, x: xp.sum(3 * x),
        make=lambda s, r: (np.ones(2),),
        sizes={"2": {}},
    )
    question = running.jacobian_question(model, make_inputs(model, "2", 0))
    flat = differences.FlatFunction(question)
    # 1 + h is rounded to a number whose distance from 1 is not h; on a line the quotient shows no
    # error all the same.
    assert differences.forward(flat, 1e-10) == pytest.approx(np.full((1, 2), 3.0), rel=1e-5)
    assert (differences.forward(flat, 1e-17) == 0).all()


def test_the_sweep_comes_back_from_disk_as_it_went(chain, tmp_path):
    results.write(chain, tmp_path)
    for name in ("", results.PARQUET, results.CSV):
        pd.testing.assert_frame_equal(results.load(tmp_path / name), chain)
    with pytest.raises(FileNotFoundError, match="There is no step sweep at"):
        results.load(tmp_path / "nowhere.csv")


def test_the_tables_show_best_steps_and_the_curve(chain):
    best, curve = reporting.best(chain), reporting.curve(chain)
    assert best is not None and curve is not None
    assert len(best.rows) == 1 and len(best.rows[0]) == len(best.columns)
    assert [row[0] for row in curve.rows] == [
        f"1e{-k:+03d}".replace("-00", "+00") for k in range(17)
    ]
    assert curve.columns == ("h", "forward", "central")
    assert reporting.best(results.frame([])) is reporting.curve(results.frame([])) is None


def test_the_command_shows_and_writes_them(tmp_path):
    result = CliRunner().invoke(
        main, ["differences", "tanh", "--out", str(tmp_path / "out")], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    assert (
        "Error over the step h" in result.output
        and "Against numerical differentiation" in result.output
    )
    assert set(results.load(tmp_path / "out")["size"]) == {"x=0.5", "x=-1.25"}


def test_a_model_that_is_too_large_is_left_out_and_said_so():
    result = CliRunner().invoke(
        main, ["differences", "mlp", "--size", "32-64-64-1x32"], catch_exceptions=False
    )
    assert result.exit_code == 3
    assert "n is above 256" in result.output
