"""The command line as a user meets it: sentences, exit statuses, files."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import adbench
from adbench import registry
from adbench.backends.catalog import REFERENCE
from adbench.cases import DTYPES
from adbench.cli import main
from adbench.planning.plan import assign
from adbench.planning.restriction import Restriction
from adbench.planning.settings import Settings
from adbench.results.exit_status import ExitStatus
from adbench.running.protocol import PlanModels
from adbench.running.worker import Worker
from adbench.truth.certificate import CertificateError

ROOT = Path(__file__).parent.parent
FAKES = ROOT / "tests" / "helpers" / "fakes.py"

MODELS = ", ".join(sorted(registry.models()))


def call(*arguments):
    return CliRunner().invoke(
        main, [str(argument) for argument in arguments], catch_exceptions=False
    )


def run(tmp_path, *arguments):
    return call("run", "--quick", "--out", tmp_path / "out", *arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "mpl"], "adbench: There is no model 'mpl'; did you mean 'mlp'?"),
        (["--backend", "touch"], "adbench: There is no backend 'touch'; did you mean 'torch'?"),
        (
            ["--backend", "jax:git"],
            "adbench: There is no backend 'jax:git'; did you mean 'jax:jit'?",
        ),
        (
            ["--operator", "gradeint"],
            "adbench: There is no operator 'gradeint'; did you mean 'gradient'?",
        ),
        (["--dtype", "float46"], "adbench: There is no dtype 'float46'; did you mean 'float64'?"),
        (
            ["mlp", "--size", "8-16-1"],
            "adbench: There is no size '8-16-1'; did you mean '8-16-1x8'?",
        ),
        (
            ["--model", "zzz"],
            f"adbench: There is no model 'zzz'; known: {', '.join(sorted(registry.models()))}.",
        ),
        (["nowhere.py"], "adbench: There is no file nowhere.py; give the path of a Python file."),
        (["--quick", "--full"], "adbench: --quick and --full were both given; choose one."),
        (["--memory", "lots"], "adbench: The memory limit 'lots' was given; give a size such as 4"),
        (["tanh", "--operator", "hessian"], "adbench: Nothing to run:"),
    ],
)
def test_bad_usage_gets_one_sentence_and_status_2(tmp_path, arguments, sentence):
    result = call("run", "--out", tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(sentence)
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


MODEL = """
from adbench import Model
{before}
model = Model(name="mine", function={function}, make={make}, sizes={{"small": {{}}}},
              active={active})
"""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"before": "x ="}, r"model\.py is not valid Python: invalid syntax in line 3\."),
        ({"before": "1 / 0"}, r"model\.py raised ZeroDivisionError in line 3: division by zero\."),
        (
            {"before": "raise RuntimeError('one\\ntwo.')"},
            r"model\.py raised RuntimeError in line 3: one two\.$",
        ),
        ({"before": "raise SystemExit(0)"}, r"model\.py raised SystemExit in line 3: 0\."),
        (
            {"before": "import no_such_module"},
            r"imports 'no_such_module', which is not installed here",
        ),
        (
            {"make": "None"},
            r"The model 'mine' has make=None; it must be a function of size and rng\.",
        ),
        (
            {"function": "3"},
            r"The model 'mine' has function=3; it must be a function of xp and the arguments\.",
        ),
        (
            {"active": "'x'"},
            r"The model 'mine' has active='x'; it must be the position of an argument\.",
        ),
        (
            {"make": "lambda size, rng: ()"},
            r"gave no argument; it must give at least the one that is differentiated",
        ),
        (
            {"make": "lambda size, rng: 1.0"},
            r"gave a float; it must give a tuple of arguments: .* as \(x,\)\.",
        ),
        (
            {"make": "lambda size, rng: 1 / 0"},
            r"make\(size, rng\) of the model 'mine' raised ZeroDivisionError",
        ),
        (
            {"make": "lambda size, rng: (3,)"},
            r"has the Python value 3, which is not differentiated; give a float",
        ),
        (
            {"function": "lambda xp, x: xp.no_such(x)"},
            r"AttributeError in line 4 of \S+model\.py: `xp\.no_such` is not in the namespace",
        ),
        (
            {"function": "lambda xp, x, y: x"},
            r"raised TypeError: .* missing 1 required positional argument: 'y'\.$",
        ),
        (
            {"function": "lambda xp, x: exit(3)"},
            r"The function of the model 'mine' raised SystemExit",
        ),
        (
            {"function": "lambda xp, x: 3.5"},
            r"gave a float; it must give one floating-point array",
        ),
        ({"function": "lambda xp, x: 3"}, r"gave an int; it must give one floating-point array"),
        (
            {"before": "import random", "function": "lambda xp, x: xp.sum(x) * random.random()"},
            r"gave another value the second time; it must be pure",
        ),
        (
            {"function": "lambda xp, x: xp.sum(x.__imul__(2.0))"},
            r"The function of the model 'mine' in line \d+ of .* changes its arguments; it must be",
        ),
        (
            {
                "before": "import numpy",
                "make": "lambda size, rng: (numpy.random.standard_normal(2),)",
            },
            r"gave other arguments the second time; take what is random from rng\.",
        ),
        (
            {"make": "lambda size, rng: ({'w': rng.normal(size=2) * float('nan')},)"},
            r"has values that are nan or infinite in float64 at \['w'\]; derivatives need finite "
            r"values\.",
        ),
        (
            {"function": "lambda xp, x: (x, 3)"},
            r"gave an int at \[1\]; it must give one floating-point array, or a tree of them\.",
        ),
        ({"function": "lambda xp, x: x > 0"}, r"it must give one floating-point array"),
        (
            {"active": "1"},
            r"has active=1, but make\(size, rng\) gave 1 argument\(s\); choose one of 0 to 0\.",
        ),
    ],
)
def test_a_bad_model_file_gets_one_sentence(tmp_path, changes, sentence):
    fields = {
        "before": "",
        "function": "lambda xp, x: xp.sum(x)",
        "make": "lambda size, rng: (rng.standard_normal(2),)",
        "active": "0",
    }
    file = tmp_path / "model.py"
    file.write_text(MODEL.format(**{**fields, **changes}))
    assignment = assign(Settings(), Restriction((), (), DTYPES[:1]), REFERENCE)
    reply = Worker().answer(PlanModels(str(file), assignment))
    assert re.search(sentence, reply.message), reply.message
    assert len(reply.message.splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "list"])
def test_a_command_ends_with_the_sentence_on_a_bad_model_file(tmp_path, monkeypatch, command):
    monkeypatch.setattr("adbench.running.planner.SILENT_S", 60.0)
    file = tmp_path / "model.py"
    file.write_text("print('noise')\n1 / 0\n")
    result = call(command, file)
    assert result.exit_code == 2
    sentence = f"adbench: {file} raised ZeroDivisionError in line 2: division by zero.\n"
    assert result.stderr == sentence
    assert result.stdout == ""


def test_list_shows_the_models_of_a_file(tmp_path):
    file = tmp_path / "model.py"
    fields = {"before": "", "function": "lambda xp, x: xp.sum(x)", "active": "0"}
    file.write_text(MODEL.format(make="lambda size, rng: (rng.random(2),)", **fields))
    result = call("list", file)
    assert result.exit_code == 0
    assert re.search(r"^- mine +small", result.stdout, re.MULTILINE)
    assert "mlp" not in result.stdout


@pytest.mark.parametrize("command", ["run", "check", "differences"])
def test_ctrl_c_before_anything_is_measured_has_its_own_status(monkeypatch, command):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("adbench.running.planner.Planner.plan", interrupt)
    result = call(command, "tanh")
    assert result.exit_code == 130
    assert result.stderr == "adbench: interrupted.\n"


@pytest.mark.parametrize("command", ["run", "differences"])
def test_a_folder_that_cannot_be_written_to_is_refused_before_the_run(
    tmp_path, command, monkeypatch
):
    def refuse(**where):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    result = call(command, "tanh", "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (
        f"adbench: The folder {tmp_path} cannot be made or written to (Permission denied); choose "
        "another with --out.\n"
    )


def test_a_truth_that_is_not_certified_stops_every_command_with_its_own_status(monkeypatch):
    def fail(*arguments):
        raise CertificateError("The gradient of the model 'tanh' is not certified.")

    monkeypatch.setattr("adbench.running.step_sweeps._rows", fail)
    result = call("differences", "tanh")
    assert result.exit_code == 4
    assert result.stderr == "adbench: The gradient of the model 'tanh' is not certified.\n"


def test_a_run_writes_its_files_and_shows_its_answer(tmp_path):
    result = run(
        tmp_path, "chain", "--backend", "reference", "--backend", "differences", "--seed", "7"
    )
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == {
        "differences.csv", "differences.parquet", "environment.json", "journal.jsonl",
        "logs", "plan.json", "report.html", "report.md",
        "results.csv", "results.parquet", "samples.parquet",
    }  # fmt: skip
    table = adbench.load(out)
    assert set(table["backend"]) == {"reference:tape", "differences:central"}
    assert set(table.loc[table["backend"] == "reference:tape", "verdict"]) == {"correct"}
    environment = json.loads((out / "environment.json").read_text())
    assert environment["seed"] == 7 and environment["threads"] == 1 and environment["cpu"]
    assert "Is it right, and what does it cost?" in result.output
    assert "<summary>Is it right? (" in (out / "report.md").read_text()
    assert f"Results are in {out}: report.html, report.md" in result.output


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path):
    assert run(tmp_path, "tanh", "--backend", "reference", "--operator", "value").exit_code == 0
    again = run(tmp_path, "tanh", "--backend", "reference", "--operator", "value")
    assert again.exit_code == 2
    assert "already holds a run; choose another folder with --out" in again.stderr


def test_float32_is_asked_and_judged_in_float32(tmp_path):
    result = run(
        tmp_path, "mlp", "--backend", "reference", "--dtype", "float32", "--operator", "gradient"
    )
    assert result.exit_code == 0, result.output
    table = adbench.load(tmp_path / "out")
    assert set(table["dtype"]) == {"float32"}
    assert set(table["verdict"]) == {"correct"}
    assert 1e-9 < table["relative_error"].max() < 1e-5


@pytest.mark.parametrize(("name", "status"), [("Wrong", 1), ("Raising", 3), ("Forgetful", 0)])
def test_the_exit_status_tells_wrong_from_not_run(tmp_path, name, status):
    backend = tmp_path / "backend.py"
    backend.write_text(
        f"import sys; sys.path.insert(0, {str(FAKES.parent)!r})\nimport fakes\nclass "
        f"Mine(fakes.{name}): pass\n"
    )
    result = run(tmp_path, "chain", "--backend", backend, "--operator", "gradient")
    assert result.exit_code == status, result.output


def test_ctrl_c_keeps_what_is_measured(tmp_path):
    out = tmp_path / "out"
    arguments = ["run", "chain", "tanh", "--backend", "reference", "--out", str(out)]
    # A shell starts its background jobs with SIGINT ignored, and the tests may be one.
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from adbench.cli import main\nmain({arguments!r})"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = out / "journal.jsonl"
    while process.poll() is None and not (
        journal.exists() and journal.read_text().count("\n") >= 3
    ):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert re.search(r"Interrupted: \d+ of \d+ cells were measured and are kept\.", output)
    assert len(adbench.load(out / "results.parquet")) >= 3


def test_list_and_env_show_what_there_is():
    listed = call("list")
    for name in (
        "mlp",
        "tanh",
        "chain",
        "deep",
        "dense",
        "reference:tape",
        "torch:eager",
        "differences:central",
    ):
        assert name in listed.output
    assert "python" in call("env").output
    assert call("--version").output.strip() == f"adbench, version {adbench.__version__}"


def test_list_puts_models_together_that_come_from_one_place():
    output = call("list").output
    titles = re.findall(r"^Models: (.+)$", output, flags=re.MULTILINE)
    groups = {source.model.group for source in registry.models().values()}
    assert titles[0] == "the lecture"
    assert sorted(titles) == sorted(groups)
    assert output.index("Models: gradbench") < output.index("- lse ")


def test_a_run_that_names_no_model_leaves_the_workloads_out():
    by_default = registry.names_of_models()
    assert "mlp" in by_default
    assert "lse" not in by_default
    assert "lse" in registry.models()


def test_the_readme_names_every_exit_status():
    readme = (ROOT / "README.md").read_text()
    statuses = re.findall(r"^\| (\d+) \| ", readme, flags=re.MULTILINE)
    assert list(map(int, statuses)) == sorted(ExitStatus)


def test_the_model_in_the_readme_runs_as_it_stands(tmp_path):
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"```python\n(# rosenbrock\.py.*?)```", readme, flags=re.DOTALL)
    assert len(code.strip().splitlines()) <= 24
    (tmp_path / "rosenbrock.py").write_text(code)
    result = run(
        tmp_path, tmp_path / "rosenbrock.py", "--backend", "reference", "--backend", "differences"
    )
    assert result.exit_code == 0, result.output
    assert "rosenbrock" in result.output


def test_the_backend_in_the_readme_runs_as_it_stands(tmp_path):
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"```python\n(# complex_step\.py.*?)```", readme, flags=re.DOTALL)
    (tmp_path / "complex_step.py").write_text(code)
    result = run(tmp_path, "mlp", "--backend", tmp_path / "complex_step.py")
    assert result.exit_code == 0, result.output
    table = adbench.load(tmp_path / "out")
    answered = table[(table["outcome"] == "ok") & (table["operator"] == "gradient")]
    assert set(answered["route"]) == {"jacfwd via jvp"}
    assert set(answered["verdict"]) == {"correct"}
