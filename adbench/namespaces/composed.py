"""Functions made of others, for namespaces of frameworks that have no own.

No branch that is not taken overflows, so that neither value nor derivative is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def functions(xp: Any) -> dict[str, Callable[..., Any]]:
    """Return `expit`, `softplus`, `log_expit` and `logaddexp`.

    xp: what has `where`, `exp` and `log1p` of arrays.
    """

    def halves(x: Any) -> tuple[Any, Any, Any]:
        """Whether x >= 0, and x on this half and on the other; 0 where it is not there."""
        is_positive = x >= 0
        zero = 0.0 * x
        return is_positive, xp.where(is_positive, x, zero), xp.where(is_positive, zero, x)

    def expit(x: Any) -> Any:
        is_positive, above, below = halves(x)
        small = xp.exp(below)
        return xp.where(is_positive, 1.0 / (1.0 + xp.exp(-above)), small / (1.0 + small))

    def softplus(x: Any) -> Any:
        is_positive, above, below = halves(x)
        return xp.where(is_positive, above + xp.log1p(xp.exp(-above)), xp.log1p(xp.exp(below)))

    def log_expit(x: Any) -> Any:
        return -softplus(-x)

    def logaddexp(x: Any, y: Any) -> Any:
        return y + softplus(x - y)

    return {
        "expit": expit,
        "log_expit": log_expit,
        "logaddexp": logaddexp,
        "softplus": softplus,
    }


def softmaxes(xp: Any) -> dict[str, Callable[..., Any]]:
    """Return `logsumexp`, `log_softmax` and `softmax`.

    xp: what has `exp`, `log`, `max`, `sum`, `squeeze` and `stop_gradient` of arrays.
    """

    def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        largest = xp.stop_gradient(xp.max(x, axis=axis, keepdims=True))
        total = xp.log(xp.sum(xp.exp(x - largest), axis=axis, keepdims=True)) + largest
        if keepdims:
            return total
        return xp.reshape(total, _shape_without(x.shape, axis))

    def log_softmax(x: Any, axis: Any = None) -> Any:
        return x - logsumexp(x, axis, keepdims=True)

    def softmax(x: Any, axis: Any = None) -> Any:
        largest = xp.stop_gradient(xp.max(x, axis=axis, keepdims=True))
        weights = xp.exp(x - largest)
        return weights / xp.sum(weights, axis=axis, keepdims=True)

    return {"log_softmax": log_softmax, "logsumexp": logsumexp, "softmax": softmax}


def _shape_without(shape: Any, axis: Any) -> tuple[int, ...]:
    """The shape that is left of one when axes are reduced; all where the axis is None."""
    if axis is None:
        return ()
    reduced = {k % len(shape) for k in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(length for k, length in enumerate(shape) if k not in reduced)
