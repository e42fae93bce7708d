"""The backend in docs/backends.md is short, needs adbench.extend alone, and passes the kit."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from adbench.cli import main
from adbench.results.exit_status import ExitStatus
from adbench.selftest.conformance import command

PAGE = Path(__file__).parents[2] / "docs" / "backends.md"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    (code,) = re.findall(r"```python\n(# complex_forward\.py.*?)```", PAGE.read_text(), re.DOTALL)
    path = tmp_path / "complex_forward.py"
    path.write_text(code)
    return path


def test_it_is_short_and_imports_the_one_module(adapter: Path) -> None:
    code = adapter.read_text()
    modules = {
        node.module for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)
    }
    assert len(code.splitlines()) <= 60
    assert modules == {"adbench.extend"}


def test_the_command_passes_it(adapter: Path) -> None:
    arguments = [sys.executable, "-m", "adbench", "selftest", "--backend", str(adapter)]
    result = subprocess.run(arguments, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "complex_forward:file passes." in result.stdout
    assert "jacfwd via jvp" in result.stdout


def test_the_command_fails_one_that_is_wrong(adapter: Path) -> None:
    adapter.write_text(adapter.read_text().replace("np.imag(y) / STEP", "2 * np.imag(y) / STEP"))
    result = CliRunner().invoke(main, ["selftest", "--backend", str(adapter)])
    assert result.exit_code == 1


def test_the_command_says_that_one_could_not_be_run(adapter: Path) -> None:
    adapter.write_text("import no_such_framework\n")
    assert command([str(adapter)], timeout=60) == 3


@pytest.mark.parametrize("status", [0, 1])
def test_a_backend_that_ends_its_process_has_no_verdict(tmp_path: Path, capfd, status: int) -> None:
    path = tmp_path / "leaving.py"
    path.write_text(
        "import os\nfrom adbench.backends.reference import Tape\n\nclass Leaving(Tape):\n"
        f"    def jvp(self, function, active, tangent):\n        os._exit({status})\n"
    )
    assert command([str(path)], timeout=60.0) is ExitStatus.NOT_RUN
    assert (
        f"was not asked to the end: its process exited with status {status}."
        in capfd.readouterr().out
    )
