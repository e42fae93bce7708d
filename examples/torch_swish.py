"""A hand-written backward pass for PyTorch, judged against the function it differentiates.

adbench check examples/torch_swish.py --backend torch
"""

import torch

from adbench import Model


class Swish(torch.autograd.Function):
    """x sigmoid(x), with its derivative written by hand."""

    @staticmethod
    def forward(x):
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, cotangent):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return cotangent * (s + x * s * (1 - s))


def swish(xp, x):
    """The specification, from which the true derivative is computed."""
    return x * xp.special.expit(x)


model = Model(
    name="swish",
    function=swish,
    make=lambda size, rng: (rng.standard_normal((size["n"], 3)),),
    sizes={"n=2": {"n": 2}, "n=16": {"n": 16}},
    native={"torch": Swish.apply},
    summary="x sigmoid(x), as a torch.autograd.Function",
)
