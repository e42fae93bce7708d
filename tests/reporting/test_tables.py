import io
import math

from rich.console import Console

from adbench.cases import Case, Mode, Operator
from adbench.reporting import render, tables
from adbench.reporting.summary import summary_of
from adbench.results import frames
from adbench.results.row import Outcome, Row, Verdict


def case(operator=Operator.GRADIENT, mode=Mode.REVERSE, order=1, size="small"):
    return Case("mlp", size, "float64", operator, order, mode)


def row(
    backend, *, verdict=Verdict.CORRECT, error=1e-16, median_s=2e-6, ratio=3.0, asked=None, **known
):
    numbers = {
        "relative_error": error,
        "median_s": median_s,
        "cost_ratio": ratio,
        "verdict": verdict,
    }
    if known.get("outcome", Outcome.OK) is not Outcome.OK:
        numbers = {}
    return Row.begun(asked or case(), backend, n_inputs=3, n_outputs=1, **{**numbers, **known})


def find(rows, title):
    (table,) = (table for table in tables.tables(frames.frame(rows)) if table.title == title)
    return table


def test_the_worst_verdict_and_error_over_the_modes_are_shown():
    rows = [
        row("a:x"),
        row("a:x", asked=case(mode=Mode.FORWARD), verdict=Verdict.WRONG, error=0.25),
    ]
    assert find(rows, "Is it right?").rows == (("mlp", "small", "gradient", "✗2.5e-01"),)


def test_every_way_a_cell_can_end_has_its_mark():
    rows = [
        row("ok:x"),
        row("zero:x", error=0.0),
        row("imprecise:x", verdict=Verdict.IMPRECISE, error=1e-5),
        row("unresolved:x", verdict=Verdict.UNRESOLVED, error=math.nan),
        row("crashed:x", outcome=Outcome.CRASHED),
        row("unsupported:x", outcome=Outcome.UNSUPPORTED),
        row("absent:x", outcome=Outcome.NOT_INSTALLED),
    ]
    table = find(rows, "Is it right?")
    assert table.columns[3:] == (
        "ok:x",
        "zero:x",
        "imprecise:x",
        "unresolved:x",
        "crashed:x",
        "unsupported:x",
    )
    assert table.rows[0][3:] == ("1.0e-16", "0", "~1.0e-05", "?", "!", "–")


def test_costs_show_time_and_ratio_without_exponents():
    rows = [row("a:x", ratio=43210.0), row("b:x", median_s=0.0123, ratio=1.234)]
    assert find(rows, "What does it cost?").rows[0][4:] == ("2 µs ×43000", "12.3 ms ×1.2")


def test_troubles_name_place_and_message():
    rows = [
        row(
            "a:x",
            verdict=Verdict.WRONG,
            error=0.5,
            worst_entry="params[0][1]",
            max_error_over_bound=1e9,
        ),
        row("b:x", outcome=Outcome.TIMED_OUT, message="No answer within the limit of 2 s."),
        row("c:x", outcome=Outcome.NOT_INSTALLED, message="c is not installed."),
    ]
    assert find(rows, "What did not go well").rows == (
        (
            "a:x",
            "mlp small",
            "gradient reverse",
            "wrong at params[0][1]: relative error 5.0e-01, 1.0e+09 times the bound.",
        ),
        ("b:x", "mlp small", "gradient reverse", "timed_out: No answer within the limit of 2 s."),
        ("c:x", "1 cells", "", "not_installed: c is not installed."),
    )


def test_a_run_without_trouble_has_no_table_of_troubles():
    assert "What did not go well" not in {
        table.title for table in tables.tables(frames.frame([row("a:x")]))
    }


def test_the_summary_counts_verdicts_and_outcomes():
    rows = [row("a:x"), row("b:x", verdict=Verdict.WRONG), row("c:x", outcome=Outcome.CRASHED)]
    assert summary_of(rows) == "3 cells: 1 correct, 1 wrong; 1 crashed."


def test_no_line_on_screen_is_wider_than_the_terminal():
    backends = [f"framework{i}:staging{i}" for i in range(9)]
    rows = [row(b, asked=case(size=s)) for b in backends for s in ("small", "a rather long size")]
    rows.append(
        row(
            "framework0:staging0",
            asked=case(size="bad"),
            outcome=Outcome.RAISED,
            message="word " * 60,
        )
    )
    for width in (60, 80, 120):
        out = io.StringIO()
        console = Console(file=out, width=width)
        for table in tables.tables(frames.frame(rows)):
            render.to_screen(table, console)
        text = out.getvalue()
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text, "a cell was cut off"
        for backend in backends:
            assert backend.partition(":")[0] in text


def test_markdown_keeps_every_column_and_escapes_pipes():
    table = tables.Table("T", "a note", ("key|", "value"), 1, (("a|b", "1"),))
    title, _, note, _, header, rule, line = render.to_markdown(table).splitlines()
    assert (title, note) == ("## T", "a note")
    assert header.split() == ["|", "key\\|", "|", "value", "|"]
    assert line.split() == ["|", "a\\|b", "|", "1", "|"]
    assert set(rule) <= set("|-:")
