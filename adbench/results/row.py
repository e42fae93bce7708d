"""The row: everything that is known about one cell. Rows are the only thing that leaves a
worker."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from adbench.cases.case import Case


class Outcome(StrEnum):
    """How a cell ended."""

    OK = "ok"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    UNSUPPORTED = "unsupported"
    NOT_INSTALLED = "not_installed"


FAILURES = frozenset({Outcome.RAISED, Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.OUT_OF_MEMORY})
"""Outcomes of a cell that should have run and did not."""


class Verdict(StrEnum):
    """What is to be thought of an answer; empty where there is none."""

    NONE = ""
    CORRECT = "correct"
    IMPRECISE = "imprecise"
    WRONG = "wrong"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class Row:
    """One cell: a case on a backend.

    Errors: `relative_error` is ||answer - truth|| / ||truth||, the Euclidean norm over all entries;
    `max_error_ulp` the largest error of an entry in units in the last place of its true value;
    `max_error_over_bound` the largest error in units of the entry's bound; `resolution` the
    smallest relative error that the check could have seen, and `unresolved_entries` how many
    entries are too small beside their bounds to be judged by themselves; `worst_entry` is the entry
    that errs most in bounds, `worst_returned` what was returned there and `worst_true` the true
    value. `error_vs_*` is `relative_error` measured against another answer: the analytic oracle,
    the same backend's other modes. `failed_checks` names the checks that a wrong answer failed:
    truth, second call, second point, inputs, identity, symmetry, Taylor. `identity_over_bound` is
    the largest deviation from an identity in units of what both its sides may err together;
    `taylor_order` the order of the Taylor remainder, 2 for a right first derivative. `elapsed_s` is
    all the time that the cell took. Times are medians in s with 95 % confidence intervals; the cost
    ratio is the operator's time over the primal's, from paired samples. `swept` cells belong to a
    sweep over n and m. Numbers that were not measured are nan, or None for integers.
    """

    model: str
    size: str
    n_inputs: int | None
    n_outputs: int | None
    dtype: str
    operator: str
    order: int
    mode: str
    implementation: str
    backend: str
    staging: str
    swept: bool = False
    route: str = ""
    outcome: Outcome = Outcome.OK
    verdict: Verdict = Verdict.NONE
    truth: str = ""
    relative_error: float = math.nan
    max_error_ulp: float = math.nan
    max_error_over_bound: float = math.nan
    resolution: float = math.nan
    unresolved_entries: int | None = None
    worst_entry: str = ""
    worst_returned: float = math.nan
    worst_true: float = math.nan
    error_vs_oracle: float = math.nan
    error_vs_other_mode: float = math.nan
    repeatable: bool | None = None
    identity_over_bound: float = math.nan
    taylor_order: float = math.nan
    failed_checks: str = ""
    median_s: float = math.nan
    ci_low_s: float = math.nan
    ci_high_s: float = math.nan
    samples: int = 0
    loops: int = 0
    primal_s: float = math.nan
    cost_ratio: float = math.nan
    cost_ratio_low: float = math.nan
    cost_ratio_high: float = math.nan
    prepare_s: float = math.nan
    first_s: float = math.nan
    cpu_per_wall: float = math.nan
    peak_bytes: int | None = None
    elapsed_s: float = math.nan
    flags: str = ""
    message: str = ""
    samples_s: tuple[float, ...] = field(default=(), repr=False)
    primal_samples_s: tuple[float, ...] = field(default=(), repr=False)

    @classmethod
    def begun(cls, case: Case, backend: str, **known: Any) -> Row:
        """Return the row of `case` on `backend` with nothing measured, and the fields in `known`
        filled in."""
        return cls(
            model=case.model,
            size=case.size,
            n_inputs=known.pop("n_inputs", None),
            n_outputs=known.pop("n_outputs", None),
            dtype=case.dtype,
            operator=case.operator.value,
            order=case.order,
            mode=case.mode.value,
            implementation=case.implementation,
            backend=backend,
            staging=backend.partition(":")[2],
            **known,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values; a float that JSON cannot write becomes "nan", "inf" or
        "-inf"."""
        return {name: _to_json(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Row:
        """Read what `to_json` wrote; unknown fields, of a later version, are left out."""
        known = {f.name: f for f in fields(cls)}
        values = {
            name: _from_json(str(known[name].type), value)
            for name, value in line.items()
            if name in known
        }
        return cls(**values)


def _to_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return [_to_json(item) for item in value] if isinstance(value, tuple | list) else value


def _from_json(kind: str, value: Any) -> Any:
    if kind == "float":
        return float(value)
    if kind == "tuple[float, ...]":
        return tuple(float(item) for item in value)
    enumeration: Any = {"Outcome": Outcome, "Verdict": Verdict}.get(kind)
    return enumeration(value) if enumeration else value
