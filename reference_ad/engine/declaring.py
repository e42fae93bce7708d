"""How rules are declared, and the one place where broadcasting and mixed dtypes are undone.

`elementwise`: the derivative is a diagonal matrix, so one line per argument serves forward and
reverse mode alike.
`linear`: the JVP is the primitive itself, only the transpose must be written.
`define`: both rules are written.
"""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .core import Array, Primitive, Rule
from .elements import OBJECT, is_complex, numbers

Implementation = Callable[..., Any]
Rules = Sequence[Rule | None]


# --- linear primitives ----------------------------------------------------------------------------


def linear(name: str, implementation: Implementation, *transposes: Rule | None) -> Primitive:
    """A primitive that is linear in each argument taken alone (so matmul is one: bilinear).

    ``transposes[position](g, ans, *args, **params)``; None where an argument has no derivative.
    """
    primitive = Primitive(name, implementation)
    primitive.vjps = transposes
    primitive.linear = True

    def jvp(
        tangents: Sequence[Array], ans: Array, args: Sequence[Array], params: dict[str, Any]
    ) -> Array:
        total = None
        for position, tangent in enumerate(tangents):
            if tangent is not None:
                part = primitive(*args[:position], tangent, *args[position + 1 :], **params)
                total = part if total is None else total + part
        return total

    primitive.jvp = jvp
    return primitive


def axis_lengths(shape: tuple[int, ...], axis: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` as a reduction over `axis` with keepdims leaves it."""
    return tuple([1 if position in axis else length for position, length in enumerate(shape)])


def _repeated(x: Any, shape: tuple[int, ...]) -> Any:
    # a filled array, not a read-only view: numpy.broadcast_to takes six times as long where arrays
    # are small
    result = np.empty(shape, x.dtype)
    result[...] = x
    return result


sum = linear(  # params: axis (a tuple of non-negative integers), keepdims
    "sum",
    np.add.reduce,
    lambda g, ans, x, axis, keepdims: broadcast_to(
        g if g.ndim == 0 else reshape(g, shape=axis_lengths(x.shape, axis)), shape=x.shape
    ),
)
reshape = linear(
    "reshape", lambda x, shape: x.reshape(shape), lambda g, ans, x, shape: reshape(g, shape=x.shape)
)
broadcast_to = linear(
    "broadcast_to", _repeated, lambda g, ans, x, shape: g
)  # `unbroadcast` sums what was repeated
real = linear("real", np.real, lambda g, ans, x: g)  # `unbroadcast` gives it a complex dtype
astype = linear(  # between floating dtypes; `cast_to_integer` is the cast to integers or booleans
    "astype",
    lambda x, dtype: numbers(x) if dtype == OBJECT else x.astype(dtype),
    lambda g, ans, x, dtype: g,  # `unbroadcast` casts back
)


# --- fitting a derivative to the array it belongs to ----------------------------------------------
#
# Complex numbers: a cotangent g of z stands for the real linear map dz -> Re(g dz), so the rules of
# holomorphic functions are the same in both modes, and the gradient of a real function of z = x +
# iy is df/dx - i df/dy (as in JAX; PyTorch's is the conjugate of that). The gradient with respect
# to a real array that meets complex ones is real.


def unbroadcast(g: Array, like: Array) -> Array:
    """Sum a cotangent over the axes along which `like` was broadcast.

    The result has `like`'s dtype.
    """
    if g.shape != like.shape:
        shape = like.shape
        extra = g.ndim - len(shape)
        stretched = [
            extra + k for k, length in enumerate(shape) if length == 1 and g.shape[extra + k] != 1
        ]
        g = sum(g, axis=(*range(extra), *stretched), keepdims=False)
        if stretched:
            g = reshape(g, shape=shape)
    dtype = g.dtype
    if dtype != like.dtype:
        g = astype(real(g) if dtype.kind == "c" and like.dtype.kind == "f" else g, dtype=like.dtype)
    elif dtype is OBJECT:  # which does not tell whether the numbers are complex
        g = real_like(g, like)
    return g


def real_like(derivative: Array, like: Array) -> Array:
    """A cotangent, without its imaginary part if `like` is an array of real balls."""
    if like.dtype == OBJECT and is_complex(derivative) and not is_complex(like):
        return real(derivative)
    return derivative


def broadcast_tangent(t: Array, like: Array) -> Array:
    """Broadcast a tangent to the shape of `like`, and give it `like`'s dtype."""
    if t.shape != like.shape:
        t = broadcast_to(t, shape=like.shape)
    if t.dtype != like.dtype:
        t = astype(t, dtype=like.dtype)
    return t


# --- the other two kinds --------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """The rule for an argument by which a function has a derivative that nobody computes here."""

    sentence: str

    def __call__(self, g: Array, ans: Array, *args: Array, **params: Any) -> Array:
        """Raise NotImplementedError."""
        raise NotImplementedError(self.sentence)


def elementwise(
    name: str,
    implementation: Implementation,
    *derivatives: Rule | None,
    kind: type[Primitive] = Primitive,
) -> Primitive:
    """A primitive that acts on each element (after broadcasting).

    ``derivatives[position](g, ans, *args, **params)`` is g times the partial derivative; None where
    it is zero everywhere. With no derivatives at all the primitive is locally constant.
    """
    primitive = define(name, implementation, jvps=derivatives, vjps=derivatives, kind=kind)
    primitive.elementwise = True
    return primitive


def define(
    name: str,
    implementation: Implementation,
    *,
    jvps: Rules,
    vjps: Rules,
    kind: type[Primitive] = Primitive,
) -> Primitive:
    """A primitive with a JVP and a VJP rule for each argument.

    Without any, a locally constant one.
    """
    primitive = kind(name, implementation)
    primitive.vjps = vjps

    def jvp(
        tangents: Sequence[Array], ans: Array, args: Sequence[Array], params: dict[str, Any]
    ) -> Array:
        total = None
        for rule, tangent in zip(jvps, tangents, strict=True):
            if tangent is not None and rule is not None:
                part = rule(tangent, ans, *args, **params)
                if part is not None:
                    part = broadcast_tangent(part, ans)
                    total = part if total is None else total + part
        return total

    primitive.jvp = jvp if jvps else None
    return primitive
