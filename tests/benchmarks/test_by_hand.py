"""What the engine is measured against is right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference_ad as ad
from adbench.models import chain, dense, mlp
from reference_ad.engine import tree

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import by_hand

    yield by_hand
    del sys.modules["by_hand"]


def compare(found: Any, expected: Any) -> None:
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("model", "name"), [(mlp.model, "mlp"), (chain.model, "chain")])
def test_gradients_by_hand_are_those_of_the_engine(by_hand: Any, model: Any, name: str) -> None:
    for size in list(model.sizes.values())[:3]:
        args = tree.map(np.asarray, model.make(size, np.random.default_rng(0)))
        expected = ad.value_and_grad(lambda *args: model.function(ad.numpy, *args))(*args)
        compare(getattr(by_hand, name)(*args), expected)


def test_jacobian_and_hessian_by_hand_are_those_of_the_engine(by_hand: Any) -> None:
    args = dense.make({"n": 5, "m": 7}, np.random.default_rng(0))
    layer = lambda *args: dense.layer(ad.numpy, *args)  # noqa: E731
    compare(by_hand.layer_jacobian(*args), ad.jacfwd(layer)(*args))
    compare(
        by_hand.layer_hessian(*args),
        ad.hessian(lambda *args: ad.numpy.sum(layer(*args) ** 2))(*args),
    )
