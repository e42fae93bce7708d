"""The file of a truth is as it was established, whoever wrote to it."""

import pytest

from adbench.running.truth_file import TruthFile


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"junk"),
        lambda path: path.write_bytes(b"TRUTH"),
        lambda path: path.unlink(),
    ],
    ids=["overwritten", "overwritten by as much", "removed"],
)
def test_a_file_that_was_changed_is_made_again(tmp_path, change):
    path = tmp_path / "truth-0"
    path.write_bytes(b"truth")
    file = TruthFile(path)
    change(path)
    file.restore()
    assert path.read_bytes() == b"truth"
    change(path)
    file.restore()
    assert path.read_bytes() == b"truth"


def test_a_file_that_is_as_it_was_is_left_alone(tmp_path):
    path = tmp_path / "truth-0"
    path.write_bytes(b"truth")
    before = path.stat().st_ino
    TruthFile(path).restore()
    assert path.stat().st_ino == before
