"""Every format shows the whole graph, and takes no name for its own syntax."""

import re
from xml.etree import ElementTree

import pytest

from adbench.graphs.dot import to_dot
from adbench.graphs.graph import Edge, FunctionGraph, Kind, Numbers, Vertex
from adbench.graphs.layout import lay_out
from adbench.graphs.mermaid import to_mermaid
from adbench.graphs.svg import to_svg
from adbench.graphs.text import to_text

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    '"]; click n0 "javascript:alert(1)',
    "</text><script>alert(1)</script>",
    "a\\",
    "`#quot;`",
    "\x1b[31mred\x1b[0m",
    "tab\tand\nline",
    "]]>&amp;<!--",
    "‮right to left",
]


def graph_of(name):
    vertices = (
        Vertex(name, "", Kind.ACTIVE, (), "float64", Numbers((2.0,)), Numbers((4.0,))),
        Vertex("output", f"{name} * {name}", Kind.OUTPUT, (), "float64", Numbers((4.0,))),
    )
    return FunctionGraph(name, "one", False, vertices, (Edge(0, 1, 4.0),), 1, 1)


def texts_of(svg):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter()]


def test_a_picture_has_a_box_for_each_vertex_and_a_line_for_each_edge():
    picture = ElementTree.fromstring(to_svg(graph_of("x")))
    assert len(picture.findall(f"{SVG}g")) == 2
    assert len(picture.findall(f"{SVG}path")) == 1
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert texts == [
        "× 4",
        "x",
        "float64[]",
        "value 2",
        "adjoint 4",
        "output = x * x",
        "float64[]",
        "value 4",
    ]
    assert picture.attrib["role"] == "img"
    assert picture.find(f"{SVG}title").text == "x one: function"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_a_picture(name):
    picture = ElementTree.fromstring(to_svg(graph_of(name)))
    tags = {element.tag.removeprefix(SVG) for element in picture.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "defs", "marker", "path", "g", "text"}
    assert "\x1b" not in "".join(picture.itertext())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_within_the_quotation_marks_of_dot(name):
    text = to_dot(graph_of(name))
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert re.fullmatch(r"[\w\s{}\[\]=;,>-]*", outside), outside
    assert "\x1b" not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_within_the_quotation_marks_of_mermaid(name):
    lines = to_mermaid(graph_of(name)).splitlines()
    assert len(lines) == 7
    for line in lines[2:4]:
        (label,) = re.fullmatch(r'  n\d\["([^"]*)"\]:::\w+', line).groups()
        assert "<" not in label.replace("<br/>", "")
        assert not re.search(r"[`&\\]", label)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_drives_no_terminal(name):
    lines = to_text(graph_of(name)).splitlines()
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 7


def test_a_long_formula_is_cut_on_a_picture_and_whole_where_one_points_at_it():
    name = "x" * 80
    texts = texts_of(to_svg(graph_of(name)))
    assert "x" * 59 + "…" in texts
    assert f"{name}, float64[], value 2, adjoint 4" in texts


def test_edges_lead_down_and_no_two_boxes_meet():
    edges = [(0, 3), (1, 3), (3, 4), (2, 5), (4, 5), (0, 5), (6, 7)]
    layout = lay_out(9, edges, 100.0, 40.0)
    for source, target in edges:
        path = layout.paths[source, target]
        assert path[0] == layout.centres[source] and path[-1] == layout.centres[target]
        heights = [y for _, y in path]
        assert heights == sorted(set(heights))
    for place, (x, y) in enumerate(layout.centres):
        for other_x, other_y in layout.centres[:place]:
            assert abs(x - other_x) >= 100 - 1e-6 or abs(y - other_y) >= 40 - 1e-6


def test_a_graph_without_edges_is_laid_out_in_a_row():
    assert lay_out(2, [], 100.0, 40.0).centres == ((0.0, 0.0), (100.0, 0.0))
