"""Inputs are made of what a model gives, and a model that cannot be judged is refused."""

from __future__ import annotations

from adbench.spec import Model
from adbench.spec.inputs import make_inputs


def test_a_function_may_round_otherwise_the_second_time() -> None:
    calls = []

    def function(xp, x):
        calls.append(x)
        return xp.sum(x) * (1 + 2**-52 * (len(calls) % 2))

    model = Model(name="mine", function=function, make=lambda size, rng: (rng.random(2),), sizes={"s": {}})
    assert make_inputs(model, "s", seed=0).m == 1
    assert len(calls) == 2
