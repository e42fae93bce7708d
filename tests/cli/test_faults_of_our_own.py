"""An error of adbench itself is neither a wrong derivative nor a traceback on the screen."""

import re
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from adbench.cli import main


def call(*arguments):
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def fail_with(monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr("adbench.registry.models", fail)


def test_a_fault_of_our_own_is_status_4_and_its_traceback_is_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fail_with(monkeypatch, TypeError("no\nsuch \x1b thing \udcff"))
    result = call("list")
    assert result.exit_code == 4
    (line,) = result.stderr.splitlines()
    assert line.startswith("adbench: This is a fault of adbench itself, not of a derivative; ")
    assert line.endswith(r": TypeError: no such \x1b thing \udcff.")
    (path,) = re.findall(r"its traceback is in (\S+):", line)
    assert "Traceback (most recent call last)" in Path(path).read_text()
    assert [file.name for file in tmp_path.iterdir()] == [Path(path).name]


def test_an_exception_of_a_class_of_its_own_is_no_traceback_either(tmp_path, monkeypatch):
    class Odd(BaseException):
        pass

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fail_with(monkeypatch, Odd("b"))
    result = call("list")
    assert result.exit_code == 4
    assert result.stderr.endswith(": Odd: b.\n")


def test_a_fault_whose_traceback_cannot_be_written_is_said_too(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    fail_with(monkeypatch, TypeError("no"))
    result = call("list")
    assert result.exit_code == 4
    assert "its traceback could not be written: TypeError: no." in result.stderr


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(28, "No space left on device", "/tmp/x[/red]"),
            "The system refused what adbench needs (No space left on device: /tmp/x[/red]).",
        ),
        (MemoryError(), "Memory ran out; ask for smaller sizes, or for fewer backends at a time."),
    ],
)
def test_what_the_system_refuses_is_status_3_in_one_sentence(monkeypatch, error, sentence):
    fail_with(monkeypatch, error)
    result = call("list")
    assert result.exit_code == 3
    assert result.stderr == f"adbench: {sentence}\n"


@pytest.mark.parametrize("command", ["run", "check", "differences", "selftest"])
def test_a_temporary_folder_that_cannot_be_had_is_one_sentence(tmp_path, monkeypatch, command):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    result = call(command)
    assert result.exit_code == 3
    assert result.stderr.startswith("adbench: The system refused what adbench needs (No such file")
