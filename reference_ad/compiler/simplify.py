"""Identities of algebra that hold exactly, rounding included, so that a simpler graph gives the
same numbers.

"Exactly" is for finite numbers in the range of the dtype: a product with a power of two is exact,
but for underflow and overflow, and so may change its place; a product with the identity matrix is
exact, but for inf and nan.

A rule is called ``rule(make, kind, *args, **params)`` with `Builder.make`, and an application's
kind and arguments. It returns a node that is equal to the application, or None where the identity
does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.core import PRIMITIVES, Primitive
from .graph import ArrayType, Node

Make = Callable[..., Node]  # `Builder.make`
Rule = Callable[..., Node | None]


def simplified(
    apply: Make,
    make: Make,
    primitive: Primitive,
    args: tuple[Node, ...],
    params: dict[str, Any],
    kind: ArrayType,
) -> Node | None:
    """A node equal to this application by one of the identities below; None where there is none.

    apply, make: those of the `Builder`, which make the nodes that are put in place
    """
    if primitive.elementwise:  # such broadcast by themselves
        for position, arg in enumerate(args):
            if (
                arg.name == "broadcast_to" and not arg.args[0].kind.weak
            ):  # a number would take another dtype
                lean = (*args[:position], arg.args[0], *args[position + 1 :])
                if np.broadcast_shapes(*[x.kind.shape for x in lean]) == kind.shape:
                    return apply(primitive, lean, params, kind)
    if kind.dtype.kind in "fc" and PRIMITIVES.get(primitive.name) is primitive:
        orders = (args, args[::-1]) if primitive.name in ("add", "multiply") else (args,)
        for rule in RULES.get(primitive.name, ()):
            for ordered in orders:
                found = rule(make, kind, *ordered, **params)
                if found is not None:
                    return found
    return None


# --- arithmetic -----------------------------------------------------------------------------------


def _number(node: Node) -> Any:
    """The value of a constant real scalar, else None."""
    if node.value is None or node.kind.shape != () or node.kind.dtype.kind not in "fi":
        return None
    return node.value if node.kind.weak else node.value.item()


def _same(make: Make, kind: ArrayType, x: Node, **params: Any) -> Node | None:
    """The argument, if it is of the result's kind."""
    return x if x.kind == kind else None


def _fits(number: Any, dtype: Any) -> bool:
    """Whether a factor neither overflows nor underflows in this dtype."""
    return float(np.finfo(dtype).tiny) <= abs(number) <= float(np.finfo(dtype).max)


def _is_negative(node: Node, kind: ArrayType) -> bool:
    """Whether it is the opposite of something, in the dtype of the result: in another one the sign
    may wrap around."""
    return node.name == "negative" and (node.kind.weak or node.kind.dtype == kind.dtype)


def _is_power_of_two(number: Any) -> bool:
    return bool(np.isfinite(number)) and bool(abs(np.frexp(number)[0]) == 0.5)


def _factor(node: Node, kind: ArrayType) -> tuple[Any, Node] | None:
    """The node as a constant number times a node of this dtype, if it is such a product, or
    negative."""
    if node.name == "negative":
        return -1, node.args[0]
    for constant, other in (node.args, node.args[::-1]) if node.name == "multiply" else ():
        number = _number(constant)
        if number is not None and other.kind[1:] == kind[1:]:
            return number, other
    return None


def _scaled(make: Make, kind: ArrayType, x: Node, y: Node) -> Node | None:
    """A number times y."""
    number = _number(x)
    if number is None or y.kind[1:] != kind[1:]:
        return None
    if number == 1 and _same(make, kind, y):
        return y
    if number == -1:
        return make(kind, "negative", y)
    inner = _factor(y, kind)
    exact = inner is not None and (_is_power_of_two(number) or _is_power_of_two(inner[0]))
    if inner is None or not exact or not _fits(number * inner[0], kind.dtype):
        return None
    return make(kind, "multiply", number * inner[0], inner[1])


def _halved(make: Make, kind: ArrayType, x: Node, y: Node) -> Node | None:
    """x divided by a power of two."""
    number = _number(y)
    exact = number is not None and x.kind.dtype == kind.dtype and _is_power_of_two(number)
    return (
        make(kind, "multiply", 1 / number, x) if exact and _fits(1 / number, kind.dtype) else None
    )


def _opposite(make: Make, kind: ArrayType, x: Node) -> Node | None:
    inner = _factor(x, kind)
    return make(kind, "multiply", -inner[0], inner[1]) if inner else None


def _signs_outwards(name: str) -> Rule:
    """Signs travel outwards, where they meet a sum or each other."""

    def rule(make: Make, kind: ArrayType, x: Node, y: Node) -> Node | None:
        return (
            make(kind, "negative", make(kind, name, *x.args, y)) if _is_negative(x, kind) else None
        )

    return rule


def _without_sign(name: str) -> Rule:
    """A sum or a difference with something negative, as the difference or sum `name`."""
    return lambda make, kind, x, y: make(kind, name, x, *y.args) if _is_negative(y, kind) else None


def _square(make: Make, kind: ArrayType, x: Node, y: Node) -> Node | None:
    return make(kind, "square", x) if x is y and kind.dtype.kind == "f" else None


def _constant_power(make: Make, kind: ArrayType, x: Node, exponent: Any) -> Node | None:
    if exponent == 1:
        return _same(make, kind, x)
    return (
        make(kind, "square", x)
        if exponent == 2 and x.kind[1:] == kind[1:] and kind.dtype.kind == "f"
        else None
    )


# --- moving elements about ------------------------------------------------------------------------


def _reshape(make: Make, kind: ArrayType, x: Node, shape: tuple[int, ...]) -> Node | None:
    if x.kind.shape == kind.shape:
        return x
    if x.name == "reshape" or shape != kind.shape:
        return make(kind, "reshape", x.args[0] if x.name == "reshape" else x, shape=kind.shape)
    return None


def _matrix_transpose(make: Make, kind: ArrayType, x: Node) -> Node:
    n = len(kind.shape)
    return make(kind, "permute_dims", x, axes=(*range(n - 2), n - 1, n - 2))


def _permute_dims(make: Make, kind: ArrayType, x: Node, axes: tuple[int, ...]) -> Node | None:
    if axes == tuple(range(len(axes))):
        return x
    if x.name == "permute_dims":
        return make(
            kind, "permute_dims", *x.args, axes=tuple([x.params["axes"][axis] for axis in axes])
        )
    if _has_permuted(x) and _is_shallow(x):
        moved = [_permuted(make, arg, axes) for arg in x.args]
        if all(arg.name != "permute_dims" for arg in moved):  # all of them for nothing
            return make(kind, x.name, *moved, **x.params)
    return None


def _has_permuted(x: Node) -> bool:
    return (
        x.primitive is not None
        and x.primitive.elementwise
        and any(arg.name == "permute_dims" for arg in x.args)
    )


def _is_shallow(x: Node) -> bool:
    """Whether few enough such applications stand one upon another for a recursion through all of
    them."""
    layer = [x]
    for _ in range(50):
        layer = list(
            {id(arg): arg for node in layer if _has_permuted(node) for arg in node.args}.values()
        )
    return not layer


def _permuted(make: Make, x: Node, axes: tuple[int, ...]) -> Node:
    """An operand of an elementwise primitive with the axes of the result permuted."""
    if not x.kind.shape:
        return x
    shape = (*(1,) * (len(axes) - len(x.kind.shape)), *x.kind.shape)
    kind = ArrayType(tuple([shape[axis] for axis in axes]), x.kind.dtype)
    if sum(length != 1 for length in shape) <= 1:
        return make(kind, "reshape", x, shape=kind.shape)
    return make(
        kind,
        "permute_dims",
        make(ArrayType(shape, x.kind.dtype), "reshape", x, shape=shape),
        axes=axes,
    )


def _sum(
    make: Make, kind: ArrayType, x: Node, axis: tuple[int, ...], keepdims: bool
) -> Node | None:
    if all(x.kind.shape[k] == 1 for k in axis):
        return make(kind, "reshape", x, shape=kind.shape)
    if keepdims:
        shape = tuple([n for k, n in enumerate(x.kind.shape) if k not in axis])
        summed = make(ArrayType(shape, kind.dtype), "sum", x, axis=axis, keepdims=False)
        return make(kind, "reshape", summed, shape=kind.shape)
    if len(axis) == len(x.kind.shape) and x.name == "reshape":
        return make(
            kind, "sum", *x.args, axis=tuple(range(len(x.args[0].kind.shape))), keepdims=False
        )
    return None


def _getitem(
    make: Make, kind: ArrayType, x: Node, *arrays: Node, index: tuple[Any, ...]
) -> Node | None:
    """Indexing that only puts in or takes out axes of length 1."""
    if x.kind.size == kind.size and all(
        part in (None, Ellipsis, slice(None), 0, -1) for part in index
    ):
        return make(kind, "reshape", x, shape=kind.shape)
    return None


# --- products of matrices -------------------------------------------------------------------------


def _is_identity(node: Node) -> bool:
    value, shape = node.value, node.kind.shape
    if value is None or node.kind.dtype.kind not in "fc" or len(shape) != 2 or shape[0] != shape[1]:
        return False
    return bool(value.size and value[0, 0] == 1 and np.array_equal(value, np.eye(len(value))))


def _matmul(make: Make, kind: ArrayType, x: Node, y: Node) -> Node | None:
    """A factor that is the identity matrix or, as the product of that with a row, a diagonal
    one."""
    if len(x.kind.shape) != 2 or len(y.kind.shape) != 2:
        return None
    if _is_identity(x):
        return _same(make, kind, y)
    if _is_identity(y):
        return _same(make, kind, x)
    n = x.kind.shape[0]
    for identity, diagonal in (x.args, x.args[::-1]) if x.name == "multiply" else ():
        one_dtype = diagonal.kind.dtype == y.kind.dtype == kind.dtype
        if one_dtype and diagonal.kind.shape in ((n,), (1, n)) and _is_identity(identity):
            column = make(ArrayType((n, 1), diagonal.kind.dtype), "reshape", diagonal, shape=(n, 1))
            return make(kind, "multiply", column, y)
    return None


RULES: dict[str, list[Rule]] = {
    **dict.fromkeys(["astype", "broadcast_to", "positive"], [_same]),
    "abs": [lambda make, kind, x: make(kind, "abs", *x.args) if x.name == "negative" else None],
    "add": [_without_sign("subtract")],
    "constant_power": [_constant_power],
    "divide": [_halved, _signs_outwards("divide")],
    "getitem": [_getitem],
    "matmul": [_matmul],
    "matrix_transpose": [_matrix_transpose],
    "multiply": [_scaled, _signs_outwards("multiply"), _square],
    "negative": [_opposite],
    "permute_dims": [_permute_dims],
    "reshape": [_reshape],
    "subtract": [_without_sign("add")],
    "sum": [_sum],
}
