"""PyTorch's own functions at corners, which are judged by the corners' formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "maximum(x, 0) at 0": torch.relu,
    "relu6(x) at 6": functional.relu6,
    "leaky relu at 0": lambda x: functional.leaky_relu(x, 0.125),
    "leaky relu at -0": lambda x: functional.leaky_relu(x, 0.125),
    "elu(x, 2) at 0": lambda x: functional.elu(x, 2.0),
    "elu(x, 1) at 0": functional.elu,
    "hard sigmoid at 3": functional.hardsigmoid,
    "soft threshold at 1/2": lambda x: functional.softshrink(x, 0.5),
    "huber at 1": lambda x: functional.huber_loss(x, torch.zeros_like(x)),
    "norm(x) at 0": torch.linalg.vector_norm,
    "std of equal numbers": lambda x: torch.std(x, correction=0),
    "std of one number": lambda x: torch.std(x, correction=0),
    "max with two ties": torch.max,
    "median at a tie": torch.median,
    "cross-entropy with logit 0": lambda x: functional.binary_cross_entropy_with_logits(
        x, torch.full_like(x, 0.25)
    ),
    "where(x == 0, 1, sin(x) / x) at 0": lambda x: torch.sinc(x / torch.pi),
    "sin(x) / x at 1e-4": lambda x: torch.sinc(x / torch.pi),
    "softplus(x) at 0": functional.softplus,
    "softplus(x) at 100": functional.softplus,
    "softplus(x) at -100": functional.softplus,
    "softplus(x) at -1000": functional.softplus,
    "logsumexp with a -inf": lambda x, mask: torch.logsumexp(x + mask, 0),
    "log_softmax of +-10000": lambda x: -functional.log_softmax(x, 0)[1],
    "prod with two zeros": torch.prod,
    "layer norm of equal numbers": lambda x, w: torch.sum(
        w * functional.layer_norm(x, (3,), eps=2.0**-16)
    ),
    "layer norm of one number": lambda x: torch.sum(functional.layer_norm(x, (1,), eps=2.0**-16)),
}
"""The functions by the corners' names."""
