"""What a hand-written function returns is looked at first.

Anything but an array like that of its specification is said in a sentence.
"""

import numpy as np
import pytest
from click.testing import CliRunner

import adbench
from adbench.cli import main
from adbench.results.row import Outcome, Verdict

torch = pytest.importorskip("torch", reason="torch is not installed")

POINT = np.asarray([[0.5, -1.5, 2.0]])
ARRAY = "where one torch.Tensor is expected"


def square(xp, x):
    return x * x


def words(report):
    return " ".join(str(report).split())


def checked(native, specification=square, **options):
    return adbench.check(specification, POINT, backend="torch", native=native, **options)


@pytest.mark.parametrize(
    ("native", "sentence"),
    [
        (lambda x: (x * x, x), f"returned a tuple of 2, {ARRAY}: return the one to be judged"),
        (lambda x: torch.max(x, -1), f"returned a tuple of 2, {ARRAY}"),
        (lambda x: [x * x], f"returned a list of 1, {ARRAY}: return the one to be judged"),
        (lambda x: {"y": x * x, "z": x}, f"returned a dict with the keys 'y', 'z', {ARRAY}"),
        (lambda x: x.detach().numpy() ** 2, f"returned a numpy.ndarray, {ARRAY}: return what"),
        (lambda x: float(x.sum()), f"returned a Python float, {ARRAY}: return what the operations"),
        (lambda x: None, f"returned None, {ARRAY}"),
    ],
    ids=["tuple", "named tuple", "list", "dict", "NumPy array", "float", "None"],
)
def test_what_is_no_array_of_the_framework_is_unusable(native, sentence):
    report = checked(native)
    assert report.exit_status == 2
    assert {row.outcome for row in report.rows} == {Outcome.UNUSABLE}
    assert all(sentence in row.message for row in report.rows)
    assert sentence in words(report)


def test_a_class_in_place_of_its_apply_is_unusable():
    class Square(torch.autograd.Function):  # type: ignore[name-defined]
        @staticmethod
        def forward(ctx, x):
            return x * x

    report = checked(Square)
    assert report.exit_status == 2
    assert "it is a class; give a function, such as an instance of it, or its `apply`" in words(
        report
    )


def test_the_command_ends_with_status_2_for_a_function_of_two_outputs(tmp_path):
    file = tmp_path / "two.py"
    file.write_text(
        "from adbench import Model\n"
        "make = lambda size, rng: (rng.standard_normal((2, 5)),)\n"
        "def top(xp, x):\n"
        "    return xp.sort(x, axis=-1, descending=True)[..., :2]\n"
        "two = Model(name='two', function=top, make=make, sizes={'s': {}},\n"
        "            native={'torch': lambda x: x.topk(2, dim=-1)})\n"
        "first = Model(name='first', function=top, make=make, sizes={'s': {}},\n"
        "              native={'torch': lambda x: x.topk(2, dim=-1)[0]})\n"
    )
    result = CliRunner().invoke(main, ["check", f"{file}:two", "--backend", "torch"])
    assert result.exit_code == 2
    assert "native['torch'] of the model 'two' returned a tuple of 2" in result.stdout
    result = CliRunner().invoke(main, ["check", f"{file}:first", "--backend", "torch"])
    assert result.exit_code == 0, result.stdout


def test_another_dtype_is_wrong_in_every_question_and_says_what_to_do():
    report = checked(lambda x: (x * x).float(), dtypes="float64")
    assert report.exit_status == 1
    assert {row.failed_checks for row in report.rows} == {"output"}
    (message,) = {row.message for row in report.rows}
    assert message == (
        "native['torch'] of the model 'square' returned float32 for float64 arguments: ask it in "
        "float32 (--dtype float32), or let it compute in the dtype of its arguments."
    )
    assert checked(lambda x: (x * x).float(), dtypes="float32")


def test_integers_are_converted_by_their_author():
    report = checked(lambda x: (x > 0).sum(-1, keepdim=True) + torch.zeros(1, 3, dtype=torch.int64))
    assert report.exit_status == 1
    assert "returned int64 for float64 arguments: let it return the dtype" in words(report)


def test_another_shape_is_wrong_in_every_question():
    def total(xp, x):
        return xp.sum(x * x)

    report = checked(lambda x: (x * x).sum().reshape(1), total)
    assert {row.verdict for row in report.rows} == {Verdict.WRONG}
    assert "returned an array of shape (1,), and the specification one of shape ()" in words(report)


def test_a_module_in_a_lower_dtype_is_told_the_dtype_that_it_runs_in():
    linear = torch.nn.Linear(3, 2, dtype=torch.float32)
    report = checked(linear, lambda xp, x: x @ xp.ones((3, 2), dtype=x.dtype), dtypes="float64")
    assert report.exit_status == 3
    assert all(
        row.message.endswith("It runs with float32 arguments: ask it in float32 (--dtype float32).")
        for row in report.rows
    )


def test_an_exception_that_has_nothing_to_do_with_dtypes_is_left_as_it_is():
    def raises(x):
        raise ValueError("no kernel for this")

    assert {row.message for row in checked(raises).rows} == {"ValueError: no kernel for this"}


def test_writing_into_an_argument_is_wrong_and_named_where_pytorch_refuses_it_too():
    def rectify(xp, x):
        return xp.maximum(x, xp.zeros_like(x))

    report = checked(lambda x: x.relu_(), rectify)
    assert report.exit_status == 1
    (value,) = (row for row in report.rows if row.operator == "value")
    assert value.failed_checks == "inputs"
    assert value.message.endswith("differ from what they were: x. Let it work on a copy.")
    (reverse,) = (row for row in report.rows if row.operator == "vjp")
    assert reverse.outcome is Outcome.RAISED
    assert "is being used in an in-place operation. It writes into its argument x: " in (
        reverse.message
    )
    assert checked(lambda x: x.clone().relu_(), rectify)
