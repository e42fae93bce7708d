"""Inputs are made of what a model gives, and a model that cannot be judged is refused."""

from __future__ import annotations

import pytest

from adbench.cases import Model, SpecError
from adbench.cases.inputs import make_inputs


def test_a_function_may_round_otherwise_the_second_time() -> None:
    calls = []

    def function(xp, x):
        calls.append(x)
        return xp.sum(x) * (1 + 2**-52 * (len(calls) % 2))

    model = Model(
        name="mine", function=function, make=lambda size, rng: (rng.random(2),), sizes={"s": {}}
    )
    assert make_inputs(model, "s", seed=0).m == 1
    assert len(calls) == 2


def test_a_field_of_a_model_that_is_of_another_kind_is_refused_in_one_sentence() -> None:
    fields = {"name": "mine", "function": max, "make": max, "sizes": {"s": {}}}
    for wrong, sentence in (
        (
            {"sizes": ["s"]},
            "has sizes=['s']; it must be a mapping of names to sizes, such as {'small': {}}.",
        ),
        ({"native": {"torch": None}}, "has native={'torch': None}; give a function."),
        (
            {"oracle": max},
            "has oracle=<built-in function max>; it must be a mapping of operators to functions.",
        ),
    ):
        with pytest.raises(SpecError) as caught:
            Model(**(fields | wrong))
        assert str(caught.value) == f"The model 'mine' {sentence}"


def test_a_point_that_overflows_in_the_lowest_dtype_is_refused() -> None:
    model = Model(
        name="mine", function=lambda xp, x: x, make=lambda size, rng: (1e5,), sizes={"s": {}}
    )
    with pytest.raises(
        SpecError, match="has values that are nan or infinite in float16; derivatives need finite"
    ):
        make_inputs(model, "s", seed=0, lowest_dtype="float16")
