"""The row: everything that is known about one cell.

Rows are the only thing that leaves a worker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import msgspec

from adbench.cases.case import Case
from adbench.cases.text import LONGEST_TEXT, plain_name, plain_text

CellName = tuple[str, str, str, str, int, str, str, str]
"""The values of the fields `CELL` of a row."""

SAMPLES = ("samples_s", "primal_samples_s", "reference_samples_s", "sample_rounds")
"""The fields of a row that are no columns of a frame."""

CELL = ("model", "size", "dtype", "operator", "order", "mode", "implementation", "backend")
"""The fields that tell one cell of a run from all others."""


class StoredWord(StrEnum):
    """Words of which a later version may write more: one that is not listed is kept as it is."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = word._value_ = value
        return word


class Outcome(StoredWord):
    """How a cell ended."""

    OK = "ok"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    UNSUPPORTED = "unsupported"
    NOT_INSTALLED = "not_installed"
    UNUSABLE = "unusable"
    """The hand-written function cannot be judged as it is: it returns something else than an
    array."""


FAILURES = frozenset(
    {
        Outcome.RAISED,
        Outcome.TIMED_OUT,
        Outcome.CRASHED,
        Outcome.OUT_OF_MEMORY,
        Outcome.UNUSABLE,
    }
)
"""Outcomes of a cell that should have run and did not."""


TRUTH_FAILED = "failed"
"""What stands in the column `truth` where computing the truth raised, crashed or ran out of time:
the answer should have been judged, and was not."""


class Verdict(StoredWord):
    """What is to be thought of an answer; empty where there is none."""

    NONE = ""
    CORRECT = "correct"
    IMPRECISE = "imprecise"
    WRONG = "wrong"
    UNRESOLVED = "unresolved"


class Kink(StoredWord):
    """What came back at a kink; empty where there is none, or where its sides are not known."""

    NONE = ""
    LEFT = "left"
    """The derivative where the active numbers are smaller; along the tangent, before the point."""
    RIGHT = "right"
    INSIDE = "inside"
    """Something between the derivatives on its sides, or what all of them are."""
    OUTSIDE = "outside"
    NAN = "nan"


NAMES = ("model", "size", "dtype", "backend", "staging", "growth")
"""The fields of `Row` that tell cells apart, and must do so when they are made plain."""

TEXTS = (
    "host",
    "operator",
    "mode",
    "implementation",
    "route",
    "truth",
    "coverage",
    "worst_entry",
    "returned",
    "failed_checks",
    "memory_method",
    "flags",
    "message",
)
"""The fields of `Row` that are texts of other kinds."""


@dataclass(frozen=True)
class Row:
    """One cell: a case on a backend.

    Numbers that were not measured are nan, or None for integers.
    """

    model: str
    """The model's name."""
    size: str
    """The name of the size, from the model's `sizes` or `sweep`."""
    n_inputs: int | None
    """n, the number of active scalars."""
    n_outputs: int | None
    """m, the number of output scalars."""
    dtype: str
    """The dtype that was asked for."""
    operator: str
    """What was asked: an `Operator`."""
    order: int
    """The order of differentiation: 0 for `value`, k for the k-th `derivative`."""
    mode: str
    """How it was to be computed: a `Mode`."""
    implementation: str
    """"spec" for the model's function, "native" for the framework's own implementation of it."""
    backend: str
    """The backend's name, "framework:staging"."""
    staging: str
    """The part of the backend's name after the colon."""
    swept: bool = False
    """Whether the cell belongs to a sweep over n and m."""
    growth: str = ""
    """What was varied where the cell belongs to an axis of growth, such as "depth"; "" else."""
    stagings: bool = False
    """Whether the cell was asked to compare stagings, and for nothing else."""
    host: str = ""
    """The name of the machine that it was measured on."""
    route: str = ""
    """How the backend answered."""
    colours: int | None = None
    """In how many passes a sparse Jacobian or Hessian was computed: the colours of its pattern."""
    outcome: Outcome = Outcome.OK
    """How the cell ended."""
    verdict: Verdict = Verdict.NONE
    """What is to be thought of the answer."""
    truth: str = ""
    """What the answer was judged by; empty where no truth is known, `TRUTH_FAILED` where it could
    not be computed."""
    relative_error: float = math.nan
    """||answer - truth|| / ||truth||, the Euclidean norm over all entries."""
    max_error_ulp: float = math.nan
    """The largest error of an entry, in units in the last place of its true value."""
    max_error_over_bound: float = math.nan
    """The largest error of an entry, in units of the entry's bound."""
    resolution: float = math.nan
    """The smallest relative error that the check could have seen."""
    unresolved_entries: int | None = None
    """How many entries are too small beside their bounds to be judged by themselves."""
    coverage: str = ""
    """How much of the answer was judged: "entries" for every entry, "sample" for projections along
    random directions and entries drawn at random; empty where nothing was."""
    judged_projections: int | None = None
    """How many projections were judged."""
    judged_entries: int | None = None
    """How many entries were judged by themselves."""
    missed_probability: float = math.nan
    """The probability with which the projections miss an error of the size `resolution`, and the
    judged entries one in the share `seen_share`, at most; 0 where every entry was judged."""
    entry_resolution: float = math.nan
    """The smallest relative error that could have been seen in the entries judged by themselves."""
    seen_share: float = math.nan
    """The smallest share of wrong entries of which one would have been among those judged, but for
    `missed_probability`: of a Jacobian of its columns, of a Hessian of the active numbers."""
    worst_entry: str = ""
    """The entry that errs most in units of its bound, such as "params[0][1]"."""
    worst_returned: float = math.nan
    """What was returned at the worst entry."""
    worst_true: float = math.nan
    """The true value at the worst entry."""
    worst_input: float = math.nan
    """The active number that the worst entry of a gradient, a VJP or an HVP is the derivative
    by."""
    returned: str = ""
    """The numbers of the answer, in a row; "" where there are many."""
    kink: Kink = Kink.NONE
    """At a kink, which of the derivatives on its sides came back, in all its entries together."""
    left_derivative: float = math.nan
    """At a kink, the derivative where the active numbers are smaller; nan where there is none."""
    right_derivative: float = math.nan
    """At a kink, the derivative where the active numbers are larger."""
    hull_low: float = math.nan
    """At a kink, the lower end of the hull of the derivatives on all its sides."""
    hull_high: float = math.nan
    """The upper end of that hull."""
    error_vs_oracle: float = math.nan
    """The relative error measured against the model's analytic oracle."""
    error_vs_other_mode: float = math.nan
    """The relative error measured against the same backend's answers in other modes."""
    repeatable: bool | None = None
    """Whether the second call gave the same bits as the first."""
    identity_over_bound: float = math.nan
    """The largest deviation from an identity, in units of what both its sides may err together."""
    taylor_order: float = math.nan
    """The order of the Taylor remainder, 2 for a right first derivative."""
    failed_checks: str = ""
    """The checks that a wrong answer failed, joined by "; ": output, truth, second call, second
    point, memory layout, inputs, identity, symmetry, Taylor."""
    median_s: float = math.nan
    """The median time of the operator (s)."""
    ci_low_s: float = math.nan
    """The lower end of the 95 % confidence interval of that median (s)."""
    ci_high_s: float = math.nan
    """The upper end of the 95 % confidence interval of that median (s)."""
    samples: int = 0
    """How many paired samples were taken."""
    loops: int = 0
    """How many calls of the operator in a row make one sample."""
    primal_s: float = math.nan
    """The median time of the function alone (s), sampled in alternation with the operator."""
    cost_ratio: float = math.nan
    """The operator's time over the primal's, the median over the paired samples."""
    cost_ratio_low: float = math.nan
    """The lower end of the 95 % confidence interval of the cost ratio."""
    cost_ratio_high: float = math.nan
    """The upper end of the 95 % confidence interval of the cost ratio."""
    forward_ratio: float = math.nan
    """The time of forward mode over this mode's, for the same operator on the same backend: the
    median over samples that were taken next to each other."""
    forward_ratio_low: float = math.nan
    """The lower end of that ratio's confidence interval, which holds at 95 % however often sampling
    has looked at it."""
    forward_ratio_high: float = math.nan
    """The upper end of that interval."""
    reference_s: float = math.nan
    """The median time of the reference loop, which was timed between this cell's samples (s)."""
    operations: float = math.nan
    """How many operations on numbers the answer takes in this mode, by the reference engine's
    graph."""
    primal_operations: float = math.nan
    """How many operations on numbers the function takes, by the reference engine's graph."""
    prepare_s: float = math.nan
    """How long building and staging the call took (s)."""
    first_s: float = math.nan
    """How long the first call took (s)."""
    cpu_per_wall: float = math.nan
    """Processor time over wall-clock time while the cell was sampled: how many threads worked."""
    peak_bytes: int | None = None
    """The most memory that a call held at one time, beyond what was held before it (bytes)."""
    memory_method: str = ""
    """What counted the peak; "" where nothing could."""
    work_s: float = 0.0
    """How long the framework worked for the cell (s): prepared, was called and was sampled."""
    elapsed_s: float = math.nan
    """All the time that the cell took (s)."""
    flags: str = ""
    """What is to be doubted about the measurement, joined by "; "."""
    message: str = ""
    """Why the cell ended as it did, or was judged as it was, in words."""
    samples_s: tuple[float, ...] = field(default=(), repr=False)
    """Every sample of the operator (s)."""
    primal_samples_s: tuple[float, ...] = field(default=(), repr=False)
    """Every sample of the primal (s), each taken next to the operator's of the same place."""
    reference_samples_s: tuple[float, ...] = field(default=(), repr=False)
    """The reference loop's sample (s) of the round of each sample."""
    sample_rounds: tuple[int, ...] = field(default=(), repr=False)
    """The round of each sample; samples of one question on one backend in one round are pairs."""

    def __post_init__(self) -> None:
        """Let every text be one line of visible characters, wherever the row comes from."""
        for name in NAMES:
            object.__setattr__(self, name, plain_name(getattr(self, name), LONGEST_TEXT))
        for name in TEXTS:
            object.__setattr__(self, name, plain_text(getattr(self, name)))

    @classmethod
    def begun(cls, case: Case, backend: str, **measured: Any) -> Row:
        """Return the row of `case` on `backend` with only the fields `measured` filled in."""
        return cls(
            model=case.model,
            size=case.size,
            n_inputs=measured.pop("n_inputs", None),
            n_outputs=measured.pop("n_outputs", None),
            dtype=case.dtype,
            operator=case.operator.value,
            order=case.order,
            mode=case.mode.value,
            implementation=case.implementation,
            backend=backend,
            staging=backend.partition(":")[2],
            **measured,
        )

    @property
    def cell(self) -> CellName:
        """What tells the cell of this row from all others of its run: the fields `CELL`."""
        return (
            self.model,
            self.size,
            self.dtype,
            self.operator,
            self.order,
            self.mode,
            self.implementation,
            self.backend,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values.

        A float that JSON cannot write becomes "nan", "inf" or "-inf".
        """
        values: dict[str, Any] = msgspec.to_builtins(self, enc_hook=plain_scalar)
        return {name: _json_value(value) for name, value in values.items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Row:
        """Read what `to_json` wrote; unknown fields, of a later version, are left out."""
        return msgspec.convert(values, cls, strict=False)


def plain_scalar(value: Any) -> Any:
    """Return a NumPy scalar as the Python number or string that it is a kind of."""
    for builtin in (float, str):
        if isinstance(value, builtin):
            return builtin(value)
    raise TypeError(f"A row or message holds a {type(value).__name__}; give a Python number.")


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, tuple | list):
        return [_json_value(item) for item in value]
    return value
