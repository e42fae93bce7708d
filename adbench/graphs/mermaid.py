"""A graph in Mermaid, which GitHub and many pages draw where it stands in Markdown."""

from __future__ import annotations

import re

from adbench.graphs.dot import FILL
from adbench.graphs.graph import FunctionGraph
from adbench.graphs.words import lines_of, on_edge
from adbench.results.escaping import for_terminal

SPECIAL = re.compile(r"[^\w \[\](),.=+×…-]")
"""Characters that may mean something in Mermaid or in HTML; they are written as their numbers."""


def to_mermaid(graph: FunctionGraph) -> str:
    """Return the graph as a flowchart."""
    lines = ["flowchart TD", f"  accTitle: {_escaped(graph.title)}"]
    for place, vertex in enumerate(graph.vertices):
        label = "<br/>".join(_escaped(line) for line in lines_of(vertex))
        lines.append(f'  n{place}["{label}"]:::{vertex.kind.value}')
    for edge in graph.edges:
        label = f'|"{_escaped(on_edge(edge))}"|' if on_edge(edge) else ""
        lines.append(f"  n{edge.source} -->{label} n{edge.target}")
    kinds = dict.fromkeys(vertex.kind for vertex in graph.vertices)
    lines += [f"  classDef {kind.value} fill:{FILL[kind]},color:#1c2733" for kind in kinds]
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    """A text in which nothing is markup: Mermaid's entities are numbers between # and ;."""
    return SPECIAL.sub(lambda match: f"#{ord(match[0])};", for_terminal(text))
