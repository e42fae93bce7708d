"""A package that adds a backend and a model, installed beside adbench."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example as pip installs it, from nothing but its own files."""
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source)
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        "--target",
        folder / "site",
        source,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def adbench(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site), "COLUMNS": "200"}
    command = [sys.executable, "-m", "adbench", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=100, cwd=site.parent
    )


def test_what_a_package_adds_is_listed(site: Path) -> None:
    done = adbench(site, "list")
    assert done.returncode == 0, done.stderr
    assert "dual:numbers" in done.stdout
    assert "pendulum" in done.stdout
    assert "warning" not in done.stderr


def test_what_a_package_adds_is_run(site: Path) -> None:
    done = adbench(
        site, "check", "pendulum", "--backend", "dual", "--backend", "reference", "--budget", "0"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_backend_of_a_package_names_the_function_that_it_lacks(site: Path) -> None:
    done = adbench(site, "check", "mlp", "--backend", "dual", "--operator", "jvp")
    assert "unsupported: This example has no matmul." in done.stdout


@pytest.mark.parametrize("module", ["entries", "pendulum"])
def test_a_package_that_fails_to_import_is_a_warning_of_one_line(
    site: Path, tmp_path: Path, module: str
) -> None:
    broken = tmp_path / "site"
    shutil.copytree(site, broken)
    (broken / "adbench_plugin" / f"{module}.py").write_text("raise RuntimeError('no licence')\n")
    done = adbench(broken, "list")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if "warning" in line]
    assert len(lines) == 1, done.stderr
    assert "no licence" in lines[0]
    assert "Traceback" not in done.stderr
    assert "reference:tape" in done.stdout
    assert ("dual:numbers" in done.stdout) == (module == "pendulum")
    assert ("pendulum" in done.stdout) == (module == "entries")
