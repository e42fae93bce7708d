"""Files are whole or not there, whatever the disk does."""

import errno

import pytest

from adbench.results.files import OutputFiles, remove_unfinished, write_text, write_whole


def fail_in_the_middle(path):
    path.write_text("half of")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_that_cannot_be_written_leaves_what_was_there_and_nothing_beside_it(tmp_path):
    path = tmp_path / "report.md"
    write_text(path, "before")
    with pytest.raises(OSError):
        write_whole(path, fail_in_the_middle)
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]


def test_an_interrupt_leaves_nothing_half_written(tmp_path):
    def interrupted(path):
        path.write_text("half of")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "report.md", interrupted)
    assert not list(tmp_path.iterdir())


def test_a_lone_surrogate_is_written_as_an_escape(tmp_path):
    write_text(tmp_path / "report.md", "caf\udce9")
    assert (tmp_path / "report.md").read_text() == "caf\\udce9"


def test_one_file_that_cannot_be_written_stops_no_other_and_is_told_in_one_sentence(tmp_path):
    files = OutputFiles(tmp_path)
    files.write("results.csv", fail_in_the_middle)
    files.write_text("report.md", "all of it")
    files.failed("2 rows of journal.jsonl", OSError(errno.ENOSPC, "No space left on device"))
    assert (tmp_path / "report.md").read_text() == "all of it"
    assert files.sentence() == (
        f"results.csv, 2 rows of journal.jsonl could not be written to {tmp_path} "
        "(No space left on device)."
    )


def test_a_file_that_is_written_at_last_is_no_failure(tmp_path):
    files = OutputFiles(tmp_path)
    files.write("report.md", fail_in_the_middle)
    files.write_text("report.md", "all of it")
    assert files.sentence() == ""


def test_what_a_killed_process_has_left_unfinished_is_removed_and_nothing_else(tmp_path):
    for name in (".123-report.md", ".123-notes.md", ".x-report.md", "123-report.md", ".report.md"):
        (tmp_path / name).write_text("")
    remove_unfinished(tmp_path, ["report.md"])
    assert {path.name for path in tmp_path.iterdir()} == {
        ".123-notes.md",
        ".x-report.md",
        "123-report.md",
        ".report.md",
    }
