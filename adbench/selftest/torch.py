"""A subject as a `torch.autograd.Function`, and what `torch.autograd.gradcheck` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from adbench.backends.torch import Eager
from adbench.namespaces.namespace import Namespace
from adbench.selftest.bugs import Subject

xp = Namespace(Eager.xp, Eager.xp.special, stop=torch.Tensor.detach)


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rules."""
    pull: Any = subject.pull() if subject.stateful else subject.pull

    class Custom(torch.autograd.Function):
        generate_vmap_rule = subject.push is not None

        @staticmethod
        def forward(*inputs: Any) -> Any:
            return subject.function(xp, *inputs)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            return pull(xp, cotangent, *ctx.saved_tensors)

        if subject.push is not None:

            @staticmethod
            def jvp(ctx: Any, *tangents: Any) -> Any:
                assert subject.push is not None
                return subject.push(xp, tangents, *ctx.saved_tensors)

    apply: Callable[..., Any] = Custom.apply
    return apply


def alarms(subject: Subject, point: tuple[Any, ...]) -> dict[str, bool]:
    """Return whether gradcheck, in each of its modes, finds anything wrong.

    It is asked for whatever would help it: forward mode where there is a forward rule, and the
    second order where that is in question.
    """

    def alarmed(fast: bool) -> bool:
        inputs = tuple(torch.tensor(np.asarray(array), requires_grad=True) for array in point)
        try:
            function = custom(subject)
            forward = subject.push is not None
            torch.autograd.gradcheck(function, inputs, fast_mode=fast, check_forward_ad=forward)
            if subject.second:
                torch.autograd.gradgradcheck(function, inputs, fast_mode=fast)
            return False
        except RuntimeError:
            return True

    return {"gradcheck": alarmed(fast=False), "gradcheck, fast mode": alarmed(fast=True)}
