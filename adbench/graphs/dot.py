"""A graph in DOT, the language of Graphviz."""

from __future__ import annotations

from adbench.graphs.graph import FunctionGraph, Kind
from adbench.graphs.words import caption, lines_of, on_edge
from adbench.results.escaping import for_terminal

FILL = {
    Kind.ACTIVE: "#d6e6fb",
    Kind.CONSTANT: "#eceff2",
    Kind.VALUE: "#ffffff",
    Kind.OUTPUT: "#d9f0dc",
    Kind.BACKWARD: "#fff3d6",
    Kind.GRADIENT: "#fbdfd2",
}
"""The colour of each kind of vertex."""


def to_dot(graph: FunctionGraph) -> str:
    """Return the graph as a digraph."""
    lines = [
        f"digraph {_quoted(graph.title)} {{",
        f"  label={_quoted(caption(graph))};",
        '  node [shape=box, style="filled,rounded", fontname="monospace"];',
    ]
    for place, vertex in enumerate(graph.vertices):
        label = "\\n".join(_escaped(line) for line in lines_of(vertex))
        lines.append(f'  n{place} [label="{label}", fillcolor="{FILL[vertex.kind]}"];')
    for edge in graph.edges:
        label = on_edge(edge)
        attributes = f" [label={_quoted(label)}]" if label else ""
        lines.append(f"  n{edge.source} -> n{edge.target}{attributes};")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """A text within quotation marks: DOT's escapes begin with a backslash."""
    return for_terminal(text).replace("\\", "\\\\").replace('"', '\\"')
