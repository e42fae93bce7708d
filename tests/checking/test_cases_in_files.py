"""`adbench check` of files and modules that hold functions of a framework as they stand."""

import sys

import pytest
from click.testing import CliRunner

import adbench
from adbench.cases import Model, SpecError
from adbench.cli import main
from adbench.registry import find_models, load_model

torch = pytest.importorskip("torch", reason="torch is not installed")

SOURCE = """
import torch
import adbench
from adbench import Model

torch.manual_seed(0)


class Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx, numbers):
        ctx.save_for_backward(numbers)
        return (numbers * numbers).sum()

    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * ctx.saved_tensors[0]


right = adbench.case(lambda x: torch.sin(x).sum(), torch.randn(3), name="right")
wrong = adbench.case(Half.apply, torch.randn(3, dtype=torch.float64))
native = Model(
    name="native",
    make=lambda size, rng: (rng.standard_normal(size["n"]),),
    sizes={"small": {"n": 2}, "large": {"n": 5}},
    native={"torch": Half.apply},
)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder with a package `mine_as_it_stands` of one module, `functions`."""
    folder = tmp_path / "mine_as_it_stands"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "functions.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("mine_as_it_stands")]:
        del sys.modules[name]


def test_a_file_of_functions_is_checked_by_the_command(package):
    result = CliRunner().invoke(main, ["check", str(package / "functions.py"), "--budget", "0"])
    assert result.exit_code == 1, result.output
    assert "Half given float64 gradient reverse" in result.output
    assert "native large float64 vjp reverse" in result.output
    assert "numbers[" in result.output
    assert "right given" not in result.output


def test_a_value_of_a_module_is_checked_in_the_dtype_of_its_arguments(package):
    result = CliRunner().invoke(
        main, ["check", "mine_as_it_stands.functions:right", "--format", "json"]
    )
    assert result.exit_code == 0, result.output
    assert '"dtype": "float32"' in result.output
    assert '"dtype": "float64"' not in result.output


def test_a_module_without_such_a_value_gets_one_sentence(package):
    with pytest.raises(SpecError, match=r"functions:nothing is no model: assign one to it"):
        find_models(["mine_as_it_stands.functions:nothing"])
    with pytest.raises(SpecError, match="'mine_as_it_stands.none', which is not found from here"):
        find_models(["mine_as_it_stands.none:right"])


def test_a_model_without_a_function_is_read_at_each_of_its_sizes(package):
    (source,) = find_models([f"{package / 'functions.py'}:native"])
    assert adbench.check(source.model, operators=["value"])
    report = adbench.check(source.model)
    assert {row.size for row in report.failures} == {"small", "large"}
    assert {row.backend for row in report.rows} == {"torch:eager"}


def test_a_model_with_neither_function_nor_native_is_refused():
    with pytest.raises(SpecError, match="has no function; give it a function of xp, or a native"):
        Model(name="none", make=lambda size, rng: (), sizes={"one": {}})


def test_a_native_function_of_a_framework_that_is_not_read_is_refused():
    model = Model(
        name="odd",
        make=lambda size, rng: (rng.standard_normal(2),),
        sizes={"one": {}},
        native={"autograd": lambda x: x},
    )
    with pytest.raises(SpecError, match="functions of torch, jax, tensorflow are read"):
        adbench.check(model)


def test_a_case_with_other_arguments_in_each_process_gets_one_sentence(tmp_path):
    file = tmp_path / "loose.py"
    file.write_text(
        "import torch, adbench\nloose = adbench.case(torch.sin, torch.randn(3), name='loose')\n"
    )
    (first,) = find_models([str(file)])
    (second,) = find_models([str(file)])
    assert first.origin != second.origin
    with pytest.raises(SpecError, match="has other arguments each time it is imported"):
        load_model(first.origin)


def test_a_case_without_arrays_of_a_framework_is_refused():
    with pytest.raises(SpecError, match="case was given no array of PyTorch, JAX or TensorFlow"):
        adbench.case(lambda x: x, 3.0)


def test_the_fixture_takes_a_function_as_it_stands(gradcheck):
    assert gradcheck(lambda x: torch.sin(x), torch.ones(2))
    with pytest.raises(AssertionError, match="the derivatives are not right"):
        gradcheck(torch.sin, torch.ones(2), spec=torch.cos)
