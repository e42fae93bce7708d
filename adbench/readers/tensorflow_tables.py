"""The raw operations of TensorFlow that are read, from all tables."""

from __future__ import annotations

from collections.abc import Mapping

from adbench.readers import (
    tensorflow_elementwise,
    tensorflow_fourier,
    tensorflow_indexing,
    tensorflow_linalg,
    tensorflow_networks,
    tensorflow_reductions,
    tensorflow_shapes,
)
from adbench.readers.tensorflow_operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    **tensorflow_elementwise.OPERATIONS,
    **tensorflow_reductions.OPERATIONS,
    **tensorflow_shapes.OPERATIONS,
    **tensorflow_indexing.OPERATIONS,
    **tensorflow_linalg.OPERATIONS,
    **tensorflow_networks.OPERATIONS,
    **tensorflow_fourier.OPERATIONS,
}
