"""All operations of the matrix, and the models that they are."""

from __future__ import annotations

from adbench.atlas.array_operations import ARRAYS
from adbench.atlas.elementwise_operations import ELEMENTWISE
from adbench.atlas.operation import Operation

OPERATIONS: dict[str, Operation] = {
    operation.name: operation for operation in (*ELEMENTWISE, *ARRAYS)
}
"""The operations by name."""

MODELS = {name: operation.model() for name, operation in OPERATIONS.items()}
"""Their models, as workers load them."""
