"""The distributions: the wheel holds all that is read, and the sdist makes the same wheel."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import adbench

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

pytest.importorskip("build", reason="build is not installed")


def build(source, target, *options):
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), *options]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The folder of a wheel and an sdist, which are made of a copy of the tracked files."""
    folder = tmp_path_factory.mktemp("release")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "reports/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build(source, folder / "dist")
    return folder / "dist"


def contents(wheel):
    """The content of each file of a wheel but of its own list."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")
        }


@pytest.fixture(scope="module")
def wheel(distributions):
    (path,) = distributions.glob("*.whl")
    return contents(path)


def test_the_wheel_holds_every_module_and_every_file_that_is_read(wheel):
    modules = {
        path.relative_to(ROOT).as_posix()
        for package in ("adbench", "ball_arithmetic", "reference_ad")
        for path in (ROOT / package).rglob("*.py")
    }
    models = {f"adbench/models/{path.name}" for path in (ROOT / "models").glob("*.py")}
    templates = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "adbench" / "page" / "templates").iterdir()
        if path.is_file()
    }
    typed = {f"{package}/py.typed" for package in ("adbench", "ball_arithmetic", "reference_ad")}
    assert modules | models | templates | typed <= wheel.keys()


def test_the_wheel_holds_nothing_else(wheel):
    tops = {name.partition("/")[0] for name in wheel}
    assert tops == {
        "adbench",
        "ball_arithmetic",
        "reference_ad",
        f"adbench-{adbench.__version__}.dist-info",
    }


def test_the_entry_points_are_those_of_the_project(wheel):
    (text,) = (content for name, content in wheel.items() if name.endswith("entry_points.txt"))
    groups = {
        **PROJECT["project"]["entry-points"],
        "console_scripts": PROJECT["project"]["scripts"],
    }
    for group, points in groups.items():
        assert f"[{group}]" in text.decode()
        for name, place in points.items():
            assert f"{name} = {place}" in text.decode()


def test_the_sdist_makes_the_same_wheel(distributions, wheel, tmp_path):
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    build(source, tmp_path / "dist", "--wheel")
    (again,) = (tmp_path / "dist").glob("*.whl")
    assert contents(again) == wheel


def test_the_package_index_can_show_the_description(distributions):
    pytest.importorskip("twine", reason="twine is not installed")
    command = [sys.executable, "-m", "twine", "check", "--strict"]
    paths = [str(path) for path in distributions.iterdir()]
    done = subprocess.run([*command, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_version_stands_in_one_place():
    assert PROJECT["project"]["dynamic"] == ["version"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == adbench.__version__


def lowest(requirement):
    """The name and the lower bound of a requirement."""
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", requirement)
    return match[1].lower(), match[2]


def test_the_lowest_versions_that_are_promised_are_those_that_are_tested():
    promised = dict(map(lowest, PROJECT["project"]["dependencies"]))
    lines = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert promised.keys() == {name.lower() for name in tested}
    for name, version in tested.items():
        bound = promised[name.lower()]
        assert version == bound or version.startswith(f"{bound}."), f"{name}: {version}, {bound}"


def test_what_is_installed_for_the_tests_is_constrained():
    constrained = {
        re.split(r"==", line)[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *extras["test"], *extras["distributed"]]
    names = {re.match(r"[A-Za-z0-9_.-]+", each)[0].lower().replace("_", "-") for each in wanted}
    assert names <= constrained, names - constrained


TRIED_BELOW = {"jax", "jaxlib", "tensorflow", "fsspec"}
"""What an extra promises from a version on that was tried by hand, below that of the tests."""


def test_what_an_extra_promises_begins_with_what_is_tested():
    lines = (ROOT / "constraints.txt").read_text().lower().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    extras = PROJECT["project"]["optional-dependencies"]
    for name in set(extras) - {"all", "light", "further", "dev", "docs", "test"}:
        for requirement in extras[name]:
            match = re.match(r"([A-Za-z0-9_-]+)(?:\[\w+\])?>=([0-9.]+)", requirement)
            if match is None or match[1] in TRIED_BELOW:
                continue
            version = tested[match[1].lower()]
            assert version == match[2] or version.startswith(f"{match[2]}."), requirement
