"""What a reading of a PyTorch function is, and what cannot be read."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from frameworks import load

import ball_arithmetic
import reference_ad
import reference_ad.numpy as xp
from reference_ad.engine import tree

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from adbench.readers import Unreadable, reading, register  # noqa: E402
from adbench.readers.torch import read  # noqa: E402

X = np.asarray([0.3, -0.7, 1.9])


def value(function: Any, *points: Any) -> Any:
    """What the reading of a function gives at the point that it was read at."""
    tensors = tree.map(as_tensor, list(points))
    return read(function, tensors).function(xp, *points)


def as_tensor(leaf: Any) -> Any:
    return torch.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf


def slope(function: Any, point: Any) -> Any:
    """The gradient of the sum of a reading."""
    whole = read(function, [torch.asarray(point)])
    return reference_ad.grad(lambda x: xp.sum(whole.function(xp, x)))(point)


class Swish(torch.autograd.Function):  # type: ignore[name-defined]
    """x times its sigmoid, with a backward that is no derivative of it."""

    @staticmethod
    def forward(ctx, x):
        inner = x.detach()
        with torch.enable_grad():
            inner = inner * 1
        return inner * torch.sigmoid(inner)

    @staticmethod
    def backward(ctx, cotangent):
        return 7 * cotangent


# ---- trees and dtypes


def test_arguments_and_outputs_are_trees():
    def function(weights: Any, scale: Any, flag: Any) -> Any:
        product = weights["b"] * weights["a"][0]
        return {"out": [product, (product + scale,)]} if flag else product

    point = {"b": X, "a": [X + 1]}
    outputs = value(function, point, 2.0, True)
    np.testing.assert_array_equal(outputs["out"][0], X * (X + 1))
    np.testing.assert_array_equal(outputs["out"][1][0], X * (X + 1) + 2)


def test_the_order_of_the_keys_of_a_dict_plays_no_part():
    whole = read(lambda p: p["b"] - p["a"], [{"b": torch.asarray(X), "a": torch.asarray(2 * X)}])
    np.testing.assert_array_equal(whole.function(xp, {"a": 2 * X, "b": X}), -X)


def test_a_named_tuple_of_pytorch_is_a_tuple():
    values, places = value(lambda x: torch.sort(x), X)
    np.testing.assert_array_equal(values, np.sort(X))
    np.testing.assert_array_equal(places, np.argsort(X))


def test_operations_are_named_once_in_the_order_of_their_use():
    whole = read(lambda x: torch.exp(x * x) * x + torch.exp(x), [torch.asarray(X)])
    assert whole.operations == ("aten::mul", "aten::exp", "aten::add")


def test_constants_take_the_dtype_of_the_run():
    whole = read(lambda x: x * torch.asarray([1.0, 2.0, 4.0]) + torch.arange(3), [torch.asarray(X)])
    result = whole.function(xp, X.astype(np.float32))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, X * [1, 2, 4] + [0, 1, 2], rtol=1e-6)


def test_a_cast_to_another_floating_dtype_is_the_identity():
    result = value(lambda x: x.to(torch.float32).double() * 1, X)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, X)


def test_balls_go_through_a_reading():
    whole = read(
        lambda x: torch.softmax(x, 0) @ torch.asarray([1.0, 2.0, 3.0]).double(), [torch.asarray(X)]
    )
    enclosure = whole.function(xp, ball_arithmetic.numbers(X))
    weights = np.exp(X) / np.exp(X).sum()
    assert np.all(ball_arithmetic.radii(enclosure) < 1e-13)
    np.testing.assert_allclose(ball_arithmetic.midpoints(enclosure), weights @ [1, 2, 3])


def test_other_shapes_are_refused():
    whole = read(torch.exp, [torch.asarray(X)])
    with pytest.raises(Unreadable, match=r"shape \(2,\); it was made for \(3,\)"):
        whole.function(xp, X[:2])


# ---- what has no derivative


def test_the_forward_of_an_autograd_function_is_read():
    sigmoid = 1 / (1 + np.exp(-X))
    np.testing.assert_allclose(value(Swish.apply, X), X * sigmoid, rtol=1e-14)
    derivative = sigmoid * (1 + X * (1 - sigmoid))
    np.testing.assert_allclose(slope(Swish.apply, X), derivative, rtol=1e-14)


def test_what_is_detached_has_no_derivative():
    np.testing.assert_allclose(slope(lambda x: x * x.detach(), X), X)
    np.testing.assert_allclose(slope(lambda x: x * x.data, X), X)
    np.testing.assert_allclose(slope(lambda x: x * torch.detach(Swish.apply(x) * 0 + x), X), X)


def test_what_is_made_under_no_grad_has_no_derivative():
    def function(x: Any) -> Any:
        with torch.no_grad():
            scale = torch.exp(x)
        return x * scale * Swish.apply(x * 0 + 1)

    swish_of_one = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(slope(function, X), np.exp(X) * swish_of_one, rtol=1e-13)


def test_the_padding_of_an_embedding_has_no_derivative():
    weight = np.ones((3, 2))
    indices = torch.tensor([0, 2, 0])
    gradient = slope(lambda w: F.embedding(indices, w, padding_idx=0), weight)
    np.testing.assert_array_equal(gradient, [[0, 0], [0, 0], [1, 1]])


def test_a_derivative_inside_of_a_function_is_read():
    def function(x: Any) -> Any:
        return torch.func.grad(lambda y: torch.sum(torch.exp(y) * y))(x)

    np.testing.assert_allclose(value(function, X), np.exp(X) * (X + 1), rtol=1e-14)
    np.testing.assert_allclose(slope(function, X), np.exp(X) * (X + 2), rtol=1e-14)


# ---- writes in place


def test_a_write_to_an_intermediate_result_is_read():
    def function(x: Any) -> Any:
        y = torch.zeros(4, dtype=x.dtype)
        y[1:] = x * 2
        y[0] += x[2]
        return y.mul_(3)

    np.testing.assert_allclose(value(function, X), 3 * np.concatenate([X[2:], 2 * X]))
    np.testing.assert_allclose(slope(function, X), [6, 6, 9])


def test_what_is_detached_beside_a_write_has_no_derivative():
    def function(x: Any) -> Any:
        y = x.detach() * x
        y[0] += 1
        y.sigmoid_()
        return y

    sigmoid = 1 / (1 + np.exp(-(X * X + [1, 0, 0])))
    np.testing.assert_allclose(value(function, X), sigmoid)
    np.testing.assert_allclose(slope(function, X), X * sigmoid * (1 - sigmoid))


def test_a_captured_tensor_is_as_it_was_after_a_write_is_refused():
    captured = torch.ones(3, dtype=torch.float64)
    with pytest.raises(Unreadable, match=r"captured in place \(aten::mul_ in line"):
        value(lambda x: captured.mul_(x), X)
    assert torch.equal(captured, torch.ones(3, dtype=torch.float64))


def test_a_write_to_a_view_reaches_what_it_is_a_view_of():
    def function(x: Any) -> Any:
        whole = x.repeat(2).view(2, 3)
        row, column = whole[0], whole[:, 1]
        row.mul_(2)
        column.exp_()
        return whole

    wanted = np.stack([2 * X, X])
    wanted[:, 1] = np.exp(wanted[:, 1])
    np.testing.assert_allclose(value(function, X), wanted)


def test_a_write_to_an_argument_is_refused():
    with pytest.raises(Unreadable, match=r"writes to its argument in place \(aten::add_ in line"):
        value(lambda x: x.view(-1).add_(1), X)


def test_a_write_to_a_captured_tensor_is_refused():
    layer = torch.nn.BatchNorm1d(3).double()
    with pytest.raises(Unreadable, match=r"captured in place .* \(module.eval\(\)\)"):
        value(layer, np.ones((2, 3)))


# ---- what cannot be read


def test_a_random_operation_is_named_with_the_line():
    with pytest.raises(Unreadable, match=r"is random \(aten::\w+.*the mask of a dropout"):
        value(lambda x: F.dropout(x, 0.5), X)
    with pytest.raises(Unreadable, match=r"random \(aten::rand.* of test_torch_reading.py\)"):
        value(lambda x: x * torch.rand(3), X)


def test_a_question_for_a_value_is_refused():
    def branches(x: Any) -> Any:
        return x if x.sum() > 0 else -x

    for function in (branches, lambda x: x * x[0].item(), lambda x: x * int(x[2])):
        with pytest.raises(Unreadable, match="in line .* of test_torch_reading.py.*torch.where"):
            value(function, X)


def test_a_choice_by_a_mask_of_values_is_refused():
    with pytest.raises(Unreadable, match=r"mask of values \(aten::\w+ in line"):
        value(lambda x: x[x > 0].sum(), X)
    with pytest.raises(Unreadable, match=r"mask of values \(aten::\w+ in line"):
        value(lambda x: torch.masked_select(x, x > 0).sum(), X)


def test_an_operation_without_an_entry_is_named_with_the_line_and_the_way_out():
    sentence = (
        r"aten::special_airy_ai in line \d+ of test_torch_reading.py has no entry .*"
        r"register\('torch', 'aten::special_airy_ai', function\)"
    )
    with pytest.raises(Unreadable, match=sentence):
        value(lambda x: torch.special.airy_ai(x / 3), X)


def test_a_kernel_that_is_called_by_address_is_noticed():
    def doubled(x: Any, y: Any) -> Any:
        address = (ctypes.c_double * 3).from_address(y.data_ptr())
        address[:] = [float(number) for number in 2 * X]
        return y

    for empty in (torch.empty_like, torch.clone, torch.zeros_like):
        with pytest.raises(Unreadable, match="beside PyTorch's operations"):
            value(lambda x, empty=empty: doubled(x, empty(x)), X)


def test_a_strided_view_is_read_where_the_memory_is_known():
    matrix = np.arange(6.0).reshape(2, 3)
    places = value(lambda x: (x * 1).view(6).as_strided((2, 2), (3, 1), 1), matrix)
    np.testing.assert_array_equal(places, [[1, 2], [4, 5]])
    for view in (lambda x: x[1:], lambda x: x.mT):
        with pytest.raises(Unreadable, match=r"strided view of a tensor that is a view"):
            value(lambda x, view=view: view(x).as_strided((2,), (1,), 0), matrix)


def test_numbers_that_leave_pytorch_are_refused():
    for function in (lambda x: torch.asarray(x.numpy()), lambda x: x * x.tolist()[0]):
        with pytest.raises(Unreadable, match=r"numbers of a tensor out of PyTorch \(\w+ in line"):
            value(function, X)


def test_the_values_of_constants_may_be_asked_for():
    labels = torch.tensor([0, 2, 1])
    result = value(lambda x: F.one_hot(labels).double() @ x * float(labels.max()), X)
    np.testing.assert_array_equal(result, 2 * X[[0, 2, 1]])


def test_a_value_that_depends_on_an_argument_by_a_write_is_refused():
    def function(x: Any) -> Any:
        y = torch.zeros(3, dtype=x.dtype)
        y[1:] = x[1:]
        return x * 2 if y.sum().item() > 0 else x

    with pytest.raises(Unreadable, match="asks for the value"):
        value(function, X)


def test_a_compiled_function_is_read_as_what_it_was_compiled_from():
    np.testing.assert_allclose(value(torch.compile(lambda x: x * x), X), X * X)


def test_a_branch_of_tensors_is_refused():
    def function(x: Any) -> Any:
        return torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,))

    with pytest.raises(Unreadable, match="calls torch.cond in line"):
        value(function, X)


@pytest.fixture
def cube_operation():
    """A user's operation, whose meaning no table has."""

    @torch.library.custom_op("adbench_tests::cube", mutates_args=())
    def cube(x: torch.Tensor, scale: float) -> torch.Tensor:  # type: ignore[name-defined]
        return torch.asarray(x.numpy() ** 3 * scale)

    @cube.register_fake
    def _(x, scale):
        return torch.empty_like(x)

    yield cube
    reading._registered.get("torch", {}).pop("adbench_tests::cube", None)


def test_a_registered_operation_has_the_meaning_that_it_was_given(cube_operation):
    with pytest.raises(Unreadable, match="adbench_tests::cube"):
        value(lambda x: cube_operation(x, 2.0), X)
    register("torch", "adbench_tests::cube", lambda xp, x, scale: scale * x**3)
    np.testing.assert_allclose(value(lambda x: cube_operation(x, 2.0), X), 2 * X**3)
    np.testing.assert_allclose(slope(lambda x: cube_operation(x, 2.0), X), 6 * X**2)


def test_reading_leaves_the_process_as_it_was():
    enabled = torch.backends.mha.get_fastpath_enabled(), torch.is_grad_enabled()
    x = torch.asarray(X.copy()).requires_grad_()
    read(lambda x: (x * 2).sum(), [x])
    assert x.grad is None
    assert (torch.backends.mha.get_fastpath_enabled(), torch.is_grad_enabled()) == enabled
    np.testing.assert_array_equal(x.detach().numpy(), X)


WITHOUT_COMPILER = """
import sys
import torch
from adbench.readers.torch import read

F = torch.nn.functional
x = torch.rand(3, 4, dtype=torch.float64)
cell = torch.nn.LSTM(4, 2).double()
for function in (F.gelu, F.softplus, F.mish, lambda x: torch.logaddexp(x, -x), cell):
    read(function, [x])
assert not {"torch._dynamo", "torch._inductor"} & sys.modules.keys()
"""


def test_reading_loads_no_compiler():
    subprocess.run([sys.executable, "-c", WITHOUT_COMPILER], check=True)


@pytest.mark.parametrize("backend", ["jax:jit", "tensorflow:function"])
def test_a_reading_is_traced_by_other_frameworks(backend):
    running = load(backend)
    whole = read(lambda x, i: torch.cumsum(torch.exp(x)[i], 0), [torch.asarray(X), torch.arange(2)])

    def call(active: Any, constants: Any, direction: Any) -> Any:
        return whole.function(running.xp, *active)

    points = [running.asarray(X), running.asarray(np.arange(2))]
    result = running.stage(call, points, (), None)(points, (), None)
    np.testing.assert_allclose(running.to_numpy(result), np.cumsum(np.exp(X)[:2]), rtol=1e-14)


def test_an_operation_with_several_outputs_is_registered_as_one_function():
    @torch.library.custom_op("adbench_tests::both", mutates_args=())
    def both(x: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[name-defined]
        return x * k, x + k

    register("torch", "adbench_tests::both", lambda xp, x, k: (x * k, x + k))

    def function(x: Any) -> Any:
        product, total = both(x, 3)
        return product - total

    np.testing.assert_allclose(value(function, X), 3 * X - (X + 3))
    reading._registered["torch"].pop("adbench_tests::both")


def test_an_operation_of_the_users_that_writes_in_place_is_refused():
    @torch.library.custom_op("adbench_tests::increase", mutates_args=("x",))
    def increase(x: torch.Tensor) -> None:  # type: ignore[name-defined]
        x.add_(1)

    def function(x: Any) -> Any:
        y = x * 2
        increase(y)
        return y

    with pytest.raises(Unreadable, match="adbench_tests::increase in line .* writes to its"):
        value(function, X)
