"""Sums of products."""

# mypy: disable-error-code="has-type"
# (a rule may mention a primitive that is defined further down)

from __future__ import annotations

from math import prod

import numpy as np

from ..engine.core import Array, Primitive, UnlistedPrimitive
from ..engine.declaring import linear, reshape, sum
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, Work, write_as
from ..engine.rounding import Rounding, rounds
from .batching import Application, batch, deepen, reshape_if_needed
from .elementwise import multiply, square
from .identities import Build, Make, argument_of_same_type, simplify
from .structural import getitem, matrix_transpose

_COLUMN = (..., None)
_FIRST_COLUMN = (..., 0)


def _matmul_transpose_x(g: Array, ans: Array, x: Array, y: Array) -> Array:
    if y.ndim == 1:
        return getitem(g, index=_COLUMN) * y
    if x.ndim == 1:
        return getitem(matmul(y, getitem(g, index=_COLUMN)), index=_FIRST_COLUMN)
    return g @ y.mT


def _matmul_transpose_y(g: Array, ans: Array, x: Array, y: Array) -> Array:
    if x.ndim == 1:
        if y.ndim == 1:
            return g * x
        return getitem(x, index=_COLUMN) * getitem(g, index=(..., None, slice(None)))
    if y.ndim == 1:
        return getitem(matmul(x.mT, getitem(g, index=_COLUMN)), index=_FIRST_COLUMN)
    return x.mT @ g


# as NumPy's: a vector on the left is a row, on the right a column, and leading axes broadcast
# (`unbroadcast` undoes that)
matmul = linear("matmul", np.matmul, _matmul_transpose_x, _matmul_transpose_y)


# --- on stacks of arrays --------------------------------------------------------------------------


def _stack_or_array(application: Application, position: int) -> tuple[Array, bool, int]:
    """An argument as an array, whether it is a stack, and how many axes a member has."""
    arg = application.args[position]
    if application.members.holds(arg):
        return arg.primal, True, arg.ndim
    return arg, False, arg.ndim


def _batched_matmul(application: Application) -> Array:
    x, x_is_stack, x_ndim = _stack_or_array(application, 0)
    y, y_is_stack, y_ndim = _stack_or_array(application, 1)
    if not y_is_stack and y_ndim <= 2:
        return _all_rows_at_once(x, y)
    if not x_is_stack and x_ndim == 2:
        if y_ndim == 1:
            return matmul(y, matrix_transpose(x))
        if y_ndim == 2 and y.shape[-1] == 1:
            return _all_columns_at_once(x, y)
    product = matmul(
        _as_matrices(x, x_ndim, y_ndim, x_is_stack, row=True),
        _as_matrices(y, y_ndim, x_ndim, y_is_stack, row=False),
    )
    *outer, rows, columns = product.shape
    if x_ndim > 1:
        outer.append(rows)
    if y_ndim > 1:
        outer.append(columns)
    return reshape_if_needed(product, *outer)


def _as_matrices(x: Array, ndim: int, other_ndim: int, is_stack: bool, *, row: bool) -> Array:
    """A factor of the general case: vectors as matrices, then as many axes as the other has.

    ndim: how many axes a member has; row: whether a vector is a row, or else a column
    """
    if ndim == 1 and row:
        x = reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))
    elif ndim == 1:
        x = reshape(x, shape=(*x.shape, 1))
    if is_stack:
        x = deepen(x, max(ndim, other_ndim, 2))
    return x


def _all_rows_at_once(x: Array, y: Array) -> Array:
    """A stack times one matrix or vector: all rows of all members in one product."""
    rows = reshape_if_needed(x, prod(x.shape[:-1]), x.shape[-1])
    return reshape_if_needed(matmul(rows, y), *x.shape[:-1], *y.shape[1:])


def _all_columns_at_once(x: Array, y: Array) -> Array:
    """One matrix times a stack of columns: all columns of all members in one product."""
    columns = reshape(y, shape=y.shape[:2])
    return reshape(matmul(columns, matrix_transpose(x)), shape=(len(y), len(x), 1))


batch(_batched_matmul, matmul)


# --- in graphs: identities that hold exactly ------------------------------------------------------


def _is_identity_matrix(node: Node) -> bool:
    value, array_type = node.value, node.array_type
    if value is None or array_type.dtype.kind not in "fc" or len(array_type.shape) != 2:
        return False
    rows, columns = array_type.shape
    if rows != columns or not value.size or value[0, 0] != 1:
        return False
    return bool(np.array_equal(value, np.eye(rows)))


def _matmul_with_identity(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
    """A factor that is the identity matrix."""
    if len(x.array_type.shape) != 2 or len(y.array_type.shape) != 2:
        return None
    if _is_identity_matrix(x):
        return argument_of_same_type(make, array_type, y)
    if _is_identity_matrix(y):
        return argument_of_same_type(make, array_type, x)
    return None


def _matmul_with_diagonal(make: Make, array_type: ArrayType, x: Node, y: Node) -> Node | None:
    """A factor that is a diagonal matrix, as the product of the identity matrix with a row."""
    if len(x.array_type.shape) != 2 or len(y.array_type.shape) != 2:
        return None
    if x.primitive is not multiply or _is_identity_matrix(y):
        return None
    n = x.array_type.shape[0]
    for identity, diagonal in (x.args, x.args[::-1]):
        row = diagonal.array_type
        has_same_dtype = row.dtype == y.array_type.dtype == array_type.dtype
        if has_same_dtype and row.shape in ((n,), (1, n)) and _is_identity_matrix(identity):
            column = make(ArrayType((n, 1), row.dtype), reshape, diagonal, shape=(n, 1))
            return make(array_type, multiply, column, y)
    return None


simplify(matmul, _matmul_with_identity, _matmul_with_diagonal)


# --- in compiled source ---------------------------------------------------------------------------

ONES_LIMIT = 1 << 12
"""Up to this many elements in a row are summed as a product with ones; beyond, by NumPy's pairwise
sum."""

inner_product = UnlistedPrimitive("inner product", np.vdot)
"""The sum of the products of all elements. It has no derivative, for it is made where nobody asks
for one, and a name that no function of a user's can have."""


def _lower_sum(
    build: Build, array_type: ArrayType, x: Node, axis: tuple[int, ...], keepdims: bool
) -> Node | None:
    """A sum as a product with ones, and a sum of products as one inner product."""
    if x.array_type.dtype != array_type.dtype:
        return None
    if array_type.shape == ():
        return _lower_total(build, array_type, x)
    shape = x.array_type.shape
    if len(shape) != 2:
        return None
    if axis == (0,):
        ones = _ones(build, array_type, shape[0])
        return _apply(build, array_type, matmul, ones, x)
    if axis == (1,) and shape[1] <= ONES_LIMIT:
        return _apply(build, array_type, matmul, x, _ones(build, array_type, shape[1]))
    return None


def _lower_total(build: Build, array_type: ArrayType, x: Node) -> Node | None:
    is_product = x.primitive is multiply or x.primitive is square
    if is_product and all(arg.array_type[:2] == x.array_type[:2] for arg in x.args):
        return _apply(build, array_type, inner_product, x.args[0], x.args[-1])
    if x.array_type.size <= ONES_LIMIT:
        ones = _ones(build, array_type, *x.array_type.shape)
        return _apply(build, array_type, inner_product, x, ones)
    return None


def _apply(build: Build, array_type: ArrayType, primitive: Primitive, *args: Node) -> Node:
    return build.apply_as_is(primitive, args, {}, array_type)


def _ones(build: Build, like: ArrayType, *shape: int) -> Node:
    array_type = ArrayType(shape, like.dtype)
    value = np.ones(shape, like.dtype)
    return build.intern(("ones", array_type), Node(array_type, value=value))


sum.lowering = _lower_sum

write_as(matmul, number="{} * {}", memory=Memory.NEW, work=Work.PER_TERM)
write_as(inner_product, memory=Memory.NEW)

rounds(Rounding.SUM, matmul)
