"""The five sentences on top of a report, each made from the rows alone."""

from dataclasses import replace

import pandas as pd
import pytest
from sweeps import ideal, swept
from synthetic import EXAMPLE

from adbench.cases import Case, Mode, Operator
from adbench.reporting import answer
from adbench.reporting.answer import Tone
from adbench.results import frames
from adbench.results.row import Outcome, Row, Verdict


def gradient(backend, *, model="net", size="s", **known):
    case = Case(model, size, "float64", Operator.GRADIENT, 1, Mode.REVERSE)
    given = {"verdict": Verdict.CORRECT, "relative_error": 1e-16, "max_error_over_bound": 0.1}
    return Row.begun(case, backend, n_inputs=3, n_outputs=1, **(given | known))


def timed(backend, *, prepare_s=0.0, first_s=1e-3, steady_s=1e-3, ratio=3.0, **known):
    times = {
        "prepare_s": prepare_s,
        "first_s": first_s,
        "median_s": steady_s,
        "ci_low_s": steady_s * 0.99,
        "ci_high_s": steady_s * 1.01,
        "cost_ratio": ratio,
        "cost_ratio_low": ratio,
        "cost_ratio_high": ratio,
    }
    return gradient(backend, **(times | known))


def frame(*rows):
    return frames.frame(rows)


# ---- is it right?


def test_a_run_without_a_fault_is_said_to_be_right():
    said = answer.rightness(frame(gradient("a:x"), gradient("b:x")))
    assert said.tone is Tone.GOOD
    assert said.sentence == "Yes: 2 answers of 2 backends are right."


def test_a_broken_backend_is_named_with_its_worst_answer():
    wrong = gradient(
        "b:x", verdict=Verdict.WRONG, relative_error=1e-3, max_error_over_bound=2e5, size="large"
    )
    said = answer.rightness(frame(gradient("a:x"), gradient("b:x"), wrong))
    assert said.tone is Tone.BAD
    assert said.sentence.startswith("No: 1 of 3 answers is wrong: b:x in 1 of 2, gradient of net")
    assert "large (relative error 1.0e-03, 2.0e+05 times its bound)" in said.sentence


def test_what_did_not_run_is_counted_by_backend():
    crashed = gradient("b:x", outcome=Outcome.TIMED_OUT, verdict=Verdict.NONE)
    said = answer.rightness(frame(gradient("a:x"), crashed))
    assert said.tone is Tone.BAD
    assert said.sentence.endswith("1 cell did not run: b:x timed out in 1.")


def test_imprecise_and_unresolved_answers_are_counted_apart():
    rows = [gradient("a:x", verdict=verdict) for verdict in ("correct", "imprecise", "unresolved")]
    said = answer.rightness(frame(*(replace(row, size=str(i)) for i, row in enumerate(rows))))
    assert "1 could not be told (unresolved)" in said.sentence
    assert "1 of them have few right digits (imprecise), on a:x" in said.sentence


def test_nothing_judged_is_not_called_right():
    said = answer.rightness(frame(gradient("a:x", verdict=Verdict.NONE)))
    assert said.tone is Tone.OPEN
    assert "No answer was judged" in said.sentence


# ---- cost, mode, staging


def test_backends_are_ordered_by_what_a_gradient_costs():
    said = answer.gradient_cost(frame(timed("slow:x", ratio=9.0), timed("fast:x", ratio=2.0)))
    assert said.sentence.index("2 on fast:x") < said.sentence.index("9 on slow:x")
    assert "1 of 2 backends stay within 4" in said.sentence


def test_a_run_in_which_forward_mode_wins_says_so():
    def forward_wins(mode, n, m):
        return 1e-6 if mode is Mode.FORWARD else 1e-3

    said = answer.winning_mode(swept(forward_wins, backend="odd:x"))
    assert said.sentence.startswith(
        "Forward mode wins at every n and m that was measured with odd:x"
    )


def test_a_run_in_which_reverse_mode_wins_at_once_says_so():
    def reverse_wins(mode, n, m):
        return 1e-3 if mode is Mode.FORWARD else 1e-6

    said = answer.winning_mode(swept(reverse_wins, backend="odd:x"))
    assert "at every n and m that was measured with odd:x" in said.sentence
    assert said.sentence.startswith("Reverse mode wins")


def test_the_boundary_of_each_backend_stands_with_that_of_the_counts():
    said = answer.winning_mode(swept(ideal, backend="ideal:x"))
    assert said.sentence.startswith("Reverse mode wins above n = 1 m [")
    assert said.sentence.endswith("Operation counts put it at n = 1 m.")


def test_compiling_pays_after_the_calls_that_its_start_is_worth():
    eager = timed("some:eager", first_s=1e-3, steady_s=1e-3)
    compiled = timed("some:jit", prepare_s=1.0, first_s=1e-3, steady_s=1e-4)
    said = answer.compiling(frame(eager, compiled))
    assert "some:jit takes 1 s to its first answer and is ahead of some:eager after 1,1" in (
        said.sentence
    )


def test_compiling_that_never_pays_is_not_praised():
    eager = timed("some:eager", first_s=1e-3, steady_s=1e-4)
    compiled = timed("some:jit", prepare_s=1.0, first_s=1e-3, steady_s=1e-3)
    said = answer.compiling(frame(eager, compiled))
    assert "some:eager both starts and runs fastest" in said.sentence


def test_a_wrong_backend_is_not_recommended_however_fast():
    wrong = timed("fast:x", steady_s=1e-9, first_s=1e-9, verdict=Verdict.WRONG)
    said = answer.recommendation(frame(timed("slow:x"), wrong))
    assert "slow:x" in said.sentence
    assert "what is wrong is left out of this (fast:x)" in said.sentence


@pytest.mark.parametrize(
    ("ask", "command"),
    [
        (answer.gradient_cost, "adbench run MODEL --operator gradient"),
        (answer.winning_mode, "adbench run deep --operator jacobian"),
        (answer.compiling, "adbench run mlp --operator gradient"),
        (answer.recommendation, "adbench run MODEL --operator gradient"),
    ],
)
def test_where_a_run_holds_nothing_the_command_is_named_that_measures_it(ask, command):
    said = ask(frame(gradient("a:x")))
    assert said.tone is Tone.OPEN
    assert command in said.sentence


def test_the_example_has_an_answer_to_every_question():
    said = answer.answers(frames.load(EXAMPLE))
    assert len(said) == 5
    assert Tone.OPEN not in [one.tone for one in said]
    assert all(one.sentence.endswith(".") for one in said)


def test_an_empty_run_has_five_answers_too():
    empty = frames.frame([])
    assert isinstance(empty, pd.DataFrame)
    assert {one.tone for one in answer.answers(empty)} == {Tone.OPEN}
