"""Functions of torch.nn as they stand: read, judged on PyTorch, and the same on JAX."""

from __future__ import annotations

import copy
import functools
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from frameworks import load

import adbench
import reference_ad.numpy
from reference_ad.engine import tree

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from adbench.readers.torch import read  # noqa: E402

# The first forward derivative in torch 2.13 loads its own decompositions by way of its own
# deprecated function.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)


@dataclass(frozen=True)
class Subject:
    """A function of PyTorch's, and what it is called with."""

    function: Any
    shapes: tuple[tuple[int, ...], ...]
    """Those of its arguments, which are normal numbers."""
    defect: str = ""
    """What PyTorch itself does wrong."""

    def points(self, dtype: str) -> list[Any]:
        seed = zlib.crc32(repr(self.shapes).encode())
        rng = np.random.default_rng(seed)
        # Numbers that float32 has as well.
        arrays = [rng.standard_normal(shape).astype(np.float32) for shape in self.shapes]
        return [array.astype(dtype) for array in arrays]


def attention(query: Any, key: Any, value: Any) -> Any:
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def batch_norm(x: Any, mean: Any, spread: Any, weight: Any, bias: Any) -> Any:
    return F.batch_norm(x, mean, spread * spread + 0.5, weight, bias, training=False)


def cross_entropy(logits: Any) -> Any:
    return F.cross_entropy(logits, torch.tensor([2, 0, 1]), label_smoothing=0.1)


def embedding(weight: Any) -> Any:
    return F.embedding(torch.tensor([[0, 2], [1, 2]]), weight)


def lstm_cell(x: Any, hidden: Any, cell: Any, *weights: Any) -> Any:
    gates = F.linear(x, weights[0], weights[2]) + F.linear(hidden, weights[1], weights[3])
    entry, keep, update, exit = gates.chunk(4, 1)
    cell = torch.sigmoid(keep) * cell + torch.sigmoid(entry) * torch.tanh(update)
    return torch.cat([torch.sigmoid(exit) * torch.tanh(cell), cell], 1)


def module(make: Any) -> Any:
    """A module in evaluation, called in the dtype of its argument; its parameters are constants."""
    torch.manual_seed(0)
    made = make().eval().float().requires_grad_(False)
    by_dtype = {dtype: copy.deepcopy(made).to(dtype) for dtype in (torch.float32, torch.float64)}

    def call(x: Any, *others: Any) -> Any:
        return by_dtype[x.dtype](x, *others)

    return call


def parameters_of_encoder(x: Any, parameters: Any) -> Any:
    return torch.func.functional_call(encoder(x.dtype), parameters, (x,))


@functools.cache
def encoder(dtype: Any) -> Any:
    torch.manual_seed(0)
    return nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, dtype=dtype).eval()


SUBJECTS = {
    "attention": Subject(attention, ((2, 3, 4), (2, 3, 4), (2, 3, 4))),
    "avg_pool2d": Subject(lambda x: F.avg_pool2d(x, 2, 1, 1), ((1, 2, 4, 3),)),
    "adaptive_avg_pool2d": Subject(lambda x: F.adaptive_avg_pool2d(x, (2, 3)), ((1, 2, 5, 4),)),
    "batch_norm": Subject(batch_norm, ((3, 2, 4), (2,), (2,), (2,), (2,))),
    "batch_norm_in_training": Subject(
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), ((3, 2, 4), (2,), (2,))
    ),
    "conv1d": Subject(
        lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1), ((2, 3, 6), (4, 3, 3), (4,))
    ),
    "conv2d": Subject(
        lambda x, w: F.conv2d(x, w, dilation=2, groups=2), ((1, 2, 5, 4), (2, 1, 2, 2))
    ),
    "conv_transpose2d": Subject(
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1),
        ((1, 2, 3, 2), (2, 2, 3, 3)),
    ),
    "cosine_similarity": Subject(F.cosine_similarity, ((3, 4), (3, 4))),
    "cross_entropy": Subject(cross_entropy, ((3, 4),)),
    "einsum": Subject(lambda x, y: torch.einsum("bij,bkj->bik", x, y), ((2, 3, 4), (2, 2, 4))),
    "embedding": Subject(embedding, ((3, 4),)),
    "encoder_layer": Subject(
        module(lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)), ((1, 3, 4),)
    ),
    "gelu": Subject(F.gelu, ((3, 4),)),
    "gelu_tanh": Subject(lambda x: F.gelu(x, approximate="tanh"), ((3, 4),)),
    "grid_sample": Subject(
        lambda x, y: F.grid_sample(x, torch.tanh(y), align_corners=False),
        ((1, 2, 3, 4), (1, 2, 2, 2)),
    ),
    "group_norm": Subject(lambda x, w, b: F.group_norm(x, 2, w, b), ((2, 4, 3), (4,), (4,))),
    "gru": Subject(module(lambda: nn.GRU(3, 2, batch_first=True)), ((2, 3, 3),)),
    "hardsigmoid": Subject(
        F.hardsigmoid, ((3, 2),), defect="the backward kernel has 1/6 in float32, torch 2.13"
    ),
    "huber_loss": Subject(F.huber_loss, ((3, 4), (3, 4))),
    "instance_norm": Subject(F.instance_norm, ((2, 3, 4),)),
    "interpolate_bilinear": Subject(
        lambda x: F.interpolate(x, scale_factor=1.5, mode="bilinear"), ((1, 2, 3, 3),)
    ),
    "interpolate_nearest": Subject(
        lambda x: F.interpolate(x, size=(5, 2), mode="nearest"), ((1, 2, 3, 3),)
    ),
    "layer_norm": Subject(lambda x, w, b: F.layer_norm(x, (4,), w, b), ((3, 4), (4,), (4,))),
    "log_softmax": Subject(lambda x: F.log_softmax(x, 0), ((3, 4),)),
    "lstm_cell": Subject(lstm_cell, ((2, 3), (2, 2), (2, 2), (8, 3), (8, 2), (8,), (8,))),
    "max_pool2d": Subject(lambda x: F.max_pool2d(x, 3, 2, 1), ((1, 2, 5, 4),)),
    "mse_loss": Subject(F.mse_loss, ((3, 4), (3, 4))),
    "multi_head_attention": Subject(
        module(lambda: nn.MultiheadAttention(4, 2, batch_first=True)), ((1, 3, 4),) * 3
    ),
    "normalize": Subject(F.normalize, ((3, 4),)),
    "silu": Subject(F.silu, ((3, 4),)),
    "softplus": Subject(F.softplus, ((3, 4),)),
}


def first(answer: Any) -> Any:
    """The first of several outputs: attention gives its weights, a recurrent layer its state."""
    return answer[0] if isinstance(answer, tuple) else answer


def read_at(subject: Subject, points: list[Any]) -> Any:
    return read(
        lambda *tensors: first(subject.function(*tensors)), list(map(torch.asarray, points))
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_the_value_is_that_of_pytorch(name, dtype):
    subject = SUBJECTS[name]
    points = subject.points(dtype)
    output = first(subject.function(*map(torch.asarray, points)))
    result = read_at(subject, points).function(reference_ad.numpy, *points)
    assert result.shape == tuple(output.shape)
    assert result.dtype == dtype
    tolerance = 500 * np.finfo(dtype).eps
    np.testing.assert_allclose(result, output.detach().numpy(), rtol=tolerance, atol=tolerance)


def judged(subject: Subject, backend: str, dtype: str, native: Any) -> Any:
    points = subject.points("float64")
    reading = read_at(subject, points)
    return adbench.check(
        reading.function,
        *points,
        backend=backend,
        native=native,
        operators=["value", "vjp"],
        dtypes=[dtype],
        budget_s=0.01,
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_the_derivatives_of_pytorch_are_judged(name, dtype):
    subject = SUBJECTS[name]
    native = {"torch": lambda *tensors: first(subject.function(*tensors))}
    report = judged(subject, "torch", dtype, native)
    has_defect = bool(subject.defect) and dtype == "float64"
    assert bool(report) is not has_defect, report


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_was_read_from_pytorch_is_right_on_jax(name):
    load("jax:jit")
    report = judged(SUBJECTS[name], "jax:jit", "float64", None)
    assert report, report


def test_all_parameters_of_an_encoder_layer_are_judged():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 3, 4))
    layer = encoder(torch.float64)
    parameters = {name: p.detach().numpy().copy() for name, p in layer.named_parameters()}
    tensors = [torch.asarray(x), tree.map(torch.asarray, parameters)]
    reading = read(parameters_of_encoder, tensors)
    report = adbench.check(
        reading.function,
        x,
        parameters,
        active=1,
        backend="torch",
        native={"torch": parameters_of_encoder},
        operators=["vjp"],
        budget_s=0.01,
    )
    assert report, report


def test_the_lengths_of_the_ctc_loss_may_be_tensors():
    def loss(scores: Any, labels: Any, steps: Any, lengths: Any) -> Any:
        return F.ctc_loss(scores.log_softmax(-1), labels, steps, lengths)

    scores = torch.tensor(np.random.default_rng(4).standard_normal((4, 2, 3)))
    labels, steps, lengths = [[1, 2], [2, -1]], [4, 2], [2, 1]
    integers = [torch.tensor(numbers) for numbers in (labels, steps, lengths)]
    assert adbench.check(loss, scores, *integers, operators=["value", "vjp"], budget_s=0)
