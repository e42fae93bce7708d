"""Signals end a command as Ctrl-C does: what was measured is kept, and nothing is left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import adbench

FAKES = Path(__file__).parents[1] / "helpers" / "fakes.py"

COMMAND = """
import fcntl, signal, sys, termios
# A shell starts its background jobs with SIGINT ignored, and the tests may be one.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.stdin.isatty():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from adbench.cli import main
main(sys.argv[1:])
"""

RUN = ("run", "chain", "--quick", "--operator", "value", "--operator", "gradient")

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="the children of a process are read from /proc"
)


class Command:
    """A command in a process of its own, whose backend hangs after its first answers."""

    def __init__(self, folder, arguments, **streams):
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        backend = folder / "hanging.py"
        backend.write_text(
            f"import sys; sys.path.insert(0, {str(FAKES.parent)!r})\nimport fakes\n"
            "class Mine(fakes.Hanging): pass\n"
        )
        backends = ["--backend", "reference", "--backend", str(backend)]
        if arguments[0] not in ("run", "check"):
            backends = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments, *backends],
            env={**os.environ, "TMPDIR": str(self.temporary)},
            start_new_session=True,
            **streams,
        )

    def wait_until(self, is_reached):
        deadline = time.monotonic() + 60
        while not is_reached() and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.process.poll() is None and is_reached()

    def children(self):
        pid = self.process.pid
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def left_behind(self, children):
        ends = time.monotonic() + 20
        alive = list(children)
        while alive and time.monotonic() < ends:  # the guard of a worker ends after the command
            alive = [pid for pid in alive if Path(f"/proc/{pid}").exists()]
            time.sleep(0.05)
        return alive, [path.name for path in self.temporary.iterdir()]


def has_rows(journal, count):
    return journal.exists() and journal.read_text().count("\n") >= count


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
)
def test_a_run_that_is_told_to_end_keeps_its_rows_and_writes_its_report(tmp_path, number, status):
    out = tmp_path / "out"
    arguments = [*RUN, "--out", str(out)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = Command(tmp_path, arguments, **pipes)
    command.wait_until(lambda: has_rows(out / "journal.jsonl", 1))
    children = command.children()
    assert children
    for _ in range(3):  # whoever is impatient breaks nothing
        command.process.send_signal(number)
    output, errors = command.process.communicate(timeout=60)
    assert command.process.returncode == status
    assert "Traceback" not in errors
    assert "cells were measured and are kept." in output
    assert (out / "report.md").is_file()
    assert len(adbench.load(out / "results.parquet")) >= 1
    assert command.left_behind(children) == ([], [])


@pytest.mark.parametrize(
    "arguments", [["check", "chain", "--operator", "gradient"], ["selftest"], ["differences"]]
)
def test_every_command_that_measures_ends_so(tmp_path, arguments):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = Command(tmp_path, arguments, **pipes)
    command.wait_until(lambda: any(command.temporary.iterdir()))
    time.sleep(1)
    children = command.children()
    command.process.send_signal(signal.SIGTERM)
    _, errors = command.process.communicate(timeout=60)
    assert command.process.returncode == 143
    assert errors.splitlines()[-1].endswith("adbench: stopped by SIGTERM.")
    assert command.left_behind(children) == ([], [])


def test_a_terminal_that_is_closed_ends_a_run_and_leaves_its_report(tmp_path):
    out = tmp_path / "out"
    ours, theirs = os.openpty()
    arguments = [*RUN, "--out", str(out)]
    command = Command(tmp_path, arguments, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.set_blocking(ours, False)

    def has_row_of_a_screen_that_is_read():
        with contextlib.suppress(BlockingIOError):
            os.read(ours, 65536)
        return has_rows(out / "journal.jsonl", 1)

    command.wait_until(has_row_of_a_screen_that_is_read)
    children = command.children()
    os.close(ours)
    assert command.process.wait(timeout=60) == 129
    assert (out / "report.md").is_file()
    assert command.left_behind(children) == ([], [])


def test_the_cursor_is_shown_again(tmp_path):
    ours, theirs = os.openpty()
    arguments = ["check", "chain", "--operator", "gradient"]
    command = Command(tmp_path, arguments, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = b""
    while b"\x1b[?25l" not in screen:
        screen += os.read(ours, 4096)
    command.process.send_signal(signal.SIGTERM)
    with contextlib.suppress(OSError):  # Linux tells so that the other side is closed
        while more := os.read(ours, 4096):
            screen += more
    os.close(ours)
    assert command.process.wait(timeout=60) == 143
    assert screen.rfind(b"\x1b[?25h") > screen.rfind(b"\x1b[?25l")
