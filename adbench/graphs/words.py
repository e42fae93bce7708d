"""The lines of text on a vertex and on an edge, the same in every format."""

from __future__ import annotations

from adbench.graphs.graph import Edge, FunctionGraph, Numbers, Vertex

LONGEST_LINE = 60
"""A line of a picture has at most so many characters; a format that has room shows all of it."""


def heading(vertex: Vertex) -> str:
    """Return what a vertex is called, and how it is computed."""
    return f"{vertex.name} = {vertex.formula}" if vertex.formula else vertex.name


def type_of(vertex: Vertex) -> str:
    """Return the dtype and shape of a vertex, such as `float64[8, 16]`."""
    return f"{vertex.dtype}{list(vertex.shape)}"


def numbers_on(vertex: Vertex) -> list[str]:
    """Return the value and the adjoint of a vertex, each on a line, as far as they are known."""
    lines = []
    if vertex.value is not None:
        lines.append(f"value {in_short(vertex.value)}")
    if vertex.adjoint is not None:
        lines.append(f"adjoint {in_short(vertex.adjoint)}")
    return lines


def lines_of(vertex: Vertex) -> list[str]:
    """Return all lines of a vertex in a picture, cut where they are long."""
    return [cut(line) for line in (heading(vertex), type_of(vertex), *numbers_on(vertex))]


def on_edge(edge: Edge) -> str:
    """Return the local derivative of an edge, "" where none is known."""
    return "" if edge.derivative is None else f"× {edge.derivative:.3g}"


def in_short(numbers: Numbers) -> str:
    """Return the numbers of an array: one, a few, or from the lowest to the highest."""
    shown = [f"{number:.3g}" for number in numbers.shown]
    if len(shown) == 1:
        return shown[0]
    if shown:
        return f"[{', '.join(shown)}]"
    return f"{numbers.lowest:.3g} to {numbers.highest:.3g}"


def caption(graph: FunctionGraph) -> str:
    """Return what is seen on the picture, in a sentence or two."""
    sentences = [
        f"{len(graph.vertices)} vertices and {len(graph.edges)} edges, of "
        f"{graph.primitives} primitives with {graph.operations:,} operations on numbers."
    ]
    if any(vertex.adjoint is not None for vertex in graph.vertices):
        sentences.append(
            "The adjoint of a value is the derivative of the output by it (of the sum of its "
            "entries where it has several); on an edge stands the local derivative, where both "
            "ends are single numbers: the products along all paths to the output, added up, are "
            "the adjoint."
        )
    return " ".join(sentences)


def cut(line: str, longest: int = LONGEST_LINE) -> str:
    """Return a line, cut where it is long."""
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
