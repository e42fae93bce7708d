import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from adbench.cases import Case, Mode, Operator
from adbench.reporting import break_even, tables
from adbench.reporting.break_even import BreakEven, CallCosts
from adbench.results import frames
from adbench.results.row import Outcome, Row

SECONDS = st.floats(1e-7, 10.0)


def costs(name, *, start_s, steady_s, width=0.0):
    low_s, high_s = steady_s * (1 - width), steady_s * (1 + width)
    return CallCosts(name, start_s / 2, start_s / 2, steady_s, low_s, high_s)


def row(backend, *, prepare_s, first_s, median_s, size="small", n=3, **measured):
    case = Case("mlp", size, "float64", Operator.GRADIENT, 1, Mode.REVERSE)
    numbers = {
        "prepare_s": prepare_s,
        "first_s": first_s,
        "median_s": median_s,
        "ci_low_s": median_s * 0.99,
        "ci_high_s": median_s * 1.01,
        "primal_s": median_s / 3,
    }
    return Row.begun(case, backend, n_inputs=n, n_outputs=1, **{**numbers, **measured})


EAGER = costs("f:eager", start_s=0.001, steady_s=100e-6, width=0.01)
COMPILED = costs("f:compiled", start_s=0.2, steady_s=10e-6, width=0.01)


def test_what_is_compiled_overtakes_when_it_has_saved_what_it_cost():
    crossing = break_even.break_even(COMPILED, EAGER)
    assert crossing == BreakEven(2213, 2186, 2240)  # 0.199 s / 90 us, and at the ends 91.1, 88.9 us
    assert COMPILED.total_s(2213) < EAGER.total_s(2213)
    assert COMPILED.total_s(2212) >= EAGER.total_s(2212)


def test_what_is_slower_is_never_ahead_for_good():
    crossing = break_even.break_even(EAGER, COMPILED)
    assert crossing is not None and math.isinf(crossing.calls)


def test_what_starts_cheaper_and_runs_faster_is_ahead_from_the_first_call_on():
    dear = costs("f:dear", start_s=1.0, steady_s=1.0)
    assert break_even.break_even(EAGER, dear) == BreakEven(1, 1, 1)


@pytest.mark.parametrize("width", [0.1, math.nan])
def test_overlapping_or_unknown_intervals_tell_nothing(width):
    one = costs("f:one", start_s=0.1, steady_s=10.0e-6, width=width)
    other = costs("f:other", start_s=0.2, steady_s=10.5e-6, width=width)
    assert break_even.break_even(one, other) is None
    assert break_even.break_even(other, one) is None


@given(SECONDS, SECONDS, SECONDS, SECONDS)
def test_from_the_break_even_on_it_costs_less_and_before_it_does_not(start, steady, more, slower):
    assume(slower > 1.01 * steady and more > 1e-3 * slower)
    fast = costs("f:fast", start_s=start + more, steady_s=steady)
    slow = costs("f:slow", start_s=start, steady_s=slower)
    crossing = break_even.break_even(fast, slow)
    assert crossing is not None and crossing.low == crossing.calls == crossing.high
    calls = int(crossing.calls)
    tolerance_s = 1e-12 * slow.total_s(calls)
    assert fast.total_s(calls + 1) < slow.total_s(calls + 1) + tolerance_s
    if calls > 1:
        assert fast.total_s(calls - 1) >= slow.total_s(calls - 1) - tolerance_s


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=6), st.integers(1, 10**6))
@example([(1.0, 4.0), (5.0, 1.0), (4.0, 1.0)], 3)
def test_the_leader_at_any_number_of_calls_costs_least(pairs, calls):
    stagings = [
        costs(f"f:{k}", start_s=start, steady_s=steady) for k, (start, steady) in enumerate(pairs)
    ]
    leaders = break_even.cheapest(stagings)
    leader, _ = [(staging, since) for staging, since in leaders if since <= calls][-1]
    least_s = min(staging.total_s(calls) for staging in stagings)
    assert leader.total_s(calls) <= least_s * (1 + 1e-9)


def test_sentences_name_the_leaders_and_every_overtaking():
    other = costs("g:eager", start_s=0.5, steady_s=20e-6, width=0.01)
    assert break_even.sentences("mlp small gradient", [EAGER, COMPILED, other]) == [
        "mlp small gradient: least in all costs f:eager, from 2,210 calls on f:compiled.",
        "mlp small gradient: g:eager overtakes f:eager after 6,240 calls (6,150 to 6,330).",
        "mlp small gradient: f:compiled is ahead of f:eager after 2,210 calls (2,190 to 2,240).",
    ]


def test_a_sentence_says_which_stagings_are_not_told_apart():
    near = costs("f:near", start_s=0.3, steady_s=10.1e-6, width=0.01)
    *_, of_framework = break_even.sentences("q", [EAGER, COMPILED, near])
    assert of_framework == (
        "q: f:compiled is ahead of f:eager after 2,210 calls (2,190 to 2,240), "
        "not told apart from f:near."
    )


def test_a_backend_alone_costs_least_however_many_the_calls():
    assert break_even.sentences("q", [EAGER]) == [
        "q: f:eager costs least in all, however many the calls."
    ]


def test_totals_and_crossings_stand_in_the_tables():
    rows = [
        row("f:eager", prepare_s=0.0, first_s=1e-3, median_s=1e-4),
        row("f:compiled", prepare_s=0.2, first_s=0.0, median_s=1e-5),
        row("f:broken", prepare_s=0.2, first_s=0.0, median_s=1e-5, outcome=Outcome.RAISED),
    ]
    paid, pays, crossings = tables.phases(frames.frame(rows))
    assert paid.columns[-3:] == ("1 call", "100 calls", "1,000,000 calls")
    assert [line[3] for line in paid.rows] == ["f:eager", "f:compiled"]
    assert paid.rows[0][-3:] == ("1 ms", "10.9 ms", "100 s")
    assert paid.rows[1][-3:] == ("200 ms", "201 ms", "10.2 s")
    assert pays.rows[0] == (
        "mlp small gradient: least in all costs f:eager, from 2,210 calls on f:compiled.",
    )
    assert crossings.in_file_alone
    assert crossings.rows == (
        ("f:eager", "", "never"),
        ("f:compiled", "2,210 (2,190 to 2,240)", ""),
    )


def test_the_questions_that_stagings_are_compared_on_are_preferred_to_the_largest():
    rows = [
        row("f:eager", prepare_s=0.0, first_s=1e-3, median_s=1e-4, size="small", n=1),
        row("f:new", prepare_s=0.0, first_s=1e-3, median_s=1e-4, size="small", n=1, stagings=True),
        row("f:eager", prepare_s=0.0, first_s=1e-3, median_s=1e-4, size="large", n=9),
    ]
    (question,) = break_even.compared_questions(frames.frame(rows))
    assert list(question["backend"]) == ["f:eager", "f:new"]
    (question,) = break_even.compared_questions(frames.frame([rows[0], rows[2]]))
    assert list(question["size"]) == ["large"]


def test_growth_and_sweeps_are_other_questions():
    rows = [
        row("f:eager", prepare_s=0.0, first_s=1e-3, median_s=1e-4, n=9, growth="depth"),
        row("f:eager", prepare_s=0.0, first_s=1e-3, median_s=1e-4, n=9, swept=True),
    ]
    assert tables.phases(frames.frame(rows)) == []


def test_cells_asked_for_stagings_alone_widen_no_other_table():
    rows = [
        row("f:eager", prepare_s=0.0, first_s=1e-3, median_s=1e-4, verdict="correct"),
        row("f:new", prepare_s=0.0, first_s=1e-3, median_s=1e-4, verdict="correct", stagings=True),
    ]
    shown = {table.title: table for table in tables.tables(frames.frame(rows))}
    assert shown["What does it cost?"].columns[4:] == ("f:eager",)
    assert shown["Is it right?"].columns[3:] == ("f:eager",)
    assert len(shown["What is paid when?"].rows) == 2
