"""The case: one thing asked of one model, whoever answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adbench.cases.operators import Mode, Operator

DTYPES = ("float64", "float32", "float16", "bfloat16")
"""The dtypes that a case can ask for, highest precision first."""

SPECIFICATION = "spec"
NATIVE = "native"


def numpy_dtype(name: str) -> Any:
    """Return NumPy's dtype of this name; bfloat16 is that of ml_dtypes, which jax and tensorflow
    bring along."""
    import numpy as np

    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


@dataclass(frozen=True)
class Case:
    """Model x size x dtype x operator (with its order) x mode.

    `implementation` is "spec" for the model's function and "native" for the framework's own
    implementation of it.
    """

    model: str
    size: str
    dtype: str
    operator: Operator
    order: int
    mode: Mode
    implementation: str = SPECIFICATION

    @property
    def question(self) -> tuple[str, str, str, str, int]:
        """What is asked whatever the mode: cases with one question must give one answer."""
        return (self.model, self.size, self.dtype, self.operator.value, self.order)

    def describe(self) -> str:
        """Return the case in a few words, for a progress bar or a message."""
        operator = (
            f"{self.operator} {self.order}"
            if self.operator is Operator.DERIVATIVE
            else self.operator.value
        )
        mode = "" if self.mode is Mode.NONE else f" {self.mode}"
        native = "" if self.implementation == SPECIFICATION else " native"
        return f"{self.model}{native} {self.size} {self.dtype} {operator}{mode}"
