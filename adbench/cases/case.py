"""The case: one thing asked of one model, whoever answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adbench.cases.operators import Mode, Operator

DTYPES = ("float64", "float32", "float16", "bfloat16")
"""The dtypes that a case can ask for, highest precision first."""

SPECIFICATION = "spec"
"""The implementation that is the model's own function."""

NATIVE = "native"
"""The implementation that a framework's function is, written by hand."""


def numpy_dtype(name: str) -> Any:
    """Return NumPy's dtype of this name.

    bfloat16 is that of ml_dtypes, which jax and tensorflow bring along.
    """
    import numpy as np

    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


@dataclass(frozen=True)
class Case:
    """Model x size x dtype x operator (with its order) x mode."""

    model: str
    """The model's name."""

    size: str
    """The name of one of its sizes."""

    dtype: str
    """The dtype in which the inputs are given and the answer is expected."""

    operator: Operator

    order: int
    """How often is differentiated: k for the k-th `derivative`."""

    mode: Mode

    implementation: str = SPECIFICATION
    """`spec` for the model's function, `native` for the framework's own implementation of it."""

    @property
    def question(self) -> tuple[str, str, str, str, int]:
        """What is asked whatever the mode: cases with one question must give one answer."""
        return (self.model, self.size, self.dtype, self.operator.value, self.order)

    def describe(self) -> str:
        """Return the case in a few words, for a progress bar or a message."""
        words = [self.model]
        if self.implementation != SPECIFICATION:
            words.append("native")
        words += [self.size, self.dtype, self.operator.value]
        if self.operator is Operator.DERIVATIVE:
            words.append(str(self.order))
        if self.mode is not Mode.NONE:
            words.append(self.mode.value)
        return " ".join(words)
