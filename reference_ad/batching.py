"""Batching: a program acts on many arrays at once, stacked along a new first axis.

This is how Jacobians are made: all tangents, or all cotangents, of a basis are carried along together. Elementwise
primitives are batched by one rule, since they broadcast; those that move, reduce and multiply by a rule each; any other
is applied to one array after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from .arguments import own
from .core import PRIMITIVES, Array, Level, Primitive, Tracer
from .rules import broadcast_to, reshape
from .rules_contraction import matmul
from .rules_structural import concat, getitem, matrix_transpose, stack
from .scalars import OBJECT, numbers
from .tape import Tape

MEMORY = 1 << 24
"""How many numbers a tape's worth of tangents may hold: larger bases are taken in parts."""


class BatchTracer(Tracer):
    """Arrays of one shape, stacked along the first axis of `primal`; it looks like one of them."""

    __slots__ = ()

    def __init__(self, level: Batch, primal: Array) -> None:
        self.level = level
        self.primal = primal

    @property
    def shape(self) -> tuple[int, ...]:
        return self.primal.shape[1:]

    @property
    def ndim(self) -> int:
        return self.primal.ndim - 1

    @property
    def size(self) -> int:
        return prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]


class Batch(Level):
    """The level of batching; `size` arrays are carried together."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        Level.__init__(self)
        self.size = size

    def holds(self, value: Array) -> bool:
        """Whether `value` differs from one member of the batch to the next."""
        return isinstance(value, BatchTracer) and value.level is self

    def process(self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]) -> Array:
        batched = [self.holds(arg) for arg in args]
        arrays = [arg.primal if held else arg for arg, held in zip(args, batched, strict=True)]
        known = PRIMITIVES.get(primitive.name) is primitive  # and not a user's own that has this name
        rule = RULES.get(primitive.name, _one_by_one) if known else _one_by_one
        if primitive.elementwise:
            rule = _elementwise
        return BatchTracer(self, rule(self.size, primitive, arrays, batched, params))

    def whole(self, value: Array) -> Array:
        """All members of the batch, stacked along the first axis."""
        return value.primal if self.holds(value) else broadcast_to(value, shape=(self.size, *value.shape))


Rule = Callable[[int, Primitive, list[Array], list[bool], dict[str, Any]], Array]


def _deepened(x: Array, ndim: int) -> Array:
    """A batched array with axes of length 1 after the first, so that its members have `ndim` axes."""
    missing = ndim + 1 - x.ndim
    return reshape(x, shape=(x.shape[0], *(1,) * missing, *x.shape[1:])) if missing > 0 else x


def _elementwise(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    ndims = [getattr(x, "ndim", 0) - held for x, held in zip(arrays, batched, strict=True)]
    deepest = max(ndims)
    return primitive(*[_deepened(x, deepest) if held else x for x, held in zip(arrays, batched, strict=True)], **params)


def _one_by_one(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    answers = []
    for k in range(size):
        members = [getitem(x, index=(k,)) if held else x for x, held in zip(arrays, batched, strict=True)]
        answers.append(primitive(*members, **params))
    return stack(*answers, axis=0)


def _unchanged(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    return primitive(*arrays, **params)


def _along_axis(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    axis = params["axis"]
    moved = tuple([k + 1 for k in axis]) if type(axis) is tuple else axis + 1
    return primitive(*arrays, **{**params, "axis": moved})


def _joining(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    whole = [x if held else broadcast_to(x, shape=(size, *x.shape)) for x, held in zip(arrays, batched, strict=True)]
    return primitive(*whole, axis=params["axis"] + 1)


def _reshape(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    known = -prod(params["shape"])  # of a shape with one length -1
    length = arrays[0].size // (size * known) if known > 0 else 0
    return reshape(arrays[0], shape=(size, *[length if n == -1 else n for n in params["shape"]]))


def _broadcast_to(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    return broadcast_to(_deepened(arrays[0], len(params["shape"])), shape=(size, *params["shape"]))


def _permute_dims(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    return primitive(*arrays, axes=(0, *[k + 1 for k in params["axes"]]))


def _index(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    index = params["index"] if type(params["index"]) is tuple else (params["index"],)
    arrays_at = [k for k, part in enumerate(index) if not isinstance(part, (slice, type(None), type(Ellipsis)))]
    if any(not isinstance(index[k], int) for k in arrays_at) and arrays_at[-1] - arrays_at[0] >= len(arrays_at):
        # arrays apart from each other: what they pick would go before the batch
        return _one_by_one(size, primitive, arrays, batched, params)
    moved = {**params, "index": (slice(None), *index)}
    if "shape" in params:
        moved["shape"] = (size, *params["shape"])
    return primitive(*arrays, **moved)


def _matmul(size: int, primitive: Primitive, arrays: list[Array], batched: list[bool], params: Any) -> Array:
    x, y = arrays
    x_ndim, y_ndim = x.ndim - batched[0], y.ndim - batched[1]
    if not batched[1] and y_ndim <= 2:  # all rows of all members in one product
        rows = x if x_ndim == 1 else reshape(x, shape=(prod(x.shape[:-1]), x.shape[-1]))
        product = matmul(rows, y)
        return product if x_ndim == 1 else reshape(product, shape=(*x.shape[:-1], *y.shape[1:]))
    if not batched[0] and y_ndim == 1 and x_ndim <= 2:
        return matmul(y, x if x_ndim == 1 else matrix_transpose(x))
    if not batched[0] and x_ndim == y_ndim == 2 and y.shape[-1] == 1:  # columns: all of them in one product
        columns = matmul(reshape(y, shape=y.shape[:2]), matrix_transpose(x))
        return reshape(columns, shape=(*columns.shape, 1))
    # the general case: vectors as matrices, then as many axes for both
    if x_ndim == 1:
        x = reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))
    if y_ndim == 1:
        y = reshape(y, shape=(*y.shape, 1))
    ndim = max(x_ndim, y_ndim, 2)
    product = matmul(_deepened(x, ndim) if batched[0] else x, _deepened(y, ndim) if batched[1] else y)
    shape = list(product.shape)
    if y_ndim == 1:
        del shape[-1]
    if x_ndim == 1:
        del shape[-1 if y_ndim == 1 else -2]
    return reshape(product, shape=tuple(shape))


RULES: dict[str, Rule] = {
    # on stacks of matrices, whose first axes broadcast
    **dict.fromkeys(
        ["solve", "det", "logabsdet", "sign_of_det", "cholesky", "qr", "eigh", "svd", "pinv"], _elementwise
    ),
    **dict.fromkeys(["matrix_transpose", "tril", "triu", "astype", "real", "imag", "conj"], _unchanged),
    **dict.fromkeys(["sum", "max", "min", "logsumexp", "softmax", "log_softmax", "norm"], _along_axis),
    **dict.fromkeys(["cumulative_sum", "flip", "roll"], _along_axis),
    **dict.fromkeys(["concat", "stack"], _joining),
    **dict.fromkeys(["getitem", "scatter_add"], _index),
    "broadcast_to": _broadcast_to,
    "matmul": _matmul,
    "permute_dims": _permute_dims,
    "reshape": _reshape,
}


# --- bases ------------------------------------------------------------------------------------------------------------


def _basis(leaf: Array, tape: Tape) -> Iterator[Array]:
    """The unit arrays like `leaf`, in C order, stacked: all of them, or parts that memory holds."""
    together = max(1, MEMORY // max(1, sum([answer.size for answer in tape.answers])))
    for start in range(0, leaf.size, together):
        count = min(together, leaf.size - start)
        units = np.eye(count, leaf.size, start, np.float64 if leaf.dtype == OBJECT else leaf.dtype)
        units = units.reshape(count, *leaf.shape)
        yield numbers(units) if leaf.dtype == OBJECT else units


def over_basis(leaf: Array, tape: Tape, apply: Callable[[Array], Sequence[Array | None]]) -> list[Array | None]:
    """What a linear map gives for every unit array like `leaf`, stacked along the first axis; None for zero.

    apply: the map, which gives several arrays; it is told all unit arrays at once
    """
    parts: list[list[Array | None]] = []
    for units in _basis(leaf, tape):
        with Batch(len(units)) as batch:
            answers = apply(BatchTracer(batch, units))
            parts.append([None if answer is None else batch.whole(answer) for answer in answers])
    columns = zip(*parts, strict=True)  # zero or not is a matter of the program, so all parts agree
    return own([None if c[0] is None else c[0] if len(c) == 1 else concat(*c, axis=0) for c in columns])
