"""What happens to standard output and standard error costs what is shown, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")

PRINTS = """
import sys
from adbench.reporting.streams import patient_streams
with patient_streams():
    for _ in range(20_000):
        print("a line that is read or not: µs ✗")
    print("on standard error", file=sys.stderr)
sys.exit(7)
"""


def call(code=PRINTS, command="", **variables):
    arguments = [sys.executable, "-c", code]
    shell = f'"$@" {command}; echo "status $?"'
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}", "bash", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=True,
    )


def test_a_pipe_that_is_closed_is_no_error():
    done = call(command="| head -1")
    assert done.stdout.splitlines() == ["a line that is read or not: µs ✗", "status 7"]
    assert done.stderr == "on standard error\n"


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one_sentence():
    done = call(command="> /dev/full")
    assert done.stdout == "status 7\n"
    assert done.stderr == (
        "on standard error\n"
        "adbench: Standard output could not be written to (No space left on device), so that not "
        "all was shown; files that the command writes are whole.\n"
    )
    assert call(command="2> /dev/full | tail -1").stdout.endswith("status 7\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_error(closed):
    assert "status 7" in call(command=closed).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin1"])
def test_what_an_encoding_lacks_is_replaced(encoding):
    done = call(command="| tail -1", PYTHONIOENCODING=encoding)
    assert "a line that is read or not: " in done.stdout and "?" in done.stdout
    assert done.stdout.endswith("status 7\n")


def test_a_terminal_that_is_gone_is_no_error():
    ours, theirs = os.openpty()
    code = PRINTS.replace("with patient", "import time; time.sleep(1)\nwith patient")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.close(ours)
    assert process.wait(timeout=60) == 7


def test_a_command_ends_with_its_own_status_where_nobody_reads_it():
    code = "from adbench.cli import main; main(['list'])"
    done = call(code, "| head -1")
    assert done.stdout.endswith("status 0\n")
    assert done.stderr == ""


def test_a_terminal_that_says_it_has_no_columns_is_shown_all_the_same():
    show = (
        "from adbench.reporting.streams import patient_streams\n"
        "from rich.console import Console\n"
        "with patient_streams():\n"
        "    Console().print('a line')\n"
    )
    assert call(show, COLUMNS="0").stdout.splitlines() == ["a line", "status 0"]
