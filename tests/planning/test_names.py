"""Nothing that is named is lost: two things of one name are told apart, or refused."""

import pytest

from adbench import registry
from adbench.cases import SpecError

BACKEND = "from adbench.backends.reference import Tape\nclass Mine(Tape):\n    pass\n"
MODEL = (
    "from adbench import Model\n"
    "def f(xp, x):\n    return xp.sum(x)\n"
    "def make(size, rng):\n    return (rng.standard_normal(2),)\n"
    "first = Model(name={first!r}, function=f, make=make, sizes={{'s': {{}}}})\n"
    "second = Model(name={second!r}, function=f, make=make, sizes={{'s': {{}}}})\n"
)


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def names(*paths):
    return [entry.name for entry in registry.find_backends(paths)]


def test_a_file_of_a_backend_is_called_by_its_name(tmp_path):
    path = written(tmp_path / "mine.py", BACKEND)
    assert names(path, path) == ["mine:file"]


def test_two_files_of_one_name_are_called_by_their_folders_and_both_are_asked(tmp_path):
    old = written(tmp_path / "old" / "mine.py", BACKEND)
    new = written(tmp_path / "new" / "mine.py", BACKEND)
    other = written(tmp_path / "new" / "other.py", BACKEND)
    assert names(old, new, other) == ["old/mine:file", "new/mine:file", "other:file"]
    assert {entry.framework for entry in registry.find_backends([old, new])} == {"mine"}


def test_files_in_folders_of_one_name_are_called_by_more_of_them(tmp_path):
    paths = [written(tmp_path / part / "src" / "mine.py", BACKEND) for part in ("a", "b")]
    assert names(*paths) == ["a/src/mine:file", "b/src/mine:file"]


def test_a_file_that_is_called_like_a_framework_is_called_by_its_folder_too(tmp_path):
    assert names(written(tmp_path / "lab" / "torch.py", BACKEND)) == ["lab/torch:file"]


def test_a_file_by_two_paths_is_one_backend(tmp_path):
    path = written(tmp_path / "mine.py", BACKEND)
    link = tmp_path / "link.py"
    link.symlink_to(path)
    assert names(path, str(link)) == ["mine:file"]


def test_two_models_of_one_name_in_one_file_are_refused(tmp_path):
    path = written(tmp_path / "twice.py", MODEL.format(first="square", second="square"))
    for name in (path, f"{path}:square"):
        with pytest.raises(SpecError) as caught:
            registry.find_models([name])
        assert str(caught.value) == (
            f"{path} has two models called 'square', in the variables first and second; rename one."
        )


def test_a_model_in_two_variables_is_one(tmp_path):
    text = MODEL.format(first="one", second="two") + "again = first\n"
    path = written(tmp_path / "alias.py", text)
    assert [source.model.name for source in registry.find_models([path])] == ["one", "two"]


def test_a_model_that_is_called_like_an_installed_one_is_refused_beside_it(tmp_path):
    path = written(tmp_path / "own.py", MODEL.format(first="mlp", second="two"))
    with pytest.raises(SpecError) as caught:
        registry.find_models([path, "mlp"])
    assert str(caught.value) == (
        f"Two models are called 'mlp' (one in {path} and the installed one); rename one."
    )


@pytest.mark.parametrize("name", ["mlp:v2", "x.py", "a:b:c", "one.py:two"])
def test_a_model_is_found_by_any_name_and_again_by_its_origin(tmp_path, name):
    path = written(tmp_path / "odd.py", MODEL.format(first=name, second="two"))
    (source,) = registry.find_models([f"{path}:{name}"])
    assert source.model.name == name
    assert registry.load_model(source.origin) is source.model
    variant = source.by_argument(0, "x")
    assert registry.load_model(variant.origin).name == f"{name} by x"
