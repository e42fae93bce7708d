"""What the self-test judges.

A function with a derivative written by hand, and a mistake in one beside the same without it.

A rule `pull(xp, u, *inputs)` gives the cotangent of every input from the cotangent u of the output;
`push(xp, tangents, *inputs)` the tangent of the output. They are written once, in the array
namespace, and become a `torch.autograd.Function`, a `jax.custom_vjp`, a `tf.custom_gradient` and a
primitive of the reference engine. `xp.stop` cuts the derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

FRAMEWORKS = ("reference", "torch", "jax", "tensorflow")
"""Frameworks in which a rule can be written by hand; `adbench.selftest` has a module for each."""

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Subject:
    """A function with a hand-written derivative."""

    name: str
    """What the tables call it."""

    function: Rule
    """`function(xp, *inputs, *constants)`."""

    point: Callable[[np.random.Generator], tuple[Any, ...]]
    """`point(rng)` gives the inputs, float64."""

    pull: Rule
    """The rule of reverse mode, `pull(xp, u, *inputs, *constants)`, with the cotangents of the
    inputs alone; a class of rules where `stateful`."""

    push: Rule | None = None
    """The rule of forward mode, `push(xp, tangents, *inputs)`; None where there is none."""

    stateful: bool = False
    """Whether `pull` is a class to be made anew for every use, since it remembers. It may have a
    method `forward(xp, *inputs)`, which computes the function and remembers something then."""

    constants: Callable[[np.random.Generator], tuple[Any, ...]] | None = None
    """`constants(rng)` gives what the function takes after its inputs, such as labels; None for
    nothing."""

    order: int = 1
    """The highest order of derivatives that is asked for."""

    dtypes: tuple[str, ...] = ("float64",)
    """The dtypes that it is asked in."""

    frameworks: tuple[str, ...] = FRAMEWORKS
    """Where such a rule can be written: what takes an array's memory as it lies, in PyTorch."""

    def rules(self) -> tuple[Rule, Rule]:
        """Return the function and its rule of reverse mode, made anew where they remember."""
        if not self.stateful:
            return self.function, self.pull
        pull = self.pull()
        return getattr(pull, "forward", self.function), pull


@dataclass(frozen=True)
class Bug:
    """A mistake in a rule, and the same rule without it."""

    wrong: Subject
    """The function with the wrong rule."""

    control: Subject
    """The function with the right rule."""

    @property
    def name(self) -> str:
        """What the mistake is called."""
        return self.wrong.name


def bug(
    name: str,
    function: Rule,
    *,
    wrong: Rule,
    right: Rule,
    point: Callable[[np.random.Generator], tuple[Any, ...]] | None = None,
    push: tuple[Rule, Rule] | None = None,
    stateful: bool = False,
    **asked: Any,
) -> Bug:
    """Return a bug.

    `push` holds the wrong and the right forward rule; `stateful` holds of the wrong rule alone.
    asked: `constants`, `order`, `dtypes` and `frameworks` of both subjects.
    """
    control = Subject(f"{name} (control)", function, point or six, right, **asked)
    mistaken = replace(control, name=name, pull=wrong, stateful=stateful)
    if push is not None:
        mistaken, control = replace(mistaken, push=push[0]), replace(control, push=push[1])
    return Bug(mistaken, control)


def six(rng: np.random.Generator) -> tuple[Any, ...]:
    """Six numbers of both signs."""
    return (np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]) * rng.uniform(0.5, 1.5, 6),)
