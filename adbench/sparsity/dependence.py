"""Which entries of a value depend on which inputs, carried through one application.

A *dependence* is a boolean matrix with a row for each entry of a value and a column for each active
number: true where the derivative can be other than zero at some arguments. None stands for a matrix
without any entry. Each rule is exact about where a primitive takes its entries from, and takes
every entry of an argument for one that matters, whatever its number; constants that stand in the
program are known, and their zeros are used. A primitive without a rule here depends on everything
in its arguments, so that what is unknown is dense.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from reference_ad.engine.core import Primitive
from reference_ad.engine.nodes import Node
from reference_ad.rules import contraction, elementwise, fourier, linalg, reductions, structural

Matrix = Any
"""A sparse boolean matrix (`scipy.sparse.csr_array`)."""
Dependence = Matrix | None
Positions = np.ndarray[Any, Any]
"""The numbers of the entries of an array, in C order, in that array's shape."""
Rule = Callable[[Node, Sequence[Dependence]], Dependence]
"""`rule(node, dependences of its arguments)`."""


def of_application(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Return the dependence of an application on the inputs, from those of its arguments."""
    primitive = node.primitive
    assert primitive is not None
    is_constant = primitive.jvp is None and not primitive.vjps
    if is_constant or all(argument is None for argument in arguments):
        return None
    if primitive in RULES:
        return RULES[primitive](node, arguments)
    if primitive.elementwise:
        return _elementwise(node, arguments)
    return _on_everything(node, arguments)


# ---- what rules are made of


def positions(node: Node) -> Positions:
    """Return the numbers of the entries of a node."""
    array_type = node.array_type
    return np.arange(array_type.size).reshape(array_type.shape)


def selection(sources: Positions, count: int) -> Matrix:
    """Return the matrix that takes row `sources[k]` of `count` to row k; -1 stands for none."""
    columns = sources.ravel()
    rows = np.flatnonzero(columns >= 0)
    return _matrix(rows, columns[rows], (columns.size, count))


def joined(parts: Sequence[Dependence]) -> Dependence:
    """Return the union of dependences of one shape."""
    union = None
    for part in parts:
        if part is not None:
            union = part if union is None else union + part
    return union


def value_of(node: Node) -> Any:
    """Return the number or array that a node stands for in every call; None where it has none."""
    if node.primitive is None:
        return node.value
    values = [value_of(argument) for argument in node.args]
    if any(value is None for value in values):
        return None
    return node.primitive.implementation(*map(np.asarray, values), **node.params)


def _matrix(rows: Any, columns: Any, shape: tuple[int, int]) -> Matrix:
    entries = np.ones(len(rows), dtype=bool)
    return sparse.csr_array((entries, (rows, columns)), shape=shape)


def _spread(dependence: Matrix, argument: Node, shape: tuple[int, ...]) -> Matrix:
    """The dependence of an argument that is broadcast to a shape."""
    if argument.array_type.shape == shape:
        return dependence
    sources = np.broadcast_to(positions(argument), shape)
    return selection(sources, argument.array_type.size) @ dependence


def _within(groups: Positions, dependence: Matrix, shape: tuple[int, ...]) -> Matrix:
    """The dependence of each group of rows as a whole, for rows of a shape that it broadcasts to.

    groups: positions in C order, of which the last axis is one group.
    """
    length = groups.shape[-1]
    number = groups.size // max(length, 1)
    rows = np.repeat(np.arange(number), length)
    totals = _matrix(rows, groups.ravel(), (number, dependence.shape[0])) @ dependence
    of_group = np.arange(number).reshape(*groups.shape[:-1], 1)
    return selection(np.broadcast_to(of_group, shape), number) @ totals


# ---- rules


def _on_everything(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Every entry depends on whatever any entry of any argument does."""
    size = node.array_type.size
    parts: list[Dependence] = []
    for argument in arguments:
        if argument is not None:
            every_row = sparse.csr_array(np.ones((1, argument.shape[0]), dtype=bool))
            parts.append(selection(np.zeros(size, dtype=int), 1) @ (every_row @ argument))
    return joined(parts)


def _elementwise(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Each entry depends on the same entry of the arguments by which there is a derivative."""
    primitive = node.primitive
    assert primitive is not None
    parts: list[Dependence] = []
    for rule, dependence, argument in zip(primitive.vjps, arguments, node.args, strict=True):
        if rule is not None and dependence is not None:
            parts.append(_spread(dependence, argument, node.array_type.shape))
    return joined(parts)


def _multiply(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """As elementwise; an entry times a zero that stands in the program depends on nothing."""
    shape = node.array_type.shape
    parts: list[Dependence] = []
    for dependence, argument, factor in zip(arguments, node.args, node.args[::-1], strict=True):
        if dependence is not None:
            part = _spread(dependence, argument, shape)
            parts.append(_where_not_zero(part, value_of(factor), shape))
    return joined(parts)


def _where(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """As elementwise; of two sides the one that is chosen, where the condition is known."""
    shape = node.array_type.shape
    condition = value_of(node.args[0])
    chosen = [condition, None if condition is None else np.logical_not(condition)]
    parts: list[Dependence] = []
    for dependence, argument, is_chosen in zip(arguments[1:], node.args[1:], chosen, strict=True):
        if dependence is not None:
            part = _spread(dependence, argument, shape)
            parts.append(_where_not_zero(part, is_chosen, shape))
    return joined(parts)


def _where_not_zero(dependence: Matrix, factor: Any, shape: tuple[int, ...]) -> Dependence:
    """A dependence without the rows of entries whose factor is known to be zero."""
    if factor is None:
        return dependence
    is_used = np.broadcast_to(np.asarray(factor) != 0, shape).ravel()
    sources = np.where(is_used, np.arange(is_used.size), -1)
    return selection(sources, is_used.size) @ dependence


def _moved(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Entries are moved about: the primitive itself says where, applied to their numbers."""
    dependence, (argument, *indices) = arguments[0], node.args
    numbers = [value_of(index) for index in indices]
    if dependence is None or any(number is None for number in numbers):
        return _on_everything(node, arguments)
    sources = _applied(node, positions(argument), *numbers)
    return selection(sources, argument.array_type.size) @ dependence


def _applied(node: Node, *arrays: Any) -> Positions:
    assert node.primitive is not None
    return np.asarray(node.primitive.implementation(*arrays, **node.params))


def _cut_off(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """A triangle: entries are kept, or are zero."""
    (dependence,), (argument,) = arguments, node.args
    sources = _applied(node, positions(argument) + 1) - 1
    return selection(sources, argument.array_type.size) @ dependence


def _same_entries(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    return arguments[0]


def _joining(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Arrays are put together: each entry comes from one of them."""
    starts = np.cumsum([0, *(argument.array_type.size for argument in node.args)])
    parts: list[Dependence] = []
    for place, dependence in enumerate(arguments):
        if dependence is None:
            continue
        numbers = [np.full(argument.array_type.shape, -1) for argument in node.args]
        numbers[place] = positions(node.args[place])
        sources = _applied(node, *numbers)
        parts.append(selection(sources, int(starts[place + 1] - starts[place])) @ dependence)
    return joined(parts)


def _scattered(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Entries are added to those of zeros: the index says to which."""
    dependence, (argument, *indices) = arguments[0], node.args
    numbers = [value_of(index) for index in indices]
    if dependence is None or any(number is None for number in numbers):
        return _on_everything(node, arguments)
    index = node.params["index"]
    targets = structural.getitem.implementation(positions(node), *numbers, index=index)
    sources = np.broadcast_to(positions(argument), np.shape(targets)).ravel()
    shape = (node.array_type.size, argument.array_type.size)
    return _matrix(np.ravel(targets), sources, shape) @ dependence


def _last(array: Positions, axes: Sequence[int]) -> Positions:
    """Positions with some axes moved to the end and joined to one."""
    axes = [axis % array.ndim for axis in axes]
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    moved = array.transpose(*kept, *axes)
    return moved.reshape(*moved.shape[: len(kept)], -1)


def _reduction(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Each entry depends on all that are combined to it."""
    (dependence,), (argument,) = arguments, node.args
    groups = _last(positions(argument), node.params["axis"])
    return _within(groups, dependence, (*groups.shape[:-1], 1))


def _along_groups(dependence: Matrix, shape: tuple[int, ...], axes: Sequence[int]) -> Matrix:
    """Each entry depends on all along some axes, itself among them."""
    numbers = np.arange(dependence.shape[0]).reshape(shape)
    groups = _last(numbers, axes)
    by_group = _within(groups, dependence, groups.shape)
    order = np.empty(numbers.size, dtype=int)
    order[groups.ravel()] = np.arange(numbers.size)
    return selection(order, numbers.size) @ by_group


def _normalized(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Each entry depends on all along the axes: softmax and its like."""
    shape, axes = node.array_type.shape, node.params["axis"]
    return joined(
        [
            _along_groups(_spread(dependence, argument, shape), shape, axes)
            for dependence, argument in zip(arguments, node.args, strict=True)
            if dependence is not None
        ]
    )


def _transform(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    (dependence,) = arguments
    return _along_groups(dependence, node.array_type.shape, (-1,))


def _running(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Each entry depends on those before it along the axis, and on itself."""
    (dependence,), (argument,) = arguments, node.args
    lines = np.moveaxis(positions(argument), node.params["axis"], -1)
    later, earlier = np.tril_indices(lines.shape[-1])
    rows, columns = lines[..., later].ravel(), lines[..., earlier].ravel()
    size = argument.array_type.size
    return _matrix(rows, columns, (size, size)) @ dependence


def _matmul(node: Node, arguments: Sequence[Dependence]) -> Dependence:
    """Each entry depends on a row and a column, less what a zero of the program meets there."""
    left, right = node.args
    parts: list[Dependence] = []
    if arguments[0] is not None:
        parts.append(_times_known(node, arguments[0], left, right, is_left=True))
    if arguments[1] is not None:
        parts.append(_times_known(node, arguments[1], right, left, is_left=False))
    return joined(parts)


def _times_known(
    node: Node, dependence: Matrix, argument: Node, factor: Node, *, is_left: bool
) -> Dependence:
    """What one factor brings into a product.

    is_left: whether it is the left one.
    """
    numbers = value_of(factor)
    rank = len(argument.array_type.shape)
    if numbers is None or rank > 2 or np.ndim(numbers) > 2:
        return _row_or_column(node, dependence, argument, is_left=is_left)
    # Rows of `matrix` are the entries of a product with one row or column of the argument.
    matrix = np.atleast_2d(np.asarray(numbers) != 0)
    if matrix.all():
        return _row_or_column(node, dependence, argument, is_left=is_left)
    if is_left:
        matrix = matrix if np.ndim(numbers) == 1 else matrix.T
    known = sparse.csr_array(matrix)
    if rank == 1:
        return known @ dependence
    rows, columns = argument.array_type.shape
    if is_left:
        return sparse.csr_array(sparse.kron(sparse.eye_array(rows, dtype=bool), known)) @ dependence
    return sparse.csr_array(sparse.kron(known, sparse.eye_array(columns, dtype=bool))) @ dependence


def _row_or_column(node: Node, dependence: Matrix, argument: Node, *, is_left: bool) -> Matrix:
    """Each entry depends on all of its row of the left factor, or its column of the right."""
    numbers = positions(argument)
    left, right = (np.zeros(each.array_type.shape, dtype=bool) for each in node.args)
    if left.ndim == 1:
        left = left[None, :]
        numbers = numbers[None, :] if is_left else numbers
    if right.ndim == 1:
        right = right[:, None]
        numbers = numbers if is_left else numbers[:, None]
    shape = (left @ right).shape
    groups = numbers if is_left else numbers.mT
    turned = shape if is_left else (*shape[:-2], shape[-1], shape[-2])
    product = _within(groups, dependence, turned)
    if is_left:
        return product
    order = np.arange(product.shape[0]).reshape(turned).mT
    return selection(order, product.shape[0]) @ product


RULES: dict[Primitive, Rule] = {
    elementwise.multiply: _multiply,
    elementwise.where: _where,
    structural.reshape: _moved,
    structural.broadcast_to: _moved,
    structural.permute_dims: _moved,
    structural.matrix_transpose: _moved,
    structural.flip: _moved,
    structural.roll: _moved,
    structural.getitem: _moved,
    structural.tril: _cut_off,
    structural.triu: _cut_off,
    structural.astype: _same_entries,
    linalg.real: _same_entries,
    structural.concat: _joining,
    structural.stack: _joining,
    structural.scatter_add: _scattered,
    reductions.sum: _reduction,
    reductions.max: _reduction,
    reductions.min: _reduction,
    reductions.logsumexp: _reduction,
    linalg.norm: _reduction,
    reductions.softmax: _normalized,
    reductions.log_softmax: _normalized,
    reductions.less_mean: _normalized,
    reductions.less_share: _normalized,
    reductions.cumulative_sum: _running,
    fourier.dft: _transform,
    contraction.matmul: _matmul,
}
"""The rules; a primitive that acts on each element needs none."""
