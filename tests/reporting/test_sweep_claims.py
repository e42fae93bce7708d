import pandas as pd
from sweeps import ideal, swept

from adbench.cases import Mode
from adbench.reporting import sweep_claims


def said(*arguments, **known):
    (text,) = sweep_claims.sentences(swept(*arguments, **known))
    return text


def test_where_reverse_wins_when_inputs_outnumber_outputs_the_claim_held():
    assert said(ideal) == (
        "some:eager: The claim held: reverse mode won all 10 cells with n >= 16 m (and every cell "
        "with n >= 4 m). Forward mode won all 7 with m >= 16 n and m >= 256. The modes cross at "
        "n = 1 m [1, 1]; by operation counts n = 1 m."
    )


def test_a_backend_whose_forward_mode_is_always_faster_is_said_to_break_the_claim_and_why():
    def time_of(mode, n, m):
        return 1e-4 + 1e-9 * n if mode is Mode.FORWARD else 6e-3 + 1e-9 * m

    text = said(time_of)
    assert text.startswith(
        "some:eager: The claim did not hold: reverse mode won 0 of 10 cells with n >= 16 m (10 "
        "forward): a call costs 100 µs in forward and 6 ms in reverse mode before any pass, and a "
        "pass adds 1 ns and 1 ns."
    )
    assert "The modes cross at no n / m that was measured (forward is ahead at all)" in text


def test_a_claim_that_calls_cost_more_than_passes_below_some_size_held_from_there_on():
    def time_of(mode, n, m):
        return 1e-6 * n if mode is Mode.FORWARD else 3e-5 + 1e-6 * m

    text = said(time_of)
    assert "The claim held from n = 64 on: reverse mode won 9 of 10 cells with n >= 16 m" in text
    assert "(not n=16, m=1: forward, ratio 0.52 [0.51, 0.52])" in text
    assert "a call costs 0 ns in forward and 30 µs in reverse mode before any pass" in text


def test_an_exception_at_the_largest_size_is_no_claim_from_a_size_on():
    def time_of(mode, n, m):
        slow = 1e6 if mode is Mode.REVERSE and (n, m) == (1024, 1) else 1
        return slow * ideal(mode, n, m)

    assert "The claim held in part: reverse mode won 9 of 10 cells" in said(time_of)


def test_a_forward_mode_that_loses_where_outputs_outnumber_inputs_is_named_with_its_cause():
    def time_of(mode, n, m):
        return (1e-3 if mode is Mode.FORWARD else 1e-5) + ideal(mode, n, m)

    text = said(time_of)
    assert "Forward mode won 3 of 7 with m >= 16 n and m >= 256 (4 reverse): a call" in text
    assert text.count("a call costs") == 1


def test_cells_that_are_not_told_apart_are_counted_and_won_by_neither():
    text = said(lambda mode, n, m: 1e-6, spread=0.1)
    assert "reverse mode won 0 of 10 cells with n >= 16 m (10 not told)" in text
    assert text.endswith("Not told apart: 36 of 36 cells.")
    assert "(10 equal)" in said(lambda mode, n, m: 1e-6, spread=0.02)


def test_each_backend_has_its_text_and_several_models_are_named():
    both = pd.concat([swept(ideal), swept(ideal, backend="other:jit")], ignore_index=True)
    assert [text.partition(":")[0] for text in sweep_claims.sentences(both)] == ["some", "other"]
    models = pd.concat([swept(ideal), swept(ideal, model="dense")], ignore_index=True)
    assert [text.partition(" ")[0] for text in sweep_claims.sentences(models)] == ["deep", "dense"]


def test_a_run_without_a_sweep_says_nothing():
    assert sweep_claims.sentences(swept(ideal).assign(swept=False)) == []


def test_in_short_backends_on_which_the_claim_held_share_a_sentence_and_others_are_counted():
    def overhead(mode, n, m):
        return 1e-6 * n if mode is Mode.FORWARD else 3e-5 + 1e-6 * m

    frame = pd.concat([swept(ideal), swept(ideal, backend="b:x"), swept(overhead, backend="c:x")])
    assert sweep_claims.in_short(frame) == [
        "Reverse mode won wherever n >= 16 m on some:eager, b:x; 9 of 10 cells on c:x.",
        "Forward mode won wherever m >= 16 n and m >= 256 on some:eager, b:x, c:x.",
    ]


def test_in_short_several_sweeps_of_a_backend_are_counted_together():
    def overhead(mode, n, m):
        return 1e-6 * n if mode is Mode.FORWARD else 3e-5 + 1e-6 * m

    first, second = swept(ideal), swept(overhead).assign(model="another")
    reverse, forward = sweep_claims.in_short(pd.concat([first, second]))
    assert reverse == "Reverse mode with n >= 16 m won 19 of 20 cells on some:eager."
    assert forward == "Forward mode won wherever m >= 16 n and m >= 256 on some:eager."


def test_in_short_a_claim_that_held_nowhere_is_said_so():
    def forward_wins(mode, n, m):
        return 1e-6 if mode is Mode.FORWARD else 1e-3

    reverse, _ = sweep_claims.in_short(swept(forward_wins))
    assert reverse == "Reverse mode with n >= 16 m won 0 of 10 cells on some:eager."


def test_in_short_a_run_without_a_sweep_claims_nothing():
    assert sweep_claims.in_short(swept(ideal).iloc[:0]) == []
