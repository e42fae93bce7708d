"""Disks that are full, folders that hold something else, and two runs at once."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import suppress

import pytest
from zoo.command import ending, miscounted

RUN = ("--quick", "--operator", "gradient", "--backend", "reference")
FILES = ("report.md", "results.csv", "results.parquet", "samples.parquet", "environment.json")


class SmallDisk:
    """A folder that holds so many bytes: a file system of its own, or files of that size."""

    def __init__(self, folder, size):
        folder.mkdir()
        self.folder = folder
        self.size = size
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        with suppress(OSError):
            self.is_mounted = subprocess.run(mount, capture_output=True).returncode == 0

    is_mounted = False

    @property
    def options(self):
        """What a command is started with so that it meets the limit."""
        if self.is_mounted:
            return {}
        limits = (self.size, self.size)
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)}

    def remove(self):
        if self.is_mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """Makes a small disk."""
    disks = []

    def make(size):
        disks.append(SmallDisk(tmp_path / f"disk-{len(disks)}", size))
        return disks[-1]

    yield make
    for disk in disks:
        disk.remove()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "kilobytes",
    [4, *(pytest.param(size, marks=pytest.mark.slow) for size in (8, 16, 32, 64, 128, 1024))],
)
def test_a_full_disk_is_one_sentence_and_the_tables_are_shown(
    launcher, square, small_disk, kilobytes
):
    disk = small_disk(kilobytes * 1024)
    command = launcher.run("run", square, *RUN, "--out", disk.folder / "out", **disk.options)
    assert launcher.left_behind(command) == []
    assert command.status in (0, 2, 3, 4), command.stderr
    if command.status != 2:
        assert "Is it right, and" in command.stdout
    if command.status == 0:
        assert miscounted(command.out) == []
        assert all((command.out / name).exists() for name in FILES)
    else:
        assert "adbench: " in command.stderr
    with suppress(ValueError):
        launcher_rows = command.rows()
        assert all(ending(row) == "correct" for row in launcher_rows)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "kilobytes", [8, *(pytest.param(size, marks=pytest.mark.slow) for size in (4, 16, 64))]
)
def test_a_full_temporary_folder_is_not_blamed_on_backends(launcher, square, small_disk, kilobytes):
    disk = small_disk(kilobytes * 1024)
    if not disk.is_mounted:
        pytest.skip("a limit on files would hold for the results too")
    command = launcher.run(
        "run", square, *RUN, "--out", "out", environment={"TMPDIR": disk.folder}.items()
    )
    assert launcher.left_behind(command) == []
    assert command.status in (0, 2, 3, 4), command.stderr
    assert not {ending(row) for row in command.rows()} & {"raised", "crashed", "wrong"}
    assert not list(disk.folder.glob("adbench*"))


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_disk_that_cannot_be_written_is_refused_beforehand(launcher, square, small_disk):
    disk = small_disk(1 << 16)
    if not disk.is_mounted:
        pytest.skip("nothing can be mounted here")
    subprocess.run(["mount", "-o", "remount,ro", disk.folder], check=True)
    for words in (["run", square, *RUN], ["differences", square]):
        command = launcher.run(*words, "--out", disk.folder / "out")
        assert command.status == 2 and len(command.sentences) == 1


def in_the_way(out, name):
    """Put something into the folder of the results that is not ours."""
    out.mkdir()
    place = out / name.removesuffix("/")
    if name.endswith("/"):
        place.mkdir()
        (place / "mine.txt").write_text("mine")
    elif name == "journal.jsonl":
        place.symlink_to(out / "nowhere")
    else:
        place.write_text("mine")


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "name",
    [
        "report.md",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (*FILES[1:], "logs", "journal.jsonl", "results.parquet/", "report.md/",
                         "environment.json/", "journal.jsonl/")
        ),
    ],
)  # fmt: skip
def test_nothing_of_the_users_is_overwritten(launcher, square, name):
    out = launcher.folder / "out"
    in_the_way(out, name)
    before = {path: path.is_file() and path.read_bytes() for path in out.rglob("*")}
    command = launcher.run("run", square, *RUN, "--out", "out")
    assert launcher.left_behind(command) == []
    assert command.status in (0, 2), command.stderr
    after = {path: path.is_file() and path.read_bytes() for path in before}
    assert after == before
    if command.status == 2:
        assert len(command.sentences) == 1


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("out", ["n" * 300, "square.py", "square.py/out", "/proc/out", "/dev/null"])
def test_a_folder_that_cannot_be_made_is_one_sentence(launcher, square, out):
    for words in (["run", square, *RUN], ["differences", square]):
        command = launcher.run(*words, "--out", out)
        assert command.status == 2 and len(command.sentences) == 1, command.stderr
        assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "out", ["[v2]", "x[/blue]", "a b", "ä🦖", "-x", "$(x)", "a\nb", "a\x1b[2Jb"]
)
def test_a_folder_of_any_name_is_written_to_and_named(launcher, square, out):
    command = launcher.run("run", square, *RUN, f"--out={out}")
    assert launcher.left_behind(command) == []
    assert command.status in (0, 2), command.stderr
    assert "\x1b" not in command.stdout + command.stderr
    if command.status == 0:
        assert miscounted(launcher.folder / out) == []
        if out.isprintable():
            assert out in command.stdout.replace("\n", "")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_folder_whose_name_is_no_text_is_no_traceback(launcher, square):
    out = os.fsdecode(b"caf\xe9")
    command = launcher.run("run", square, *RUN, "--out", out)
    assert launcher.left_behind(command) == []
    assert command.status in (0, 2), command.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_differences_overwrite_nothing(launcher, square):
    out = launcher.folder / "out"
    out.mkdir()
    (out / "differences.csv").write_text("mine")
    command = launcher.run("differences", square, "--out", "out")
    assert command.status == 2 and (out / "differences.csv").read_text() == "mine"


@pytest.mark.timeout(180)
def test_two_runs_at_once_share_no_folder(launcher, square):
    commands = [launcher.start("run", square, *RUN) for _ in range(2)]
    for command in commands:
        assert command.wait(120).status == 0, command.stderr
    assert [launcher.left_behind(command) for command in commands] == [[], []]
    folders = list((launcher.folder / "reports").iterdir())
    assert len(folders) == 2
    assert [miscounted(folder) for folder in folders] == [[], []]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_of_two_runs_in_one_folder_one_is_refused(launcher, square):
    commands = [launcher.start("run", square, *RUN, "--out", "out") for _ in range(2)]
    statuses = sorted(command.wait(120).status for command in commands)
    assert statuses == [0, 2]
    assert miscounted(launcher.folder / "out") == []
