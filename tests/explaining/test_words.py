"""What is said of a cell is read off its row, and off those beside it."""

from dataclasses import replace

import pytest

from adbench.cases import Case, Mode, Operator
from adbench.explaining.evidence import ArrayEvidence, CellEvidence
from adbench.explaining.words import sections
from adbench.results.row import Outcome, Row, Verdict


def row(mode=Mode.REVERSE, backend="torch:eager", verdict=Verdict.CORRECT, **fields):
    case = Case("mlp", "8", "float64", Operator.GRADIENT, 1, mode)
    return replace(Row.begun(case, backend), verdict=verdict, **fields)


def lines_of(row, rows=(), evidence=None, missing=()):
    parts = sections(row, [row, *rows], evidence, missing)
    return {part.title: list(part.lines) for part in parts}


WRONG = row(verdict=Verdict.WRONG)


def test_a_mode_that_alone_is_wrong_is_named():
    lines = lines_of(WRONG, [row(Mode.FORWARD)])["Beside it in the run"]
    assert lines == [
        "Other modes of torch:eager: forward correct.",
        "The reverse mode alone is wrong.",
    ]


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.UNRESOLVED])
def test_a_mode_is_not_alone_where_another_is_not_known_to_be_right(verdict):
    lines = lines_of(WRONG, [row(Mode.FORWARD, verdict=verdict)])["Beside it in the run"]
    assert lines == [f"Other modes of torch:eager: forward {verdict}."]


def test_the_same_of_other_backends_is_told():
    lines = lines_of(WRONG, [row(backend="jax:jit")])["Beside it in the run"]
    assert lines == ["The same of others: jax:jit spec correct."]


def test_a_cell_that_did_not_end_well_is_told_by_its_message():
    crashed = row(outcome=Outcome.CRASHED, verdict=Verdict.NONE, message="Signal 11.")
    assert lines_of(crashed)["Answered"] == ["It ended as crashed: Signal 11."]
    assert "Judged" not in lines_of(crashed)


def test_a_failed_check_has_its_meaning():
    lines = lines_of(row(verdict=Verdict.WRONG, failed_checks="inputs; later"))["Judged"]
    assert "Failed: inputs: the call changed its inputs." in lines
    assert "Failed: later: a check of a later version." in lines


def test_a_wrong_cell_whose_first_call_is_right_is_said_to_be_wrong_elsewhere():
    right = ArrayEvidence("x", 3, 0, False, "x[0]", 1.0, 1.0, 1e-16)
    lines = lines_of(WRONG, evidence=CellEvidence(arrays=(right,)))
    assert lines["Where it goes wrong first"][0].startswith("The first call is right: ")


def test_a_dead_array_is_named():
    dead = ArrayEvidence("w", 3, 3, True, "w[0]", 0.0, 1.0, 1e-16)
    lines = lines_of(WRONG, evidence=CellEvidence(arrays=(dead,)))
    assert lines["Where it goes wrong first"] == ["No gradient reaches w."]


def test_what_is_missing_is_said():
    assert lines_of(WRONG, missing=["No plan."])["Not known"] == ["No plan."]
