"""The self-test catches every bug and alarms at no control; and it would say so if it did not."""

import re
from importlib.util import find_spec

import numpy as np
import pytest
from click.testing import CliRunner

from adbench.cases import Case, Mode, Operator
from adbench.cli import main
from adbench.results.row import Outcome, Row, Verdict
from adbench.selftest import reference, run, subjects, table
from adbench.selftest.bugs import BUGS
from adbench.selftest.controls import CONTROLS, fused_multiply_add


def finding(name, verdict=Verdict.CORRECT, outcome=Outcome.OK, checks=""):
    case = Case(name, "", "float64", Operator.GRADIENT, 1, Mode.REVERSE, "native")
    row = Row.begun(case, "reference:tape", verdict=verdict, outcome=outcome, failed_checks=checks)
    return run.Finding(name, "reference:tape", (row,))


def all_well():
    caught = [finding(bug.name, Verdict.WRONG, checks="truth") for bug in BUGS]
    return [
        *caught,
        *(finding(bug.control.name) for bug in BUGS),
        *(finding(c.name) for c in CONTROLS),
    ]


def test_every_bug_and_control_has_a_name_of_its_own():
    assert len(subjects.SUBJECTS) == 2 * len(BUGS) + len(CONTROLS)
    assert len(BUGS) >= 33


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_and_its_control_are_one_function_at_one_point(bug):
    assert bug.wrong.function is bug.control.function and bug.wrong.point is bug.control.point
    assert not bug.control.stateful


def test_a_missed_bug_and_a_false_alarm_are_told():
    results = run.Results(tuple(all_well()), {})
    assert results.missed == results.false_alarms == []
    missed = finding("factor 2", Verdict.CORRECT)
    alarm = finding("fused multiply-add", Verdict.WRONG, checks="truth")
    others = [f for f in all_well() if f.name not in ("factor 2", "fused multiply-add")]
    results = run.Results((*others, missed, alarm), {})
    assert results.missed == [missed] and results.false_alarms == [alarm]
    titles = {each.title: each for each in table.tables(results)}
    assert ("factor 2", "–", "✗ missed", "–", "–", "–", "–") in titles["Seeded bugs"].rows
    assert ("fused multiply-add", "✗ alarm", "–", "–", "–", "–") in titles["Controls"].rows
    expected = (
        f"adbench caught {len(BUGS) - 1} of {len(BUGS)} bugs and alarmed at 1 of "
        f"{len(BUGS) + len(CONTROLS)} controls."
    )
    assert table.summary(results) == expected


def test_what_did_not_run_is_neither_caught_nor_missed_in_silence():
    broken = finding("sign", Verdict.NONE, Outcome.RAISED)
    results = run.Results((*(f for f in all_well() if f.name != "sign"), broken), {})
    assert results.missed == [broken]
    assert "Did not run" in {each.title for each in table.tables(results)}


def test_an_absent_framework_is_no_miss():
    results = run.Results((finding("sign", Verdict.NONE, Outcome.NOT_INSTALLED),), {})
    assert results.missed == []


def test_the_fused_product_keeps_what_the_rounded_one_loses():
    a = np.array([1 + 2.0**-30])
    assert fused_multiply_add(a, a, -1 - 2.0**-29) == 2.0**-60
    assert a * a + (-1 - 2.0**-29) == 0


def test_a_rule_in_the_reference_engine_is_used_for_the_whole_call():
    import reference_ad

    wrong = reference.custom(subjects.SUBJECTS["transposed Jacobian"])
    x, a, u = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
    output, pullback = reference_ad.vjp(wrong, x, a)
    by_x, by_a = pullback(u)
    assert (output == a @ x).all() and (by_x == a @ u).all() and (by_a == np.outer(u, x)).all()


@pytest.mark.timeout(300)
def test_every_bug_is_caught_and_no_control_alarms_on_this_machine():
    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["selftest"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found = re.search(
        r"adbench caught (\d+) of (\d+) bugs and alarmed at 0 of (\d+) controls", result.output
    )
    assert found and found[1] == found[2]
    installed = {"reference", *filter(find_spec, ("torch", "jax"))}
    written = sum(len(installed & set(bug.wrong.frameworks)) for bug in BUGS)
    assert int(found[1]) >= written - 1  # JAX has no two rules that could differ
    if find_spec("torch"):
        assert "gradcheck caught" in result.output
