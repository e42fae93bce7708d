"""Signals and closed terminals: what was measured is kept, and nothing is left."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from zoo import backends
from zoo.command import ending, line_count, miscounted, wait_until

RUN = ("--quick", "--operator", "gradient", "--backend", "reference", "--out", "out")
STATUSES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}
ENDING_S = 30.0
"""How long (s) a run may take to end after a signal, on a machine that is busy."""


def check_kept(launcher, command, status):
    assert command.status == status, command.stdout + command.stderr
    rows = command.rows()
    assert rows
    for name in ("report.md", "results.parquet", "results.csv"):
        assert (command.out / name).exists()
    assert launcher.left_behind(command) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=[] if n == signal.SIGTERM else pytest.mark.slow, id=n.name)
               for n in STATUSES],
)  # fmt: skip
def test_a_signal_ends_a_run_and_keeps_what_was_measured(launcher, slow, number):
    command = launcher.start("run", slow, *RUN)
    assert command.measures_within(1, 60)
    command.process.send_signal(number)
    command.wait(ENDING_S)
    check_kept(launcher, command, STATUSES[number])


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", STATUSES)
def test_a_second_signal_does_not_break_the_end(launcher, slow, number):
    command = launcher.start("run", slow, *RUN)
    assert command.measures_within(1, 60)
    for _ in range(3):
        command.process.send_signal(number)
        time.sleep(0.2)
    command.wait(ENDING_S)
    assert launcher.left_behind(command) == []
    assert command.status in (STATUSES[number], -number)
    assert command.rows()


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment_s", [0.05, 0.3, 0.6, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("words", [["run", "--quick"], ["check"], ["selftest"], ["differences"]])
def test_a_signal_at_any_moment_leaves_nothing(launcher, slow, words, moment_s):
    files = [] if words == ["selftest"] else [slow]
    command = launcher.start(*words, *files)
    command.ends_within(moment_s)
    command.process.send_signal(signal.SIGTERM)
    command.wait(ENDING_S)
    assert command.status in (0, 143, -signal.SIGTERM), command.stderr
    assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_backend_that_signals_the_runner_loses_no_rows(launcher, slow, number):
    """In its own process group or not: the parent of a worker is the runner, or a guard of it."""
    body = f"""
    if len(active) == 4: os.kill(int(os.environ["RUNNER"]), {int(number)})
    {backends.RIGHT}
    """
    killer = backends.fault("kills_runner", "correct", body).write(launcher.folder)
    starter = launcher.folder / "starter.py"
    starter.write_text("from adbench.cli import main\nimport os\n"
                       "os.environ['RUNNER'] = str(os.getpid())\nmain()\n")  # fmt: skip
    command = launcher.start(
        "run", slow, *RUN, "--backend", killer, program=[sys.executable, starter]
    )
    command.wait(120)
    check_kept(launcher, command, STATUSES[number])


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", [*STATUSES, signal.SIGKILL, signal.SIGSTOP])
def test_a_backend_that_signals_its_parent_leaves_nothing(launcher, square, number):
    """The parent may be the runner, which a signal ends, or a process that watches the worker."""
    body = f"os.kill(os.getppid(), {int(number)})\n{backends.RIGHT}"
    killer = backends.fault("kills_parent", "crashed", body).write(launcher.folder)
    command = launcher.run("run", square, *RUN, "--timeout", 5, "--backend", killer, limit_s=90)
    assert command.status in (0, 3, *STATUSES.values()), command.stderr
    assert launcher.left_behind(command) == []
    reference = [row for row in command.rows() if row["backend"] == "reference:tape"]
    if command.status in (0, 3):
        assert miscounted(command.out) == []
        assert [ending(row) for row in reference] == ["correct"] * 2


@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("ignore:os.fork")  # another test may have imported JAX
def test_a_closed_terminal_ends_a_run_and_keeps_what_was_measured(launcher, slow):
    command, keyboard = on_terminal(launcher, "run", slow, *RUN)
    assert wait_until(lambda: drained(keyboard) and line_count(command.out) >= 1, 60)
    os.close(keyboard)
    command.wait(ENDING_S)
    check_kept(launcher, command, 129)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", STATUSES)
def test_the_cursor_is_shown_again_after_a_signal(launcher, slow, number):
    command, keyboard = on_terminal(launcher, "run", slow, *RUN)
    screen = bytearray()
    assert wait_until(lambda: drained(keyboard, screen) and line_count(command.out) >= 1, 60)
    command.process.send_signal(number)
    wait_until(lambda: drained(keyboard, screen) and command.process.poll() is not None, ENDING_S)
    command.wait(1)
    drained(keyboard, screen)
    os.close(keyboard)
    assert screen.rfind(b"\x1b[?25h") >= screen.rfind(b"\x1b[?25l")
    check_kept(launcher, command, STATUSES[number])


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_ctrl_c_at_a_terminal_ends_a_run(launcher, slow):
    command, keyboard = on_terminal(launcher, "run", slow, *RUN)
    assert wait_until(lambda: drained(keyboard) and line_count(command.out) >= 1, 60)
    os.write(keyboard, b"\x03")
    wait_until(lambda: drained(keyboard) and command.process.poll() is not None, ENDING_S)
    command.wait(1)
    os.close(keyboard)
    check_kept(launcher, command, 130)


def on_terminal(launcher, *arguments):
    """Start a command on a terminal of its own; return it, and the terminal's other end."""
    import fcntl
    import termios

    keyboard, terminal = os.openpty()

    def take_terminal():
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    command = launcher.start(
        *arguments,
        environment={"TERM": "xterm", "COLUMNS": "100"}.items(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        preexec_fn=take_terminal,
    )
    os.close(terminal)
    os.set_blocking(keyboard, False)
    return command, keyboard


def drained(keyboard, screen=None):
    """Take what a terminal shows, so that nobody waits to write to it; return True."""
    while True:
        try:
            text = os.read(keyboard, 1 << 16)
        except OSError:  # nothing is there, or nobody writes any more
            return True
        if not text:
            return True
        if screen is not None:
            screen += text
