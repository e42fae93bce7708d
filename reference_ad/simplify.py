"""Identities of algebra that hold exactly, rounding included, so that a simpler graph gives the same numbers.

"Exactly" is for finite numbers in the range of the dtype: a product with a power of two is exact, but for underflow and
overflow, and so may change its place; a product with the identity matrix is exact, but for inf and nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .core import PRIMITIVES, Primitive
from .graph import Builder, Kind, Node

Rule = Callable[[Builder, tuple[Node, ...], dict[str, Any], Kind], Node | None]


def simplified(
    build: Builder, primitive: Primitive, args: tuple[Node, ...], params: dict[str, Any], kind: Kind
) -> Node | None:
    """A node equal to this application by one of the identities below; None where there is none."""
    if primitive.elementwise and any(arg.is_("broadcast_to") for arg in args):
        lean = _without_broadcasts(args, kind)
        if lean is not None:
            return build.apply(primitive, lean, params, kind)
    rule = RULES.get(primitive)
    return None if rule is None or kind.dtype.kind not in "fc" else rule(build, args, params, kind)


def _without_broadcasts(args: tuple[Node, ...], kind: Kind) -> tuple[Node, ...] | None:
    """Elementwise primitives broadcast by themselves."""
    for position, arg in enumerate(args):
        if arg.is_("broadcast_to"):
            lean = (*args[:position], arg.args[0], *args[position + 1 :])
            if np.broadcast_shapes(*[a.kind.shape for a in lean]) == kind.shape:
                return lean
    return None


def _make(build: Builder, name: str, args: tuple[Node, ...], kind: Kind, **params: Any) -> Node:
    return build.apply(PRIMITIVES[name], args, params, kind)


def _number(node: Node) -> Any:
    """The value of a constant real scalar, else None."""
    value = node.value
    if value is None or node.kind.shape != () or node.kind.dtype.kind not in "fi":
        return None
    return value if node.kind.weak else value[()]


def _same(node: Node, kind: Kind) -> Node | None:
    """The node, if it has exactly this shape and dtype."""
    return node if node.kind[:2] == kind[:2] else None


def _is_power_of_two(number: Any) -> bool:
    return bool(np.isfinite(number)) and bool(abs(np.frexp(number)[0]) == 0.5)


def _factor(node: Node, kind: Kind) -> tuple[Any, Node] | None:
    """The node as a constant number times a node of this dtype, if it is such a product."""
    if node.is_("multiply"):
        for constant, other in (node.args, node.args[::-1]):
            number = _number(constant)
            if number is not None and other.kind.dtype == kind.dtype:
                return number, other
    return None


def _multiply(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    for x, y in (args, args[::-1]):
        number = _number(x)
        if number is not None and y.kind.dtype == kind.dtype:
            if number == 1:
                found = _same(y, kind)
                if found is not None:
                    return found
            if number == -1:
                return _make(build, "negative", (y,), kind)
            if y.is_("negative"):
                return _make(build, "multiply", (build.constant(-number), y.args[0]), kind)
            inner = _factor(y, kind)
            if inner is not None and (_is_power_of_two(number) or _is_power_of_two(inner[0])):
                return _make(build, "multiply", (build.constant(number * inner[0]), inner[1]), kind)
    # signs travel outwards, where they meet a sum or each other
    for x, y in (args, args[::-1]):
        if x.is_("negative"):
            return _make(build, "negative", (_make(build, "multiply", (x.args[0], y), kind),), kind)
    if args[0] is args[1] and kind.dtype.kind == "f":
        return _make(build, "square", args[:1], kind)
    return None


def _divide(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    x, y = args
    number = _number(y)
    if number is not None and number != 0 and x.kind.dtype == kind.dtype and _is_power_of_two(number):
        return _make(build, "multiply", (build.constant(1 / number), x), kind)
    if x.is_("negative"):
        return _make(build, "negative", (_make(build, "divide", (x.args[0], y), kind),), kind)
    return None


def _add(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    for x, y in (args, args[::-1]):
        if y.is_("negative"):
            return _make(build, "subtract", (x, y.args[0]), kind)
    return None


def _subtract(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    x, y = args
    if y.is_("negative"):
        return _make(build, "add", (x, y.args[0]), kind)
    return None


def _negative(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    if args[0].is_("negative"):
        return args[0].args[0]
    inner = _factor(args[0], kind)
    return None if inner is None else _make(build, "multiply", (build.constant(-inner[0]), inner[1]), kind)


def _abs(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    return _make(build, "abs", args[0].args, kind) if args[0].is_("negative") else None


def _constant_power(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    if params["exponent"] == 1:
        return _same(args[0], kind)
    if params["exponent"] == 2 and kind.dtype.kind == "f":
        return _make(build, "square", args, kind)
    return None


def _identity(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    return _same(args[0], kind)


def _reshape(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    (x,) = args
    if x.kind.shape == kind.shape:
        return x
    if x.is_("reshape"):
        return _make(build, "reshape", x.args, kind, shape=kind.shape)
    return _make(build, "reshape", args, kind, shape=kind.shape) if params["shape"] != kind.shape else None


def _matrix_transpose(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    n = len(kind.shape)
    return _make(build, "permute_dims", args, kind, axes=(*range(n - 2), n - 1, n - 2))


def _permute_dims(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    (x,), axes = args, params["axes"]
    if axes == tuple(range(len(axes))):
        return x
    if x.is_("permute_dims"):
        composed = tuple([x.params["axes"][axis] for axis in axes])
        return _make(build, "permute_dims", x.args, kind, axes=composed)
    if x.primitive is not None and x.primitive.elementwise and any(arg.is_("permute_dims") for arg in x.args):
        moved = [_permuted_easily(build, arg, axes) for arg in x.args]
        if None not in moved:
            return build.apply(x.primitive, tuple([m for m in moved if m]), x.params, kind)
    return None


def _permuted_easily(build: Builder, x: Node, axes: tuple[int, ...]) -> Node | None:
    """The node with its axes permuted, if that moves no numbers in memory."""
    if not x.kind.shape:
        return x
    shape = (*(1,) * (len(axes) - len(x.kind.shape)), *x.kind.shape)
    kind = Kind(tuple([shape[axis] for axis in axes]), x.kind.dtype)
    if sum(length != 1 for length in shape) <= 1:
        return _make(build, "reshape", (x,), kind, shape=kind.shape)
    if x.is_("permute_dims") and tuple([x.params["axes"][axis] for axis in axes]) == tuple(range(len(axes))):
        return x.args[0]
    return None


def _sum(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    (x,), axes = args, params["axis"]
    if all(x.kind.shape[axis] == 1 for axis in axes):
        return _make(build, "reshape", args, kind, shape=kind.shape)
    whole = len(axes) == len(x.kind.shape)
    if whole and x.is_("reshape") and not params["keepdims"]:
        inner = x.args[0]
        return _make(build, "sum", (inner,), kind, axis=tuple(range(len(inner.kind.shape))), keepdims=False)
    return None


def _getitem(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    """Indexing that only puts in or takes out axes of length 1."""
    index = params["index"] if type(params["index"]) is tuple else (params["index"],)
    moves = all(part is None or part is Ellipsis or part == slice(None) or part in (0, -1) for part in index if
                not isinstance(part, (np.ndarray, list, Node, tuple)))  # fmt: skip
    plain = all(part is None or part is Ellipsis or type(part) in (slice, int) for part in index)
    if plain and moves and args[0].kind.size == kind.size:
        return _make(build, "reshape", args, kind, shape=kind.shape)
    return None


def _is_identity(node: Node) -> bool:
    value, shape = node.value, node.kind.shape
    if value is None or node.kind.dtype.kind not in "fc" or len(shape) != 2 or shape[0] != shape[1]:
        return False
    return value.size > 0 and bool(value[0, 0] == 1) and bool(np.array_equal(value, np.eye(len(value))))


def _matmul(build: Builder, args: tuple[Node, ...], params: Any, kind: Kind) -> Node | None:
    """A factor that is the identity matrix or, as the product of that with a row, a diagonal one."""
    x, y = args
    if len(x.kind.shape) != 2 or len(y.kind.shape) != 2:
        return None
    if _is_identity(x):
        return _same(y, kind)
    if _is_identity(y):
        return _same(x, kind)
    if x.is_("multiply"):
        for identity, diagonal in (x.args, x.args[::-1]):
            n = x.kind.shape[0]
            if diagonal.kind.shape in ((n,), (1, n)) and _is_identity(identity):
                column = _make(build, "reshape", (diagonal,), Kind((n, 1), diagonal.kind.dtype), shape=(n, 1))
                return _make(build, "multiply", (column, y), kind)
    return None


_BY_NAME: dict[str, Rule] = {
    "abs": _abs,
    "add": _add,
    "astype": _identity,
    "broadcast_to": _identity,
    "constant_power": _constant_power,
    "divide": _divide,
    "getitem": _getitem,
    "matmul": _matmul,
    "matrix_transpose": _matrix_transpose,
    "multiply": _multiply,
    "negative": _negative,
    "permute_dims": _permute_dims,
    "positive": _identity,
    "reshape": _reshape,
    "stop_gradient": _identity,
    "subtract": _subtract,
    "sum": _sum,
}
RULES = {PRIMITIVES[name]: rule for name, rule in _BY_NAME.items()}
