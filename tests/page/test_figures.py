"""The figures: a tidy table, a chart that draws, a caption that its data make."""

import json
from xml.etree import ElementTree

import pandas as pd
import pytest
from sweeps import ideal, swept
from synthetic import EXAMPLE, HOSTILE, hostile_cells, many_cells, page_run

from adbench.cases import Mode
from adbench.page.build import figures_of
from adbench.page.figure import MOST_MARKS, Figure, MissingFigure, thinned
from adbench.page.figures import cost_ratio, modes, orders, steps
from adbench.results import frames
from adbench.step_sweep import rows as step_rows

NAMES = [
    "modes",
    "cost-ratio",
    "stagings",
    "calls",
    "steps",
    "orders-error",
    "orders-cost",
    "memory",
]


@pytest.fixture(scope="module")
def figures():
    return {figure.name: figure for figure in figures_of(page_run(frames.load(EXAMPLE)))}


def test_the_example_has_every_figure_in_the_order_of_the_page(figures):
    assert list(figures) == NAMES
    assert all(isinstance(figure, Figure) for figure in figures.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_drawn_with_its_texts_in_the_colour_of_the_page(figures, name):
    drawing = figures[name].svg()
    root = ElementTree.fromstring(drawing)
    assert root.tag.endswith("svg")
    assert 'fill="currentColor"' in drawing
    assert 'fill="#000000"' not in drawing
    parts = set(figures[name].data["part"])
    assert all(str(part) in "".join(root.itertext()) for part in parts)


@pytest.mark.parametrize("name", NAMES)
def test_the_data_of_a_figure_are_what_its_chart_draws(figures, name):
    figure = figures[name]
    (rows,) = figure.spec["datasets"].values()
    assert len(rows) == len(figure.data)
    assert figure.csv().count("\n") == len(figure.data) + 1
    assert figure.caption.endswith(".")


def test_a_run_without_data_has_sentences_that_name_commands_in_place_of_figures():
    run = page_run(frames.frame([]), steps=step_rows.frame([]))
    missing = figures_of(run)
    assert [figure.name for figure in missing] == NAMES
    for figure in missing:
        assert isinstance(figure, MissingFigure)
        assert "`adbench " in figure.sentence


def test_the_map_of_a_run_in_which_forward_mode_wins_has_no_r_and_no_boundary():
    def forward_wins(mode, n, m):
        return 1e-6 if mode is Mode.FORWARD else 1e-3

    figure = modes.figure(page_run(swept(forward_wins, backend="odd:x")))
    cells = figure.data[figure.data["kind"] == "cell"]
    assert set(cells["letter"]) == {"F"}
    assert "measured" not in set(figure.data["kind"])
    assert "Forward mode wins at every n and m that was measured with odd:x" in figure.caption


def test_the_boundary_of_the_map_lies_where_it_was_measured():
    figure = modes.figure(page_run(swept(ideal, backend="ideal:x")))
    line = figure.data[figure.data["kind"] == "measured"]
    assert (line["n"] / line["m"]).tolist() == pytest.approx([1, 1], rel=0.05)


def test_the_caption_of_the_cost_counts_what_lies_within_the_bound():
    run = page_run(frames.load(EXAMPLE))
    figure = cost_ratio.figure(run)
    within = int((figure.data["ratio"] <= 4).sum())
    assert f"{within} of {len(figure.data)} measurements" in figure.caption
    dearer = frames.load(EXAMPLE)
    dearer[["cost_ratio", "cost_ratio_low", "cost_ratio_high"]] *= 100
    assert f"0 of {len(figure.data)} measurements" in cost_ratio.figure(page_run(dearer)).caption


def test_the_caption_of_the_steps_says_where_a_difference_is_as_good_as_ad():
    swept_steps = step_rows.load(EXAMPLE)
    assert "at least" in steps.figure(page_run(frames.frame([]), steps=swept_steps)).caption
    good = swept_steps.assign(relative_error=1e-16)
    caption = steps.figure(page_run(frames.frame([]), steps=good)).caption
    assert "a difference is as good as AD in 8 of 8" in caption


def test_the_caption_of_higher_orders_counts_what_is_wrong():
    frame = frames.load(EXAMPLE)
    assert "none is wrong" in orders.errors(page_run(frame)).caption
    is_derivative = frame["operator"] == "derivative"
    broken = frame.assign(verdict=frame["verdict"].mask(is_derivative, "wrong"))
    assert f"{int(is_derivative.sum())} are wrong" in orders.errors(page_run(broken)).caption


def test_of_many_values_a_figure_draws_some_and_says_so():
    rows = pd.DataFrame({"x": range(5 * MOST_MARKS + 1)})
    kept, note = thinned(rows)
    assert len(kept) <= MOST_MARKS
    assert note.startswith(f"Thinned: {len(kept):,} of {len(rows):,} values")
    assert thinned(rows.head(3))[1] == ""
    many = cost_ratio.figure(page_run(many_cells(5_000)))
    assert many.note.startswith("Thinned: the first 12 of")
    assert many.data["part"].nunique() == 12


def test_hostile_names_end_no_script_and_are_no_formulas():
    for figure in figures_of(page_run(hostile_cells())):
        assert isinstance(figure, Figure)
        ElementTree.fromstring(figure.svg())
        json.dumps(figure.spec, allow_nan=False)
        for line in figure.csv().splitlines():
            assert not line.startswith(("=", "+", "@"))
            assert ",=" not in line
    assert HOSTILE
