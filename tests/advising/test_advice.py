"""Advice follows from the numbers of the rows: other numbers, other advice."""

from dataclasses import replace

import pytest

from adbench.advising.advice import advise
from adbench.advising.words import sentences
from adbench.cases import Case, Mode, Operator
from adbench.results.row import Outcome, Row, Verdict


def row(
    backend="a:eager",
    seconds=1e-3,
    *,
    spread=0.02,
    mode=Mode.REVERSE,
    size="small",
    operator=Operator.GRADIENT,
    operations=100.0,
    implementation="spec",
    **fields,
):
    case = Case("mine", size, "float64", operator, 1, mode, implementation)
    begun = Row.begun(case, backend, n_inputs=10, n_outputs=1)
    measured = {
        "verdict": Verdict.CORRECT,
        "relative_error": 1e-16,
        "median_s": seconds,
        "ci_low_s": seconds * (1 - spread),
        "ci_high_s": seconds * (1 + spread),
        "prepare_s": 0.0,
        "first_s": seconds,
        "operations": operations,
        "primal_operations": operations / 3,
    }
    return replace(begun, **{**measured, **fields})


def only(rows):
    (advice,) = advise(rows).questions
    return advice


def test_the_fastest_is_advised_and_the_next_told_with_an_interval():
    advice = only([row("a:eager", 2e-3), row("b:jit", 1e-3), row("c:eager", 5e-3)])
    assert advice.best.backend == "b:jit"
    assert advice.runner_up.backend == "a:eager"
    assert advice.slower_by.median == pytest.approx(2.0)
    assert advice.slower_by.low == pytest.approx(2 * 0.98 / 1.02)
    assert advice.slower_by.high == pytest.approx(2 * 1.02 / 0.98)
    assert advice.equal == ()


def test_candidates_whose_intervals_overlap_are_equal():
    advice = only([row("a:eager", 1.00e-3), row("b:jit", 1.03e-3), row("c:jit", 1.05e-3)])
    assert [candidate.backend for candidate in advice.equal] == ["b:jit"]
    assert advice.runner_up.backend == "c:jit"


@pytest.mark.parametrize(("seconds", "equal"), [(1.9e-3, ["b:jit"]), (5e-3, [])])
def test_a_candidate_without_an_interval_is_told_apart_where_it_is_far_off(seconds, equal):
    unknown = row("b:jit", seconds, ci_low_s=float("nan"), ci_high_s=float("nan"))
    assert [candidate.backend for candidate in only([row(), unknown]).equal] == equal


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"verdict": Verdict.WRONG}, "wrong"),
        ({"outcome": Outcome.CRASHED, "median_s": float("nan")}, "crashed"),
        ({"relative_error": 1e-10}, "off by a relative 1.0e-10"),
    ],
)
def test_what_is_wrong_or_an_approximation_is_no_candidate_however_fast(fields, reason):
    advice = only([row("a:eager", 1e-3), row("b:jit", 1e-6, **fields)])
    assert advice.best.backend == "a:eager"
    assert advice.left_out == (f"b:jit reverse ({reason})",)


def test_forward_mode_is_advised_where_it_wins():
    rows = [
        row("a:eager", 1e-3, mode=Mode.FORWARD),
        row(
            "a:eager",
            4e-3,
            forward_ratio=0.25,
            forward_ratio_low=0.2,
            forward_ratio_high=0.3,
        ),
    ]
    advice = only(rows)
    assert advice.best.mode == "forward"
    (sentence,) = [text for text in sentences(advise(rows)) if "times as long as forward" in text]
    assert "on a:eager reverse mode takes 4 [3.3, 5] times as long as forward mode." in sentence


def test_what_compiles_pays_from_some_number_of_calls_on():
    eager = row("a:eager", 2e-3)
    compiled = row("b:jit", 1e-3, prepare_s=0.1, first_s=0.0)
    advice = only([eager, compiled])
    assert advice.at_once.backend == "a:eager"
    assert advice.pays_from.calls == 100
    assert advice.pays_from.low < 100 < advice.pays_from.high
    assert any("pays after 100 calls (" in text for text in sentences(advise([eager, compiled])))


def test_what_costs_nothing_to_prepare_is_ahead_from_the_first_call_on():
    advice = only([row("a:eager", 1e-3), row("b:jit", 2e-3, prepare_s=0.1)])
    assert advice.pays_from is None
    assert advice.at_once == advice.best


def two_sizes(first, second):
    """Rows of two backends at two sizes: seconds of a and of b at each."""
    return [
        row("a:eager", first[0], size="small", operations=1e3),
        row("b:jit", first[1], size="small", operations=1e3),
        row("a:eager", second[0], size="large", operations=1e5),
        row("b:jit", second[1], size="large", operations=1e5),
    ]


def test_the_crossing_of_two_backends_lies_between_their_sizes():
    advised = advise(two_sizes((1e-3, 4e-3), (4e-3, 1e-3)))
    (crossing,) = advised.crossings
    assert (crossing.before.backend, crossing.after.backend) == ("a:eager", "b:jit")
    assert crossing.operations.median == pytest.approx(1e4 / 3)
    assert crossing.operations.low < 1e4 / 3 < crossing.operations.high


def test_there_is_no_crossing_where_one_stays_ahead_or_is_equal():
    assert advise(two_sizes((1e-3, 4e-3), (1e-3, 4e-3))).crossings == ()
    assert advise(two_sizes((1e-3, 1.01e-3), (4e-3, 1e-3))).crossings == ()


def test_the_reason_is_overhead_where_more_work_takes_hardly_longer():
    rows = two_sizes((1.0e-3, 4e-3), (1.1e-3, 9e-3))
    small, large = advise(rows).questions
    assert small.work.overhead_s == pytest.approx(0.999e-3, rel=1e-3)
    assert large.work.per_pass_s == pytest.approx(0.101e-3, rel=1e-2)
    assert any("the overhead of a call decides" in text for text in sentences(advise(rows)))


def test_the_reason_is_the_work_where_time_grows_with_it():
    _, large = advise(two_sizes((1e-5, 4e-3), (1e-3, 9e-3))).questions
    assert large.work.overhead_s == pytest.approx(0.0, abs=1e-9)
    assert large.work.per_pass_s == pytest.approx(1e-3)


def test_a_mode_of_many_passes_is_told_its_work_a_pass():
    rows = [
        row("a:eager", 1e-3, size="small", operations=1e3, mode=Mode.FORWARD),
        row("a:eager", 1e-1, size="large", operations=1e5, mode=Mode.FORWARD),
    ]
    large = advise(rows).questions[1]
    assert large.work.passes == 10
    assert large.work.per_pass_s == pytest.approx(1e-2)


def test_one_size_has_no_reason():
    assert only([row()]).work is None


def test_the_lightest_is_told_with_what_counted_it():
    light = row("b:jit", 2e-3, peak_bytes=100, memory_method="tracemalloc")
    heavy = row("a:eager", 1e-3, peak_bytes=2000, memory_method="tracemalloc")
    (sentence,) = [text for text in sentences(advise([light, heavy])) if "least memory" in text]
    assert sentence.endswith(
        "the least memory is held by b:jit in reverse mode, 100 bytes (by tracemalloc); a:eager in "
        "reverse mode holds 2,000 bytes (by tracemalloc)."
    )


def test_what_another_counter_has_counted_is_not_compared():
    unseen = row("b:jit", 2e-3, peak_bytes=0, memory_method="resident memory")
    counted = row("a:eager", 1e-3, peak_bytes=2000, memory_method="profiler")
    assert only([unseen, counted]).lightest is None


def test_sweeps_growth_and_second_derivatives_give_no_advice():
    rows = [
        row(swept=True),
        row(growth="depth", size="depth=1"),
        row(operator=Operator.HESSIAN, mode=Mode.FORWARD_OVER_REVERSE),
    ]
    assert advise(rows).questions == ()
    assert sentences(advise(rows)) == []


def test_hand_written_code_is_a_candidate_beside_what_was_read_of_it():
    advice = only([row("a:eager", 1e-3, implementation="native"), row("b:jit", 5e-3)])
    assert advice.best.name == "a:eager in reverse mode, as written by hand"


def test_of_equal_cells_the_last_counts():
    assert only([row(seconds=1e-3), row(seconds=2e-3)]).best.call.median == 2e-3
