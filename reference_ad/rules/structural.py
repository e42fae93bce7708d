"""Functions that move elements about: all linear, so only the transposes are written."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..engine.arguments import zeros
from ..engine.core import Array, Primitive, Rule, Tracer
from ..engine.declaring import astype as astype
from ..engine.declaring import broadcast_to as broadcast_to
from ..engine.declaring import linear
from ..engine.declaring import reshape as reshape
from ..engine.elements import ElementArray, UndecidedError, decided
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, Work, write_as
from ..engine.rounding import Rounding, rounds
from .batching import Application, along_axis, batch, deepen, with_larger_shape
from .identities import Make, argument_of_same_type, simplify


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=lambda position: axes[position]))


permute_dims = linear(
    "permute_dims",
    lambda x, axes: x.transpose(axes),
    lambda g, ans, x, axes: permute_dims(g, axes=_inverse(axes)),
)
matrix_transpose = linear("matrix_transpose", lambda x: x.mT, lambda g, ans, x: matrix_transpose(g))
flip = linear("flip", lambda x, axis: np.flip(x, axis), lambda g, ans, x, axis: flip(g, axis=axis))
roll = linear(
    "roll",
    lambda x, shift, axis: np.roll(x, shift, axis),
    lambda g, ans, x, shift, axis: roll(g, shift=tuple([-s for s in shift]), axis=axis),
)
tril = linear("tril", lambda x, k: np.tril(x, k), lambda g, ans, x, k: tril(g, k=k))
triu = linear("triu", lambda x, k: np.triu(x, k), lambda g, ans, x, k: triu(g, k=k))


# --- indexing -------------------------------------------------------------------------------------


FEW_TO_ADD = 256
"""Up to how many numbers np.add.at is as fast as any other way."""

ARRAY = "array"
"""In an index, the place of an array: the arrays are arguments, in their order."""
_PLAIN = (int, slice, type(None), type(Ellipsis))


def indexed(x: Array, index: Any) -> Array:
    """``x[index]`` for any index that NumPy takes; the arrays in it may be traced."""
    parts, arrays = split_index(index)
    return getitem(x, *arrays, index=parts)


def split_index(index: Any) -> tuple[tuple[Any, ...], list[Array]]:
    """An index with `ARRAY` in the places of its arrays, and these."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [_as_index(part) for part in parts if not isinstance(part, _PLAIN)]
    return tuple([part if isinstance(part, _PLAIN) else ARRAY for part in parts]), arrays


def _as_index(part: Any) -> Array:
    if not isinstance(part, Tracer):
        return np.asarray(
            part, int if isinstance(part, list) and not part else None
        )  # [] would be of floats
    if part.dtype == bool:
        decided(part, "An index")  # balls say so themselves
        raise TypeError(
            "An array was indexed with traced truth values, and its shape would depend on them: "
            "choose with where, or index outside of compile."
        )
    return part


def _complete(index: tuple[Any, ...], arrays: Sequence[Array]) -> tuple[Any, ...]:
    """The index with the arrays in their places.

    Raises UndecidedError where one is of balls, which are no integers since they leave them open.
    """
    if any(isinstance(array, ElementArray) for array in arrays):
        raise UndecidedError("An index")
    remaining = iter(arrays)
    return tuple([next(remaining) if part == ARRAY else part for part in index])


def _scatter_add(g: Array, *arrays: Array, index: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    if index == (ARRAY,) and _are_rows(g, arrays[0], shape):
        return _add_rows(g, arrays[0], shape)
    result = np.zeros(shape, g.dtype)
    if arrays:
        np.add.at(
            result, _complete(index, arrays), g
        )  # an array of integers may name an element more than once
    else:
        result[index] = g[()]  # an object array of no dimensions would be put in as an object
    return result


def _are_rows(g: Array, places: Array, shape: tuple[int, ...]) -> bool:
    """Whether g has a row for each place along the first axis, and they are many numbers."""
    is_large = type(g) is np.ndarray and g.size >= FEW_TO_ADD and len(shape) > 1
    is_whole = g.shape == (*np.shape(places), *shape[1:]) and 2 * g.size >= prod(shape)
    return is_large and is_whole and g.dtype == np.float64 and places.dtype != bool


def _add_rows(rows: Array, places: Array, shape: tuple[int, ...]) -> Array:
    """Add rows to those of zeros in the order in which they come, as np.add.at does.

    np.bincount takes a fifth of its time where rows have several numbers, and adds in float64.
    """
    width = prod(shape[1:])
    row_starts = np.reshape(np.arange(shape[0])[places], (-1, 1)) * width
    positions = np.reshape(row_starts + np.arange(width), -1)
    total = np.bincount(positions, np.reshape(rows, -1), minlength=prod(shape))
    return np.reshape(total, shape)


getitem = linear(
    "getitem",
    lambda x, *arrays, index: x[_complete(index, arrays) if arrays else index],
    lambda g, ans, x, *arrays, index: scatter_add(g, *arrays, index=index, shape=x.shape),
)
scatter_add = linear(
    "scatter_add",
    _scatter_add,
    lambda g, ans, x, *arrays, index, shape: getitem(g, *arrays, index=index),
)


# --- joining: any number of arguments -------------------------------------------------------------


class _EachArgument(Sequence[Rule]):
    """The rules of a primitive with any number of arguments.

    They are made from one rule that is told the position.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, position: Any) -> Any:
        return lambda g, ans, *args, **params: self.rule(g, position, *args, **params)

    def __len__(self) -> int:
        raise TypeError("A primitive with any number of arguments has any number of rules.")


def _joining(name: str, implementation: Any, transpose: Rule) -> Primitive:
    primitive = Primitive(name, implementation)
    primitive.vjps = _EachArgument(transpose)

    def jvp(
        tangents: Sequence[Array], ans: Array, args: Sequence[Array], params: dict[str, Any]
    ) -> Array:
        # the one place where zeros must be materialised: the answer's tangent has a part for each
        # argument
        pairs = zip(tangents, args, strict=True)
        filled = [
            zeros(np.shape(x), getattr(x, "dtype", float)) if t is None else t for t, x in pairs
        ]
        return primitive(*filled, **params)

    primitive.jvp = jvp
    return primitive


def _concat_transpose(g: Array, position: int, *args: Array, axis: int) -> Array:
    start = sum([arg.shape[axis] for arg in args[:position]])
    return getitem(
        g, index=(slice(None),) * axis + (slice(start, start + args[position].shape[axis]),)
    )


concat = _joining("concat", lambda *args, axis: np.concatenate(args, axis), _concat_transpose)
stack = _joining(
    "stack",
    lambda *args, axis: np.stack(args, axis),
    lambda g, position, *args, axis: getitem(g, index=(slice(None),) * axis + (position,)),
)


# --- on stacks of arrays --------------------------------------------------------------------------


def one_by_one(application: Application) -> Array:
    """Apply a primitive to one member after another, and stack the answers."""

    def on_member(k: int) -> Array:
        return application.on_stacks(lambda x: getitem(x, index=(k,)))

    return stack(*[on_member(k) for k in range(application.members.size)], axis=0)


def _join_stacks(application: Application) -> Array:
    stacks = [application.members.whole(arg) for arg in application.args]
    return application.primitive(*stacks, axis=application.params["axis"] + 1)


def _broadcast_stacks(application: Application) -> Array:
    shape = application.params["shape"]
    return application.on_stacks(
        lambda x: deepen(x, len(shape)), shape=(application.members.size, *shape)
    )


def _permute_stacks(application: Application) -> Array:
    axes = application.params["axes"]
    return application.on_stacks(axes=(0, *[axis + 1 for axis in axes]))


def _picks_apart(index: tuple[Any, ...]) -> bool:
    """Whether slices stand between arrays: the axes of what they pick go first, before a batch."""
    places = [k for k, part in enumerate(index) if type(part) is int or part == ARRAY]
    return places[-1] - places[0] >= len(places)


def _index_stacks(application: Application, **params: Any) -> Array:
    index = application.params["index"]
    arrays = application.args[1:]
    if arrays and (_picks_apart(index) or any(map(application.members.holds, arrays))):
        return one_by_one(application)
    return application.on_stacks(index=(slice(None), *index), **params)


def _scatter_stacks(application: Application) -> Array:
    shape = (application.members.size, *application.params["shape"])
    return _index_stacks(application, shape=shape)


batch(Application.on_stacks, matrix_transpose, tril, triu, astype)
batch(along_axis, flip, roll)
batch(with_larger_shape, reshape)
batch(_join_stacks, concat, stack)
batch(_broadcast_stacks, broadcast_to)
batch(_permute_stacks, permute_dims)
batch(_index_stacks, getitem)
batch(_scatter_stacks, scatter_add)


# --- in graphs: identities that hold exactly ------------------------------------------------------


def _reshape(make: Make, array_type: ArrayType, x: Node, shape: tuple[int, ...]) -> Node | None:
    if x.array_type.shape == array_type.shape:
        return x
    if x.primitive is reshape:
        return make(array_type, reshape, x.args[0], shape=array_type.shape)
    if shape != array_type.shape:
        return make(array_type, reshape, x, shape=array_type.shape)
    return None


def _matrix_transpose(make: Make, array_type: ArrayType, x: Node) -> Node:
    n = len(array_type.shape)
    return make(array_type, permute_dims, x, axes=(*range(n - 2), n - 1, n - 2))


def _permute_dims(make: Make, array_type: ArrayType, x: Node, axes: tuple[int, ...]) -> Node | None:
    if axes == tuple(range(len(axes))):
        return x
    if x.primitive is permute_dims:
        inner = x.params["axes"]
        return make(array_type, permute_dims, *x.args, axes=tuple([inner[axis] for axis in axes]))
    if _has_permuted(x) and _is_shallow(x):
        moved = [_permuted(make, arg, axes) for arg in x.args]
        if all(arg.primitive is not permute_dims for arg in moved):  # all of them for nothing
            return make(array_type, x.primitive, *moved, **x.params)
    return None


def _has_permuted(x: Node) -> bool:
    if x.primitive is None or not x.primitive.elementwise:
        return False
    return any(arg.primitive is permute_dims for arg in x.args)


def _is_shallow(x: Node) -> bool:
    """Whether few enough such applications stand one upon another.

    Few enough for a recursion through all of them.
    """
    layer = [x]
    for _ in range(50):
        args = {id(arg): arg for node in layer if _has_permuted(node) for arg in node.args}
        layer = list(args.values())
    return not layer


def _permuted(make: Make, x: Node, axes: tuple[int, ...]) -> Node:
    """An operand of an elementwise primitive with the axes of the result permuted."""
    if not x.array_type.shape:
        return x
    dtype = x.array_type.dtype
    shape = (*(1,) * (len(axes) - len(x.array_type.shape)), *x.array_type.shape)
    permuted_type = ArrayType(tuple([shape[axis] for axis in axes]), dtype)
    if len([length for length in shape if length != 1]) <= 1:
        return make(permuted_type, reshape, x, shape=permuted_type.shape)
    spread = make(ArrayType(shape, dtype), reshape, x, shape=shape)
    return make(permuted_type, permute_dims, spread, axes=axes)


def _getitem(
    make: Make, array_type: ArrayType, x: Node, *arrays: Node, index: tuple[Any, ...]
) -> Node | None:
    """Indexing that only puts in or takes out axes of length 1."""
    if x.array_type.size != array_type.size:
        return None
    if all(part in (None, Ellipsis, slice(None), 0, -1) for part in index):
        return make(array_type, reshape, x, shape=array_type.shape)
    return None


simplify(astype, argument_of_same_type)
simplify(broadcast_to, argument_of_same_type)
simplify(getitem, _getitem)
simplify(matrix_transpose, _matrix_transpose)
simplify(permute_dims, _permute_dims)
simplify(reshape, _reshape)


# --- in compiled source ---------------------------------------------------------------------------

write_as(reshape, permute_dims, number="{}", memory=Memory.VIEW)
write_as(getitem, memory=Memory.VIEW)
write_as(broadcast_to, number="{}", memory=Memory.NEW)
write_as(scatter_add, concat, stack, memory=Memory.NEW)
write_as(scatter_add, work=Work.PER_ARGUMENT)
write_as(reshape, broadcast_to, astype, permute_dims, matrix_transpose, work=Work.NOTHING)
write_as(flip, roll, tril, triu, getitem, concat, stack, work=Work.NOTHING)

rounds(Rounding.EXACT, astype, reshape, broadcast_to, permute_dims, matrix_transpose, flip, roll)
rounds(Rounding.EXACT, tril, triu, getitem, concat, stack)
rounds(Rounding.SUM, scatter_add)
getitem.takes_indices = scatter_add.takes_indices = True
