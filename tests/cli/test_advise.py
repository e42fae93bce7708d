"""`adbench advise` measures a function and says what to use for it."""

import json

import pytest
from click.testing import CliRunner

from adbench.cli import main

MODEL = """
import numpy as np
from adbench import Model


def loss(xp, x):
    return xp.sum(xp.tanh(x) ** 2)


model = Model(
    name="loss",
    function=loss,
    make=lambda size, rng: (rng.standard_normal(size["n"]),),
    sizes={"n=2": {"n": 2}, "n=40": {"n": 40}},
)
"""

REFERENCE = ("--backend", "reference:tape", "--backend", "reference:compiled")


def call(*arguments):
    return CliRunner().invoke(main, ["advise", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return path


def test_advice_is_said_for_each_size_with_numbers_and_reasons(file):
    result = call(file, *REFERENCE)
    assert result.exit_code == 0, result.stderr
    words = " ".join(result.stdout.split())
    for size, n in (("n=2", 2), ("n=40", 40)):
        assert f"gradient of loss at {size} (n = {n}, m = 1, float64) - use reference:" in words
    assert " a call. " in words
    assert "to prepare and" in words


def test_advice_as_json_has_the_sentences_and_the_records(file):
    result = call(file, *REFERENCE, "--size", "n=40", "--format", "json")
    values = json.loads(result.stdout)
    (question,) = values["advice"]["questions"]
    assert question["size"] == "n=40"
    assert question["operator"] == "gradient"
    assert question["best"]["backend"].startswith("reference:")
    call_s = question["best"]["call"]
    assert 0 < call_s["low"] <= call_s["median"] <= call_s["high"]
    assert values["sentences"][0].startswith("gradient of loss at n=40 (n = 40, m = 1, float64): ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "No function was named; give a model, a file with one, or file.py:name."),
        (["mpl"], "There is no model 'mpl'; did you mean 'mlp'?"),
        (["chain", "--size", "small"], "There is no size 'small'; "),
        (["nowhere.py"], "There is no file nowhere.py; give the path of a Python file."),
    ],
)
def test_what_no_advice_can_be_given_on_is_told_in_a_sentence(arguments, sentence):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"adbench: {sentence}")


def test_a_function_as_it_stands_is_advised_on_beside_what_is_read_of_it(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    path = tmp_path / "mine.py"
    path.write_text(
        "import torch, adbench\n"
        "def f(x):\n    return torch.tanh(x).sum()\n"
        "case = adbench.case(f, torch.ones(3, dtype=torch.float64))\n"
    )
    result = call(path, "--backend", "torch", "--format", "json")
    assert result.exit_code == 0, result.stderr
    (question,) = json.loads(result.stdout)["advice"]["questions"]
    candidates = [question["best"], question["runner_up"], *question["equal"]]
    assert "native" in {candidate["implementation"] for candidate in candidates if candidate}
