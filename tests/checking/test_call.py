"""`adbench.check` and the `gradcheck` fixture: one's own derivative, judged where one writes it."""

import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec

import numpy as np
import pytest

import adbench
import reference_ad.numpy as rnp
from adbench.cases import Model, SpecError
from reference_ad import stop_gradient

pytest_plugins = ["pytester"]


def product(xp, x, y):
    return xp.sum(x * xp.sin(x) * y)


X, Y = np.array([0.5, -1.5, 2.0]), np.ones(3)


def forgets_a_term(x, y):
    return rnp.sum(stop_gradient(x) * rnp.sin(x) * y)


def right(x, y):
    return rnp.sum(x * (rnp.sin(x) * y))


def test_a_right_function_gives_a_true_report():
    report = adbench.check(product, X, Y, native=right)
    assert report
    assert {row.implementation for row in report.rows} == {"native"}
    assert report.exit_status == 0 and report.failures == []
    assert " ".join(str(report).split()) == report.summary


def test_a_wrong_function_gives_a_false_report_that_shows_where():
    report = adbench.check(product, X, Y, native=forgets_a_term, operators=["gradient"])
    assert not report
    assert report.exit_status == 1
    row = next(row for row in report.failures if row.mode == "reverse")
    index = int(row.worst_entry.removeprefix("x[").removesuffix("]"))
    assert row.worst_returned == pytest.approx(X[index] * np.cos(X[index]))
    assert row.worst_true == pytest.approx(X[index] * np.cos(X[index]) + np.sin(X[index]))
    assert row.worst_entry in str(report) and "3 of 3 entries are off" in str(report)


def test_a_function_alone_has_the_backends_own_derivative_judged():
    report = adbench.check(product, X, Y, backend=["reference", "differences"])
    assert report
    assert {row.implementation for row in report.rows} == {"spec"}
    assert {row.backend for row in report.rows} == {"reference:tape", "differences:central"}


def test_the_dtype_is_that_of_the_active_argument():
    assert {row.dtype for row in adbench.check(product, X.astype("float32"), Y).rows} == {"float32"}
    assert {
        row.dtype for row in adbench.check(product, X, Y, dtypes=("float64", "float32")).rows
    } == {
        "float64",
        "float32",
    }


def test_one_name_can_be_given_for_a_list_of_them():
    (row,) = adbench.check(product, X, Y, operators="value", dtypes="float64").rows
    assert row.operator == "value"


def test_any_argument_can_be_the_active_one():
    report = adbench.check(
        product, X, Y, active=1, native=lambda x, y: 2 * rnp.sum(x * rnp.sin(x) * y)
    )
    assert any(row.worst_entry.startswith("y[") for row in report.failures)
    assert "returned = true × 2" in str(report)


def test_a_model_makes_its_own_points():
    def cube(xp, x):
        return xp.sum(x * x * x)

    model = Model(
        name="cube",
        function=cube,
        make=lambda size, rng: (rng.standard_normal(2),),
        sizes={"2": {}},
    )
    assert adbench.check(model)
    assert not adbench.check(model, native={"reference": lambda x: rnp.sum(x * x)})


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        ((product,), {}, "a function and no arguments"),
        ((3,), {}, "was given a int; give it an adbench.Model, or a function"),
        ((product, X, Y), {"backend": "touch"}, "did you mean 'torch'"),
        ((product, X, Y), {"dtypes": "float46"}, "did you mean 'float64'"),
        ((product, X, Y), {"active": 2}, "was given active=2 and 2 argument"),
        ((product, X, Y), {"seed": -1}, "was given seed=-1; give an integer that is not negative"),
        (
            (product, X, Y),
            {"operators": ["vjp", "grad"]},
            "There is no operator 'grad'; did you mean 'gradient'",
        ),
        (
            (product, X, Y),
            {"backend": []},
            "nothing to run: the backends are none, and native is for none",
        ),
        (
            (product, X, Y),
            {"native": {"jax": right}},
            "the backends are reference:tape, and native is for jax",
        ),
        (
            (product, X, Y),
            {"native": {"refrence": right}},
            "no framework 'refrence'; did you mean 'reference'",
        ),
        ((product, "abc", Y), {}, "has the Python value .abc., which is not differentiated"),
    ],
)
def test_bad_arguments_get_one_sentence(arguments, options, sentence):
    with pytest.raises(SpecError, match=sentence):
        adbench.check(*arguments, **options)


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_a_torch_function_is_judged_on_torch_tensors():
    import torch

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.sum(x * x)

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return cotangent * x

    def square(xp, x):
        return xp.sum(x * x)

    for dtype in (torch.float64, torch.bfloat16):
        x = torch.tensor([1.0, -2.0], dtype=dtype, requires_grad=True)
        report = adbench.check(
            square, x, backend="torch", native=Square.apply, operators=["gradient"]
        )
        assert not report
        assert "returned = true × 1/2" in str(report)


TEST_FILE = """
import numpy as np
import reference_ad.numpy as rnp


def square(xp, x):
    return xp.sum(x * x)


def test_right(gradcheck):
    assert gradcheck(square, np.arange(1.0, 4.0))


def test_wrong(gradcheck):
    assert gradcheck(square, np.arange(1.0, 4.0), native=lambda x: rnp.sum(x * x * x))


def test_integers(gradcheck):
    gradcheck(square, np.arange(3))
"""


def test_the_fixture_fails_a_test_with_the_table(pytester):
    pytester.makepyfile(TEST_FILE)
    plugin = "adbench.pytest_plugin"
    installed = any(point.value == plugin for point in entry_points(group="pytest11"))
    result = pytester.runpytest_subprocess(*([] if installed else ["-p", plugin]))
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.no_fnmatch_line("*inputs.py*")
    result.stdout.fnmatch_lines(["*derivatives need floating-point values*"])
    result.stdout.fnmatch_lines(
        ["*the derivatives are not right*", "*worst entry*returned*true*", "*x[[]*"]
    )


def test_the_plugin_imports_nothing_heavy():
    code = (
        "import sys, adbench.pytest_plugin\n"
        "print(sorted({'numpy', 'scipy', 'pandas', 'rich', 'torch', 'jax', 'tensorflow'} & "
        "set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def cube_of_torch(backward):
    """x^3 as a torch.autograd.Function with this backward pass.

    That is a function of x and the cotangent.
    """
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    rules = {
        "forward": forward,
        "backward": lambda ctx, cotangent: backward(*ctx.saved_tensors, cotangent),
    }
    return type(
        "Cube",
        (torch.autograd.Function,),
        {name: staticmethod(rule) for name, rule in rules.items()},
    )


def test_a_function_that_is_marked_once_differentiable_is_not_called_wrong_in_second_order():
    cube = cube_of_torch(lambda x, cotangent: cotangent * 3 * x**2)
    from torch.autograd.function import once_differentiable

    cube.backward = staticmethod(once_differentiable(cube.backward))
    report = adbench.check(
        lambda xp, x: x**3, X, backend="torch", native=cube.apply, operators=["vjp", "hvp"]
    )
    assert report, report
    (hvp,) = (row for row in report.rows if row.mode == "reverse-over-reverse")
    assert hvp.outcome == "unsupported"
    assert hvp.message == "It is marked @once_differentiable, so it has no second derivative."


def test_a_backward_pass_that_writes_into_its_cotangent_is_wrong():
    cube = cube_of_torch(lambda x, cotangent: cotangent.mul_(3 * x**2))
    report = adbench.check(
        lambda xp, x: x**3,
        X,
        backend="torch",
        native=cube.apply,
        operators=["vjp"],
        dtypes="float64",
    )
    (row,) = report.rows
    assert row.verdict == "wrong" and row.failed_checks == "inputs"
    assert row.message == (
        "The call changed its inputs, which differ from what they were: the cotangent. Let it work "
        "on a copy."
    )
