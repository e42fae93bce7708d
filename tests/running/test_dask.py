"""Runs on a Dask cluster: of two processes on this machine, and of workers that are killed."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from adbench.cli import main
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.journal import read

pytest.importorskip("distributed", reason="distributed is not installed")

MODEL = (
    "from adbench.cases import Model\n"
    "def square(xp, x):\n"
    "    return xp.sum(x * x)\n"
    "def make(size, rng):\n"
    "    return (rng.normal(size=2),)\n"
    "model = Model(name='square', function=square, make=make, sizes={'a': {}, 'b': {}})\n"
)

BACKEND = (
    "import time\n"
    "from adbench.backends.reference import Tape\n"
    "class Wrong(Tape):\n"
    "    def gradient_reverse(self, function, active, direction):\n"
    "        time.sleep(PAUSE)\n"
    "        return self.grad(function)(active) * (1 + 1e-3)\n"
    "PAUSE = {pause}\n"
)


def write_files(folder, pause=0.0):
    (folder / "square.py").write_text(MODEL)
    (folder / "wrong.py").write_text(BACKEND.format(pause=pause))


JUDGED = [*frames.CELL, "outcome", "verdict", "relative_error", "failed_checks"]


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def command(folder):
    backends = ("--backend", "reference:tape", "--backend", folder / "wrong.py")
    return ("run", folder / "square.py", *backends, "--quick", "--quiet")


def judged(folder):
    """What was thought of each cell, whenever it came."""
    table = frames.load(folder)[JUDGED]
    return table.sort_values(list(frames.CELL)).reset_index(drop=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The folder of a plain run, with one wrong backend in it."""
    folder = tmp_path_factory.mktemp("plain")
    write_files(folder)
    result = call(*command(folder), "--out", folder / "plain")
    assert result.exit_code == ExitStatus.WRONG, result.output
    return folder


@contextmanager
def process(*arguments, until):
    """A process of Dask's, from when it has written `until` on."""
    started = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in started.stdout:
        lines.append(line)
        if re.search(until, line):
            break
    else:
        raise AssertionError("".join(lines))
    drain = threading.Thread(target=started.stdout.read, daemon=True)
    drain.start()
    try:
        yield started, lines
    finally:
        started.kill()
        started.wait()
        drain.join()
        started.stdout.close()


@contextmanager
def scheduler():
    with process(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", until="Scheduler at:"
    ) as (_, lines):
        yield re.search(r"tcp://\S+", "".join(lines))[0]


def worker(address, *options):
    return process(
        "worker",
        address,
        "--nthreads",
        "1",
        "--memory-limit",
        "0",
        "--no-nanny",
        "--no-dashboard",
        *options,
        until="Registered to",
    )


def host(address):
    return worker(address, "--resources", "host=1")


def test_a_run_on_two_hosts_of_this_machine_gives_the_verdicts_of_a_plain_one(plain, tmp_path):
    result = call(*command(plain), "--scheduler", "local:2", "--out", tmp_path / "out")
    assert result.exit_code == ExitStatus.WRONG, result.output
    assert judged(tmp_path / "out").equals(judged(plain / "plain"))
    environment = json.loads((tmp_path / "out" / "environment.json").read_text())
    assert len(environment["hosts"]) == 2
    assert call("report", tmp_path / "out", "--quiet").exit_code == 0


def test_workers_of_a_scheduler_and_one_that_is_killed_in_the_middle(plain, tmp_path):
    write_files(tmp_path, pause=0.3)
    out = tmp_path / "out"
    with scheduler() as address, host(address) as (first, _), host(address):

        def kill():
            while not (out / "journal.jsonl").is_file() or not (
                out / "journal.jsonl"
            ).read_bytes().count(b"\n"):
                time.sleep(0.05)
            os.kill(first.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        result = call(*command(tmp_path), "--scheduler", address, "--out", out)
        killer.join()
    assert result.exit_code == ExitStatus.WRONG, result.output
    rows = list(read(out / "journal.jsonl", strict=True))
    assert len({row.cell for row in rows}) == len(rows)  # none doubled
    there, here = judged(out), judged(plain / "plain")
    assert there["verdict"].equals(here["verdict"]) and there["outcome"].equals(here["outcome"])
    assert there[list(frames.CELL)[:4]].equals(here[list(frames.CELL)[:4]])


def test_a_run_is_gone_on_with_on_a_cluster(plain, tmp_path):
    write_files(tmp_path)
    out = tmp_path / "out"
    assert call(*command(tmp_path), "--out", out).exit_code == ExitStatus.WRONG
    whole = {row.cell for row in read(out / "journal.jsonl")}
    lines = (out / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (out / "journal.jsonl").write_bytes(b"".join(lines[:4]))
    result = call("run", "--resume", out, "--scheduler", "local:1", "--quiet")
    assert result.exit_code == ExitStatus.WRONG, result.output
    rows = list(read(out / "journal.jsonl", strict=True))
    assert {row.cell for row in rows} == whole and len(rows) == len(whole)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tcp://127.0.0.1:1", "does not answer"),
        ("local:0", "from 1 to"),
        ("local:x", "from 1 to"),
        ("nowhere", "give the address of a Dask scheduler"),
    ],
)
def test_a_cluster_that_cannot_be_reached_ends_in_one_sentence(
    plain, tmp_path, monkeypatch, address, sentence
):
    monkeypatch.setattr("adbench.running.dask_transport.CONNECTING_S", 0.5)
    result = call(*command(plain), "--scheduler", address, "--out", tmp_path / "out")
    assert result.exit_code == ExitStatus.BAD_USAGE
    assert sentence in result.stderr.splitlines()[-1]  # planning may have been announced before
    assert not (tmp_path / "out").exists()


def test_workers_without_the_resource_are_refused_in_a_sentence(plain, tmp_path):
    with scheduler() as address:
        result = call(*command(plain), "--scheduler", address, "--out", tmp_path / "out")
        assert "has no host; start one with `dask worker" in result.stderr
        with worker(address):
            result = call(*command(plain), "--scheduler", address, "--out", tmp_path / "out")
            assert "have no resource 'host'; start them with" in result.stderr


def test_without_dask_a_sentence_says_what_to_install(plain, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbench.running.dask_transport", None)
    result = call(*command(plain), "--scheduler", "local:2", "--out", tmp_path / "out")
    assert result.exit_code == ExitStatus.BAD_USAGE
    assert 'pip install "adbench[distributed]"' in result.stderr


def test_no_file_but_the_transport_imports_dask():
    package = Path(main.__code__.co_filename) if hasattr(main, "__code__") else None
    root = Path(__file__).parents[2] / "adbench"
    assert package is None or root in package.parents
    importing = {
        path.name
        for path in root.rglob("*.py")
        if re.search(r"^\s*(import|from) (dask|distributed)\b", path.read_text(), re.MULTILINE)
    }
    assert importing == {"dask_transport.py"}
