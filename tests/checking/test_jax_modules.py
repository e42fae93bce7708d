"""Modules that are registered trees are parameters by their names, and loops are not unrolled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import adbench
from adbench.readers.jax import read
from reference_ad import numpy as reference

jax: Any = pytest.importorskip("jax")
jnp: Any = jax.numpy

N_STEPS = 1000


@jax.custom_vjp
def squared(x: Any) -> Any:
    return x * x


squared.defvjp(lambda x: (x * x, x), lambda x, cotangent: (cotangent * x,))  # half of the slope


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Affine:
    """A registered dataclass, as Equinox's modules are, whose slope by the weight is wrong."""

    weight: Any
    bias: Any

    def __call__(self, x: Any) -> Any:
        return squared(self.weight) * x + self.bias


@jax.tree_util.register_pytree_with_keys_class
class Scaled:
    """A node of a class of its own, which says what its children are called."""

    def __init__(self, layer: Any, factor: Any) -> None:
        self.layer = layer
        self.factor = factor

    def tree_flatten_with_keys(self) -> Any:
        key = jax.tree_util.GetAttrKey
        return [(key("layer"), self.layer), (key("factor"), self.factor)], None

    @classmethod
    def tree_unflatten(cls, auxiliary: Any, children: Any) -> Any:
        return cls(*children)

    def __call__(self, x: Any) -> Any:
        return self.factor * self.layer(x)


def numbers(*values: float) -> Any:
    return jnp.asarray(values, jnp.float32)


AFFINE = Affine(numbers(1.5, 2.0), numbers(0.5, 0.25))


def failures(function: Any, *arguments: Any, **options: Any) -> list[str]:
    report = adbench.check(function, *arguments, operators="vjp", budget_s=0, **options)
    return [row.worst_entry for row in report.failures]


def test_a_module_that_is_a_tree_is_checked_by_its_arrays() -> None:
    (entry,) = failures(AFFINE, numbers(1.0, 3.0))
    assert entry.startswith("weight[")
    assert not failures(AFFINE, numbers(1.0, 3.0), argnums=("bias", "x"))


def test_a_module_among_the_arguments_has_the_name_of_the_argument() -> None:
    (entry,) = failures(lambda module, x: module(x), AFFINE, numbers(1.0, 3.0))
    assert entry.startswith("module.weight[")


def test_the_names_of_nested_nodes_are_joined() -> None:
    (entry,) = failures(Scaled(AFFINE, numbers(2.0, 0.5)), numbers(1.0, 3.0))
    assert entry.startswith("layer.weight[")


def test_a_scan_is_one_step_of_a_reading_however_long_it_is() -> None:
    def rotated(x: Any) -> Any:
        def step(carry: Any, _: Any) -> Any:
            return carry + 1e-3 * jnp.sin(carry), carry[0]

        return jax.lax.scan(step, x, None, N_STEPS)

    class OneLoop:
        """The namespace of the reference, which keeps how long the loops are that it is asked."""

        lengths: ClassVar[list[Any]] = []

        def __getattr__(self, name: str) -> Any:
            return getattr(reference, name)

        def scan(self, step: Any, init: Any, xs: Any = None, length: int | None = None) -> Any:
            self.lengths.append(length)
            return reference.scan(step, init, xs, length)

    point = np.asarray([0.3, -0.7])
    reading = read(rotated, [point])
    value, _ = reading.function(OneLoop(), point)
    expected, _ = rotated(jnp.asarray(point))
    np.testing.assert_allclose(value, np.asarray(expected), rtol=1e-4)
    assert OneLoop.lengths == [N_STEPS]
    assert reading.operations.count("sin") <= 1
