import pandas as pd
from sweeps import ideal, swept

from adbench.comparing.report import make_report
from adbench.reporting import sweep_tables
from adbench.step_sweep import rows as step_rows

GRID = (1, 16, 256)


def test_the_map_has_a_letter_for_each_cell_and_a_column_for_each_backend():
    frame = pd.concat(
        [swept(ideal, grid=GRID), swept(lambda mode, n, m: 1e-6, grid=GRID, backend="other:jit")]
    )
    table = sweep_tables.winners(frame)
    assert table.columns == ("model", "", "some:eager", "other:jit")
    assert table.rows == (
        ("deep", "n = 1", "=FF", "==="),
        ("deep", "n = 16", "R=F", "==="),
        ("deep", "n = 256", "RR=", "==="),
    )
    assert "m = 1, 16, 256 outputs" in table.note


def test_a_cell_that_was_not_measured_is_a_hole_in_the_maps():
    frame = swept(ideal, grid=GRID)
    frame = frame[frame["size"] != "n=256,m=256"]
    assert sweep_tables.winners(frame).rows[-1] == ("deep", "n = 256", "RR·")
    assert sweep_tables.ratios(frame).rows[-1][-3:] == ("260", "16", "·")


def test_ratios_that_are_not_told_apart_are_marked():
    table = sweep_tables.ratios(swept(lambda mode, n, m: 1e-6, grid=GRID, spread=0.2))
    assert table.rows[0] == ("deep", "some:eager", "n = 1", "?1", "?1", "?1")


def test_what_decides_is_a_row_for_each_backend():
    (row,) = sweep_tables.causes(swept(ideal)).rows
    assert row[:5] == ("deep", "some:eager", "1 [1, 1]", "1", "1 [1, 1]")
    assert row[-2:] == ("0 ns + 1 µs", "0 ns + 1 µs")


def test_a_run_without_a_sweep_has_none_of_the_tables():
    frame = swept(ideal).assign(swept=False)
    makers = (sweep_tables.winners, sweep_tables.ratios, sweep_tables.causes)
    assert [make(frame) for make in makers] == [None, None, None]


def test_a_report_says_what_a_sweep_leaves_out_and_only_where_there_is_one():
    steps = step_rows.frame([])
    report = make_report(swept(ideal), steps, ["deep was not swept at n=1024,m=1024."])
    assert report.sweep_sentences[-1] == "deep was not swept at n=1024,m=1024."
    assert "<summary>Time of forward over reverse mode (" in report.to_markdown({})
    assert not make_report(swept(ideal).assign(swept=False), steps, ["left out"]).sweep_sentences
