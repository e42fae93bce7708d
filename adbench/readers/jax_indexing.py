"""The JAX primitives that take elements by index, or put them, in the array namespace.

Indices that are the same in every call arrive as NumPy's arrays. What depends on them alone is then
computed by NumPy, and no array of the namespace is asked for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.readers.reading import Unreadable

Operation = Callable[..., Any]

PROMISE = "PROMISE_IN_BOUNDS"
"""How JAX calls the mode of `x[i]`, for which it leaves open what is outside of the array."""

MOST_LAYERS = 8
"""How many updates of one element are put one after the other; more of them all at once, by
comparing each place with each index."""


# ---- windows: which elements of an array the indices name


@dataclass(frozen=True)
class Windows:
    """What a `gather` takes or a `scatter` puts, one window for each index.

    Along some axes of the operand a window is a part, and these are its named axes. Along the
    others it is as long as the operand.
    """

    named: tuple[int, ...]
    full: tuple[int, ...]
    places: Any
    """Which of the rows each element of each window is, shape (n_windows * elements,). The rows are
    the operand with its named axes joined, before the full ones."""
    is_inside: Any
    """Which windows lie in the operand, shape (*batch,), or None where all do."""
    labels: list[int]
    """The axes of the windows in their order: -1, -2, ... for those of the indices, and the axes of
    the operand that the windows have."""
    shape: tuple[int, ...]
    """The lengths of the windows: of the indices, then of the named axes, then of the full ones."""


def _windows(
    module: Any,
    shape: Sequence[int],
    indices: Any,
    sizes: Sequence[int],
    index_map: Sequence[int],
    batching: tuple[Sequence[int], Sequence[int]],
    dropped: Sequence[int],
    mode: Any,
) -> Windows:
    """Find the windows.

    module: the namespace of the indices.
    shape, sizes: the lengths of the operand, and of a window.
    indices: the first element of each window, along the last axis for the axes in `index_map`.
    batching: axes of the operand that go along with axes of the indices.
    dropped: axes of the operand that the windows have not.
    """
    batch = tuple(map(int, indices.shape[:-1]))
    starts, is_inside = _starts(module, shape, indices, sizes, index_map, mode)
    for axis, axis_of_indices in zip(*batching, strict=True):
        counted = np.arange(batch[axis_of_indices]).reshape(_only(axis_of_indices, len(batch)))
        starts[axis] = module.asarray(np.broadcast_to(counted, batch).copy())
    named = tuple(k for k in range(len(shape)) if k in starts or sizes[k] != shape[k])
    full = tuple(k for k in range(len(shape)) if k not in named)
    places = module.asarray(np.zeros(batch + (1,) * len(named), np.int64))
    for k, axis in enumerate(named):
        offsets = np.arange(int(sizes[axis])).reshape((1,) * len(batch) + _only(k, len(named)))
        places = places * int(shape[axis]) + module.asarray(offsets)
        if axis in starts:
            places = places + module.reshape(starts[axis], batch + (1,) * len(named))
    axes = (*named, *full)
    return Windows(
        named,
        full,
        module.reshape(places, (-1,)),
        is_inside,
        [-1 - k for k in range(len(batch))] + [axis for axis in axes if axis not in dropped],
        (*batch, *[int(sizes[axis]) for axis in axes]),
    )


def _starts(
    module: Any,
    shape: Sequence[int],
    indices: Any,
    sizes: Sequence[int],
    index_map: Sequence[int],
    mode: Any,
) -> tuple[dict[int, Any], Any]:
    """Return where windows start along the axes, within the operand, and which do so unmoved."""
    starts: dict[int, Any] = {}
    is_inside = None
    for k, axis in enumerate(index_map):
        start = module.astype(indices[..., k], module.int64)
        last = int(shape[axis]) - int(sizes[axis])
        fits = module.logical_and(start >= 0, start <= last)
        is_inside = fits if is_inside is None else module.logical_and(is_inside, fits)
        starts[int(axis)] = _within(module, start, last)
    all_fit = module is np and is_inside is not None and bool(np.all(is_inside))
    if module is np and is_inside is not None and not all_fit and mode.name == PROMISE:
        raise Unreadable(
            f"An index lies outside of an array of shape {tuple(map(int, shape))}, and JAX leaves "
            "open what `x[i]` gives there: keep to those that there are, or say what is meant with "
            "`x.at[i].get(mode='clip')`, or 'fill'."
        )
    return starts, None if mode.name != "FILL_OR_DROP" or all_fit else is_inside


def _within(module: Any, start: Any, last: int) -> Any:
    """The start of a part, moved so that all of the part lies in the array."""
    start = module.where(start < 0, module.zeros_like(start), start)
    return module.where(start > last, module.full_like(start, last), start)


def _only(axis: int, ndim: int) -> tuple[int, ...]:
    """Return the shape of a vector along one of so many axes."""
    return tuple(-1 if k == axis else 1 for k in range(ndim))


def _labels_of_result(windows: Windows, window_dims: Sequence[int]) -> list[int]:
    """Return the labels of the windows' axes in the order that JAX has them in.

    window_dims: where the axes of the operand stand, which keep their order.
    """
    of_indices = iter(label for label in windows.labels if label < 0)
    of_operand = iter(sorted(label for label in windows.labels if label >= 0))
    ndim = len(windows.labels)
    return [next(of_operand if k in window_dims else of_indices) for k in range(ndim)]


def _rows(xp: Any, operand: Any, windows: Windows) -> Any:
    """The operand with its named axes joined, before the full ones."""
    moved = xp.permute_dims(operand, (*windows.named, *windows.full))
    full_lengths = tuple(int(operand.shape[axis]) for axis in windows.full)
    n_rows = math.prod(int(operand.shape[axis]) for axis in windows.named)
    return xp.reshape(moved, (n_rows, *full_lengths))


def _module_of(xp: Any, indices: Any) -> Any:
    return np if isinstance(indices, np.ndarray) else xp


def _as_array(xp: Any, x: Any, dtype: Any) -> Any:
    """x in the namespace, to which constants come as NumPy's arrays."""
    if not isinstance(x, np.ndarray) or x.dtype.kind == "O":
        return x
    return xp.asarray(np.array(x), dtype=dtype)


# ---- taking


def _gather(
    xp: Any,
    operand: Any,
    indices: Any,
    *,
    dimension_numbers: Any,
    slice_sizes: Sequence[int],
    mode: Any,
    fill_value: Any,
    kind: str,
    result_dtype: Any,
) -> Any:
    """The windows of an array; those outside of it are filled with a value, if the mode says so."""
    operand = _as_array(xp, operand, result_dtype)
    numbers = dimension_numbers
    windows = _windows(
        _module_of(xp, indices),
        operand.shape,
        indices,
        slice_sizes,
        numbers.start_index_map,
        (numbers.operand_batching_dims, numbers.start_indices_batching_dims),
        (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims),
        mode,
    )
    taken = xp.take(_rows(xp, operand, windows), xp.asarray(windows.places), axis=0)
    taken = xp.reshape(taken, windows.shape)
    if windows.is_inside is not None:
        ones = (1,) * (len(windows.shape) - windows.is_inside.ndim)
        is_inside = xp.asarray(windows.is_inside)
        is_inside = xp.reshape(is_inside, (*windows.shape[: windows.is_inside.ndim], *ones))
        filling = _default_filling(xp, operand, kind) if fill_value is None else fill_value
        taken = xp.where(is_inside, taken, xp.full_like(taken, filling))
    axes = [-1 - k for k in range(len(indices.shape) - 1)] + [*windows.named, *windows.full]
    lengths = dict(zip(axes, windows.shape, strict=True))
    taken = xp.reshape(taken, tuple(lengths[label] for label in windows.labels))
    order = _labels_of_result(windows, numbers.offset_dims)
    return xp.permute_dims(taken, tuple(windows.labels.index(label) for label in order))


def _default_filling(xp: Any, operand: Any, kind: str) -> Any:
    if kind in ("float", "complex"):
        return math.nan
    if kind == "bool":
        return True
    limits = xp.iinfo(operand.dtype)
    return limits.min or limits.max


def _dynamic_slice(
    xp: Any, x: Any, *starts: Any, slice_sizes: Sequence[int], result_dtype: Any
) -> Any:
    """A part of x, which is moved so that it lies in x."""
    x = _as_array(xp, x, result_dtype)
    for axis, (start, size) in enumerate(zip(starts, slice_sizes, strict=True)):
        n = int(x.shape[axis])
        if int(size) == n:
            continue
        module = _module_of(xp, start)
        first = _within(module, module.astype(start, module.int64), n - int(size))
        places = first + module.arange(int(size))
        x = xp.take(x, xp.asarray(places), axis=axis)
    return x


# ---- putting


def _dynamic_update_slice(
    xp: Any, operand: Any, update: Any, *starts: Any, result_dtype: Any
) -> Any:
    """The operand with a part replaced, which is moved so that it lies in the operand."""
    operand, update = (_as_array(xp, x, result_dtype) for x in (operand, update))
    is_replaced = None
    for axis, start in enumerate(starts):
        n, size = int(operand.shape[axis]), int(update.shape[axis])
        if n == size:
            continue
        module = _module_of(xp, start)
        first = _within(module, module.astype(start, module.int64), n - size)
        places = module.arange(n) - first
        fits = xp.asarray(module.logical_and(places >= 0, places < size))
        fits = xp.reshape(fits, _only(axis, operand.ndim))
        is_replaced = fits if is_replaced is None else xp.logical_and(is_replaced, fits)
        update = xp.take(update, xp.asarray(_within(module, places, size - 1)), axis=axis)
    return update if is_replaced is None else xp.where(is_replaced, update, operand)


Combine = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Combination:
    """How a `scatter` joins updates with what they meet, each a function of the namespace first."""

    join: Combine
    reduce: Callable[[Any, Any], Any]
    """Joins updates along axis 1."""
    nothing: Combine
    """What stands for no update, of the rows and the updates."""


def _zeros(xp: Any, rows: Any, updates: Any) -> Any:
    return xp.zeros_like(updates)


def _ones(xp: Any, rows: Any, updates: Any) -> Any:
    return xp.ones_like(updates)


def _same_rows(xp: Any, rows: Any, updates: Any) -> Any:
    return rows


ADDING = Combination(lambda xp, x, y: x + y, lambda xp, x: xp.sum(x, axis=1, dtype=x.dtype), _zeros)
MULTIPLYING = Combination(
    lambda xp, x, y: x * y, lambda xp, x: xp.prod(x, axis=1, dtype=x.dtype), _ones
)
LARGEST = Combination(
    lambda xp, x, y: xp.maximum(x, y), lambda xp, x: xp.max(x, axis=1), _same_rows
)
SMALLEST = Combination(
    lambda xp, x, y: xp.minimum(x, y), lambda xp, x: xp.min(x, axis=1), _same_rows
)


def _scattering(combination: Combination | None) -> Operation:
    """Return the `scatter` that combines in this way; None: the last update replaces."""

    def scatter(
        xp: Any,
        operand: Any,
        indices: Any,
        updates: Any,
        *,
        dimension_numbers: Any,
        mode: Any,
        update_jaxpr: Any,
        update_consts: Any,
        result_dtype: Any,
    ) -> Any:
        operand, updates = (_as_array(xp, x, result_dtype) for x in (operand, updates))
        windows = _windows_to_put(xp, operand, indices, updates, dimension_numbers, mode)
        rows = _rows(xp, operand, windows)
        order = _labels_of_result(windows, dimension_numbers.update_window_dims)
        moved = xp.permute_dims(updates, tuple(order.index(label) for label in windows.labels))
        values = xp.reshape(moved, (-1, *rows.shape[1:]))
        places = _places_or_none(_module_of(xp, indices), windows)
        rows = _put(xp, rows, places, values, combination)
        axes = (*windows.named, *windows.full)
        lengths = tuple(int(operand.shape[axis]) for axis in axes)
        back = tuple(axes.index(axis) for axis in range(len(axes)))
        return xp.permute_dims(xp.reshape(rows, lengths), back)

    return scatter


def _windows_to_put(
    xp: Any, operand: Any, indices: Any, updates: Any, numbers: Any, mode: Any
) -> Windows:
    dropped = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    sizes = [1] * operand.ndim
    kept = [axis for axis in range(operand.ndim) if axis not in dropped]
    for axis, place in zip(kept, sorted(numbers.update_window_dims), strict=True):
        sizes[axis] = int(updates.shape[place])
    return _windows(
        _module_of(xp, indices),
        operand.shape,
        indices,
        sizes,
        numbers.scatter_dims_to_operand_dims,
        (numbers.operand_batching_dims, numbers.scatter_indices_batching_dims),
        dropped,
        mode,
    )


def _places_or_none(module: Any, windows: Windows) -> Any:
    """The places of the windows' elements, -1 where a window does not lie in the operand."""
    if windows.is_inside is None:
        return windows.places
    n_batch = windows.is_inside.ndim
    inner = windows.shape[n_batch : n_batch + len(windows.named)]
    batch = windows.shape[:n_batch]
    is_inside = module.reshape(windows.is_inside, batch + (1,) * len(inner))
    is_inside = module.reshape(module.broadcast_to(is_inside, batch + inner), (-1,))
    return module.where(is_inside, windows.places, module.full_like(windows.places, -1))


def _put(xp: Any, rows: Any, places: Any, values: Any, combination: Combination | None) -> Any:
    """The rows after the values are put in their places."""
    n = int(rows.shape[0])
    if not isinstance(places, np.ndarray):
        return _put_by_comparing(xp, rows, places, values, combination)
    layers = _layers(places, n)
    if combination is None:
        layers = layers[:1]
    elif len(layers) > MOST_LAYERS:
        return _put_by_comparing(xp, rows, places, values, combination)
    for sources in layers:
        is_hit = xp.reshape(xp.asarray(sources >= 0), (n,) + (1,) * (rows.ndim - 1))
        update = xp.take(values, xp.asarray(np.maximum(sources, 0)), axis=0)
        joined = update if combination is None else combination.join(xp, rows, update)
        rows = xp.where(is_hit, joined, rows)
    return rows


def _layers(places: Any, n: int) -> list[Any]:
    """Return which value goes to each of n places, or -1; the last value of a place first."""
    layers: list[Any] = []
    counts = np.zeros(n, int)
    for value in reversed(range(len(places))):
        place = places[value]
        if place < 0:
            continue
        if counts[place] == len(layers):
            layers.append(np.full(n, -1))
        layers[counts[place]][place] = value
        counts[place] += 1
    return layers


def _put_by_comparing(
    xp: Any, rows: Any, places: Any, values: Any, combination: Combination | None
) -> Any:
    """The rows after the values are put, where the places are not known while reading."""
    n, n_values = int(rows.shape[0]), int(values.shape[0])
    numbered = xp.reshape(xp.arange(n), (n, 1))
    is_match = xp.reshape(xp.asarray(places), (1, n_values)) == numbered
    inner = (1,) * (rows.ndim - 1)
    if combination is None:
        order = xp.reshape(xp.arange(1, n_values + 1), (1, n_values))
        last = xp.max(xp.where(is_match, order, xp.zeros_like(order)), axis=1)
        update = xp.take(values, xp.where(last > 0, last - 1, xp.zeros_like(last)), axis=0)
        return xp.where(xp.reshape(last > 0, (n, *inner)), update, rows)
    all_values = xp.reshape(values, (1, *values.shape))
    nothing = combination.nothing(xp, xp.reshape(rows, (n, 1, *rows.shape[1:])), all_values)
    chosen = xp.where(xp.reshape(is_match, (n, n_values, *inner)), all_values, nothing)
    return combination.join(xp, rows, combination.reduce(xp, chosen))


def _subtracting() -> Operation:
    add = _scattering(ADDING)

    def scatter(
        xp: Any, operand: Any, indices: Any, updates: Any, *, result_dtype: Any, **parameters: Any
    ) -> Any:
        updates = _as_array(xp, updates, result_dtype)
        return add(xp, operand, indices, -updates, result_dtype=result_dtype, **parameters)

    return scatter


OPERATIONS: dict[str, Operation] = {
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "gather": _gather,
    "scatter": _scattering(None),
    "scatter-add": _scattering(ADDING),
    "scatter-max": _scattering(LARGEST),
    "scatter-min": _scattering(SMALLEST),
    "scatter-mul": _scattering(MULTIPLYING),
    "scatter-sub": _subtracting(),
}
"""What each primitive is in the array namespace."""

TAKES_CONSTANTS = frozenset(OPERATIONS)
"""The operations that are given constants as NumPy's arrays."""
