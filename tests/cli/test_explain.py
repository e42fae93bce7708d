"""`adbench explain` tells all that is known about a cell, of a stored run or of a check."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from adbench.cli import main

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"
CELL = "chain/L=3/gradient/reference:tape/reverse"

WRONG_RULE = """
import numpy as np
from adbench.backends.reference import Tape
from reference_ad.engine.core import PRIMITIVES, other_rules


class WrongSigmoid(Tape):
    def vjp(self, function, active):
        sigmoid = PRIMITIVES["expit"]
        wrong = sigmoid.with_rules(jvp=sigmoid.jvp, vjps=[lambda g, ans, x: g * ans])
        with other_rules({sigmoid: wrong}):
            return super().vjp(function, active)

    def gradient_reverse(self, function, active, direction):
        output, pullback = self.vjp(function, active)
        return pullback(np.ones(output.shape))
"""

WRONG_BACKWARD = """
import torch
from adbench import Model


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, cotangent):
        return cotangent


model = Model(
    name="double[red]",
    function=lambda xp, x: 2 * x,
    make=lambda size, rng: (rng.standard_normal(3),),
    sizes={"n=3": {}},
    native={"torch": Double.apply},
)
"""


def call(*arguments):
    return CliRunner().invoke(
        main, ["explain", *(str(argument) for argument in arguments)], catch_exceptions=False
    )


def output_of(script):
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_cell_of_a_stored_run_is_computed_again_and_shown_by_a_script(tmp_path):
    script = tmp_path / "shows.py"
    result = call(EXAMPLE, CELL, "--script", script)
    assert result.exit_code == 0, result.stderr
    assert "chain/L=3,k=1/gradient/reference:tape/reverse/float64." in result.stdout
    assert "The verdict is correct, by enclosure." in result.stdout
    assert "Other modes of reference:tape: forward correct." in result.stdout
    assert "Each of the 12 primitives that could be asked is right by itself." in result.stdout
    returned, true, *_ = output_of(script)
    assert float(returned.split()[-1]) == pytest.approx(float(true.split()[-1]))


def test_a_run_without_a_plan_is_told_from_its_rows_alone(tmp_path):
    shutil.copy(EXAMPLE / "journal.jsonl", tmp_path)
    result = call(tmp_path, CELL)
    assert result.exit_code == 0
    assert "The verdict is correct" in result.stdout
    assert "The run kept no plan, so that its cells cannot be computed again." in result.stdout
    assert "Computed again" not in result.stdout.split("Script")[0].split("Not known")[0]


def test_a_wrong_rule_of_a_backend_is_found_in_its_primitive(tmp_path):
    backend = tmp_path / "wrong.py"
    backend.write_text(WRONG_RULE)
    result = call("chain", "--backend", backend)
    assert result.exit_code == 0, result.stderr
    assert "Where it goes wrong first" in result.stdout
    assert "The first primitive whose derivative is wrong by itself: expit of" in result.stdout
    assert "No plain code is known for wrong" in result.stdout


def test_a_users_wrong_backward_pass_is_explained_with_a_script_that_shows_it(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    file, script = tmp_path / "mine.py", tmp_path / "shows.py"
    file.write_text(WRONG_BACKWARD)
    result = call(file, "--backend", "torch", "--script", script)
    assert result.exit_code == 0, result.stderr
    assert "double[red]/n=3/vjp/torch:eager/reverse/float64/native." in result.stdout
    assert "of the hand-written function (Double, mine.py:6)" in result.stdout
    assert "returned = true × 1/2" in result.stdout
    returned, true, *quotients = output_of(script)
    value = float(true.split()[-1])
    assert float(returned.split()[-1]) == pytest.approx(value / 2)
    assert [float(line.split()[-1]) for line in quotients] == pytest.approx([value] * 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([EXAMPLE, "chain/L=3/gradient/torch"], "'chain/L=3/gradient/torch' means 2 cells: "),
        ([EXAMPLE, "nothing"], "No cell is called 'nothing'; a cell is called by parts of its "),
        ([EXAMPLE, ""], "Nothing is wrong in "),
        ([EXAMPLE, CELL, "--backend", "jax"], "--backend was given with a run's folder; name the"),
        (["mpl"], "There is no model 'mpl'; did you mean 'mlp'?"),
        (["nowhere.py"], "There is no file nowhere.py; give the path of a Python file."),
        ([Path(__file__).parent], "There is no "),
    ],
)
def test_what_cannot_be_explained_is_told_in_a_sentence(arguments, sentence):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"adbench: {sentence}")
