"""The record of the matrix of operations: one row for each answer of a backend."""

from __future__ import annotations

from dataclasses import dataclass

from adbench.results.records import Records
from adbench.results.row import Row, Verdict

QUANTITIES = {"value": "value", "jvp": "JVP", "vjp": "VJP", "hvp": "second"}
"""What is measured, by the operator that asks for it."""


@dataclass(frozen=True)
class OperationRow:
    """How far one answer of a backend is from the certified one."""

    operation: str
    """The name of the operation."""

    points: str
    """"usual" or "extreme"."""

    backend: str
    """The backend's name, "framework:staging"."""

    dtype: str
    """The dtype that was asked for."""

    quantity: str
    """What was asked: "value", "JVP", "VJP" or "second", the derivative of the VJP."""

    mode: str
    """How it was to be computed: a `Mode`."""

    outcome: str
    """How the cell ended: an `Outcome`."""

    verdict: str
    """What is to be thought of the answer: a `Verdict`."""

    error_ulp: float
    """The largest error of an entry, in units in the last place of its true value."""

    error_over_bound: float
    """The largest error of an entry, in units of what correct arithmetic may err."""

    worst_entry: str
    """The entry that errs most in units of its bound."""

    worst_input: float
    """The number that the worst entry of a VJP or a second derivative is the derivative by."""

    message: str
    """Why the cell ended as it did, or was judged as it was."""

    @classmethod
    def of(cls, row: Row) -> OperationRow:
        """Return what a row of a run says of an operation."""
        return cls(
            operation=row.model,
            points=row.size,
            backend=row.backend,
            dtype=row.dtype,
            quantity=QUANTITIES[row.operator],
            mode=row.mode,
            outcome=str(row.outcome),
            verdict=str(row.verdict),
            error_ulp=row.max_error_ulp,
            error_over_bound=row.max_error_over_bound,
            worst_entry=row.worst_entry,
            worst_input=row.worst_input,
            message=row.message,
        )

    @property
    def is_wrong(self) -> bool:
        """Whether the answer is wrong."""
        return self.verdict == Verdict.WRONG


OPERATION_ROWS = Records(
    OperationRow,
    "operations.parquet",
    "operations.csv",
    "matrix of operations",
    "adbench atlas --operations --out FOLDER",
)
"""How they are stored."""
