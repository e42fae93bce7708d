"""Faulty backends in one run beside a right one: each costs its own cells and nothing else."""

from __future__ import annotations

import re
from pprint import pformat

import pytest
from zoo import backends
from zoo.command import ending, miscounted

from adbench.cases.text import LONGEST_TEXT

FAILED = {"raised", "crashed", "timed_out", "out_of_memory", "unusable"}
FAST = [faulty for faults in backends.GROUPS.values() for faulty in faults if faulty.is_fast]
LIMIT_S = 12.0
START_S = 12.0
"""How long (s) a worker may take to start where two cores are shared, in the limit of a run."""
LATE_S = 2.0
"""How long (s) after its limit a cell may end."""


def run_beside_reference(launcher, square, faults, *options, limit_s=LIMIT_S):
    """A run on the reference and on faulty backends; it must end in the time that it may take."""
    paths = backends.write_all(faults, launcher.folder / "backends")
    arguments = ["--quick", "--operator", "gradient", "--timeout", limit_s, "--out", "out"]
    for path in ["reference", *paths]:
        arguments += ["--backend", path]
    most_s = 60 + (2 * limit_s + 2 * START_S) * len(paths)
    return launcher.run("run", square, *arguments, *options, limit_s=most_s)


def rows_of(rows, name):
    return [row for row in rows if row["backend"] == name]


def problems_of(faulty, rows, limit_s):
    """What is not as it should be in the rows of a faulty backend, in words."""
    own = rows_of(rows, f"{faulty.name}:file")
    if not own:
        return ["it has no rows"]
    problems = []
    for row in own:
        end = ending(row)
        is_faulty = row["mode"] == "reverse"
        expected = faulty.endings if is_faulty else ("correct",)
        if end not in expected and (is_faulty or not faulty.spoils_all):
            problems.append(f"{row['mode']}: {end} instead of {expected}: {row['message']}")
        if is_faulty and not re.search(faulty.message, row["message"]):
            problems.append(f"its message is not about {faulty.message!r}: {row['message']}")
        if len(row["message"]) > LONGEST_TEXT:
            problems.append(f"its message has {len(row['message'])} characters")
        if row["elapsed_s"] != "nan" and row["elapsed_s"] > limit_s + LATE_S:
            problems.append(f"{row['mode']}: it took {row['elapsed_s']} s")
    return problems


def expected_status(rows):
    """What the command must end with, by its rows: each backend was named, and must answer."""
    endings = {ending(row) for row in rows}
    backends_named = {row["backend"] for row in rows}
    answering = {row["backend"] for row in rows if row["outcome"] == "ok"}
    if "wrong" in endings:
        return 1
    return 3 if endings & FAILED or answering != backends_named else 0


def check_run(launcher, command, faults, limit_s=LIMIT_S):
    """Fail with what is not as it should be after a run, by the fault that it belongs to."""
    rows = command.rows()
    problems = {faulty.name: problems_of(faulty, rows, limit_s) for faulty in faults}
    reference = [ending(row) for row in rows_of(rows, "reference:tape")]
    problems["the reference's rows"] = [] if reference == ["correct"] * 2 else reference
    problems["the number of rows"] = miscounted(command.out)
    problems["left behind"] = launcher.left_behind(command)
    expected = expected_status(rows)
    if command.status != expected:
        problems["the status"] = [f"{command.status} instead of {expected}"]
    for name in ("report.md", "results.parquet", "results.csv"):
        if not (command.out / name).exists():
            problems.setdefault("files", []).append(f"{name} is not there")
    logs = sum(path.stat().st_size for path in command.out.rglob("*.log*"))
    if logs > 64e6 * (1 + len(faults)):
        problems["logs"] = [f"{logs} bytes"]
    problems = {name: found for name, found in problems.items() if found}
    assert not problems, pformat(problems, width=150)


@pytest.mark.timeout(600)
def test_one_fault_of_each_kind_costs_its_own_cells_alone(launcher, square):
    command = run_beside_reference(launcher, square, FAST)
    check_run(launcher, command, FAST)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", backends.GROUPS)
def test_every_fault_costs_its_own_cells_alone(launcher, square, group):
    faults = backends.GROUPS[group]
    command = run_beside_reference(launcher, square, faults)
    check_run(launcher, command, faults)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_backend_that_hangs_at_its_start_is_told_with_the_limit_that_it_had(launcher, square):
    command = run_beside_reference(launcher, square, backends.STARTING_LATE, limit_s=200.0)
    check_run(launcher, command, backends.STARTING_LATE, limit_s=200.0)
    for row in command.rows():
        if row["backend"] == "import_hangs:file":
            (limit,) = re.findall(r"within (?:the limit of )?([\d.]+) s", row["message"])
            assert abs(command.took_s / 2 - float(limit)) < float(limit)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("faulty", backends.BROKEN[:-1], ids=lambda faulty: faulty.name)
def test_a_broken_file_that_was_named_is_never_success(launcher, square, faulty):
    path = faulty.write(launcher.folder)
    for command in (
        launcher.run("check", square, "--backend", path, "--operator", "gradient"),
        launcher.run("run", square, "--quick", "--backend", path, "--out", "out"),
    ):
        assert command.status in (1, 2, 3), command.stdout + command.stderr
        assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cell_that_takes_all_memory_is_that_cells_outcome(launcher, square):
    eaters = [
        backends.fault(
            "eats_bytes", "out_of_memory", "x = []\nwhile True: x.append(bytes(10_000_000))"
        ),
        backends.fault(
            "eats_arrays", "out_of_memory", "x = []\nwhile True: x.append(np.ones(8_000_000))"
        ),
        backends.fault(
            "eats_at_once",
            "out_of_memory wrong",
            "x = np.ones(400_000_000)\nreturn x[:3]",
        ),
        backends.fault(
            "child_eats",
            "out_of_memory crashed wrong",
            'subprocess.run([sys.executable, "-c", "x = []\\nwhile True: x.append(bytes(10**7))"])'
            "\nreturn 5",
        ),
    ]
    command = run_beside_reference(
        launcher, square, eaters, "--memory", "1.5GB", "--timeout", "60", limit_s=60.0
    )
    check_run(launcher, command, eaters, limit_s=60.0)
    for row in command.rows():
        if row["outcome"] == "out_of_memory":
            assert re.search(r"\d.*[GM]i?B", row["message"]), row["message"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_crash_takes_no_time_from_an_innocent_cell(launcher, square):
    late = backends.FILE.format(
        head="",
        method="stage(self, call, active, constants, direction)",
        body="        time.sleep(1.5)\n        return call\n\n"
        "    def gradient_reverse(self, function, active, direction):\n"
        "        self.calls += 1\n"
        "        if self.calls == 10: ctypes.string_at(0)\n"
        "        return self.grad(function)(active)",
    )
    faulty = backends.FaultyBackend("stages_late", ("crashed",), text=late)
    command = run_beside_reference(launcher, square, [faulty], limit_s=6.0)
    check_run(launcher, command, [faulty], limit_s=6.0)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_truth_that_a_backend_overwrites_costs_no_other_backend_its_rows(launcher, square):
    vandal = backends.fault(
        "overwrites_truth",
        "correct wrong raised crashed",
        """
        import pathlib, tempfile
        for path in pathlib.Path(tempfile.gettempdir()).parent.rglob("truth*"):
            if path.is_file(): path.write_bytes(b"junk")
        return self.grad(function)(active)
        """,
        spoils_all=True,
    )
    path = vandal.write(launcher.folder)
    command = launcher.run(
        "run", square, "--quick", "--operator", "gradient", "--out", "out",
        "--backend", path, "--backend", "reference",
    )  # fmt: skip
    check_run(launcher, command, [vandal])
