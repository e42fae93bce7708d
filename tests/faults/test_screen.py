"""Output that is full, closed, or of few characters: what was measured is kept all the same."""

from __future__ import annotations

import os

import pytest
from zoo.backends import fault
from zoo.command import miscounted

RUN = ("--quick", "--operator", "gradient", "--backend", "reference")
NARROW = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin1": {"PYTHONIOENCODING": "latin1"},
    "posix": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "unknown terminal": {"TERM": "nonsense", "COLUMNS": "1"},
    "no home": {"HOME": "/nonexistent", "LINES": "x"},
}
SLOW = pytest.mark.slow


def check_kept(launcher, command):
    assert launcher.left_behind(command) == []
    assert miscounted(command.out) == []
    for name in ("report.md", "results.parquet", "results.csv", "samples.parquet"):
        assert (command.out / name).exists(), command.stderr


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n == "posix" else SLOW) for n in NARROW]
)
def test_a_screen_of_few_characters_costs_no_results(launcher, square, name):
    environment = NARROW[name].items()
    command = launcher.run("run", square, *RUN, "--out", "out", environment=environment)
    check_kept(launcher, command)
    assert command.status == 0, command.stderr
    assert "Is it right, and" in command.stdout or name == "unknown terminal"


@pytest.mark.timeout(120)
def test_a_full_screen_costs_no_results(launcher, square):
    with open("/dev/full", "wb") as full:
        command = launcher.run("run", square, *RUN, "--out", "out", stdout=full)
    check_kept(launcher, command)
    assert command.status in (0, 3, 4)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_full_standard_error_ends_no_run(launcher, square):
    with open("/dev/full", "wb") as full:
        command = launcher.run("run", square, *RUN, "--out", "out", stderr=full)
    check_kept(launcher, command)
    assert command.status == 0 and "Is it right, and" in command.stdout


def closed_pipe():
    """The end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.timeout(120)
def test_a_closed_pipe_is_no_error(launcher, square):
    pipe = closed_pipe()
    command = launcher.run("run", square, *RUN, "--out", "out", stdout=pipe)
    os.close(pipe)
    check_kept(launcher, command)
    assert command.status in (0, 141)
    assert command.sentences == []


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(
    "words", [["check"], ["check", "--format", "json"], ["differences"], ["list"], ["env"]]
)
def test_a_closed_pipe_is_no_error_of_any_command(launcher, square, words, stream):
    files = [] if words[0] in ("list", "env") else [square]
    more = ["--backend", "reference"] if words[0] == "check" else []
    pipe = closed_pipe()
    command = launcher.run(*words, *files, *more, **{stream: pipe})
    os.close(pipe)
    assert command.status in (0, 141), command.stderr
    assert launcher.left_behind(command) == []
    assert "Exception ignored" not in command.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("words", [["check"], ["list"], ["differences"], ["--help"]])
def test_a_full_screen_is_one_sentence_of_any_command(launcher, square, words):
    files = [square] if words[0] in ("check", "differences") else []
    more = ["--backend", "reference"] if words[0] == "check" else []
    with open("/dev/full", "wb") as full:
        command = launcher.run(*words, *files, *more, stdout=full)
    assert command.status != 1 and launcher.left_behind(command) == []
    assert "Exception ignored" not in command.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_streams_cost_no_results(launcher, square, closed):
    def close():
        for number in closed:
            os.close(number)

    command = launcher.run("run", square, *RUN, "--out", "out", preexec_fn=close)
    check_kept(launcher, command)
    assert command.status in (0, 3, 4)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("output_format", ["text", "json", "junit", "github"])
@pytest.mark.parametrize("name", ["ascii", "posix"])
def test_a_check_is_told_on_a_screen_of_few_characters(launcher, square, output_format, name):
    text = r'raise RuntimeError("caf\xe9 \udce9 \U0001f996 \x1b[2J")'
    path = fault("unprintable", "raised", text).write(launcher.folder)
    command = launcher.run(
        "check", square, "--backend", path, "--format", output_format,
        environment=NARROW[name].items(),
    )  # fmt: skip
    assert command.status == 3, command.stderr
    assert launcher.left_behind(command) == []
    assert "\x1b" not in command.stdout


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "value", ["/nonexistent/summary.md", pytest.param("/dev/full", marks=SLOW),
              pytest.param("/", marks=SLOW), pytest.param("", marks=SLOW)],
)  # fmt: skip
def test_a_summary_that_cannot_be_written_does_not_change_the_status(launcher, square, value):
    command = launcher.run(
        "check", square, "--backend", "reference", "--format", "github",
        environment={"GITHUB_STEP_SUMMARY": value}.items(),
    )  # fmt: skip
    assert command.status == 0, command.stderr
    assert launcher.left_behind(command) == []
    assert len(command.sentences) <= 1
