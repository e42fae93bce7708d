"""The gate of a pull request: the steps of the action, run in a checkout with a wrong backward."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from adbench.cli import main
from adbench.results.exit_status import ExitStatus

ROOT = Path(__file__).parents[2]

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())

MODEL = """
import reference_ad
from adbench import Model


def square(xp, x):
    return xp.sum(x * x)


def forward(x):
    return reference_ad.numpy.sum(x * x)


mine = reference_ad.custom_vjp(forward, lambda g, ans, x: (FACTOR * g * x,))

model = Model(
    name="square",
    function=square,
    make=lambda size, rng: (rng.normal(size=3),),
    sizes={"three": {}},
    native={"reference": mine},
)
"""

LINE_OF_THE_FUNCTION = 10
"""Where the forward of the hand-written function begins, whose derivative is judged."""

EXPECTED = """
[[expected]]
model = "square"
ending = "wrong"
reason = "The factor is forgotten."
link = "https://example.org/issues/7"
"""


@pytest.fixture
def checkout(tmp_path):
    """A clean checkout of a repository with one wrong backward."""
    folder = tmp_path / "repository"
    folder.mkdir()
    write_model(folder, factor=3)
    (folder / "known.toml").write_text(EXPECTED)
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Add a model"]):
        names = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
        subprocess.run(["git", *names, *command], cwd=folder, check=True)
    return folder


def write_model(folder, factor):
    (folder / "square.py").write_text(MODEL.replace("FACTOR", str(factor)))


class Job:
    """The steps of the action in a checkout, as the runner of GitHub would run them."""

    def __init__(self, checkout, **inputs):
        defaults = {name: entry.get("default", "") for name, entry in ACTION["inputs"].items()}
        self.inputs = {**defaults, "arguments": "square.py --backend reference", **inputs}
        self.folder = checkout
        self.runner = checkout.parent / "runner"
        self.runner.mkdir(exist_ok=True)
        self.summary, self.outputs = self.runner / "summary.md", self.runner / "outputs"
        for path in (self.summary, self.outputs):
            path.write_text("")

    def run(self, name):
        """Run a step; return how it ended."""
        (step,) = (step for step in ACTION["runs"]["steps"] if step["id"] == name)
        assert step["shell"] == "bash"
        variables = {key: self._filled(value) for key, value in step.get("env", {}).items()}
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "GITHUB_WORKSPACE": str(self.folder),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_OUTPUT": str(self.outputs),
                "RUNNER_TEMP": str(self.runner),
                **variables,
            },
        )

    def _filled(self, value):
        """A value of the action's with its expressions put in."""
        outputs = dict(re.findall(r"(\w+)=(.*)", self.outputs.read_text()))

        def expression(match):
            kind, *path = match[1].strip().split(".")
            return {
                "inputs": lambda: str(self.inputs[path[0]]),
                "steps": lambda: outputs[path[-1]],
            }[kind]()

        return re.sub(r"\$\{\{(.*?)\}\}", expression, str(value))

    def check(self):
        """Run the check and what decides; return the check's output and the job's exit status."""
        check = self.run("check")
        assert check.returncode == 0, check.stderr  # the last step decides
        return check.stdout, self.run("end").returncode


def test_a_wrong_backward_is_annotated_at_its_line_and_fails_the_job(checkout):
    job = Job(checkout)
    output, status = job.check()
    assert status == ExitStatus.WRONG
    (error, *_) = re.findall(r"^::error (.*)$", output, re.MULTILINE)
    assert f"file=square.py,line={LINE_OF_THE_FUNCTION}," in error
    line = (checkout / "square.py").read_text().splitlines()[LINE_OF_THE_FUNCTION - 1]
    assert line == "def forward(x):"
    summary = job.summary.read_text()
    assert summary.startswith("# adbench check") and "wrong" in summary
    assert (job.runner / "adbench-check.md").read_text() == summary


def test_a_declared_failure_passes_and_is_shown(checkout):
    job = Job(checkout, expected="known.toml")
    output, status = job.check()
    assert status == 0 and "::error" not in output
    assert f"::notice file=square.py,line={LINE_OF_THE_FUNCTION}," in output
    assert "failed as expected" in job.summary.read_text()
    assert "The factor is forgotten" in job.summary.read_text()


def test_a_declared_failure_that_is_mended_is_said(checkout):
    write_model(checkout, factor=2)
    job = Job(checkout, expected="known.toml")
    output, status = job.check()
    assert status == 0 and "No longer so (known.toml:2)" in output
    assert "No longer so" in job.summary.read_text()
    (checkout / "known.toml").write_text("strict = true\n" + EXPECTED)
    _, status = Job(checkout, expected="known.toml").check()
    assert status == ExitStatus.NOT_RUN


def test_the_action_names_every_input_that_its_steps_use():
    used = set(re.findall(r"inputs\.(\w+)", json.dumps(ACTION["runs"])))
    assert used == set(ACTION["inputs"])


def test_a_random_seed_is_said_with_the_command_that_repeats_it(checkout, monkeypatch):
    arguments = ["check", str(checkout / "square.py"), "--backend", "reference", "--seed", "random"]
    monkeypatch.setattr(sys, "argv", ["adbench", *arguments])
    result = CliRunner().invoke(main, arguments)
    (line,) = (line for line in result.stderr.splitlines() if "the seed is" in line)
    seed = re.search(r"the seed is (\d+);", line)[1]
    assert line.endswith(f"--backend reference --seed {seed}` repeats this.")
    assert f"--seed {seed}" in result.output  # the points of what is wrong


def test_a_run_with_a_declared_failure_ends_well_and_its_report_says_so(checkout, tmp_path):
    arguments = ["run", checkout / "square.py", "--backend", "reference", "--quick", "--quiet"]
    declared = ["--expected", checkout / "known.toml"]
    whole = ["run", *arguments[1:]]
    result = CliRunner().invoke(main, [*map(str, [*whole, *declared, "--out", tmp_path / "out"])])
    assert result.exit_code == 0, result.output
    assert "Expected (" in (tmp_path / "out" / "report.md").read_text()
    again = CliRunner().invoke(main, ["report", str(tmp_path / "out"), "--quiet"])
    assert again.exit_code == 0
    assert "Expected (" in (tmp_path / "out" / "report.md").read_text()
    environment = json.loads((tmp_path / "out" / "environment.json").read_text())
    assert environment["known_issues"]["square"] == {
        "reference:tape": "https://example.org/issues/7"
    }


def test_the_cost_ratios_of_a_run_are_written_for_a_series(checkout, tmp_path):
    write_model(checkout, factor=2)
    arguments = ["run", checkout / "square.py", "--backend", "reference", "--quick", "--quiet"]
    CliRunner().invoke(main, [*map(str, [*arguments, "--out", tmp_path / "out"])])
    path = tmp_path / "ratios.json"
    result = CliRunner().invoke(main, ["report", str(tmp_path / "out"), "--benchmark", str(path)])
    assert result.exit_code == 0, result.output
    entries = json.loads(path.read_text())
    assert entries and all({"name", "unit", "value"} <= entry.keys() for entry in entries)
    assert all(entry["value"] > 0 and entry["unit"] == "x the function" for entry in entries)
    names = [entry["name"] for entry in entries]
    assert len(set(names)) == len(names)
