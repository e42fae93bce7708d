"""A cell is named by as much of its name as tells it from the others."""

import pytest

from adbench.cases import Case, Mode, Operator, SpecError
from adbench.explaining.cell_names import find_cell, name_of
from adbench.results.row import Row


def row(model="mlp", size="8", operator=Operator.GRADIENT, mode=Mode.REVERSE, order=1, **other):
    backend = other.pop("backend", "torch:eager")
    case = Case(model, size, "float64", operator, order, mode, **other)
    return Row.begun(case, backend)


ROWS = [
    row(),
    row(mode=Mode.FORWARD),
    row(operator=Operator.VALUE, mode=Mode.NONE, order=0),
    row(backend="old/mine:file"),
    row(size="8/16"),
    row(model="mlp2"),
    row(model="tanh", operator=Operator.DERIVATIVE, order=3),
    row(model="swish"),
    row(model="swish", implementation="native"),
]


@pytest.mark.parametrize("cell", ROWS, ids=name_of)
def test_a_whole_name_means_its_cell(cell):
    assert find_cell(ROWS, name_of(cell)) is cell


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("mlp/8/value", 2),
        ("mlp/val", 2),
        ("mlp/8/gradient/torch/forward", 1),
        ("forward", 1),
        ("old/mine", 3),
        ("8/16", 4),
        ("mlp2", 5),
        ("derivative 3", 6),
        ("swish/native", 8),
    ],
)
def test_a_unique_beginning_is_enough(name, place):
    assert find_cell(ROWS, name) is ROWS[place]


def test_a_name_of_several_cells_lists_them():
    with pytest.raises(SpecError) as refusal:
        find_cell(ROWS, "swish")
    assert str(refusal.value) == (
        "'swish' means 2 cells: swish/8/gradient/torch:eager/reverse/float64, "
        "swish/8/gradient/torch:eager/reverse/float64/native; give more of the name of one."
    )


def test_a_name_of_no_cell_shows_how_one_is_called():
    with pytest.raises(SpecError, match="No cell is called 'gradient/mlp'; .* such as mlp/8/grad"):
        find_cell(ROWS, "gradient/mlp")


def test_of_equal_cells_the_last_is_meant():
    again = row()
    assert find_cell([*ROWS, again], name_of(again)) is again
