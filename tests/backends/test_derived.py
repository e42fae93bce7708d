"""The derived routes, on fake backends that have one primitive alone."""

from __future__ import annotations

import numpy as np
import pytest
from frameworks import answer

from adbench.backends.base import Backend, Unsupported
from adbench.backends.operators import COMPOSITIONS
from adbench.backends.reference import Tape
from adbench.cases import MODES, Mode, Operator
from adbench.selftest.conformance import EXPECTED, question
from reference_ad.engine import tree

CASES = [(operator, mode) for operator in EXPECTED for mode in MODES[operator]]


def only(*primitives: str) -> Tape:
    """The reference with these primitives and no operator of its own."""
    hidden = {
        "grad": Backend.grad,
        "jacfwd": Backend.jacfwd,
        "jacrev": Backend.jacrev,
        "value_and_gradient_reverse": None,
    }
    absent = {name: None for name in ("jvp", "vjp") if name not in primitives}
    fake: Tape = type("Only", (Tape,), hidden | absent)()
    return fake


@pytest.mark.parametrize(("operator", "mode"), CASES)
@pytest.mark.parametrize("primitives", [("jvp",), ("vjp",), ("jvp", "vjp")], ids="-".join)
def test_derived_routes_agree_with_the_closed_form(
    primitives: tuple[str, ...], operator: Operator, mode: Mode
) -> None:
    backend = only(*primitives)
    function, inputs = question(operator)
    parts = set(str(mode).split("-over-")) - {"none"}
    needed = [name for name, part in (("jvp", "forward"), ("vjp", "reverse")) if part in parts]
    missing = [name for name in needed if name not in primitives]
    if missing:
        with pytest.raises(Unsupported, match=missing[0]):
            answer(backend, function, inputs, operator, mode)
        return
    route, derivatives = answer(backend, function, inputs, operator, mode)
    transformations = COMPOSITIONS[operator, mode].transformations
    fallbacks = {"grad": "vjp", "jacfwd": "jvp", "jacrev": "vjp"}
    expected = sorted({fallbacks[name] for name in transformations if name in fallbacks})
    assert route.partition(" via ")[2] == " and ".join(expected)
    for got, want in zip(tree.leaves(derivatives), tree.leaves(EXPECTED[operator]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
