"""Where vertices and edges stand: layers from the top to the bottom, by Sugiyama's method.

The layering, the order within a layer and the coordinates are those of `fast_sugiyama`. Coordinates
are in pixels, with the origin at the top left and y downwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fast_sugiyama import from_edges

Point = tuple[float, float]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """The places of all vertices and edges."""

    centres: tuple[Point, ...]
    """The centre of each vertex."""
    paths: Mapping[Pair, tuple[Point, ...]]
    """By source and target the points that an edge goes through, from centre to centre."""
    width: float
    """From the leftmost centre to the rightmost."""
    height: float
    """From the topmost centre to the lowest."""


@dataclass(frozen=True)
class Component:
    """A connected part of a graph as the library lays it out, with y upwards."""

    places: Sequence[tuple[int, Point]]
    """Each vertex, and each bend of an edge, with its centre."""
    steps: Sequence[Pair]
    """The edges, those with bends in several steps."""


def lay_out(count: int, edges: Sequence[Pair], column: float, row: float) -> Layout:
    """Lay out a graph of `count` vertices.

    edges: pairs of places of vertices, each once, without cycles; column, row: the distance of the
    centres of neighbours in a layer, and of two layers (pixels)
    """
    places: dict[int, Point] = {}
    routes: dict[Pair, list[int]] = {}
    right = 0.0
    for component in _components(edges, column):
        top = max(y for _, (_, y) in component.places)
        left = min(x for _, (x, _) in component.places)
        for vertex, (x, y) in component.places:
            places[vertex] = (right + x - left, (top - y) / column * row)
        routes |= _routes(component.steps, count)
        right = max(x for x, _ in places.values()) + column
    isolated = [vertex for vertex in range(count) if vertex not in places]
    places |= {vertex: (right + k * column, 0.0) for k, vertex in enumerate(isolated)}
    return Layout(
        centres=tuple(places[vertex] for vertex in range(count)),
        paths={pair: tuple(places[step] for step in route) for pair, route in routes.items()},
        width=max((x for x, _ in places.values()), default=0.0),
        height=max((y for _, y in places.values()), default=0.0),
    )


def _components(edges: Sequence[Pair], column: float) -> list[Component]:
    """The connected parts of a graph, each laid out by itself."""
    if not edges:
        return []
    layouts = from_edges(
        edges,
        vertex_spacing=column,
        minimum_length=1,
        dummy_vertices=True,
        dummy_size=column / 3,
        ranking_type="minimize",
        crossing_minimization="barycenter",
        transpose=True,
    )
    return [
        Component(
            [(int(vertex), (float(x), float(y))) for vertex, (x, y) in positions],
            [(int(start), int(end)) for start, end in steps or ()],
        )
        for positions, _, _, steps in layouts.to_list()
    ]


def _routes(steps: Sequence[Pair], count: int) -> dict[Pair, list[int]]:
    """Every edge with the bends that it goes through; those are numbered from `count` on."""
    following = {start: end for start, end in steps if start >= count}
    routes = {}
    for start, end in steps:
        if start >= count:
            continue
        route = [start, end]
        while route[-1] >= count:
            route.append(following[route[-1]])
        routes[start, route[-1]] = route
    return routes
