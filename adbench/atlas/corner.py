"""The corner: a function, a point of it, and what its derivative may be there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adbench.atlas.claims import Claim, Numbers
from adbench.atlas.own_functions import own_functions
from adbench.cases.model import Model

POINT = "corner"
"""What the size of a corner's model is called: it has one point."""


@dataclass(frozen=True)
class Corner:
    """One case of the atlas."""

    name: str
    """What it is called: a function, and where."""

    function: Callable[..., Any]
    """`function(xp, x, *constants)`, as that of a model; its output is a scalar."""

    point: Numbers
    """x, which is differentiated by."""

    claim: Claim
    """What the derivative or the gradient may be."""

    source: str
    """Who has reported it, or where the claim is derived."""

    constants: tuple[Any, ...] = ()
    """The arguments after x."""

    second: Claim | None = None
    """What the second derivative or the Hessian may be; None for what the certified truth says."""

    conventions: Mapping[str, Numbers] = field(default_factory=dict)
    """What derivatives that are returned are called, such as `{"the first": [1, 0]}`."""

    def model(self) -> Model:
        """Return the corner as a model with one size."""
        point = np.asarray(self.point, np.float64)
        arguments = (point, *self.constants)
        return Model(
            name=self.name,
            function=self.function,
            make=lambda size, rng: arguments,
            sizes={POINT: {}},
            native=own_functions(self.name),
            summary=self.claim.describe(),
        )
