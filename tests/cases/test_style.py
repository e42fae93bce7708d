"""A function written for NumPy alone is refused in a sentence with its line and what to write."""

import numpy as np
import pytest

import adbench
from adbench.cases import Model, SpecError
from adbench.cases.inputs import make_inputs
from adbench.cases.style import check_style


def methods(xp, x):
    return x.sum(axis=-1)


def numpy_itself(xp, x):
    return np.exp(x)


def item_assignment(xp, x):
    out = xp.zeros_like(x)
    out[0] = x[0] ** 2
    return out


def number(xp, x):
    return float(xp.sum(x)) * x


def concatenate(xp, x):
    return xp.concatenate([x, x])


def power(xp, x):
    return xp.power(x * x, 0.3)


def norm(xp, x):
    return xp.linalg.norm(x)


REFUSED = {
    methods: "uses `.sum` of an array, which arrays of a model do not have: write xp.sum(x).",
    numpy_itself: "gives an array of the model to a function of NumPy's: use those of xp, such as",
    item_assignment: "assigns to an entry of an array, or makes a number of Python's or an array",
    number: "build arrays with xp.stack, xp.concat or xp.where, and keep numbers in arrays.",
    concatenate: "uses `xp.concatenate`, which the Python array API standard calls concat.",
    power: "uses `xp.power`, which the Python array API standard calls pow.",
    norm: "uses `xp.linalg.norm`, which the Python array API standard calls vector_norm or matrix",
}


def model_of(function):
    return Model(
        name="mine",
        function=function,
        make=lambda size, rng: (rng.standard_normal((2, 3)),),
        sizes={"": {}},
    )


@pytest.mark.parametrize(
    ("function", "sentence"), REFUSED.items(), ids=[function.__name__ for function in REFUSED]
)
def test_what_numpy_alone_has_is_refused_with_its_line(function, sentence):
    with pytest.raises(SpecError) as refusal:
        adbench.check(model_of(function))
    message = str(refusal.value)
    line = function.__code__.co_firstlineno
    assert sentence in message
    assert message.startswith("The function of the model 'mine' in line ")
    assert line < int(message.split(" in line ")[1].split()[0]) <= line + 3
    assert "traced" not in message and "ball" not in message


ACCEPTED = [
    lambda xp, x: x.T @ x,
    lambda xp, x: x**2 if xp.sum(x) > 0 else x**3,
    lambda xp, x: abs(x) ** 1.5,
    lambda xp, x: xp.where(x > 0, x, 0.0),
    lambda xp, x: max(x[0, 0], x[0, 1]) ** 2,
]


@pytest.mark.parametrize("function", ACCEPTED)
def test_what_the_standard_has_is_accepted(function):
    model = model_of(function)
    check_style(model, make_inputs(model, "", seed=0))
