"""A backend that is right once and wrong thereafter is wrong."""

import pytest
from runs import fake, only, run

from adbench.backends.catalog import REFERENCE
from adbench.results.row import Verdict


@pytest.mark.parametrize(
    ("name", "check", "says"),
    [
        ("Accumulating", "second call", "The same call again gave another, wrong answer."),
        (
            "Stale",
            "second point",
            "At a second point the answer is wrong. It is the answer of the first.",
        ),
        (
            "Memoized",
            "second point",
            "At a second point the answer is wrong. It is the answer of the first.",
        ),
        ("Frozen", "second point", "At a second point the answer is wrong."),
        (
            "Clobbering",
            "inputs",
            "The call changed its inputs, which differ from what they were: params[0][1]. "
            "Let it work on a copy.",
        ),
    ],
)
def test_what_a_backend_does_beside_answering_is_judged(tmp_path, name, check, says):
    row = only(run(tmp_path, fake(name)), f"fake:{name}")
    assert row.verdict is Verdict.WRONG
    assert check in row.failed_checks.split("; ")
    assert row.message.startswith(says)


def test_a_forward_mode_that_contradicts_the_reverse_mode_fails_an_identity(tmp_path):
    row = only(
        run(tmp_path, fake("Contradicting"), operators=("gradient", "jvp")),
        "fake:Contradicting",
        "jvp",
        "forward",
    )
    assert row.verdict is Verdict.WRONG
    assert row.failed_checks.split("; ")[:2] == ["truth", "identity"]
    assert "<u, Jv> = <J'u, v> fails" in row.message
    assert row.identity_over_bound > 1e3


def test_a_lopsided_hessian_is_not_symmetric(tmp_path):
    rows = run(tmp_path, fake("Lopsided"), operators=("hessian",))
    row = only(rows, "fake:Lopsided", "hessian", "forward-over-reverse")
    assert "symmetry" in row.failed_checks and "The Hessian is not symmetric." in row.message


def test_what_is_right_passes_every_identity(tmp_path):
    rows = run(tmp_path, *REFERENCE, operators=("gradient", "jvp", "hvp", "hessian"))
    assert {row.verdict for row in rows} == {Verdict.CORRECT}
    assert {row.failed_checks for row in rows} == {""}
    assert max(row.identity_over_bound for row in rows) <= 1
    assert all(1.5 < row.taylor_order < 2.5 for row in rows if row.operator in ("gradient", "jvp"))
