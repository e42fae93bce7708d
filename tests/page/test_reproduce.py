"""The command that asks a cell again."""

import shlex

import pytest

from adbench.page.reproduce import command, installed_models

ROW = {
    "model": "chain",
    "size": "L=3,k=1",
    "operator": "gradient",
    "order": 1,
    "dtype": "float64",
    "backend": "torch:eager",
}


def asked(*files, **changed):
    return command(ROW | changed, files, frozenset({"chain"}))


def test_an_installed_model_is_named():
    assert asked() == ("adbench run chain --size L=3,k=1 --operator gradient --backend torch:eager")
    assert "chain" in installed_models()


def test_a_model_of_a_file_is_asked_from_its_file(tmp_path):
    path = tmp_path / "mine.py"
    path.touch()
    assert f"adbench run {path}:mine " in asked(str(path), model="mine")
    assert f"adbench run {path}:mine " in asked(f"{path}:mine", model="mine")


def test_order_and_dtype_are_asked_where_they_are_not_customary():
    words = asked(operator="derivative", order=3, dtype="float32")
    assert "--operator derivative --order 3 --dtype float32" in words


def test_version_and_run_are_no_part_of_the_backend():
    assert asked(backend="torch:eager 2.1 [before]").endswith("--backend torch:eager")


@pytest.mark.parametrize("name", ["; rm -rf ~", "$(id)", "`id`", "a b", "-x", "'"])
def test_hostile_names_are_one_word_of_a_shell(name):
    words = shlex.split(asked(model=name, size=name))
    assert name in words
    assert name in words or f"--size={name}" in words
    assert len(words) <= 9
