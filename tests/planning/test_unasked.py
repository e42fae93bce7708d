"""What was named and is asked nothing is said, and is no success."""

import pytest

import adbench
from adbench import registry
from adbench.backends.catalog import REFERENCE, Entry
from adbench.planning.plan import make_plan
from adbench.planning.settings import CHECK, Settings
from adbench.planning.unasked import Named, silent_backends, with_unasked
from adbench.results.exit_status import ExitStatus


def unasked(models, backends=REFERENCE[:1], operators=(), sizes=()):
    plan = make_plan(
        registry.find_models(models),
        backends,
        Settings(effort=CHECK),
        operators=operators,
        sizes=sizes,
    )
    names = tuple(entry.name for entry in backends)
    return with_unasked(plan, Named(tuple(models), names, tuple(operators), tuple(sizes))).unasked


def test_a_model_that_has_nothing_of_what_is_asked_is_said():
    assert unasked(["dense", "mlp"], operators=["hessian"]) == (
        "The model dense was asked nothing: nothing of it can be asked for hessian.",
    )
    assert unasked(["tanh", "mlp"], sizes=["1-1-1-1x1"]) == (
        "The model tanh was asked nothing: nothing of it can be asked at 1-1-1-1x1.",
    )


def test_a_backend_an_operator_and_a_size_that_no_cell_has_are_said():
    slow = Entry("slow:eager", "", orders={"forward": 0, "reverse": 0})
    assert unasked(["mlp"], (REFERENCE[0], slow), operators=["gradient"]) == (
        "The backend slow:eager was asked nothing: it is not asked for what these models have "
        "for gradient.",
    )
    assert unasked(["mlp"], operators=["gradient", "jacobian"]) == (
        "The operator jacobian was asked of no model here.",
    )


def test_where_all_that_was_named_is_asked_nothing_is_said():
    assert unasked(["mlp", "dense"], operators=["gradient", "jacobian"]) == ()


def test_a_check_that_asked_nothing_of_what_was_named_has_not_passed():
    model = registry.models()["mlp"].model
    report = adbench.check(model, operators=["gradient", "jacobian"], sizes="1-1-1-1x1")
    assert not report
    assert report.exit_status is ExitStatus.NOT_RUN
    assert "The operator jacobian was asked of no model here." in str(report)
    assert adbench.check(model, operators="gradient", sizes="1-1-1-1x1")


VALUE, GRADIENT = ("mine:file", "value"), ("mine:file", "gradient")


@pytest.mark.parametrize(
    ("cells", "sentences"),
    [
        ([(*VALUE, "unsupported")], ["The backend mine:file has answered nothing."]),
        ([(*VALUE, "ok")], []),
        (
            [(*VALUE, "ok"), (*GRADIENT, "unsupported")],
            ["The backend mine:file has answered no derivative."],
        ),
        ([(*GRADIENT, "unsupported"), (*GRADIENT, "ok")], []),
        ([("torch:eager", "gradient", "not_installed")], []),
        ([], []),
    ],
)
def test_a_backend_of_a_file_that_answers_no_derivative_is_said(cells, sentences):
    assert silent_backends(cells) == sentences
