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
from adbench.readers.jax_program import Table
from adbench.readers.jax_refusals import REFUSALS
from adbench.readers.jax_structures import STRUCTURES

OPERATIONS: dict[str, Callable[..., Any]] = {
    **jax_elementwise.OPERATIONS,
    **jax_structural.OPERATIONS,
    **jax_indexing.OPERATIONS,
    **jax_reductions.OPERATIONS,
    **jax_contractions.OPERATIONS,
    **jax_linalg.OPERATIONS,
}
"""By the name of a primitive, a function of the namespace, the operands, and its parameters."""

TABLE = Table(
    OPERATIONS,
    jax_elementwise.OF_ITSELF,
    jax_elementwise.TAKES_CONSTANTS | jax_indexing.TAKES_CONSTANTS,
    STRUCTURES,
    REFUSALS,
    jax_elementwise.OF_CALLS | jax_linalg.OF_CALLS,
)
"""All that the reader knows of primitives."""
