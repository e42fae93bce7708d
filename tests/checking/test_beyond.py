"""What a check looks at beyond what was asked finds errors there, and calls nothing else wrong."""

from dataclasses import replace

import numpy as np
import pytest

import adbench
from adbench.cases import Model

torch = pytest.importorskip("torch", reason="torch is not installed")


class Product(torch.autograd.Function):  # type: ignore[name-defined]
    """x^2 y, summed."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return torch.sum(x**2 * y)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 2 * g * x * y, g * x**2


class WrongPastThreshold(Product):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 2 * g * torch.clip(x, -2, 2) * y, g * x**2


class WrongFarOff(Product):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 2 * g * torch.clip(x, -20, 20) * y, g * x**2


class OfUnitVectors(Product):
    """Right where x is short, in value and derivative."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return torch.sum(torch.clip(x, -5, 5) ** 2 * y)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 2 * g * torch.clip(x, -5, 5) * y, g * x**2


class WrongInFloat32(Product):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        factor = 3 if x.dtype is torch.float32 else 2
        return factor * g * x * y, g * x**2


class WrongForLongArrays(Product):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        mask = torch.arange(len(x)) < 8
        return 2 * g * x * y * mask, g * x**2


class WrongByOther(Product):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 2 * g * x * y, g * x


class WithoutOther(Product):
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 2 * g * x * y, None


class Swapped(Product):
    """Right for one argument at a time."""

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        by_x, by_y = 2 * g * x * y, g * x**2
        if all(ctx.needs_input_grad):
            return by_y, by_x
        return by_x, by_y


class SavedOutside(Product):
    @staticmethod
    def forward(ctx, x, y):
        SavedOutside.saved = x, y
        return torch.sum(x**2 * y)

    @staticmethod
    def backward(ctx, g):
        x, y = SavedOutside.saved
        return 2 * g * x * y, g * x**2


class OneWorkspace(Product):
    workspace = {}  # noqa: RUF012

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        out = OneWorkspace.workspace.setdefault((x.shape, x.dtype), torch.empty_like(x))
        torch.mul(2 * g * x, y, out=out)
        return out, g * x**2


class Refusing(Product):
    """Computes in float64 alone."""

    @staticmethod
    def forward(ctx, x, y):
        if x.dtype is not torch.float64:
            raise TypeError("float64 alone")
        return Product.forward(ctx, x, y)


class Module(Product):
    """Computes in float32 alone, as a module does."""

    @staticmethod
    def forward(ctx, x, y):
        if x.dtype is not torch.float32:
            raise TypeError("float32 alone")
        return Product.forward(ctx, x, y)


def model_of(function):
    return Model(
        name="product",
        function=lambda xp, x, y: xp.sum(x**2 * y),
        make=lambda size, rng: (rng.standard_normal(size["n"]), rng.standard_normal(size["n"])),
        sizes={"s": {"n": 3}, "m": {"n": 6}, "l": {"n": 20}},
        native={"torch": function.apply},
    )


def check(function, **options):
    return adbench.check(model_of(function), backend="torch", **options)


def test_right_code_passes_and_what_was_looked_at_is_said():
    report = check(Product)
    assert report and not report.notes, report
    assert (
        "Hand-written functions were judged at 4 points and far from them, at size l, in float32 "
        "and by y. They were judged at" in report.summary
    )


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (WrongPastThreshold, "point the answer is wrong"),
        (WrongFarOff, "At large arguments, where the value is right, the derivative is wrong"),
        (WrongInFloat32, "product s float32"),
        (WrongForLongArrays, "product l float64"),
        (WrongByOther, "product by y m float64"),
        (Swapped, "by all arguments are asked for at once, that by x is wrong"),
        (SavedOutside, "called once more, at another point, between its forward and its backward"),
        (OneWorkspace, "The arrays of an answer changed when the function was called again"),
    ],
)
def test_what_is_wrong_elsewhere_alone_is_found(function, place):
    report = check(function)
    assert report.exit_status == 1
    assert place in " ".join(str(report).split())


def test_code_that_has_another_value_far_off_is_not_judged_there():
    assert check(OfUnitVectors)


def test_an_argument_without_a_gradient_is_noted():
    report = check(WithoutOther)
    assert report, report
    (note,) = report.notes
    assert note.startswith("product by y on torch:eager: the gradient that comes back is 0")


def test_a_function_need_not_run_in_every_dtype():
    assert check(Refusing)
    report = check(Module)
    assert report, report
    (note,) = report.notes
    assert "does not run in float64 (raised: TypeError: float64 alone" not in note
    assert "does not run in float64 (raised: TypeError: float32 alone" in note
    assert check(Module, dtypes="float64").exit_status == 3


def test_what_the_budget_leaves_out_is_said():
    report = check(WrongInFloat32, budget_s=1e-9)
    assert report
    assert report.summary.endswith(
        "at 4 points and far from them. Left out, at least in part: at size l, in float32 and by "
        "y; the 1e-09 s for what was not asked were spent, and --budget gives more."
    )


def test_without_a_budget_nothing_beyond_is_looked_at():
    report = check(WrongForLongArrays, budget_s=0)
    assert report and "points" not in report.summary


def test_without_a_budget_the_given_point_alone_is_judged():
    class Stale(torch.autograd.Function):  # type: ignore[name-defined]
        slope = None

        @staticmethod
        def forward(ctx, x):
            Stale.slope = 2 * x if Stale.slope is None else Stale.slope
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * Stale.slope

    x = torch.tensor([0.5, -1.25, 2.0], dtype=torch.float64)
    assert adbench.check(Stale.apply, x, operators="vjp", budget_s=0)
    Stale.slope = None
    assert not adbench.check(Stale.apply, x, operators="vjp")


def test_what_is_named_is_looked_at_alone():
    assert check(WrongInFloat32, dtypes="float64")
    assert check(WrongForLongArrays, sizes="m")
    assert check(WrongByOther, operators="gradient")


def test_a_cotangent_that_is_expanded_is_tried():
    class Raw(torch.autograd.Function):  # type: ignore[name-defined]
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            g = g.clone() if 0 not in g.stride() else torch.zeros(g.shape, dtype=g.dtype) + 3
            return 2 * g * x

    report = adbench.check(
        lambda xp, x: x**2, np.arange(1.0, 7.0).reshape(2, 3), backend="torch", native=Raw.apply
    )
    assert report.exit_status == 1
    assert "one number expanded over the output" in " ".join(str(report).split())


def test_a_variant_by_another_argument_is_found_again():
    from adbench.registry import ModelSource, load_model

    variant = ModelSource(load_model("entry:mlp"), "entry:mlp").by_argument(1, "x")
    again = load_model(variant.origin)
    assert (again.name, again.active) == ("mlp by x", 1)
    assert replace(again, name="mlp", active=0) == load_model("entry:mlp")
