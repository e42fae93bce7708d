"""A check calls no function of the frameworks wrong: a sample of `benchmarks/foreign.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")

SAMPLE = {
    "torch": (
        "gelu",
        "softplus_beta",
        "prelu",
        "cross_entropy_smoothed",
        "kl_div",
        "layer_norm",
        "max_pool1d",
        "conv1d_dilated",
        "attention_masked",
        "slogdet",
        "log_ndtr",
        "cumprod",
        "scatter_add",
        "grid_sample",
    ),
    "jax": (
        "gelu",
        "softmax_where",
        "standardize",
        "log_ndtr",
        "zeta",
        "gamma_logpdf",
        "cumprod",
        "at_add",
        "interp",
        "solve",
        "conv",
        "scan",
    ),
    "tensorflow": (
        "silu",
        "crelu",
        "softmax_cross_entropy_with_logits",
        "batch_normalization",
        "conv1d",
        "max_pool1d",
        "betainc",
        "cumulative_logsumexp",
        "solve",
        "gather_batched",
        "pad_reflect",
    ),
}
"""A dozen entries of each framework that take a moment."""

AT_LEAST = {"torch": 100, "jax": 60, "tensorflow": 40}
"""How many functions of each framework there are."""


@pytest.fixture
def checking(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from foreign import checking

    yield checking
    for name in [name for name in sys.modules if name.partition(".")[0] == "foreign"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("framework", "name"), [(framework, name) for framework in SAMPLE for name in SAMPLE[framework]]
)
def test_a_function_of_a_framework_is_not_called_wrong(checking, framework, name):
    pytest.importorskip(framework)
    (entry,) = [entry for entry in checking.entries(framework) if entry.name == name]
    cells, _ = checking.check(entry, framework, seed=0)
    assert [cell for cell in cells if cell[0] in checking.RED] == []
    assert checking.PASSED in dict(cells)


@pytest.mark.parametrize("framework", AT_LEAST)
def test_every_function_has_a_name_of_its_own(checking, framework):
    pytest.importorskip(framework)
    names = [entry.name for entry in checking.entries(framework)]
    assert len(set(names)) == len(names) >= AT_LEAST[framework]


def test_the_shapes_of_an_entry_are_drawn_anew_for_every_seed(checking):
    from foreign.entry import entry, normal

    drawn = entry("sine", np.sin, lambda xp, x: xp.sin(x), normal("Ab"))
    sizes = {next(iter(drawn.model("torch", seed).sizes)) for seed in range(20)}
    assert len(sizes) > 4


def test_a_wrong_function_is_red(checking):
    from foreign.entry import entry, normal

    torch = pytest.importorskip("torch")
    wrong = entry("cosine", torch.sin, lambda xp, x: xp.cos(x), normal("Ab"))
    cells, _ = checking.check(wrong, "torch", seed=0)
    assert "wrong" in dict(cells)
