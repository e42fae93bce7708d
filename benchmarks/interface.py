"""What a prepared call costs beyond calling the framework directly.

    python benchmarks/interface.py [--rounds N] [BACKEND ...]

For each backend one gradient is computed in three ways, in turns: by what the framework has for it,
written by hand and compiled where the backend compiles; by a prepared call of the same function of
the framework; and by one of the function of `xp`. All get arrays of the framework. What is printed
are the medians and their differences (us).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import click
import numpy as np

import adbench

LENGTH = 100
CALLS = 5
"""So many calls make a sample."""


def function(xp: Any, x: Any) -> Any:
    return xp.sum(xp.sin(x) * x)


@dataclass(frozen=True)
class Framework:
    """A gradient as a framework has it."""

    array: Any
    """The argument."""
    function: Callable[[Any], Any]
    """The framework's own function."""
    gradient: Callable[[Any], Any]
    """Its gradient, by the framework's own means."""


def _reference(x: Any, compiled: bool) -> Framework:
    import reference_ad

    def own(x: Any) -> Any:
        return function(reference_ad.numpy, x)

    gradient = reference_ad.grad(own)
    return Framework(x, own, reference_ad.compile(gradient) if compiled else gradient)


def _torch(x: Any) -> Framework:
    import torch

    def own(x: Any) -> Any:
        return torch.sum(torch.sin(x) * x)

    def gradient(array: Any) -> Any:
        leaf = array.detach().requires_grad_()
        return torch.autograd.grad(own(leaf), leaf)[0]

    return Framework(torch.tensor(x), own, gradient)


def _jax(x: Any, compiled: bool) -> Framework:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def own(x: Any) -> Any:
        return jnp.sum(jnp.sin(x) * x)

    gradient = jax.grad(own)
    return Framework(jnp.asarray(x), own, jax.jit(gradient) if compiled else gradient)


def _tensorflow(x: Any, traced: bool) -> Framework:
    import tensorflow as tf

    def own(x: Any) -> Any:
        return tf.reduce_sum(tf.sin(x) * x)

    def gradient(array: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(array)
            y = own(array)
        return tape.gradient(y, array)

    array = tf.constant(x)
    concrete = tf.function(gradient).get_concrete_function(array)
    return Framework(array, own, concrete if traced else gradient)


FRAMEWORKS: dict[str, Callable[[Any], Framework]] = {
    "reference:tape": partial(_reference, compiled=False),
    "reference:compiled": partial(_reference, compiled=True),
    "torch:eager": _torch,
    "jax:jit": partial(_jax, compiled=True),
    "jax:eager": partial(_jax, compiled=False),
    "tensorflow:function": partial(_tensorflow, traced=True),
    "tensorflow:eager": partial(_tensorflow, traced=False),
}


def calls_of(name: str) -> dict[str, Callable[[], Any]]:
    """Return the three ways of a backend, by what they are called."""
    framework = FRAMEWORKS[name](np.linspace(0.1, 1.0, LENGTH))
    array = framework.array
    own = adbench.prepare("gradient", framework.function, array, backend=name)
    of_namespace = adbench.prepare("gradient", function, array, backend=name)
    return {
        "direct": lambda: framework.gradient(array),
        "own": lambda: own(array),
        "of xp": lambda: of_namespace(array),
    }


def _per_call_us(call: Callable[[], Any]) -> float:
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        call()
    return (time.perf_counter_ns() - start) / CALLS / 1000


@click.command(help=__doc__)
@click.argument("backends", nargs=-1)
@click.option("--rounds", default=300, show_default=True, help="Samples of each way.")
def main(backends: tuple[str, ...], rounds: int) -> None:
    for name in backends or FRAMEWORKS:
        calls = calls_of(name)
        expected = np.asarray(calls["direct"]())
        for call in calls.values():
            np.testing.assert_allclose(np.asarray(call()), expected, rtol=1e-12)
        samples: dict[str, list[float]] = {way: [] for way in calls}
        for _ in range(rounds):
            for way, call in calls.items():
                samples[way].append(_per_call_us(call))
        medians = {way: median(times) for way, times in samples.items()}
        direct = medians["direct"]
        click.echo(
            f"{name:20} direct {direct:8.1f} us, prepared {medians['own']:8.1f} "
            f"(+{medians['own'] - direct:.1f}), of xp {medians['of xp']:8.1f} "
            f"(+{medians['of xp'] - direct:.1f})"
        )


if __name__ == "__main__":
    main()
