"""Every output takes any text for text: read back by a reader of its own, nothing has changed."""

import csv
import io
import types
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from adbench.cases import Case, Mode, Operator
from adbench.cases.text import HIDDEN, plain_text
from adbench.checking import formats
from adbench.checking.report import Report
from adbench.reporting import failures, render
from adbench.reporting.tables import Table
from adbench.results import frames
from adbench.results.escaping import for_markdown
from adbench.results.row import Outcome, Row

SYNTAX = st.sampled_from(
    [*"|`*_\\<>&[]()#!=+-@'\",:%;\n\r\t\0\x1b\x07\u202e\u2028\udcff", "](", "[/b]"]
)
ANY_TEXT = st.lists(SYNTAX | st.characters(exclude_categories=()), max_size=8).map("".join)


def case(name):
    return Case(name, name, "float64", Operator.GRADIENT, 1, Mode.REVERSE)


def rows_of(texts):
    return [
        Row.begun(case(text), "torch:eager", outcome=Outcome.RAISED, message=text) for text in texts
    ]


def cells_of_markdown(markdown):
    """The texts of the cells of the tables in Markdown, row by row, without markup."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    rows = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 3:
            assert {child.type for child in token.children} <= {"text", "text_special"}
            rows[-1].append("".join(child.content for child in token.children))
    return rows


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=4), ANY_TEXT)
def test_a_table_in_markdown_has_its_cells_and_nothing_else(pairs, heading):
    rows = tuple(tuple(map(plain_text, pair)) for pair in pairs)
    table = Table("Title", "", ("model", plain_text(heading)), 1, rows)
    expected = [table.columns, *rows]
    cells = cells_of_markdown(render.to_markdown(table))
    assert [[" ".join(cell.split()) for cell in row] for row in cells] == [
        [" ".join(cell.split()) for cell in row] for row in expected
    ]


@given(ANY_TEXT)
def test_a_paragraph_in_markdown_is_a_text_without_markup(text):
    tokens = MarkdownIt("commonmark").parse(f"It says: {for_markdown(plain_text(text))}")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    kinds = {child.type for child in tokens[1].children}
    assert not kinds & {"html_inline", "link_open", "image", "code_inline", "strong_open"}


@given(st.lists(ANY_TEXT, min_size=1, max_size=3), ANY_TEXT)
def test_nothing_drives_the_terminal_and_markup_is_shown(texts, heading):
    sink = io.StringIO()
    screen = Console(file=sink, width=200, color_system=None, force_terminal=True)
    rows = tuple((text, text) for text in texts)
    render.to_screen(Table(heading, heading, (heading, "[red]x[/blue]"), 1, rows), screen)
    render.to_screen(Table(heading, heading, (heading, "b"), 2, rows, prose=True), screen)
    render.say(screen, "".join(texts))
    assert not HIDDEN.search(sink.getvalue().replace("\n", ""))
    assert "[red]x[/blue]" in sink.getvalue()


@given(st.lists(ANY_TEXT, max_size=3))
def test_junit_is_well_formed_with_a_case_for_each_row(texts):
    report = Report(tuple(rows_of(texts)))
    suite = ElementTree.fromstring(formats.to_junit(report))[0]
    assert len(suite.findall("testcase/error")) == len(texts)
    messages = [error.get("message") for error in suite.iter("error")]
    assert messages == [f"raised: {row.message}" for row in report.rows]


@settings(deadline=None)  # files are written and read
@given(st.lists(ANY_TEXT, min_size=1, max_size=3))
def test_a_csv_file_holds_no_formula_and_comes_back_as_it_was(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("run")
    table = frames.frame(rows_of(texts))
    frames.write(table, folder)
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert {len(line) for line in lines} == {len(header)}
    fields = dict(zip(header, zip(*lines, strict=True), strict=True))
    for name in ("model", "size", "message"):
        assert not any(field.startswith(("=", "+", "-", "@")) for field in fields[name])
    loaded = frames.load(folder / "results.csv")
    assert list(loaded["message"]) == list(table["message"])
    assert list(loaded["model"]) == list(table["model"])


@given(st.lists(ANY_TEXT, max_size=3))
def test_github_gets_a_line_for_each_command(texts):
    report = Report(tuple(rows_of(texts)), notes=tuple(texts))
    models = {row.model: _Anywhere() for row in report.rows}
    lines = formats.to_github(report, models).split("\n")
    assert all(
        line.startswith(("::error file=", "::notice title=adbench check::")) for line in lines
    )
    assert len(lines) == 2 * len(texts) + 1
    assert not any(HIDDEN.search(line) for line in lines)


class _Anywhere:
    """As much of a model as its place in a file needs."""

    function = staticmethod(rows_of)
    native = types.MappingProxyType({})


def test_cells_whose_names_look_alike_stay_two(tmp_path):
    rows = rows_of(["a\nb", "a\tb", r"a\nb", "a b"])
    assert len({row.model for row in rows}) == 4
    frames.write(frames.frame(rows), tmp_path)
    assert frames.load(tmp_path / "results.csv")["model"].nunique() == 4


@pytest.mark.parametrize("width", [20, 160])
def test_a_report_as_text_shows_names_that_look_like_markup(width):
    (row,) = rows_of(["[/nope][red]x"])
    text = failures.text([row], "summary", width=width)
    assert "[/nope][red]x" in text.replace("\n", "")
