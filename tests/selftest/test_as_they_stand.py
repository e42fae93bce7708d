"""The seeded bugs as a `custom_vjp` and a `custom_gradient`, and the tables of all checkers."""

from importlib import import_module

import pytest
from click.testing import CliRunner

from adbench.backends.base import Unsupported
from adbench.cli import main
from adbench.results.exit_status import ExitStatus
from adbench.selftest import as_they_stand, run, subjects, table
from adbench.selftest.bugs import BUGS

REPRESENTATIVE = ("sign", "relative 1e-9", "first order right and second wrong")
"""Bugs of three kinds; the whole set is behind `adbench selftest --as-they-stand`."""

CHOSEN = [bug for bug in BUGS if bug.name in REPRESENTATIVE]


def report(framework, subject):
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    backend = import_module(f"adbench.selftest.{framework}").Eager()
    with backend.modes():
        return as_they_stand.report(framework, subject, "float64")


@pytest.mark.parametrize("framework", ["jax", "tensorflow"])
@pytest.mark.parametrize("bug", CHOSEN, ids=lambda bug: bug.name)
def test_a_bug_is_caught_without_a_specification(framework, bug):
    assert report(framework, bug.wrong).exit_status == ExitStatus.WRONG


@pytest.mark.parametrize("framework", ["jax", "tensorflow"])
@pytest.mark.parametrize("bug", CHOSEN, ids=lambda bug: bug.name)
def test_its_control_raises_no_alarm(framework, bug):
    of_control = report(framework, bug.control)
    assert of_control.exit_status != ExitStatus.WRONG, str(of_control)


@pytest.mark.parametrize("framework", ["jax", "tensorflow"])
def test_two_rules_that_differ_cannot_be_written_where_one_follows_from_the_other(framework):
    with pytest.raises(Unsupported):
        report(framework, subjects.SUBJECTS["forward wrong and reverse right"])


def test_tensorflows_own_checker_sees_a_sign_and_not_one_part_in_a_million():
    pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    rules = import_module("adbench.selftest.tensorflow")
    alarms = {}
    with rules.Eager().modes():
        for name in ("sign", "sign (control)", "relative 1e-6"):
            subject = subjects.SUBJECTS[name]
            point, constants = as_they_stand.arguments(subject, "float64", 0)
            alarms |= {name: rules.alarms(subject, point, constants)["compute_gradient"]}
    assert alarms == {"sign": True, "sign (control)": False, "relative 1e-6": False}


def scores(*, sign_caught, control_alarmed):
    names = {"sign": {run.OURS: sign_caught, "gradcheck": True}}
    names |= {"sign (control)": {run.OURS: control_alarmed, "gradcheck": False}}
    return [run.AsTheyStand("torch", "float64", names)]


def test_a_missed_bug_and_a_false_alarm_are_named_beside_the_scores():
    score, failures = table.as_they_stand(scores(sign_caught=False, control_alarmed=True))
    assert ("torch", "float64", run.OURS, "0 of 1", "1 of 1") in score.rows
    assert ("torch", "float64", "gradcheck", "1 of 1", "0 of 1") in score.rows
    assert failures.rows == (("torch", "float64", run.OURS, "sign", "sign (control)"),)


@pytest.mark.parametrize(
    ("sign_caught", "control_alarmed", "status"),
    [(True, False, 0), (False, False, 1), (True, True, 1)],
)
def test_the_exit_status_is_that_of_our_own_check(
    monkeypatch, sign_caught, control_alarmed, status
):
    told = scores(sign_caught=sign_caught, control_alarmed=control_alarmed)
    monkeypatch.setattr(run, "run_as_they_stand", lambda seed, watch: told)
    result = CliRunner().invoke(main, ["selftest", "--as-they-stand"], catch_exceptions=False)
    assert result.exit_code == status and "As they stand" in result.output
