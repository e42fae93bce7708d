"""Failures that are declared: which cells they excuse, and which declarations no longer hold."""

from dataclasses import replace

import pytest

from adbench.cases import Mode, Operator, SpecError
from adbench.cases.case import Case
from adbench.results.expected import Expectations, without
from adbench.results.row import Outcome, Row, Verdict

MODELS = ("softplus", "swish", "norm")

FILE = """
[[expected]]
model = "{model}"
operator = "{operator}"
backend = "*"
ending = "wrong"
reason = "The backward forgets a factor"
link = "https://example.org/issues/7"
"""


def case_of(model):
    return Case(model, "small", "float64", Operator.VJP, 1, Mode.REVERSE, "native")


@pytest.fixture
def rows():
    """Cells that are right, and one that is wrong."""
    right = [Row.begun(case_of(model), "torch:eager", verdict=Verdict.CORRECT) for model in MODELS]
    return [replace(right[0], verdict=Verdict.WRONG), *right[1:]]


def read(path, text):
    path.write_text(text)
    return Expectations.read(path)


def declared(rows, tmp_path, head="", **changes):
    text = FILE.format(**{"model": rows[0].model, "operator": rows[0].operator, **changes})
    return read(tmp_path / "known.toml", head + text).meet(rows)


def test_a_cell_that_fails_as_declared_is_excused_with_reason_and_link(rows, tmp_path):
    expected = declared(rows, tmp_path)
    assert [row for row, _ in expected.rows] == rows[:1]
    assert without(rows, expected) == tuple(rows[1:])
    (note,) = expected.notes
    assert f"known.toml:2): {rows[0].model}" in note and "is wrong." in note
    assert note.endswith("The backward forgets a factor. See https://example.org/issues/7")
    assert not expected.fails_gate


def test_a_declared_failure_that_has_vanished_is_said(rows, tmp_path):
    mended = [replace(rows[0], verdict=Verdict.CORRECT), *rows[1:]]
    expected = declared(mended, tmp_path)
    assert not expected.rows and not expected.fails_gate
    (note,) = expected.notes
    assert note.startswith("No longer so (") and "remove the declaration" in note
    assert declared(mended, tmp_path, head="strict = true\n").fails_gate


def test_a_declaration_about_nothing_that_was_asked_is_said(rows, tmp_path):
    expected = declared(rows, tmp_path, model="no_such_model")
    (note,) = expected.notes
    assert note.startswith("Not asked (") and "no_such_model" in note
    assert without(rows, expected) == tuple(rows)


def test_another_ending_than_the_declared_one_is_not_excused(rows, tmp_path):
    crashed = [replace(rows[0], outcome=Outcome.CRASHED, verdict=Verdict.NONE), *rows[1:]]
    assert not declared(crashed, tmp_path).rows


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[expected]\n", "is no TOML: "),
        ("other = 1\n", "has 'other'"),
        ("strict = 3\n", "strict = 3; give true or false"),
        ("expected = 3\n", "that is no table"),
        ("[[expected]]\nending = 'wrong'\nreason = 'r'\n", "line 1 of .* has no link"),
        ("\n\n[[expected]]\nending = 'wrong'\nlink = 'https://x'\n", "line 3 of .* has no reason"),
        (FILE.replace('"wrong"', '"bad"'), "ending = 'bad'; give one of wrong, imprecise"),
        (FILE.replace("https:", "file:"), "give an address of the web"),
        (FILE.replace('"*"', "3"), "backend = 3; give a text"),
        (FILE.replace("backend", "backnd"), "'backnd', which is none of model, size"),
    ],
)
def test_a_malformed_file_ends_in_one_sentence_with_the_line(tmp_path, text, sentence):
    with pytest.raises(SpecError, match=sentence):
        read(tmp_path / "known.toml", text)


def test_a_file_that_is_not_there_ends_in_one_sentence(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        Expectations.read(tmp_path / "none.toml")
