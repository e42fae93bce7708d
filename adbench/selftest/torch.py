"""A subject as a `torch.autograd.Function`, and what `torch.autograd.gradcheck` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from adbench.backends.torch import Eager
from adbench.namespaces.namespace import Namespace
from adbench.selftest.subject import Subject


def in_memory(x: torch.Tensor) -> torch.Tensor:
    """Return what a kernel sees that takes x for contiguous.

    The numbers in memory from the first of x on, and zeros where its memory ends.
    """
    memory = torch.as_strided(x, (_length_of_memory(x),), (1,), x.storage_offset())
    rest = x.new_zeros(max(0, x.numel() - memory.numel()))
    return torch.cat([memory[: x.numel()], rest]).reshape(x.shape)


def _length_of_memory(x: torch.Tensor) -> int:
    return x.untyped_storage().nbytes() // x.element_size() - x.storage_offset()


xp = Namespace(Eager.xp, Eager.xp.special, in_memory=in_memory)


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rules."""
    function, pull = subject.rules()

    class Custom(torch.autograd.Function):
        generate_vmap_rule = subject.push is not None

        @staticmethod
        def forward(*inputs: Any) -> Any:
            return function(xp, *inputs)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            cotangents = pull(xp, cotangent, *ctx.saved_tensors)
            return *cotangents, *[None] * (len(ctx.saved_tensors) - len(cotangents))

        if subject.push is not None:

            @staticmethod
            def jvp(ctx: Any, *tangents: Any) -> Any:
                assert subject.push is not None
                return subject.push(xp, tangents, *ctx.saved_tensors)

    apply: Callable[..., Any] = Custom.apply
    return apply


def alarms(subject: Subject, point: tuple[Any, ...], constants: tuple[Any, ...]) -> dict[str, bool]:
    """Return whether gradcheck, in each of its modes, finds anything wrong.

    It is asked for whatever would help it: forward mode where there is a forward rule, and the
    second order where that is in question.
    """

    def alarmed(fast: bool) -> bool:
        inputs = [torch.tensor(np.asarray(array), requires_grad=True) for array in point]
        inputs += [torch.tensor(array) for array in constants]
        try:
            function = custom(subject)
            forward = subject.push is not None
            torch.autograd.gradcheck(
                function, tuple(inputs), fast_mode=fast, check_forward_ad=forward
            )
            if subject.order > 1:
                torch.autograd.gradgradcheck(function, tuple(inputs), fast_mode=fast)
            return False
        except RuntimeError:
            return True

    return {"gradcheck": alarmed(fast=False), "gradcheck, fast mode": alarmed(fast=True)}
