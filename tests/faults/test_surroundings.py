"""Where a command runs, and what is named on it twice or in vain."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from zoo import backends, models
from zoo.command import ending, miscounted, resident_bytes

from adbench.cli import main

SHADOWS = (
    "random", "signal", "numpy", "json", "types", "copy", "scipy", "torch", "queue", "models",
    "string", "enum", "click", "rich", "pandas", "msgspec", "flint", "sitecustomize", "tempfile",
    "logging", "adbench", "reference_ad", "ball_arithmetic",
)  # fmt: skip
OPTIONS = ("--operator", "gradient", "--backend", "reference")
MOST_BYTES = 5e9
"""So much may seventy backends hold together; each of them takes some 0.11 GB."""


def shadow(folder):
    """Put modules into a folder that have the names of others; each says that it was run."""
    folder.mkdir()
    text = f"open({str(folder / 'was-run')!r}, 'a').write(__name__ + ' ')\nraise RuntimeError(1)\n"
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(text)
    for name in ("adbench", "reference_ad", "numpy"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(text)
    return folder


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "words",
    [
        ["check", "tanh", *OPTIONS, "--order", "1"],
        *(
            pytest.param(words, marks=pytest.mark.slow)
            for words in (
                ["run", "mlp", "--quick", *OPTIONS, "--out", "out"],
                ["differences", "tanh"],
                ["selftest"],
                ["list"],
                ["env"],
            )
        ),
    ],
    ids=lambda words: words[0],
)
def test_modules_in_the_current_folder_are_neither_run_nor_in_the_way(launcher, words):
    folder = shadow(launcher.folder / "shadows")
    words = [word.replace("gradient", "derivative") if "tanh" in words else word for word in words]
    command = launcher.run(*words, folder=folder, limit_s=170)
    assert command.status == 0, command.stdout + command.stderr
    assert not (folder / "was-run").exists(), (folder / "was-run").read_text()
    assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("words", [["check"], ["run", "--quick", "--out", "out"]])
def test_a_model_file_beside_such_modules_is_as_elsewhere(launcher, square, words):
    folder = shadow(launcher.folder / "shadows")
    (folder / "neighbour.py").write_text("THREE = 3\n")
    text = square.read_text().replace("from adbench", "from neighbour import THREE\nfrom adbench")
    (folder / "square.py").write_text(text)
    command = launcher.run(*words, "square.py", *OPTIONS, folder=folder)
    assert command.status == 0, command.stdout + command.stderr
    assert not (folder / "was-run").exists(), (folder / "was-run").read_text()
    assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_seventy_backends_do_not_hold_the_memory_of_seventy(launcher, square):
    right = [backends.fault(f"right_{number}", "correct") for number in range(70)]
    paths = backends.write_all(right, launcher.folder / "backends")
    named = [word for path in paths for word in ("--backend", path)]
    command = launcher.start(
        "run", square, "--quick", "--operator", "gradient", *named, "--out", "out"
    )
    most_bytes = 0
    while command.process.poll() is None:
        most_bytes = max(most_bytes, resident_bytes(command.mark))
        time.sleep(0.5)
    command.wait(1)
    assert command.status == 0, command.stderr
    assert {ending(row) for row in command.rows()} == {"correct"}
    assert miscounted(command.out) == [] and launcher.left_behind(command) == []
    assert most_bytes < MOST_BYTES


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("descriptors", [16, 24, 40, 64])
def test_descriptors_that_run_out_cost_cells_and_not_the_run(launcher, square, descriptors):
    right = [backends.fault(f"right_{number}", "correct") for number in range(30)]
    paths = backends.write_all(right, launcher.folder / "backends")
    named = [word for path in paths for word in ("--backend", path)]
    limits = (descriptors, descriptors)
    command = launcher.run(
        "run", square, "--quick", "--operator", "gradient", *named, "--out", "out",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits), limit_s=500,
    )  # fmt: skip
    assert launcher.left_behind(command) == []
    assert command.status in (0, 2, 3, 4), command.stderr
    if command.status in (0, 3):
        assert miscounted(command.out) == []
        assert {ending(row) for row in command.rows()} <= {"correct", "crashed", "unresolved"}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("order", [1, pytest.param(-1, marks=pytest.mark.slow)])
def test_of_two_backends_of_one_name_none_is_dropped(launcher, square, order):
    paths = []
    for folder, kind in (("old", "nan"), ("new", "right")):
        body = "return self.grad(function)(active) * np.nan" if kind == "nan" else backends.RIGHT
        (launcher.folder / folder).mkdir()
        paths.append(backends.fault("mine", "wrong", body).write(launcher.folder / folder))
    named = [word for path in paths[::order] for word in ("--backend", path)]
    command = launcher.run("check", square, "--operator", "gradient", *named)
    assert command.status in (1, 2), command.stdout
    assert launcher.left_behind(command) == []
    if command.status == 2:
        assert models.one_sentence(command.stderr) and "mine" in command.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_of_two_models_of_one_name_none_is_dropped(launcher, square):
    folder = launcher.folder / "other"
    folder.mkdir()
    (folder / "square.py").write_text(square.read_text())
    command = launcher.run("check", square, folder / "square.py", *OPTIONS)
    assert command.status in (0, 2)
    if command.status == 0:
        assert "4 cells" in command.stdout


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("words", "asked_nothing"),
    [
        (["check", "dense", "mlp", "--operator", "hessian"], "dense"),
        (["check", "tanh", "mlp", "--size", "1-1-1-1x1"], "tanh"),
        (["run", "dense", "mlp", "--operator", "hessian", "--quick", "--out", "out"], "dense"),
    ],
)
def test_a_model_that_was_named_and_asked_nothing_is_said_and_no_success(
    launcher, words, asked_nothing
):
    command = launcher.run(*words, "--backend", "reference")
    assert command.status in (2, 3), command.stdout
    assert asked_nothing in command.stdout + command.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("change", ["text", "removed", "touched"])
def test_a_model_file_that_changes_during_a_run_is_never_a_wrong_derivative(launcher, slow, change):
    command = launcher.start(
        "run", slow, "--quick", "--operator", "gradient", "--backend", "reference",
        "--backend", "reference:compiled", "--out", "out",
    )  # fmt: skip
    assert command.measures_within(1, 120)
    if change == "text":
        slow.write_text(slow.read_text().replace("x * x", "x * x * x"))
    elif change == "removed":
        slow.unlink()
    else:
        slow.touch()
    command.wait(120)
    assert "wrong" not in {ending(row) for row in command.rows()}
    assert launcher.left_behind(command) == []
    if change == "touched":
        assert command.status == 0
    elif command.status != 0:
        assert command.status in (2, 3, 4)
        assert "slow.py" in command.stdout + command.stderr
    if change == "text":
        assert command.status != 0 and "changed" in command.stdout + command.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "option",
    [
        *(["--timeout", value] for value in ("inf", "nan", "1e300", "1e9", "1e7", "-1", "0", "x")),
        *(["--precision", value] for value in ("nan", "inf", "0", "-1", "1e300")),
        *(["--threads", value] for value in ("0", "-1", "1e3", "99999999999999999999")),
        *(["--seed", value] for value in ("-1", "99999999999999999999999", "nan")),
        *(["--order", value] for value in ("0", "-1", "99999999999")),
        *(["--accuracy", value] for value in ("nan", "1", "-1", "inf")),
        *(["--size", value] for value in ("", "\x1b[2J", "ss", "[/x]")),
        ["--dtype", "float128"],
        ["--backend", "no.py"],
        ["--backend", "."],
        ["--operator", ""],
    ],
    ids=" ".join,
)
def test_an_option_that_cannot_be_is_one_sentence(launcher, square, option):
    command = launcher.run("check", square, *OPTIONS[:2], "--backend", "reference", *option)
    assert command.status in (0, 2), command.stdout + command.stderr
    assert launcher.left_behind(command) == []
    assert "\x1b" not in command.stdout + command.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_what_is_named_twice_counts_once(launcher, square):
    once = launcher.run("check", square, *OPTIONS, "--size", "s", "--dtype", "float64")
    twice = launcher.run(
        "check",
        square,
        square,
        *OPTIONS,
        *OPTIONS,
        *["--size", "s"] * 2,
        *["--dtype", "float64"] * 2,
    )
    assert (once.status, twice.status) == (0, 0), twice.stderr
    assert once.stdout == twice.stdout


def test_an_error_of_adbench_itself_has_a_status_of_its_own(monkeypatch, square, tmp_path):
    def fail(*arguments, **options):
        raise RuntimeError("a bug of ours \x1b[2J\nin two lines")

    monkeypatch.setattr("adbench.running.selection.Selection.plan", fail)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for words in (["check", str(square)], ["run", str(square)], ["differences", str(square)]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 4
        assert models.one_sentence(result.stderr) and "\x1b" not in result.stderr
        files = [word.rstrip(".,:") for word in result.stderr.split() if "/" in word]
        assert any("a bug of ours" in Path(file).read_text() for file in files)
