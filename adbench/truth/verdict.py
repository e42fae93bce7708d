"""The verdict on one answer: its errors, the bound they are held against, and what to think of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np

from adbench.results.row import Verdict
from adbench.spec.inputs import Inputs
from adbench.spec.operators import Operator
from adbench.truth.answers import Answer, Array, mismatch, project, relative_error, worst_entry
from adbench.truth.extended import Truth
from reference_ad import tree

SLACK = 32.0
"""The bound is this many times the rounding that the reference engine shows: another order of operations, another
implementation of exp, may err more than it did."""

TOO_WIDE = 1e-2
"""A check that could not have seen a relative error of this size is called unresolved."""


@dataclass(frozen=True)
class Judgement:
    """The columns of a row that tell how right an answer is; see `Row`."""

    verdict: Verdict
    message: str = ""
    relative_error: float = nan
    max_error_ulp: float = nan
    max_error_over_bound: float = nan
    resolution: float = nan
    worst_entry: str = ""
    worst_returned: float = nan
    worst_true: float = nan
    error_vs_oracle: float = nan
    error_vs_reference: float = nan
    error_vs_differences: float = nan


def judge(
    answer: Answer, truth: Truth, inputs: Inputs, operator: Operator, order: int, dtype: str, *, exact: bool, name: str
) -> Judgement:
    """Judge an answer given in `dtype`.

    exact: whether the backend claims answers up to rounding; an approximation is never called wrong, since
    no bound on its truncation error is known: it is `imprecise`, or `unresolved` where it has hardly a digit right.
    name: what the active argument is called, for `worst_entry`.
    """
    wrong_shape = mismatch(answer, truth.answer)
    if wrong_shape:
        return Judgement(Verdict.WRONG, wrong_shape, relative_error=inf, max_error_ulp=inf)
    wrong_dtype = sorted({str(array.dtype) for array in answer.arrays} - {dtype})
    if wrong_dtype:
        return Judgement(
            Verdict.WRONG, f"The answer came back as {', '.join(wrong_dtype)} where {dtype} was asked for."
        )

    resolution = SLACK * truth.rounding[dtype]
    error = relative_error(answer, truth.answer)
    over_bound = max(
        (_over_bound(a, t, resolution) for a, t in zip(answer.arrays, truth.answer.arrays, strict=True)), default=0.0
    )
    worst = worst_entry(answer, truth.answer, name)
    along = nan
    if truth.along is not None:
        along = relative_error(project(operator, answer, tree.leaves(inputs.tangent)), truth.along)
    if truth.doubt or not truth.answer.is_finite:
        verdict = Verdict.UNRESOLVED
    elif not exact:
        few_digits = float(np.finfo(dtype).eps) ** (1 / (order + 2))
        verdict = Verdict.IMPRECISE if error <= max(few_digits, TOO_WIDE) else Verdict.UNRESOLVED
    elif over_bound > 1:
        verdict = Verdict.WRONG
    elif resolution > TOO_WIDE:
        verdict = Verdict.UNRESOLVED
    elif error > sqrt(float(np.finfo(dtype).eps)):
        verdict = Verdict.IMPRECISE
    else:
        verdict = Verdict.CORRECT
    return Judgement(
        verdict=verdict,
        message=truth.doubt or ("" if truth.answer.is_finite else "The true answer is not finite here."),
        relative_error=error,
        max_error_ulp=worst.ulp,
        max_error_over_bound=over_bound,
        resolution=resolution,
        worst_entry=worst.place,
        worst_returned=worst.returned,
        worst_true=worst.true,
        error_vs_oracle=nan if truth.oracle is None else relative_error(answer, truth.oracle),
        error_vs_reference=relative_error(answer, truth.reference),
        error_vs_differences=along,
    )


def _over_bound(given: Array, true: Array, resolution: float) -> float:
    """Return the largest deviation in one array in units of its bound, `resolution` times the array's largest entry."""
    if given.size == 0:
        return 0.0
    if not np.isfinite(given).all():
        return inf
    # What underflows in this dtype is no error: its smallest normal number is the least that is told apart from 0.
    bound = resolution * float(np.max(np.abs(true))) + float(np.finfo(given.dtype).tiny)
    return float(np.max(np.abs(given.astype(np.longdouble) - true))) / bound
