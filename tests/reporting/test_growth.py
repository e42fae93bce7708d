"""Growth as tables and sentences, on rows made up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adbench.cases import Case, Mode, Operator
from adbench.reporting import growth
from adbench.results import frames
from adbench.results.row import Row


def row(size, *, model="net", operator=Operator.GRADIENT, order=1, axis="depth", **known):
    mode = Mode.FORWARD if operator is Operator.JVP else Mode.REVERSE
    case = Case(model, size, "float64", operator, order, mode)
    return Row.begun(case, "a:x", n_inputs=3, n_outputs=1, growth=axis, **known)


def gradients(ratio=2.5, **known):
    return [
        row(f"depth={d}", median_s=1e-3 * d, cost_ratio=ratio, peak_bytes=8000 * d, **known)
        for d in (1, 4, 16)
    ]


def cells(table):
    return {row[: table.keys]: row[table.keys :] for row in table.rows}


def test_a_run_without_growth_has_no_table_of_it():
    assert growth.tables(frames.frame([])) == []
    assert growth.tables(frames.frame([row("small", axis="")])) == []


def test_the_gradients_ratio_stands_beside_that_of_the_operations():
    frame = frames.frame(gradients(operations=300.0, primal_operations=100.0))
    table = growth.gradient_cost(frame)
    assert cells(table) == {
        ("net", "depth", "1", "3"): ("2.5",),
        ("net", "depth", "4", "3"): ("2.5",),
        ("net", "depth", "16", "3"): ("2.5",),
        ("net", "depth", "time grows like", ""): ("^1 (1 to 1)",),
    }


def test_operations_that_were_not_counted_are_not_made_up():
    table = growth.gradient_cost(frames.frame(gradients()))
    assert {key[3] for key in cells(table)} == {"–", ""}


@pytest.mark.parametrize(("ratio", "within"), [(2.5, "3 of 3"), (7.5, "0 of 3")])
def test_the_bound_of_the_cheap_gradient_can_be_broken(ratio, within):
    sentence = growth.findings(frames.frame(gradients(ratio))).rows[0][1]
    assert f"within the bound of 4 at {within} sizes" in sentence


def passes(recomputed=16000):
    forward = [
        row(f"depth={d}", operator=Operator.JVP, peak_bytes=4096, memory_method="m")
        for d in (1, 4, 16)
    ]
    again = [
        row(f"depth={d}", model="net_checkpointed", median_s=2e-3 * d, peak_bytes=recomputed)
        for d in (1, 4, 16)
    ]
    return frames.frame([*gradients(memory_method="m"), *forward, *again])


def test_memory_is_shown_for_one_pass_of_each_mode_and_with_checkpoints():
    table = cells(growth.memory_growth(passes()))
    assert table["net", "reverse, gradient", "depth", "16"] == ("128 kB",)
    assert table["net", "reverse, gradient", "depth", growth.PER_UNIT] == ("8 kB",)
    assert table["net", "forward, jvp", "depth", growth.PER_UNIT] == ("0 B",)
    assert table["net", "reverse, checkpointed", "depth", "16"] == ("16 kB",)


def test_a_sentence_says_what_reverse_mode_holds_and_what_checkpoints_save():
    (_, sentence) = growth.findings(passes()).rows[-1]
    assert sentence == (
        "net: reverse mode holds 8 kB (8 kB to 8 kB) more for each 1 more of depth, forward mode "
        "0 B, with checkpoints 16 kB in place of 128 kB at depth=16, in 2 times the time."
    )


def test_checkpoints_that_save_nothing_are_said_to():
    (_, sentence) = growth.findings(passes(recomputed=128000)).rows[-1]
    assert sentence.endswith("they save nothing here.")


def test_checkpoints_are_no_gradient_that_must_be_cheap():
    rows = gradients(9.0, model="net_checkpointed")
    assert growth.findings(frames.frame(rows)) is None


def test_the_table_of_memory_is_of_the_largest_size():
    small = Row.begun(Case("net", "s", "float64", Operator.GRADIENT, 1, Mode.REVERSE), "a:x")
    rows = [
        Row(**{**vars(small), "n_inputs": n, "size": f"n={n}", "peak_bytes": 100 * n})
        for n in (10, 20)
    ]
    table = growth.memory(frames.frame(rows))
    assert cells(table)["net", "n=20", "gradient", "reverse"] == ("2 kB",)
    assert ("net", "n=10", "gradient", "reverse") not in cells(table)


def derivatives(seconds, orders=range(1, 9)):
    asked = {"operator": Operator.DERIVATIVE, "axis": ""}
    return [row("x=1", order=k, median_s=seconds(k), cost_ratio=k, **asked) for k in orders]


def test_another_order_costs_a_factor_where_modes_nest_and_a_power_where_series_do_it():
    nested = growth.order_cost(frames.frame(derivatives(lambda k: 1e-6 * 3.0**k)))
    assert cells(nested)["net", "reverse", "grows like"] == ("3^k (3 to 3)",)
    series = growth.order_cost(frames.frame(derivatives(lambda k: 1e-6 * k**2.0)))
    assert cells(series)["net", "reverse", "grows like"] == ("k^2 (2 to 2)",)


def test_two_orders_make_no_law():
    assert growth.order_cost(frames.frame(derivatives(lambda k: 1e-6 * k, (1, 2)))) is None
    assert growth.law_of_orders([1, 2, 3], [1.0, 2.0, 4.0]) == "–"


@given(
    st.floats(-5, 5),
    st.floats(-5, 5),
    st.lists(st.integers(-100, 100), min_size=2, max_size=9, unique=True),
)
def test_the_slope_of_points_on_a_line_is_that_of_the_line(slope, offset, x):
    estimate = growth.slope_of(x, [slope * point + offset for point in x])
    assert estimate.slope == pytest.approx(slope, abs=1e-9)
    assert estimate.low <= estimate.slope <= estimate.high


def test_one_point_has_no_slope():
    assert math.isnan(growth.slope_of([1.0], [2.0]).slope)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (8192, "8.19 kB"),
        (1.5e6, "1.5 MB"),
        (2e9, "2 GB"),
        (-1500, "-1.5 kB"),
    ],
)
def test_sizes_have_three_digits_and_a_unit(size, text):
    assert growth.memory_size(size) == text
