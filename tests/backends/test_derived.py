"""The derived routes, on fake backends that have one primitive alone."""

from __future__ import annotations

import numpy as np
import pytest
from frameworks import answer
from test_conformance import CASES, EXPECTED, inputs_of

from adbench.backends.base import Unsupported
from adbench.backends.reference import Tape
from adbench.cases import Mode, Operator
from reference_ad.engine import tree


def only(*primitives: str) -> Tape:
    """The reference with these primitives and no operator of its own."""
    hidden = {name: None for name in vars(Tape) if name.endswith(("_forward", "_reverse"))}
    absent = {name: None for name in ("jvp", "vjp") if name not in primitives}
    fake: Tape = type("Only", (Tape,), hidden | absent)()
    return fake


@pytest.mark.parametrize(("operator", "mode"), CASES)
@pytest.mark.parametrize("primitives", [("jvp",), ("vjp",), ("jvp", "vjp")], ids="-".join)
def test_derived_routes_agree_with_the_closed_form(
    primitives: tuple[str, ...], operator: Operator, mode: Mode
) -> None:
    backend = only(*primitives)
    function, inputs = inputs_of(operator)
    parts = set(str(mode).split("-over-")) - {"none"}
    needed = [name for name, part in (("jvp", "forward"), ("vjp", "reverse")) if part in parts]
    missing = [name for name in needed if name not in primitives]
    if missing:
        with pytest.raises(Unsupported, match=missing[0]):
            answer(backend, function, inputs, operator, mode)
        return
    route, found = answer(backend, function, inputs, operator, mode)
    assert route == ("via_" + "_and_".join(needed) if needed else "native")
    for got, want in zip(tree.leaves(found), tree.leaves(EXPECTED[operator]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
