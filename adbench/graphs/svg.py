"""A graph as an SVG picture, for light and dark pages and for readers of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from adbench.graphs.graph import FunctionGraph, Kind, Vertex
from adbench.graphs.layout import Layout, Point, lay_out
from adbench.graphs.words import caption, heading, lines_of, numbers_on, on_edge, type_of
from adbench.results.escaping import for_xml

CHARACTER, LINE = 7.3, 17.0
"""How wide a character is, and how high a line (pixels)."""

PADDING, GAP, MARGIN = 10.0, 26.0, 24.0
"""Within a box, between two boxes of a layer, and round the picture (pixels)."""

ROOM_FOR_EDGES = 54.0
"""From the boxes of one layer to those of the next (pixels)."""

STYLE = """
.graph { --ink: #1c2733; --paper: #ffffff; --line: #6b7884;
  --active: #d6e6fb; --constant: #eceff2; --value: #ffffff; --output: #d9f0dc;
  --backward: #fff3d6; --gradient: #fbdfd2; }
@media (prefers-color-scheme: dark) {
  .graph { --ink: #e8edf2; --paper: #14191f; --line: #93a0ac;
    --active: #1d3a5f; --constant: #2a323a; --value: #1b2229; --output: #1e4426;
    --backward: #453714; --gradient: #5a2c1b; } }
.graph text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--ink);
  text-anchor: middle; }
.graph .heading { font-weight: 600; }
.graph .edge { fill: none; stroke: var(--line); stroke-width: 1.3; }
.graph .arrow { fill: var(--line); }
.graph .label { font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 7px; }
.graph rect { stroke: var(--line); stroke-width: 1.2; }
.graph .active, .graph .gradient, .graph .output { stroke-width: 2.4; }
.graph .constant { stroke-dasharray: 5 3; }
"""


def to_svg(graph: FunctionGraph) -> str:
    """Return the picture of a graph as a document."""
    boxes = [lines_of(vertex) for vertex in graph.vertices]
    longest = max((len(line) for lines in boxes for line in lines), default=1)
    width = longest * CHARACTER + 2 * PADDING
    height = max(map(len, boxes), default=1) * LINE + 2 * PADDING
    pairs = [(edge.source, edge.target) for edge in graph.edges]
    layout = lay_out(len(boxes), pairs, width + GAP, height + ROOM_FOR_EDGES)
    picture = _canvas(graph, layout, width, height)
    _draw_edges(picture, graph, layout, height)
    for vertex, centre, lines in zip(graph.vertices, layout.centres, boxes, strict=True):
        _draw_vertex(picture, vertex, centre, lines)
    ElementTree.indent(picture)
    return ElementTree.tostring(picture, encoding="unicode") + "\n"


def _canvas(
    graph: FunctionGraph, layout: Layout, width: float, height: float
) -> ElementTree.Element:
    """The empty picture, with its title, description, style and arrow."""
    across = layout.width + width + 2 * MARGIN
    down = layout.height + height + 2 * MARGIN
    left, top = -width / 2 - MARGIN, -height / 2 - MARGIN
    picture = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "graph",
            "viewBox": f"{left:.1f} {top:.1f} {across:.1f} {down:.1f}",
            "width": f"{across:.0f}",
            "height": f"{down:.0f}",
            "role": "img",
            "aria-labelledby": "graph-title graph-description",
        },
    )
    _add(picture, "title", graph.title, id="graph-title")
    _add(picture, "desc", caption(graph), id="graph-description")
    _add(picture, "style", STYLE)
    background = {
        "x": f"{left:.1f}",
        "y": f"{top:.1f}",
        "style": "fill: var(--paper); stroke: none",
    }
    _add(picture, "rect", width=f"{across:.1f}", height=f"{down:.1f}", **background)
    marker = _add(
        _add(picture, "defs"),
        "marker",
        id="arrow",
        viewBox="0 0 8 8",
        refX="7",
        refY="4",
        markerWidth="8",
        markerHeight="8",
        orient="auto",
    )
    ElementTree.SubElement(marker, "path", {"d": "M0,0 L8,4 L0,8 Z", "class": "arrow"})
    return picture


def _draw_edges(
    picture: ElementTree.Element, graph: FunctionGraph, layout: Layout, height: float
) -> None:
    for edge in graph.edges:
        points = _between_boxes(layout.paths[edge.source, edge.target], height)
        ElementTree.SubElement(
            picture, "path", {"class": "edge", "d": _curve(points), "marker-end": "url(#arrow)"}
        )
    for edge in graph.edges:
        if on_edge(edge):
            (x, y), (end_x, end_y) = _between_boxes(layout.paths[edge.source, edge.target], height)[
                -2:
            ]
            place = {"x": f"{(x + end_x) / 2:.1f}", "y": f"{(y + end_y) / 2 + 4:.1f}"}
            _add(picture, "text", on_edge(edge), **{"class": "label"}, **place)


def _between_boxes(points: Sequence[Point], height: float) -> list[Point]:
    """The points of an edge, from the lower border of one box to the upper border of another."""
    (x, y), *bends, (end_x, end_y) = points
    return [(x, y + height / 2), *bends, (end_x, end_y - height / 2)]


def _curve(points: Sequence[Point]) -> str:
    """A smooth line through points, which leaves and arrives downwards."""
    x, y = points[0]
    parts = [f"M{x:.1f},{y:.1f}"]
    for end_x, end_y in points[1:]:
        middle = (y + end_y) / 2
        parts.append(f"C{x:.1f},{middle:.1f} {end_x:.1f},{middle:.1f} {end_x:.1f},{end_y:.1f}")
        x, y = end_x, end_y
    return " ".join(parts)


def _draw_vertex(
    picture: ElementTree.Element, vertex: Vertex, centre: Point, lines: Sequence[str]
) -> None:
    x, y = centre
    width = max(map(len, lines)) * CHARACTER + 2 * PADDING
    height = len(lines) * LINE + 2 * PADDING
    group = ElementTree.SubElement(picture, "g")
    _add(group, "title", ", ".join((heading(vertex), type_of(vertex), *numbers_on(vertex))))
    box = {
        "x": f"{x - width / 2:.1f}",
        "y": f"{y - height / 2:.1f}",
        "width": f"{width:.1f}",
        "height": f"{height:.1f}",
        "rx": "4" if vertex.kind in (Kind.ACTIVE, Kind.CONSTANT) else "14",
        "class": vertex.kind.value,
        "style": f"fill: var(--{vertex.kind.value})",
    }
    ElementTree.SubElement(group, "rect", box)
    first = y - (len(lines) - 1) * LINE / 2 + 4
    for number, line in enumerate(lines):
        place = {"x": f"{x:.1f}", "y": f"{first + number * LINE:.1f}"}
        _add(group, "text", line, **{"class": "heading" if number == 0 else "detail"}, **place)


def _add(
    parent: ElementTree.Element, tag: str, text: str = "", **attributes: str
) -> ElementTree.Element:
    """Add an element with a text, in which markup is text."""
    element = ElementTree.SubElement(parent, tag, attributes)
    if text:
        element.text = text if tag == "style" else for_xml(text)
    return element
