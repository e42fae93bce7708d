"""The namespace of PyTorch: the array API by array-api-compat, and what differs there.

A slice may have a negative step here (`negative_steps`). What a model cannot write for PyTorch's
arrays: `x.size`, which is a method of theirs (`math.prod(x.shape)` counts the elements); and where
x is differentiated, `x // y` and `2.0 % x`, which have no derivative (`xp.floor_divide` and
`xp.remainder` have).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from array_api_compat import torch as array_module
from torch.utils.checkpoint import checkpoint

from adbench.namespaces.namespace import MissingFunction, Namespace


def _can_cast(from_: Any, to: Any) -> bool:
    # The module's own follows the rule for in-place operations, by which float64 goes into float32.
    held = from_.dtype if isinstance(from_, torch.Tensor) else from_
    return torch.promote_types(held, to) is to


def _alike(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both as tensors.

    With a Python number on the left, division has no rounding and the remainder no derivative.
    """
    x1 = x1 if isinstance(x1, torch.Tensor) else torch.asarray(x1, dtype=torch.result_type(x1, x2))
    return x1, x2 if isinstance(x2, torch.Tensor) else torch.asarray(
        x2, dtype=torch.result_type(x1, x2)
    )


def _floor_divide(x1: Any, x2: Any) -> torch.Tensor:
    # torch.floor_divide computes the same and has no derivative.
    return torch.div(*_alike(x1, x2), rounding_mode="floor")


def _remainder(x1: Any, x2: Any) -> torch.Tensor:
    return torch.remainder(*_alike(x1, x2))


def _roll(x: Any, shift: Any, *, axis: Any = None) -> Any:
    shifts = (shift,) * len(axis) if isinstance(shift, int) and isinstance(axis, tuple) else shift
    return array_module.roll(x, shifts, axis=axis)


def _std(x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    if correction != int(correction):
        return torch.sqrt(array_module.var(x, axis=axis, correction=correction, keepdims=keepdims))
    return array_module.std(x, axis=axis, correction=correction, keepdims=keepdims)


def _stop_gradient(x: Any) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) else x


def _checkpoint(function: Any) -> Any:
    """torch.utils.checkpoint, which torch.func cannot differentiate: there f is taken as it is."""

    def call(*arguments: Any) -> Any:
        if torch._C._functorch.maybe_current_level() is not None:
            return function(*arguments)
        return checkpoint(function, *arguments, use_reentrant=False)

    return call


_get_item = torch.Tensor.__getitem__


def _item(x: Any, index: Any) -> Any:
    """x[index], where slices may have negative steps."""
    parts = index if isinstance(index, tuple) else (index,)
    if not any(_is_backwards(part) for part in parts):
        return _get_item(x, index)
    spare = x.ndim - sum(part is not None and part is not Ellipsis for part in parts)
    remaining = list(parts)
    axis = 0
    for place, part in enumerate(parts):
        if _is_backwards(part):
            x, remaining[place] = _backwards(x, axis, part), slice(None)
        axis += spare if part is Ellipsis else part is not None
    return _get_item(x, tuple(remaining))


def _backwards(x: Any, axis: int, part: slice) -> Any:
    """A slice with a negative step along an axis."""
    rows = range(*part.indices(x.shape[axis]))
    forwards = slice(rows[-1], rows[0] + 1, -rows.step) if rows else slice(0, 0)
    return torch.flip(_get_item(x, (slice(None),) * axis + (forwards,)), [axis])


def _is_backwards(part: Any) -> bool:
    return isinstance(part, slice) and part.step is not None and part.step < 0


@contextmanager
def negative_steps(allowed: bool = True) -> Iterator[None]:
    """Let slices of tensors have negative steps, as NumPy's do, for the whole process."""
    before = torch.Tensor.__getitem__
    method = _item if allowed else _get_item
    if before is method:
        yield
        return
    torch.Tensor.__getitem__ = method
    try:
        yield
    finally:
        torch.Tensor.__getitem__ = before


def _positions(x: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """Where in a row of the entries of x those at an index are, and a value for each."""
    positions = _item(torch.arange(x.numel()).reshape(x.shape), index)
    values = torch.as_tensor(value, dtype=x.dtype).broadcast_to(positions.shape)
    return (positions.reshape(-1),), values.reshape(-1)


def _set_at(x: Any, index: Any, value: Any) -> Any:
    return torch.index_put(x.reshape(-1), *_positions(x, index, value)).reshape(x.shape)


def _add_at(x: Any, index: Any, value: Any) -> Any:
    positions, values = _positions(x, index, value)
    return torch.index_put(x.reshape(-1), positions, values, accumulate=True).reshape(x.shape)


def _grad(function: Any) -> Any:
    return torch.func.grad(function)


def _softplus(x: Any) -> Any:
    # PyTorch's own is the identity from 20 on, where the difference is 2e-9 still.
    return torch.logaddexp(x, torch.zeros_like(x))


def _logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return torch.logsumexp(a, tuple(range(a.ndim)) if axis is None else axis, keepdim=keepdims)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return (
        torch.log_softmax(x, axis)
        if isinstance(axis, int)
        else x - _logsumexp(x, axis, keepdims=True)
    )


def _softmax(x: Any, axis: Any = None) -> Any:
    return torch.softmax(x, axis) if isinstance(axis, int) else torch.exp(_log_softmax(x, axis))


def _without_derivative(function: Any, name: str) -> Any:
    """A function that PyTorch takes for a constant: to differentiate it raises instead."""
    sentence = f"PyTorch has no derivative of the Bessel function {name}."

    class WithoutDerivative(torch.autograd.Function):  # type: ignore[misc]
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Any) -> Any:
            return function(x)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            pass

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            raise MissingFunction(sentence)

        @staticmethod
        def jvp(ctx: Any, tangent: Any) -> Any:
            raise MissingFunction(sentence)

    return WithoutDerivative.apply


special = SimpleNamespace(
    digamma=torch.special.digamma,
    erf=torch.special.erf,
    erfc=torch.special.erfc,
    erfinv=torch.special.erfinv,
    expit=torch.special.expit,
    gammainc=lambda a, x: torch.special.gammainc(*_alike(a, x)),
    gammaincc=lambda a, x: torch.special.gammaincc(*_alike(a, x)),
    gammaln=torch.special.gammaln,
    i0=torch.special.i0,
    i0e=torch.special.i0e,
    i1=torch.special.i1,
    i1e=torch.special.i1e,
    j0=_without_derivative(torch.special.bessel_j0, "j0"),
    j1=_without_derivative(torch.special.bessel_j1, "j1"),
    log_expit=torch.nn.functional.logsigmoid,
    log_softmax=_log_softmax,
    logsumexp=_logsumexp,
    polygamma=torch.special.polygamma,
    softmax=_softmax,
    softplus=_softplus,
    xlogy=torch.special.xlogy,
    zeta=lambda s, q: torch.special.zeta(*_alike(s, q)),
)

namespace = Namespace(
    array_module,
    special,
    add_at=_add_at,
    can_cast=_can_cast,
    checkpoint=_checkpoint,
    floor_divide=_floor_divide,
    grad=_grad,
    remainder=_remainder,
    roll=_roll,
    set_at=_set_at,
    std=_std,
    stop_gradient=_stop_gradient,
)
