"""Batching: a program acts on many arrays at once, stacked along a new first axis.

This is how Jacobians are made: all tangents, or all cotangents, of a basis are carried along
together. Elementwise primitives are batched by one rule, since they broadcast; those that move,
reduce and multiply by a rule each; any other is applied to one array after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engine.arguments import copy_if_shared
from ..engine.core import PRIMITIVES, Array, Level, Primitive, Tracer
from ..engine.declaring import broadcast_to, reshape
from ..engine.elements import OBJECT, numbers
from ..engine.tape import Tape
from ..rules.contraction import matmul
from ..rules.structural import ARRAY, concat, getitem, matrix_transpose, stack

MEMORY = 1 << 24
"""How many numbers a tape's worth of tangents may hold: larger bases are taken in parts."""


class BatchTracer(Tracer):
    """Arrays of one shape, stacked along the first axis of `primal`; it looks like one of them."""

    __slots__ = ()

    def __init__(self, level: Batch, primal: Array) -> None:
        self.level = level
        self.primal = primal

    shape = property(lambda self: self.primal.shape[1:])
    ndim = property(lambda self: self.primal.ndim - 1)
    size = property(lambda self: prod(self.shape))

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

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        known = (
            PRIMITIVES.get(primitive.name) is primitive
        )  # and not a user's own that has this name
        rule = (
            _aligned
            if primitive.elementwise
            else RULES.get(primitive.name, _one_by_one)
            if known
            else _one_by_one
        )
        return BatchTracer(self, rule(Application(self, primitive, args, params)))

    def whole(self, value: Array) -> Array:
        """All members of the batch, stacked along the first axis."""
        if self.holds(value):
            return value.primal
        array = value if isinstance(value, Tracer) else np.asarray(value)
        return broadcast_to(array, shape=(self.size, *array.shape))


class Application(NamedTuple):
    """A primitive with its arguments, of which some belong to the batch: their shapes here are
    those of a member."""

    batch: Batch
    primitive: Primitive
    args: tuple[Array, ...]
    params: dict[str, Any]

    def on_stacks(self, change: Callable[[Array], Array] = lambda x: x, **params: Any) -> Array:
        """Apply the primitive to whole stacks, these changed first by `change`, with some
        parameters replaced."""
        arrays = [change(arg.primal) if self.batch.holds(arg) else arg for arg in self.args]
        return self.primitive(*arrays, **({**self.params, **params} if params else self.params))


def _reshaped(x: Array, *shape: int) -> Array:
    return x if x.shape == shape else reshape(x, shape=shape)


def _deepened(x: Array, ndim: int) -> Array:
    """A stack with axes of length 1 after the first, so that its members have `ndim` axes."""
    return _reshaped(x, x.shape[0], *(1,) * (ndim + 1 - x.ndim), *x.shape[1:])


def _aligned(one: Application) -> Array:
    """Broadcasting counts axes from the last."""
    deepest = max([np.ndim(arg) for arg in one.args])
    return one.on_stacks(lambda x: _deepened(x, deepest))


def _one_by_one(one: Application) -> Array:
    members = [one.on_stacks(lambda x, k=k: getitem(x, index=(k,))) for k in range(one.batch.size)]  # type: ignore[misc]
    return stack(*members, axis=0)


def _along_axis(one: Application) -> Array:
    axis = one.params["axis"]
    return one.on_stacks(axis=tuple([k + 1 for k in axis]) if type(axis) is tuple else axis + 1)


def _index(one: Application, **moved: Any) -> Array:
    index = one.params["index"]
    if len(one.args) > 1:
        places = [k for k, part in enumerate(index) if type(part) is int or part == ARRAY]
        apart = places[-1] - places[0] >= len(places)  # what they pick would go before the batch
        if apart or any(one.batch.holds(array) for array in one.args[1:]):
            return _one_by_one(one)
    return one.on_stacks(index=(slice(None), *index), **moved)


def _matmul(one: Application) -> Array:
    batched = [one.batch.holds(arg) for arg in one.args]
    x, y = [arg.primal if held else arg for arg, held in zip(one.args, batched, strict=True)]
    x_ndim, y_ndim = [arg.ndim for arg in one.args]
    if not batched[1] and y_ndim <= 2:  # all rows of all members in one product
        return _reshaped(
            matmul(_reshaped(x, prod(x.shape[:-1]), x.shape[-1]), y), *x.shape[:-1], *y.shape[1:]
        )
    if not batched[0] and x_ndim == 2 and y_ndim == 1:
        return matmul(y, matrix_transpose(x))
    if (
        not batched[0] and x_ndim == y_ndim == 2 and y.shape[-1] == 1
    ):  # all columns of all members in one product
        return reshape(
            matmul(reshape(y, shape=y.shape[:2]), matrix_transpose(x)), shape=(len(y), len(x), 1)
        )
    # the general case: vectors as matrices, then as many axes for both
    x = reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1])) if x_ndim == 1 else x
    y = reshape(y, shape=(*y.shape, 1)) if y_ndim == 1 else y
    ndim = max(x_ndim, y_ndim, 2)
    product = matmul(
        _deepened(x, ndim) if batched[0] else x, _deepened(y, ndim) if batched[1] else y
    )
    rows, columns = (
        product.shape[-2:-1] if x_ndim > 1 else (),
        product.shape[-1:] if y_ndim > 1 else (),
    )
    return _reshaped(product, *product.shape[:-2], *rows, *columns)


RULES: dict[str, Callable[[Application], Array]] = {
    # on stacks of matrices, whose first axes broadcast
    **dict.fromkeys(
        ["solve", "det", "logabsdet", "sign_of_det", "cholesky", "qr", "eigh", "svd", "pinv"],
        _aligned,
    ),
    **dict.fromkeys(
        ["matrix_transpose", "tril", "triu", "astype", "real", "imag", "conj"],
        Application.on_stacks,
    ),
    **dict.fromkeys(
        ["sum", "max", "min", "logsumexp", "softmax", "log_softmax", "norm"], _along_axis
    ),
    **dict.fromkeys(["cumulative_sum", "flip", "roll"], _along_axis),
    **dict.fromkeys(
        ["concat", "stack"],
        lambda one: one.primitive(
            *[one.batch.whole(arg) for arg in one.args], axis=one.params["axis"] + 1
        ),
    ),
    "broadcast_to": lambda one: one.on_stacks(
        lambda x: _deepened(x, len(one.params["shape"])),
        shape=(one.batch.size, *one.params["shape"]),
    ),
    "getitem": _index,
    "matmul": _matmul,
    "permute_dims": lambda one: one.on_stacks(axes=(0, *[k + 1 for k in one.params["axes"]])),
    "reshape": lambda one: one.on_stacks(shape=(one.batch.size, *one.params["shape"])),
    "scatter_add": lambda one: _index(one, shape=(one.batch.size, *one.params["shape"])),
}


# --- bases ----------------------------------------------------------------------------------------


def _basis(leaf: Array, tape: Tape) -> Iterator[Array]:
    """The unit arrays like `leaf`, in C order, stacked: all of them, or parts that memory holds."""
    together = max(1, MEMORY // max(1, sum([answer.size for answer in tape.answers])))
    for start in range(0, leaf.size, together):
        count = min(together, leaf.size - start)
        units = np.eye(count, leaf.size, start, np.float64 if leaf.dtype == OBJECT else leaf.dtype)
        units = units.reshape(count, *leaf.shape)
        yield numbers(units) if leaf.dtype == OBJECT else units


def over_basis(
    leaf: Array, tape: Tape, apply: Callable[[Array], Sequence[Array | None]]
) -> list[Array | None]:
    """What a linear map gives for every unit array like `leaf`, stacked along the first axis; None
    for zero.

    apply: the map, which gives several arrays; it is told all unit arrays at once
    """
    parts: list[list[Array | None]] = []
    for units in _basis(leaf, tape):
        with Batch(len(units)) as batch:
            answers = apply(BatchTracer(batch, units))
            if leaf.dtype.kind == "c" and not all(
                answer is None or answer.dtype.kind == "c" for answer in answers
            ):
                raise TypeError(
                    "A Jacobian between real and complex numbers would lose one of two parts: take "
                    "jacfwd for complex "
                    "results of real arguments, and jacrev for real results of complex arguments."
                )
            parts.append([None if answer is None else batch.whole(answer) for answer in answers])
    columns = zip(*parts, strict=True)  # zero or not is a matter of the program, so all parts agree
    return copy_if_shared(
        [None if c[0] is None else c[0] if len(c) == 1 else concat(*c, axis=0) for c in columns]
    )
