"""`adbench check` as continuous integration meets it.

Exit statuses, formats, and where each failure points.
"""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from adbench.cli import main

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "helpers" / "fakes.py"
ONE_WRONG_LINE = {
    "torch": ("torch_swish.py", "x * s * (1 - s)", "s * (1 - s)", "class Swish"),
    "jax": ("jax_logsumexp.py", "exp(x - mine(x)", "exp(x - 2 * mine(x)", "@jax.custom_vjp"),
}


def check(*arguments):
    return CliRunner().invoke(
        main, ["check", *(str(argument) for argument in arguments)], catch_exceptions=False
    )


@pytest.fixture
def fake(tmp_path):
    def write(name):
        file = tmp_path / "backend.py"
        file.write_text(
            f"import sys; sys.path.insert(0, {str(FAKES.parent)!r})\nimport fakes\nclass "
            f"Mine(fakes.{name}): pass\n"
        )
        return file

    return write


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_a_custom_backward_with_one_wrong_line_exits_1_and_its_entries_are_pointed_to(
    tmp_path, framework
):
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    example, right, wrong, begins = ONE_WRONG_LINE[framework]
    source = (ROOT / "examples" / example).read_text()
    assert source.count(right) == 1
    file = tmp_path / "mine.py"
    file.write_text(source.replace(right, wrong))
    result = check(file, "--backend", framework, "--operator", "vjp", "--format", "json")
    assert result.exit_code == 1
    cells = json.loads(result.stdout)["cells"]
    verdicts = {
        (cell["implementation"], cell["verdict"]) for cell in cells if cell["mode"] == "reverse"
    }
    assert verdicts == {("native", "wrong")}
    for cell in cells:
        if cell["verdict"] == "wrong":
            assert re.fullmatch(r"x\[\d+, \d+\]", cell["worst_entry"])
            assert cell["worst_returned"] != cell["worst_true"]
    annotated = check(file, "--backend", framework, "--operator", "vjp", "--format", "github")
    line = 1 + source[: source.index(begins)].count("\n")
    assert re.search(
        rf"^::error file=[^,]*mine\.py,line={line},title=[^:]*::x\[", annotated.stdout, re.MULTILINE
    )


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_the_corrected_backward_exits_0(framework):
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    example = ONE_WRONG_LINE[framework][0]
    result = check(ROOT / "examples" / example, "--backend", framework)
    assert result.exit_code == 0, result.output
    assert "wrong" not in result.stdout


@pytest.mark.parametrize(
    ("name", "status"), [("Wrong", 1), ("Raising", 3), ("Crashing", 3), ("Tape", 0)]
)
def test_the_exit_status_tells_wrong_from_not_run(fake, name, status):
    assert check("chain", "--backend", fake(name), "--operator", "gradient").exit_code == status


def test_nothing_judged_is_no_pass(tmp_path):
    file = tmp_path / "absent.py"
    file.write_text("import no_such_framework\n")
    result = check("chain", "--backend", file, "--operator", "gradient")
    assert result.exit_code == 3
    assert "absent.py imports 'no_such_framework', which is not installed here" in result.stdout


def test_nothing_is_timed():
    result = check("tanh", "--backend", "reference", "--format", "json")
    cells = json.loads(result.stdout)["cells"]
    assert {cell["samples"] for cell in cells} == {0}
    assert {cell["median_s"] for cell in cells} == {"nan"}
    assert {cell["verdict"] for cell in cells} == {"correct"}


def test_what_a_model_prints_is_no_part_of_the_report(tmp_path):
    file = tmp_path / "model.py"
    file.write_text(
        "from adbench import Model\nprint('loaded')\ndef f(xp, x):\n    print('called')\n    "
        "return xp.sum(x)\n"
        "model = Model(name='mine', function=f, make=lambda size, rng: (rng.random(2),), "
        "sizes={'s': {}})\n"
    )
    result = check(file, "--backend", "reference", "--format", "json")
    assert json.loads(result.stdout)["exit_status"] == 0
    assert "called" not in result.stderr


def test_a_file_is_imported_with_the_defaults_of_its_framework(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    file = tmp_path / "module.py"
    file.write_text(
        "import torch\nfrom adbench import Model\n\n"
        "linear = torch.nn.Linear(3, 2, bias=False)\n"
        "torch.nn.init.ones_(linear.weight)\n"
        "model = Model(name='linear', function=lambda xp, x: x @ xp.ones((3, 2), dtype=x.dtype), "
        "make=lambda size, rng: (rng.standard_normal((2, 3)),), sizes={'s': {}}, "
        "native={'torch': linear})\n"
    )
    result = check(file, "--backend", "torch")
    assert result.exit_code == 0, result.stdout
    assert "does not run in float64" in " ".join(result.stdout.split())


def test_the_text_shows_the_entry_what_was_returned_and_what_is_true(fake):
    result = check("chain", "--backend", fake("Wrong"), "--operator", "gradient")
    assert "Wrong" in result.stdout
    assert re.search(
        r"gradient reverse +backend:file +params\[0\]\[1\] at \S+ +\S+ +\S+ +\S+e\+\d+",
        result.stdout,
    )
    assert "1 of 6 entries is off, in params[0][1]" in result.stdout
    assert "What to look at" in result.stdout
    assert result.stdout.rstrip().endswith("wrong. The points are those of --seed 0.")


def test_junit_tells_failures_errors_and_skipped_cells(fake):
    suite = ElementTree.fromstring(
        check(
            "chain", "--backend", fake("Wrong"), "--operator", "gradient", "--format", "junit"
        ).stdout
    )[0]
    assert suite.attrib | {"failures": "2", "errors": "0", "skipped": "0"} == suite.attrib
    assert len(suite.findall("testcase/failure")) == 2 < len(suite.findall("testcase"))
    skipped = check(
        "chain", "--backend", fake("Forgetful"), "--operator", "gradient", "--format", "junit"
    ).stdout
    assert "unsupported: It has no vjp" in skipped and "<skipped" in skipped
    assert "<error" in check("tanh", "--backend", fake("Unstartable"), "--format", "junit").stdout


def test_github_gets_a_step_summary(fake, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    result = check(
        "chain", "--backend", fake("Wrong"), "--operator", "gradient", "--format", "github"
    )
    assert result.exit_code == 1
    assert result.stdout.startswith("::error file=")
    assert "::notice title=adbench check::" in result.stdout
    text = summary.read_text()
    assert text.startswith("# adbench check\n") and " params[0][1] at " in text


def test_a_step_summary_that_cannot_be_written_is_said_and_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    result = check("tanh", "--backend", "reference", "--operator", "value", "--format", "github")
    assert result.exit_code == 0
    assert result.stdout.startswith("::notice title=adbench check::")
    assert result.stderr.endswith(
        f"adbench: The summary of the step was not written to {tmp_path} (Is a directory); let "
        "GITHUB_STEP_SUMMARY name a file that can be written to.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["mpl"], "adbench: There is no model 'mpl'; did you mean 'mlp'?"),
        (["--backend", "touch"], "adbench: There is no backend 'touch'; did you mean 'torch'?"),
        (["tanh", "--operator", "hessian"], "adbench: Nothing to run:"),
    ],
)
def test_bad_usage_gets_one_sentence_and_status_2(arguments, sentence):
    result = check(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(sentence) and len(result.stderr.splitlines()) == 1
