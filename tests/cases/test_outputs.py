"""A function may return a tree of arrays, which is judged as their numbers in a row."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from frameworks import DEFAULT, load

import adbench
from adbench.cases import Model, Operator, SpecError
from adbench.cases.inputs import make_inputs
from adbench.cases.outputs import Part, place_in
from adbench.cases.question import Question

X = np.asarray([0.5, -1.5])


def several(xp, x):
    return {"loss": xp.sum(x**2), "terms": (xp.exp(x), xp.stack([x, x * x]))}


def model_of(function):
    return Model(name="mine", function=function, make=lambda size, rng: (X,), sizes={"s": {}})


@pytest.mark.parametrize("backend", DEFAULT)
def test_every_operator_holds_for_several_outputs(backend):
    load(backend)
    report = adbench.check(several, X, backend=backend)
    assert report, report


def test_inputs_know_the_arrays_of_the_output():
    inputs = make_inputs(model_of(several), "s", seed=0)
    assert inputs.outputs == (
        Part("['loss']", ()),
        Part("['terms'][0]", (2,)),
        Part("['terms'][1]", (2, 2)),
    )
    assert inputs.m == 7
    assert inputs.astype("float32").outputs == inputs.outputs


def test_an_entry_is_named_by_its_array_and_its_place_in_it():
    inputs = make_inputs(model_of(several), "s", seed=0)
    title = partial(Question(model_of(several), inputs, Operator.JVP, 1).entry_title, "")
    assert title((0,)) == "output['loss']"
    assert title((2,)) == "output['terms'][0][1]"
    assert title((5,)) == "output['terms'][1][1, 0]"
    jacobian = Question(model_of(several), inputs, Operator.JACOBIAN, 1)
    assert jacobian.entry_title("", (1, 0)) == "output['terms'][0][0] by x[0]"
    gradient = Question(model_of(several), inputs, Operator.VJP, 1)
    assert gradient.entry_title("", (1,)) == "x[1]"
    with pytest.raises(IndexError):
        place_in(inputs.outputs, 7)


def test_a_wrong_output_of_hand_written_code_is_named():
    torch = pytest.importorskip("torch")

    def wrong(x):
        return {"loss": (x**2).sum(), "terms": (torch.exp(x), torch.stack([x, x * x.detach()]))}

    report = adbench.check(several, X, backend="torch", native=wrong)
    assert not report
    assert "['terms'][1]" in str(report)

    def right(x):
        return {"loss": (x**2).sum(), "terms": (torch.exp(x), torch.stack([x, x * x]))}

    report = adbench.check(several, X, backend="torch", native=right)
    assert report, report


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda xp, x: [], "gave an empty list; it must give arrays."),
        (
            lambda xp, x: {"a": x, "b": None},
            "gave a NoneType at ['b']; it must give one floating-point array, or a tree of them.",
        ),
        (lambda xp, x: (x, x > 0), "gave an array of bool at [1]"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(function, sentence):
    with pytest.raises(SpecError) as caught:
        make_inputs(model_of(function), "s", seed=0)
    assert sentence in str(caught.value)
