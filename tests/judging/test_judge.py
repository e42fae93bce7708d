"""The judge: every check, and how what the checks find becomes one row."""

from dataclasses import replace

import numpy as np
import pytest
from truths import model_at, question_of, truth_of

from adbench.cases import Case, Mode, Operator
from adbench.cases.answer import Answer
from adbench.judging.finding import Finding, fold
from adbench.judging.judge import SECOND_POINT, Asked, Evidence, Judge, Trial
from adbench.judging.verdict import Judgement
from adbench.planning.points import Points
from adbench.results.row import Row, Verdict

MODEL = model_at(lambda xp, x: xp.sum(xp.exp(x) * x), [0.5, 1.5])
MODES = {Operator.HESSIAN: Mode.FORWARD_OVER_REVERSE, Operator.VALUE: Mode.NONE}


class Cell:
    """A cell about an operator of `MODEL`, whose calls answer as the test says."""

    def __init__(self, operator=Operator.GRADIENT, mode=None):
        self.question, self.truth = truth_of(MODEL, operator)
        (second,) = Points(0, "float64").further_points(MODEL, "", self.question.inputs)
        self.second_question = self.question.at(second)
        self.second_truth = truth_of(
            replace(MODEL, make=lambda size, rng: self.second_question.inputs.arguments), operator
        )[1]
        mode = mode or MODES.get(operator, Mode.REVERSE)
        self.case = Case("f", "", "float64", operator, self.question.order, mode)
        self.right = self.scaled(1.0)

    def scaled(self, factor, truth=None):
        answer = (truth or self.truth).answer
        return Answer(answer.paths, tuple(np.asarray(a, float) * factor for a in answer.arrays))

    def judged(
        self,
        first=None,
        again=None,
        elsewhere=(),
        changed="",
        kept=None,
        judge=None,
        truth=...,
        row=None,
    ):
        first = first or self.right
        return (judge or Judge(exact=True)).judge(
            row or Row.begun(self.case, "fake"),
            self.case,
            Evidence(first, again or first, tuple(map(at_second_point, elsewhere)), changed, kept),
            self.question,
            self.truth if truth is ... else truth,
            {0: Asked(self.second_question, self.second_truth)} if elsewhere else {},
        )


def at_second_point(answer):
    return Trial(SECOND_POINT, "At a second point the answer is wrong.", answer, 0)


@pytest.fixture(scope="module")
def gradient():
    return Cell()


def test_a_right_answer_passes_every_check(gradient):
    right_elsewhere = gradient.scaled(1.0, gradient.second_truth)
    row = gradient.judged(elsewhere=[right_elsewhere])
    assert (row.verdict, row.failed_checks, row.message, row.flags) == (Verdict.CORRECT, "", "", "")
    assert row.truth == "enclosure"
    assert row.identity_over_bound == 0 and row.taylor_order == pytest.approx(2, abs=0.1)


def test_a_wrong_answer_fails_the_truth_and_taylor(gradient):
    row = gradient.judged(gradient.scaled(2.0))
    assert row.verdict is Verdict.WRONG and row.failed_checks == "truth; Taylor"
    assert row.message == (
        "2 of 2 entries are off: returned = true × 2. The Taylor remainder is of order 1.00 in h."
    )
    assert row.flags == ""


def test_a_second_call_that_is_wrong_gives_the_row_its_numbers(gradient):
    row = gradient.judged(again=gradient.scaled(3.0))
    assert row.verdict is Verdict.WRONG and row.failed_checks == "second call"
    assert row.message == (
        "The same call again gave another, wrong answer. 2 of 2 entries are off: returned = true "
        "× 3."
    )
    assert row.relative_error == pytest.approx(2)


def test_a_second_call_that_is_wrong_too_is_counted_and_not_said(gradient):
    row = gradient.judged(gradient.scaled(2.0), again=gradient.scaled(3.0))
    assert row.failed_checks == "truth; second call; Taylor"
    assert row.relative_error == pytest.approx(1)
    assert "again" not in row.message


def test_an_answer_that_did_not_move_with_the_point_is_stale(gradient):
    row = gradient.judged(elsewhere=[gradient.right, gradient.scaled(5.0)])
    assert row.failed_checks == "second point"
    assert row.message.startswith(
        "At a second point the answer is wrong. It is the answer of the first. 2 of 2 entries are"
    )


def test_an_answer_that_is_wrong_at_the_second_point_alone_is_wrong(gradient):
    right_elsewhere = gradient.scaled(1.0, gradient.second_truth)
    wrong_elsewhere = gradient.scaled(-1.0, gradient.second_truth)
    row = gradient.judged(elsewhere=[right_elsewhere, wrong_elsewhere])
    assert row.message == (
        "At a second point the answer is wrong. 2 of 2 entries are off: the sign is flipped. "
        "The point: x = [0.4375, 1.3125]."
    )


def test_the_second_point_is_not_judged_where_the_first_is_wrong(gradient):
    row = gradient.judged(gradient.scaled(2.0), elsewhere=[gradient.right])
    assert row.failed_checks == "truth; Taylor"


def test_an_answer_that_a_later_call_overwrites_is_wrong(gradient):
    row = gradient.judged(kept=gradient.scaled(2.0))
    assert row.verdict is Verdict.WRONG and row.failed_checks == "later call"
    assert row.message.startswith("The arrays of an answer changed when the function was called")
    assert gradient.judged(kept=gradient.right).verdict is Verdict.CORRECT


def test_changed_inputs_are_said_first(gradient):
    sentence = "The call changed its inputs, which differ from what they were: x."
    row = gradient.judged(gradient.scaled(2.0), changed=sentence)
    assert row.failed_checks == "truth; Taylor; inputs"
    assert row.message.startswith(f"{sentence} 2 of 2 entries are off")


def test_without_a_truth_nothing_is_resolved_but_what_needs_none(gradient):
    row = Row.begun(gradient.case, "fake", message="No truth could be computed.")
    assert gradient.judged(truth=None, row=row).verdict is Verdict.UNRESOLVED
    changed = gradient.judged(truth=None, row=row, changed="It changed x.")
    assert changed.verdict is Verdict.WRONG and changed.failed_checks == "inputs"
    assert changed.message == "It changed x. No truth could be computed."


def test_an_answer_that_contradicts_an_earlier_one_fails_the_identity(gradient):
    judge = Judge(exact=True)
    gradient.judged(judge=judge)
    jvp = Cell(Operator.JVP, Mode.FORWARD)
    row = jvp.judged(jvp.scaled(1.5), judge=judge)
    assert row.failed_checks == "truth; identity; Taylor"
    assert "<u, Jv> = <J'u, v> fails: gradient reverse gives " in row.message
    assert row.identity_over_bound > 1e3


def test_a_wrong_answer_is_no_witness_against_a_right_one(gradient):
    judge = Judge(exact=True)
    gradient.judged(gradient.scaled(2.0), judge=judge)
    row = Cell(Operator.JVP, Mode.FORWARD).judged(judge=judge)
    assert row.verdict is Verdict.CORRECT and row.failed_checks == ""


def test_a_lopsided_hessian_fails_its_symmetry():
    cell = Cell(Operator.HESSIAN)
    lopsided = Answer(cell.right.paths, (cell.right.arrays[0] + [[0.0, 1e-6], [0.0, 0.0]],))
    row = cell.judged(lopsided)
    assert row.failed_checks == "truth; symmetry"
    assert row.message.endswith("The Hessian is not symmetric.")


def test_the_distance_to_other_modes_is_within_one_question(gradient):
    judge = Judge(exact=True)
    assert np.isnan(gradient.judged(judge=judge).error_vs_other_mode)
    distance = gradient.judged(gradient.scaled(1.25), judge=judge).error_vs_other_mode
    assert distance == pytest.approx(0.25)
    assert np.isnan(Cell(Operator.VJP).judged(judge=judge).error_vs_other_mode)


def test_an_approximation_takes_part_in_no_identity(gradient):
    row = gradient.judged(gradient.scaled(2.0), judge=Judge(exact=False))
    assert row.verdict is Verdict.UNRESOLVED and row.failed_checks == ""
    assert np.isnan(row.identity_over_bound) and np.isnan(row.taylor_order)


def test_a_wrong_gradient_beside_a_right_value_is_wrong():
    cell = Cell(Operator.VALUE_AND_GRADIENT)
    assert cell.judged().verdict is Verdict.CORRECT
    value, slope = cell.right.arrays
    row = cell.judged(Answer(cell.right.paths, (value, 2 * slope)))
    assert row.failed_checks == "truth; Taylor" and row.worst_entry == "x[0]"
    assert row.message.startswith("2 of 3 entries are off, in x: returned = true × 2.")
    row = cell.judged(Answer(cell.right.paths, (value + 1, slope)))
    assert row.failed_checks == "truth" and row.worst_entry == "value"


# ---- findings


def begun(**fields):
    return Row.begun(question_case(), "fake", **fields)


def question_case():
    question = question_of(MODEL, Operator.GRADIENT)
    return Case("f", "", "float64", question.operator, question.order, Mode.REVERSE)


def test_a_remark_is_a_flag_where_nothing_is_proved():
    row = fold(begun(flags="wide interval"), [Finding("", "It looks odd.", is_proof=False)])
    assert (row.flags, row.message, row.verdict) == ("wide interval; It looks odd.", "", "")


def test_a_remark_is_said_where_something_else_is_proved():
    findings = [Finding("identity", "It fails."), Finding("", "It looks odd.", is_proof=False)]
    row = fold(begun(), findings)
    assert (row.flags, row.message, row.failed_checks) == (
        "",
        "It fails. It looks odd.",
        "identity",
    )


def test_the_first_judgement_of_a_further_call_is_the_rows():
    judgements = [Judgement(Verdict.WRONG, relative_error=error) for error in (0.5, 0.25)]
    findings = [
        Finding(check, f"{check} is wrong.", judgement=judgement)
        for check, judgement in zip(("second call", "second point"), judgements, strict=True)
    ]
    row = fold(begun(), findings)
    assert (row.message, row.relative_error) == ("second call is wrong.", 0.5)
    assert row.failed_checks == "second call; second point"
