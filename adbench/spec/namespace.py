"""The namespace `xp` that models are written in, as plain NumPy supplies it.

Every backend supplies its own: the Python array API standard 2024.12, and `xp.special` with the names below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

SPECIAL = (
    "digamma",
    "erf",
    "erfc",
    "expit",
    "gammaln",
    "log_softmax",
    "logsumexp",
    "softmax",
    "xlogy",
)
"""The functions that a namespace's `special` must have, with SciPy's names and arguments."""


class Namespace:
    """A namespace made of an array module and a `special`; an attribute given by name replaces the module's own."""

    def __init__(self, module: Any, special: Any, **replacements: Any) -> None:
        self._module = module
        self.special = special
        self.__dict__.update(replacements)

    def __getattr__(self, name: str) -> Any:
        # Kept on the instance, so that a name is looked up in the module once and costs an attribute from then on.
        value = getattr(self._module, name)
        self.__dict__[name] = value
        return value


numpy = Namespace(np, scipy.special)
"""Plain NumPy, without derivatives."""
