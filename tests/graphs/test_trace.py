"""A graph has the numbers of the function: values, adjoints, and local derivatives on its paths."""

import math

import numpy as np
import pytest

from adbench import Model
from adbench.cases import SpecError
from adbench.graphs.graph import GraphRequest, Kind
from adbench.graphs.trace import function_graph
from adbench.planning.settings import Settings
from adbench.registry import models

POINTS = Settings().points


def graph_of(model, size="", **wanted):
    size = size or next(iter(model.sizes))
    inputs = POINTS.first(model, size)
    return function_graph(model, inputs, GraphRequest(size=size, **wanted)), inputs


def model_of(function, *arguments, name="mine"):
    arrays = tuple(np.asarray(argument) for argument in arguments)
    return Model(name=name, function=function, make=lambda size, rng: arrays, sizes={"one": {}})


def by_name(graph):
    return {vertex.name: vertex for vertex in graph.vertices}


def formulas(graph):
    return [vertex.formula for vertex in graph.vertices if vertex.formula]


def test_the_chain_is_drawn_as_the_lecture_draws_it():
    graph, _ = graph_of(models()["chain"].model)
    assert formulas(graph) == [
        "params[0][0] * inputs + params[0][1]",
        "expit(v1)",
        "params[1][0] * v2 + params[1][1]",
        "expit(v3)",
        "params[2][0] * v4 + params[2][1]",
        "expit(v5)",
        "(v6 - targets)**2",
    ]
    assert by_name(graph)["output"].kind is Kind.OUTPUT


@pytest.mark.parametrize("size", ["L=3,k=1", "L=4,k=100"])
def test_the_adjoints_of_the_weights_are_the_hand_derived_gradient(size):
    model = models()["chain"].model
    graph, inputs = graph_of(model, size)
    vertices = by_name(graph)
    for layer, derivatives in enumerate(model.oracle["gradient"](*inputs.arguments)):
        for place, derivative in enumerate(derivatives):
            (adjoint,) = vertices[f"params[{layer}][{place}]"].adjoint.shown
            assert adjoint == pytest.approx(derivative, rel=1e-12)


def test_the_products_along_the_paths_add_up_to_the_adjoint():
    """L8 of the lecture."""
    graph, _ = graph_of(model_of(lambda xp, x: xp.sin(x) * xp.exp(x) + x, 0.7))
    paths = dict.fromkeys(range(len(graph.vertices)), 0.0)
    (output,) = (k for k, vertex in enumerate(graph.vertices) if vertex.name == "output")
    paths[output] = 1.0
    for target in reversed(range(len(graph.vertices))):
        for edge in graph.edges:
            if edge.target == target:
                paths[edge.source] += edge.derivative * paths[target]
    for place, vertex in enumerate(graph.vertices):
        assert vertex.adjoint.shown[0] == pytest.approx(paths[place], rel=1e-12)
    assert paths[0] == pytest.approx(math.exp(0.7) * (math.cos(0.7) + math.sin(0.7)) + 1)


def test_arrays_have_no_local_derivative_and_their_numbers_are_a_range():
    graph, inputs = graph_of(models()["mlp"].model, "8-16-1x8")
    assert formulas(graph)[0] == "inputs @ params[0][0] + params[0][1]"
    vertex = by_name(graph)["params[0][0]"]
    weights = inputs.arguments[0][0][0]
    assert (vertex.shape, vertex.dtype) == ((8, 16), "float64")
    assert (vertex.value.lowest, vertex.value.highest) == (weights.min(), weights.max())
    assert vertex.value.shown == ()
    assert [edge.derivative for edge in graph.edges if edge.source == 0] == [None]


def test_the_graph_of_the_gradient_ends_in_its_arrays():
    model = models()["chain"].model
    graph, inputs = graph_of(model, gradient=True)
    assert graph.has_gradient
    gradient = model.oracle["gradient"](*inputs.arguments)
    vertex = by_name(graph)["d output / d params[2][0]"]
    assert vertex.kind is Kind.GRADIENT
    assert vertex.value.shown[0] == pytest.approx(gradient[2][0])
    kinds = {vertex.kind for vertex in graph.vertices}
    assert Kind.BACKWARD in kinds and Kind.OUTPUT in kinds
    assert all(vertex.adjoint is None for vertex in graph.vertices)


def test_an_argument_without_influence_is_drawn_with_the_adjoint_zero():
    graph, _ = graph_of(model_of(lambda xp, x, unused: xp.exp(x), 1.0, 2.0))
    assert by_name(graph)["unused"].adjoint.shown == (0.0,)


def test_the_adjoints_of_several_outputs_are_those_of_their_sum():
    graph, _ = graph_of(model_of(lambda xp, x: x * x, [1.0, 2.0, 3.0]))
    assert by_name(graph)["x"].adjoint.shown == (2.0, 4.0, 6.0)


def test_a_name_that_an_argument_has_is_not_given_again():
    graph, _ = graph_of(model_of(lambda xp, v1, output: xp.exp(v1) + xp.exp(output), 1.0, 2.0))
    names = [vertex.name for vertex in graph.vertices]
    assert names == ["v1", "output", "v1'", "v2", "output'"]


def test_a_number_that_two_formulas_use_is_a_vertex_of_its_own():
    graph, _ = graph_of(model_of(lambda xp, x: (x + 1) * xp.exp(x + 1), 1.5))
    assert formulas(graph) == ["x + 1", "exp(v1)", "v1 * v2"]


def test_a_formula_has_brackets_where_python_needs_them():
    def function(xp, x, y):
        return xp.exp(x - (y - x)) + xp.exp((x + y) / x) + xp.exp(-((x * y) ** 2))

    graph, _ = graph_of(model_of(function, 1.5, 2.5))
    computed = [formula for formula in formulas(graph) if "exp" not in formula]
    assert computed[:3] == ["x - (y - x)", "(x + y) / x", "(x * y)**2"]


def test_nothing_is_evaluated_where_no_values_are_wanted():
    graph, _ = graph_of(models()["chain"].model, values=False)
    assert all(vertex.value is None and vertex.adjoint is None for vertex in graph.vertices)
    assert all(edge.derivative is None for edge in graph.edges)


def test_nan_is_no_lowest_number():
    graph, _ = graph_of(model_of(lambda xp, x: xp.log(x), [-1.0, 1.0, 2.0, 3.0]))
    assert math.isnan(by_name(graph)["output"].value.lowest)


def test_a_graph_of_too_many_vertices_is_refused_with_their_number():
    with pytest.raises(SpecError) as refusal:
        graph_of(models()["chain"].model, limit=14)
    assert str(refusal.value) == (
        "The graph of 'chain' at 'L=3,k=1' has 15 vertices, and at most 14 are drawn: choose a "
        "smaller --size, or allow more with --limit 15."
    )


def test_a_function_that_branches_on_its_numbers_is_refused_in_a_sentence():
    with pytest.raises(SpecError, match="The graph of 'mine' cannot be drawn: .*branched"):
        graph_of(model_of(lambda xp, x: x if x > 0 else -x, 1.0))
