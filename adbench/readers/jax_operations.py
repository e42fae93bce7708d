"""The table of JAX's primitives: what each is in the array namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adbench.readers import (
    jax_contractions,
    jax_elementwise,
    jax_indexing,
    jax_linalg,
    jax_reductions,
    jax_structural,
)

OPERATIONS: dict[str, Callable[..., Any]] = {
    **jax_elementwise.OPERATIONS,
    **jax_structural.OPERATIONS,
    **jax_indexing.OPERATIONS,
    **jax_reductions.OPERATIONS,
    **jax_contractions.OPERATIONS,
    **jax_linalg.OPERATIONS,
}
"""By the name of a primitive, a function of the namespace, the operands, and its parameters."""

TAKES_CONSTANTS = jax_elementwise.TAKES_CONSTANTS | jax_indexing.TAKES_CONSTANTS
"""The operations that are given constants as NumPy's arrays, for them to look at."""
