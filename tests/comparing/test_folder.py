"""Two runs never share a folder, and nothing that is there is overwritten."""

import os
from datetime import datetime

import pytest

from adbench.cases import SpecError
from adbench.comparing import folder as folders
from adbench.comparing.folder import FILES_OF_A_RUN, hold_run_folder, make_run_folder


def test_runs_that_begin_in_the_same_second_get_folders_of_their_own(tmp_path, monkeypatch):
    class Clock:
        @staticmethod
        def now():
            return datetime(2026, 11, 26, 0, 48, 42)

    monkeypatch.setattr(folders, "datetime", Clock)
    monkeypatch.chdir(tmp_path)
    names = [make_run_folder().name for _ in range(3)]
    assert names == ["2026-11-26-004842", "2026-11-26-004842-2", "2026-11-26-004842-3"]


def test_a_file_in_the_place_of_the_folder_of_all_runs_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").write_text("mine")
    with pytest.raises(SpecError, match="reports cannot be made or written to .a file or a link"):
        make_run_folder()


def test_one_of_two_runs_in_one_folder_is_refused(tmp_path):
    assert make_run_folder(tmp_path / "out") == tmp_path / "out"
    with pytest.raises(SpecError, match="already holds a run; .*`adbench run --resume "):
        make_run_folder(tmp_path / "out")


def test_a_run_that_is_going_on_is_held(tmp_path):
    folder = make_run_folder(tmp_path / "out")
    with (
        hold_run_folder(folder),
        pytest.raises(SpecError, match="is still going on in another process"),
        hold_run_folder(folder),
    ):
        pass
    with hold_run_folder(folder):
        pass


@pytest.mark.parametrize("name", FILES_OF_A_RUN)
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_is_refused_and_stays(tmp_path, name, kind):
    path = tmp_path / name
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(SpecError, match="is there already and would be over|already holds a run"):
        make_run_folder(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert kind != "file" or path.read_text() == "mine"


def test_files_of_other_names_are_let_be(tmp_path):
    (tmp_path / "model.py").write_text("mine")
    make_run_folder(tmp_path)
    assert (tmp_path / "model.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["x" * 300, "nul\0", "file", "file/below", "link"])
def test_what_can_be_no_folder_is_refused_in_one_sentence(tmp_path, name):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(SpecError, match=r"cannot be made or written to \(.+\); choose another"):
        make_run_folder(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SpecError, match="Permission denied"):
        make_run_folder(tmp_path)
