"""A graph as lines of text: each value below those that it is computed from."""

from __future__ import annotations

from adbench.graphs.graph import FunctionGraph
from adbench.graphs.words import caption, heading, numbers_on, type_of
from adbench.results.escaping import for_terminal


def to_text(graph: FunctionGraph) -> str:
    """Return a line for each vertex, and below it one for each local derivative."""
    derivatives: dict[int, list[str]] = {}
    for edge in graph.edges:
        if edge.derivative is not None:
            target, source = graph.vertices[edge.target].name, graph.vertices[edge.source].name
            line = f"    d {target} / d {source} = {edge.derivative:.3g}"
            derivatives.setdefault(edge.target, []).append(line)
    lines = [graph.title, ""]
    for place, vertex in enumerate(graph.vertices):
        details = [vertex.kind.value, type_of(vertex), *numbers_on(vertex)]
        lines.append(f"{heading(vertex)}  # {', '.join(details)}")
        lines += derivatives.get(place, [])
    return "\n".join([*map(for_terminal, lines), "", caption(graph), ""])
