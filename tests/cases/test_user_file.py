"""A user's file is read once, run once, and known by its text."""

import sys

import pytest

from adbench.cases import SpecError
from adbench.cases.user_file import (
    FileChanged,
    check_unchanged,
    digest_of,
    files_run,
    run_file,
    run_file_once,
)


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_run_once_for_a_run_however_often_it_is_asked_for(tmp_path):
    log = tmp_path / "log"
    path = written(
        tmp_path / "once.py", f"with open({str(log)!r}, 'a') as log:\n    log.write('x')\n"
    )
    first = run_file(path)
    assert run_file_once(path, first.digest) is run_file_once(path, first.digest) is first
    assert log.read_text() == "x"


def test_a_file_that_was_changed_is_not_run_for_the_same_run(tmp_path):
    path = written(tmp_path / "changing.py", "x = 1\n")
    digest = digest_of(path)
    check_unchanged({str(path): digest})
    path.write_text("x = 2\n")
    sentence = r"changing\.py was changed during the run: .* start the run again\."
    with pytest.raises(FileChanged, match=sentence):
        run_file_once(path, digest)
    with pytest.raises(FileChanged, match=sentence):
        check_unchanged({str(path): digest})
    path.unlink()
    with pytest.raises(FileChanged, match=sentence):
        check_unchanged({str(path): digest})


def test_what_was_read_is_what_is_run_even_within_the_same_second(tmp_path):
    path = written(tmp_path / "same_size.py", "x = 1\n")
    assert run_file(path).module.x == 1
    path.write_text("x = 2\n")
    assert run_file(path).module.x == 2
    assert not (tmp_path / "__pycache__").exists()


def test_the_files_beside_it_that_it_imports_are_known_too(tmp_path):
    helper = written(tmp_path / "beside_it_for_a_test.py", "y = 3\n")
    path = written(tmp_path / "importing.py", "from beside_it_for_a_test import y\n")
    try:
        file = run_file(path)
    finally:
        sys.modules.pop("beside_it_for_a_test", None)
        sys.path.remove(str(tmp_path))
    assert file.neighbours == {str(helper.resolve()): digest_of(helper)}
    assert files_run()[str(path.resolve())] == file.digest


def test_two_files_of_one_name_are_two_modules(tmp_path):
    old = run_file(written(tmp_path / "old" / "mine.py", "x = 'old'\n")).module
    new = run_file(written(tmp_path / "new" / "mine.py", "x = 'new'\n")).module
    assert (old.x, new.x) == ("old", "new")
    assert sys.modules[old.__name__] is old and sys.modules[new.__name__] is new


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"\xff\xfe\x00bad", r"is not valid Python: "),
        (b"x = 1\n\x00\n", r"is not valid Python: |raised ValueError"),
        (b"raise GeneratorExit('out')", r"raised GeneratorExit in line 1: out\."),
        (
            b"class X(BaseException):\n    pass\nraise X('b')",
            r"raised X in line 3: b\.",
        ),
        (
            b"class X(Exception):\n    def __str__(self):\n        raise ValueError\nraise X()",
            r"raised X in line 4: its message cannot be shown, which raises ValueError\.",
        ),
    ],
)
def test_a_file_that_cannot_be_run_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "bad.py"
    path.write_bytes(text)
    with pytest.raises(SpecError, match=sentence) as caught:
        run_file(path)
    assert "\n" not in str(caught.value)


def test_a_path_that_no_report_can_hold_is_refused(tmp_path):
    path = tmp_path / "caf\udce9.py"
    path.write_text("x = 1\n")
    with pytest.raises(SpecError, match="has bytes that are no UTF-8"):
        run_file(path)
