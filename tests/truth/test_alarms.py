"""At random sizes and seeds no answer is wrong and no spoilt entry correct.

Our own bugs are loud.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adbench import registry
from adbench.cases import Operator
from adbench.cases.inputs import make_inputs
from adbench.cases.question import Question
from adbench.judging.comparison import Entries
from adbench.truth.truth import establish

PATH = Path(__file__).parents[2] / "benchmarks" / "truth.py"
SPEC = importlib.util.spec_from_file_location("benchmark_of_truth", PATH)
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", benchmark.BACKENDS)
def test_no_entry_of_an_installed_backend_lies_outside_its_bound(backend):
    (entry,) = registry.find_backends([backend])
    if registry.installed_version(entry) is None:
        pytest.skip(f"{backend} is not installed")
    call = [
        sys.executable,
        str(PATH),
        "alarms",
        "--entries",
        "1000",
        "--seed",
        "5",
        "--backend",
        backend,
    ]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert " 0 alarms" in done.stdout


@pytest.mark.parametrize("name", ["mlp", "chain", "dense"])
def test_a_spoilt_entry_is_caught_or_unresolved_but_never_correct(name):
    model = registry.models()[name].model
    rng = np.random.default_rng(2)
    operator = Operator.JACOBIAN if name == "dense" else Operator.GRADIENT
    caught = 0
    for seed in range(10):
        model_at_random_size = benchmark.at_random_size(model, rng)
        inputs = make_inputs(model_at_random_size, "random", seed)
        question = Question(model_at_random_size, inputs, operator, 1)
        truth = establish(question, ["float64"])
        bounds = truth.bounds["float64"]
        for sign in (-1, 1):
            for true, bound in zip(truth.answer.arrays, bounds, strict=True):
                place = tuple(rng.integers(n) for n in true.shape)
                spoilt = true.astype(float)
                spoilt[place] *= 1 + sign * 1e-9
                entries = Entries.of(spoilt, true, bound, "float64")
                is_outside = entries.in_bounds[place] > 1
                assert is_outside or entries.unresolved[place]
                caught += bool(is_outside)
    assert caught >= 20


def test_a_broken_rule_stops_a_run_with_its_own_status_and_keeps_what_was_measured(tmp_path):
    file = tmp_path / "broken.py"
    file.write_text(
        "from adbench import Model\n"
        "from reference_ad.rules import elementwise\n"
        "elementwise.over_cosh_squared = lambda g, x: g / (1 + x * x)\n"
        "def f(xp, x):\n    return xp.sum(xp.tanh(x))\n"
        "model = Model(name='mine', function=f, make=lambda size, rng: (rng.standard_normal(3),), "
        "sizes={'3': {}})\n"
    )
    selection = [
        "--operator",
        "value",
        "--operator",
        "gradient",
        "--quick",
        "--out",
        str(tmp_path / "out"),
    ]
    call = [
        sys.executable,
        "-m",
        "adbench",
        "run",
        str(file),
        "--backend",
        "reference:tape",
        *selection,
    ]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "The gradient of the model 'mine' is not certified" in done.stderr
    assert "do not overlap" in done.stderr
    assert '"operator":"value"' in (tmp_path / "out" / "journal.jsonl").read_text()
