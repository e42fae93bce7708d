"""Kills at random moments: no orphan, no torn row, and a run that goes on ends with every cell."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress

import pytest
from zoo import backends
from zoo.command import (
    cell_of,
    ending,
    line_count,
    miscounted,
    process_ids,
    processes,
    workers,
)

SEED = 20261127
KILLS = 30
KILLED_RUNS = 20
GONE_S = 3.0
"""How long (s) after the runner's death its workers may live."""

SELECTION = ("--quick", "--operator", "gradient", "--backend", "reference", "--backend",
             "reference:compiled")  # fmt: skip


def start(launcher, slow, number, *more):
    return launcher.start("run", slow, *SELECTION, *more, "--out", f"out-{number}")


def check_left(launcher, command):
    """No orphan, no torn row and no row twice; what was measured can be reported."""
    assert command.is_gone_within(GONE_S), processes(command.mark)
    counts = Counter(map(cell_of, command.rows()))
    assert all(count == 1 for count in counts.values())
    report = launcher.run("report", command.out)
    assert launcher.left_behind_on_screen(report) == []
    if counts:
        assert report.status in (0, 3), report.stderr
        assert (command.out / "report.md").exists()
        assert (command.out / "results.parquet").exists()
    else:
        assert report.status in (0, 2, 3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_runner_killed_at_any_moment_leaves_no_orphan_and_whole_rows(launcher, slow):
    moments = random.Random(SEED)
    whole = start(launcher, slow, "whole").wait(120)
    assert whole.status == 0, whole.stderr
    for number in range(KILLS):
        command = start(launcher, slow, number)
        command.ends_within(moments.uniform(0, whole.took_s))
        command.kill_runner()
        check_left(launcher, command)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_runner_killed_in_the_first_second_of_a_worker_leaves_no_orphan(launcher, square):
    moments = random.Random(SEED + 1)
    hanging = backends.STARTING_LATE[0].write(launcher.folder)
    for number in range(10):
        command = launcher.start(
            "run", square, "--quick", "--backend", hanging, "--out", f"out-{number}"
        )
        assert command.has_workers_within(60)
        time.sleep(moments.uniform(0, 1))
        command.kill_runner()
        assert command.is_gone_within(GONE_S), processes(command.mark)
        # Between two workers there is nobody to remove the temporary folder.


@pytest.mark.timeout(120)
def test_a_runner_killed_as_a_worker_starts_leaves_no_orphan(launcher, square):
    hanging = backends.STARTING_LATE[0].write(launcher.folder)
    command = launcher.start("run", square, "--quick", "--backend", hanging, "--out", "out")
    assert command.has_workers_within(60)
    command.kill_runner()
    assert command.is_gone_within(GONE_S), processes(command.mark)
    assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_killed_twenty_times_and_resumed_ends_with_the_same_cells_each_once(launcher, slow):
    moments = random.Random(SEED + 2)
    whole = start(launcher, slow, "whole").wait(120)
    command = start(launcher, slow, "killed")
    assert command.measures_within(1, 60)  # before, there is nothing to go on with
    kills = 0
    while kills < KILLED_RUNS:
        ended = command.ends_within(moments.uniform(0, whole.took_s))
        command.kill_runner()
        if ended and command.status == 0:
            break
        kills += 1
        assert command.is_gone_within(GONE_S), processes(command.mark)
        command = launcher.start("run", "--resume", "out-killed")
    out = launcher.folder / "out-killed"
    end = command if command.status == 0 else launcher.run("run", "--resume", "out-killed")
    end.wait(120)
    assert end.status == 0, end.stdout + end.stderr
    assert miscounted(out) == []
    cells = Counter(map(cell_of, end.rows(out)))
    assert cells == Counter(map(cell_of, whole.rows()))
    assert (out / "report.md").exists() and launcher.left_behind_on_screen(end) == []
    again = launcher.run("run", "--resume", "out-killed")
    assert again.status in (0, 2) and len(again.rows(out)) == len(cells)


@pytest.mark.timeout(300)
def test_a_killed_run_is_resumed_and_measures_nothing_twice(launcher, slow):
    command = start(launcher, slow, 0)
    assert command.measures_within(3, 60)
    command.kill_runner()
    before = command.rows()
    end = launcher.run("run", "--resume", command.out)
    assert end.status == 0, end.stdout + end.stderr
    assert miscounted(command.out) == []
    assert command.rows()[: len(before)] == before
    assert launcher.left_behind_on_screen(end) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_is_not_resumed_with_another_model_file(launcher, slow):
    command = start(launcher, slow, 0)
    assert command.measures_within(2, 60)
    command.kill_runner()
    rows = line_count(command.out)
    slow.write_text(slow.read_text().replace("x * x", "x * x * x"))
    end = launcher.run("run", "--resume", command.out)
    assert end.status == 2 and len(end.sentences) == 1
    assert line_count(command.out) == rows


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_workers_killed_at_any_moment_cost_at_most_the_cells_that_they_held(launcher, slow):
    moments = random.Random(SEED + 3)
    command = start(launcher, slow, 0)
    killed = 0
    while command.process.poll() is None:
        time.sleep(moments.uniform(1, 4))
        for pid in moments.sample(found := workers(command.mark), min(1, len(found))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    command.wait(1)
    assert killed and command.status in (0, 3), command.stderr
    assert miscounted(command.out) == []
    crashed = [row for row in command.rows() if ending(row) == "crashed"]
    assert len(crashed) <= 2 * killed
    assert {ending(row) for row in command.rows()} <= {"correct", "crashed", "unresolved"}
    assert launcher.left_behind(command) == []


@pytest.mark.timeout(120)
def test_one_start_that_fails_does_not_write_a_backend_off(launcher, square):
    dying_once = launcher.folder / "dying_once.py"
    dying_once.write_text(
        backends.FILE.format(
            head="marker = os.path.join(os.path.dirname(__file__), 'died')\n"
            "if not os.path.exists(marker):\n"
            "    open(marker, 'w').close()\n"
            "    os.kill(os.getpid(), signal.SIGKILL)",
            method="unused(self)",
            body="        pass",
        )
    )
    command = launcher.run(
        "run", square, "--quick", "--operator", "gradient", "--backend", dying_once, "--out", "out"
    )
    assert [ending(row) for row in command.rows()] == ["correct", "correct"]
    assert command.status == 0
    assert launcher.left_behind(command) == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "who", ["all", pytest.param("runner", marks=pytest.mark.slow)],
)  # fmt: skip
def test_a_suspended_run_is_not_blamed_on_its_cells(launcher, slow, who):
    """As by Ctrl-Z or a closed lid, for longer than the limit of a cell."""
    command = start(launcher, slow, 0, "--timeout", 3)
    assert command.measures_within(1, 60)
    stopped = [command.process.pid] if who == "runner" else list(process_ids(command.mark))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(5)
    for pid in reversed(stopped):
        os.kill(pid, signal.SIGCONT)
    command.wait(120)
    assert {ending(row) for row in command.rows()} == {"correct"}
    assert command.status == 0
    assert miscounted(command.out) == [] and launcher.left_behind(command) == []
