"""PyTorch's operations that order elements, or look for their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adbench.readers.torch_pieces import as_line, at, canonical


def _order(xp: Any, x: Any, dim: int, descending: bool) -> Any:
    return xp.argsort(x, axis=dim, descending=descending, stable=True)


def _places(
    xp: Any, x: Any, dim: int = -1, descending: bool = False, stable: bool | None = None
) -> Any:
    line = as_line(xp, x)
    return xp.reshape(_order(xp, line, canonical(dim, x.ndim), descending), tuple(x.shape))


def _sorted(
    xp: Any, x: Any, dim: int = -1, descending: bool = False, stable: bool | None = None
) -> Any:
    if x.ndim == 0:
        return x
    axis = canonical(dim, x.ndim)
    return xp.take_along_axis(x, _order(xp, x, axis, descending), axis=axis)


def _largest_places(
    xp: Any, x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> Any:
    line = as_line(xp, x)
    axis = canonical(dim, x.ndim)
    places = _order(xp, line, axis, largest)[at(slice(0, k), axis)]
    return places if x.ndim else xp.reshape(places, ())


def _largest(
    xp: Any, x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> Any:
    if x.ndim == 0:
        return x
    places = _largest_places(xp, x, k, dim, largest)
    return xp.take_along_axis(x, places, axis=canonical(dim, x.ndim))


def _ranked_place(xp: Any, x: Any, rank: int, dim: int, keepdim: bool) -> Any:
    """Where the element of a rank, from 0 on, is along an axis."""
    line = as_line(xp, x)
    axis = canonical(dim, x.ndim)
    places = _order(xp, line, axis, False)[at(slice(rank, rank + 1), axis)]
    if keepdim and x.ndim:
        return places
    return xp.reshape(places, tuple([n for k, n in enumerate(x.shape) if k != axis]))


def _ranked(xp: Any, x: Any, rank: int, dim: int, keepdim: bool) -> Any:
    if x.ndim == 0:
        return x
    axis = canonical(dim, x.ndim)
    picked = xp.take_along_axis(x, _ranked_place(xp, x, rank, dim, True), axis=axis)
    if keepdim:
        return picked
    return xp.reshape(picked, tuple([n for k, n in enumerate(x.shape) if k != axis]))


def _kth(xp: Any, x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    return _ranked(xp, x, k - 1, dim, keepdim)


def _kth_place(xp: Any, x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    return _ranked_place(xp, x, k - 1, dim, keepdim)


def _middle(x: Any, dim: int) -> int:
    """The rank of the lower median."""
    return (as_line_length(x, dim) - 1) // 2


def as_line_length(x: Any, dim: int) -> int:
    """How long x is along an axis; an array of no dimensions counts as one element."""
    return x.shape[dim] if x.ndim else 1


def _median_of_all(xp: Any, x: Any) -> Any:
    flat = xp.reshape(x, (-1,))
    return _ranked(xp, flat, _middle(flat, 0), 0, False)


def _median(xp: Any, x: Any, dim: int = -1, keepdim: bool = False) -> Any:
    return _ranked(xp, x, _middle(x, dim), dim, keepdim)


def _median_place(xp: Any, x: Any, dim: int = -1, keepdim: bool = False) -> Any:
    return _ranked_place(xp, x, _middle(x, dim), dim, keepdim)


def _searchsorted(
    xp: Any,
    edges: Any,
    x: Any,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    """How many edges of each line lie before x."""
    if sorter is not None:
        edges = xp.take_along_axis(edges, sorter, axis=-1)
    values = x[..., None] if edges.ndim == 1 else x[..., :, None]
    lines = edges if edges.ndim == 1 else edges[..., None, :]
    is_before = lines <= values if right or side == "right" else lines < values
    counts = xp.astype(is_before, xp.int64)
    total = xp.sum(counts, axis=-1)
    return xp.astype(total, xp.int32) if out_int32 else total


def _bucketize(xp: Any, x: Any, edges: Any, out_int32: bool = False, right: bool = False) -> Any:
    return _searchsorted(xp, edges, x, out_int32, right)


OPERATIONS: Mapping[str, Any] = {
    "aten::bucketize": _bucketize,
    "aten::kthvalue": (_kth, _kth_place),
    "aten::median": _median_of_all,
    "aten::median.dim": (_median, _median_place),
    "aten::searchsorted": _searchsorted,
    "aten::sort": (_sorted, _places),
    "aten::topk": (_largest, _largest_places),
}
