import io
import math
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from adbench.cases import Case, Mode, Operator
from adbench.reporting import render
from adbench.reporting.overview import further_stagings, overview, short_name
from adbench.results import frames
from adbench.results.row import Outcome, Row, Verdict

WIDTH = 80

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"


def row(backend, operator=Operator.GRADIENT, mode=Mode.REVERSE, order=1, **values):
    case = Case("mlp", "small", "float64", operator, order, mode)
    ordinary = {"verdict": Verdict.CORRECT, "relative_error": 1e-16}
    if values.get("outcome", Outcome.OK) is not Outcome.OK:
        ordinary = {}
    return Row.begun(case, backend, n_inputs=3, n_outputs=1, **{**ordinary, **values})


def line(rows, name, width=WIDTH):
    """The cells of a line of the overview."""
    table = overview(frames.frame(rows), width)
    (cells,) = [cells for cells in table.rows if cells[0] == name]
    return cells[1:]


def printed(table, width=WIDTH):
    sink = io.StringIO()
    render.to_screen(table, Console(file=sink, width=width))
    return sink.getvalue().splitlines()


def test_the_worst_answer_of_a_backend_is_the_one_that_is_shown():
    rows = [
        row("a:x", relative_error=3e-16),
        row("a:x", mode=Mode.FORWARD, verdict=Verdict.WRONG, relative_error=0.25),
        row("b:x", verdict=Verdict.IMPRECISE, relative_error=2e-9),
    ]
    assert line(rows, "gradient") == ("✗2e-01", "~2e-09")


def test_a_cell_that_did_not_run_is_marked_beside_those_that_are_right():
    rows = [row("a:x"), row("a:x", mode=Mode.FORWARD, outcome=Outcome.CRASHED)]
    assert line(rows, "gradient") == ("✓1e-16!",)


def test_what_was_not_asked_is_empty_and_what_is_unsupported_a_dash():
    rows = [row("a:x"), row("b:x", Operator.HVP, order=2, outcome=Outcome.UNSUPPORTED)]
    assert line(rows, "gradient") == ("✓1e-16", "")
    assert line(rows, "hvp") == ("", "–")


def test_the_cost_is_the_median_of_gradients_in_reverse_mode():
    def timed(mode, ratio):
        return row("a:x", mode=mode, cost_ratio=ratio, median_s=1e-6, prepare_s=0.0123)

    rows = [timed(Mode.REVERSE, 2.0), timed(Mode.REVERSE, 4.0), timed(Mode.FORWARD, 100.0)]
    assert line(rows, "grad / f") == ("×3",)
    assert line(rows, "prepare") == ("12 ms",)


def test_a_run_without_times_has_no_lines_of_costs():
    table = overview(frames.frame([row("a:x")]), WIDTH)
    assert [cells[0] for cells in table.rows] == ["gradient"]


def test_backends_that_do_not_fit_have_a_line_each_and_orders_share_a_column():
    rows = [row(f"framework{number}:staging") for number in range(20)]
    rows.append(row("framework0:staging", Operator.HVP, order=2, relative_error=5e-16))
    table = overview(frames.frame(rows), WIDTH)
    assert table.columns == ("", "order 1", "order 2")
    assert table.rows[0][1:] == ("✓1e-16", "✓5e-16")
    assert len(table.rows) == 20


def test_backends_of_stagings_alone_are_named_apart():
    rows = [row("a:x"), row("b:compiled", stagings=True)]
    frame = frames.frame(rows)
    assert overview(frame, WIDTH).columns == ("", "a:x")
    assert further_stagings(frame) == ["b:compiled"]


def test_a_run_of_nothing_has_no_overview():
    assert overview(frames.frame([]), WIDTH) is None
    assert overview(frames.frame([row("a:x", outcome=Outcome.NOT_INSTALLED)]), WIDTH) is None


def test_names_are_short_and_still_names():
    assert short_name("tensorflow:function") == "tf:function"
    assert short_name("somebodyselse:tracing_jit") == "somebod…:tracing…"


@pytest.mark.parametrize("width", [80, 120])
def test_the_example_run_is_one_table_that_no_line_of_runs_over(width):
    frame = pd.read_parquet(EXAMPLE / "results.parquet")
    lines = printed(overview(frame, width), width)
    assert max(map(len, lines)) <= width
    assert len(lines) <= 20
    assert sum("value" in text for text in lines) == 1


def test_a_screen_too_narrow_for_one_table_gets_several_and_no_number_is_cut():
    frame = pd.read_parquet(EXAMPLE / "results.parquet")
    table = overview(frame, 40)
    text = "\n".join(printed(table, 40))
    for cells in table.rows:
        assert all(cell in text for cell in cells)


def test_no_error_is_shown_where_none_is_known():
    rows = [row("a:x", verdict=Verdict.UNRESOLVED, relative_error=math.nan)]
    assert line(rows, "gradient") == ("?",)
