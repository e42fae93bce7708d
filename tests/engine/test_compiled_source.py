"""Claims about the source of compiled functions.

These functions compile to these lines, to the last character.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference_ad as ad

xp = ad.numpy

PAGE = Path(__file__).with_name("compiled_sources.txt")
"""What the functions compile to: a line with the name of the function, then its source."""

MATRIX = np.linspace(-1, 1, 12).reshape(3, 4)


def chain(x: Any) -> Any:
    for _ in range(2):
        x = xp.sin(x) * x + xp.exp(-x)
    return x


def cross_entropy(w: Any, x: Any, labels: Any) -> Any:
    scores = xp.special.log_softmax(x @ w, axis=1)
    return -xp.mean(scores[np.arange(3), labels])


def hinge(x: Any) -> Any:
    return xp.sum(xp.where(x > 0, x * x, xp.exp(x)) + xp.maximum(x, 0.1))


def reductions(x: Any) -> Any:
    return xp.sum(xp.max(x, axis=0) * xp.sum(x, axis=0)) + xp.min(x) + xp.std(x)


def layer(w: Any, x: Any) -> Any:
    return xp.mean(xp.special.expit(x @ w) ** 2)


def pieces(x: Any) -> Any:
    return xp.sum(xp.concat([x[1:, ::2] * 2.0, x[:2, 1::2].T.T], axis=0) ** 3)


def roots(x: Any) -> Any:
    return xp.sum(xp.sqrt(xp.maximum(x, 0)))


def products(tree: Any) -> Any:
    return {"twice": tree["a"] * 2, "gram": [tree["a"] @ tree["a"].T, tree["b"]]}


LABELS = np.asarray([0, 1, 1])
NUMBER = np.asarray(0.3)
WEIGHTS = np.linspace(0, 1, 8).reshape(4, 2)

FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "value and gradient of a chain at a number": (ad.value_and_grad(chain), (NUMBER,)),
    "second derivative of a chain": (ad.grad(ad.grad(chain)), (NUMBER,)),
    "gradient of a chain of arrays": (ad.grad(lambda x: xp.sum(chain(x))), (MATRIX,)),
    "gradient of cross entropy": (ad.grad(cross_entropy), (WEIGHTS, MATRIX, LABELS)),
    "gradient of a hinge": (ad.grad(hinge), (MATRIX,)),
    "value and gradient of reductions": (ad.value_and_grad(reductions), (MATRIX,)),
    "gradient of a layer": (ad.grad(layer), (WEIGHTS, MATRIX)),
    "gradient of a layer in single precision": (
        ad.grad(layer),
        (WEIGHTS.astype("f4"), MATRIX.astype("f4")),
    ),
    "Hessian of a layer": (ad.hessian(layer), (WEIGHTS, MATRIX)),
    "gradient of pieces": (ad.grad(pieces), (MATRIX,)),
    "gradient of roots": (ad.grad(roots), (MATRIX + 2,)),
    "products in containers": (products, ({"a": MATRIX, "b": 2.0},)),
}


def compiled_source(name: str) -> str:
    f, arguments = FUNCTIONS[name]
    compiled = ad.compile(f)
    compiled(*arguments)
    return str(compiled.source)


def page() -> str:
    """What the file of sources should hold: print it where a change of the source is meant."""
    return "\n".join(f"# {name}\n{compiled_source(name)}\n" for name in FUNCTIONS)


SOURCES = dict(re.findall(r"^# (.*)\n((?:.+\n)+)", PAGE.read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_compiles_to_the_source_that_is_kept(name: str) -> None:
    assert compiled_source(name) == SOURCES[name].rstrip("\n")


def test_every_source_that_is_kept_is_of_a_function() -> None:
    assert set(SOURCES) == set(FUNCTIONS)


def test_the_same_program_is_always_written_alike() -> None:
    """Several buffers become free at once here, and nodes are known by their addresses."""

    def f(a: Any, b: Any) -> Any:
        return xp.sum(xp.linalg.solve(a, b)) + xp.linalg.det(a)

    compiled = [ad.compile(ad.grad(f, (0, 1))) for _ in range(20)]
    for function in compiled:
        function(np.eye(4) + 0.1, np.ones((4, 4)))
    assert len({function.source for function in compiled}) == 1
