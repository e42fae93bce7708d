"""How primitives are applied to stacks of arrays: what the rules of batching are made of.

A rule is called with an `Application`, of which some arguments are stacks: arrays of one shape,
stacked along a new first axis. It returns the stack of the answers. Each primitive's rule is
declared beside it, with `batch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..engine.core import Array, Primitive
from ..engine.declaring import reshape


class Members(Protocol):
    """The arrays that are carried together: what a rule may ask of them."""

    size: int
    """How many there are."""

    def holds(self, value: Array) -> bool:
        """Whether `value` differs from one member to the next."""

    def whole(self, value: Array) -> Array:
        """All members of `value`, stacked along the first axis."""


class Application(NamedTuple):
    """A primitive with its arguments, of which some are stacks.

    The shapes of the arguments are those of a member.
    """

    members: Members
    primitive: Primitive
    args: tuple[Array, ...]
    params: dict[str, Any]

    def on_stacks(self, change: Callable[[Array], Array] = lambda x: x, **params: Any) -> Array:
        """Apply the primitive to whole stacks, with some parameters replaced.

        change: what is done to each stack before
        """
        arrays = [change(arg.primal) if self.members.holds(arg) else arg for arg in self.args]
        return self.primitive(*arrays, **(self.params | params))


BatchingRule = Callable[[Application], Array]


def batch(rule: BatchingRule, *primitives: Primitive) -> None:
    """Declare how primitives are applied to stacks."""
    for primitive in primitives:
        primitive.batching = rule


def reshape_if_needed(x: Array, *shape: int) -> Array:
    """x in this shape."""
    if x.shape == shape:
        return x
    return reshape(x, shape=shape)


def deepen(stack: Array, ndim: int) -> Array:
    """A stack with axes of length 1 after the first, so that its members have `ndim` axes."""
    missing = ndim + 1 - stack.ndim
    return reshape_if_needed(stack, stack.shape[0], *(1,) * missing, *stack.shape[1:])


# --- rules that several primitives share ----------------------------------------------------------


def align(application: Application) -> Array:
    """Stacks of members that broadcast: their axes are counted from the last."""
    ndim = max([np.ndim(arg) for arg in application.args])
    return application.on_stacks(lambda stack: deepen(stack, ndim))


def along_axis(application: Application) -> Array:
    """Stacks of arrays that are worked on along `axis`, one or several."""
    axis = application.params["axis"]
    if type(axis) is tuple:
        return application.on_stacks(axis=tuple([position + 1 for position in axis]))
    return application.on_stacks(axis=axis + 1)


def with_larger_shape(application: Application) -> Array:
    """Stacks of arrays that get the shape of the parameter `shape`."""
    return application.on_stacks(shape=(application.members.size, *application.params["shape"]))
