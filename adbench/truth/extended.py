"""The truth of a question as extended precision gives it: the oracle, the reference engine and differences.

All three are computed in NumPy's longdouble (64 bits of significand where the machine has it), so that their own
rounding is small against that of the dtypes judged. They are estimates without a proof; where they contradict each
other the truth is in doubt and nothing is judged by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from adbench.backends.base import pose, prepare
from adbench.spec import namespace
from adbench.spec.case import DTYPES
from adbench.spec.inputs import Inputs
from adbench.spec.model import Model
from adbench.spec.operators import MODES, Mode, Operator, passes
from adbench.truth.answers import Answer, collect, mismatch, project, relative_error
from reference_ad import tree

EXTENDED = np.longdouble

DOUBT = 1e-6
"""A relative difference between two witnesses in extended precision above which the truth is in doubt."""

FEW_PASSES = 16
"""Rounding is also observed in a question's second-cheapest mode where that takes no more passes than this."""

FEW_INPUTS = 16
"""Rounding is also observed at neighbouring points where there are no more active scalars than this."""


@dataclass(frozen=True)
class Truth:
    """What is known about the answer to a question.

    source: "oracle" or "reference", whichever `answer` is; reference: the engine's answer; oracle: the analytic one;
    along: the answer projected on the inputs' tangent, by differences of function values (or of the derivative one
    order lower); rounding: for each dtype the relative error, array by array, that the reference engine shows in it;
    doubt: why the witnesses cannot be trusted, or "".
    """

    source: str
    reference: Answer
    oracle: Answer | None = None
    along: Answer | None = None
    rounding: dict[str, float] = field(default_factory=dict)
    doubt: str = ""

    @property
    def answer(self) -> Answer:
        """The answer that others are judged by."""
        return self.reference if self.oracle is None else self.oracle


def establish(model: Model, inputs: Inputs, operator: Operator, order: int) -> Truth:
    """Compute the truth of one question. `inputs` are float64; a derivative is asked for by its order."""
    modes = sorted(MODES[operator], key=lambda mode: passes(operator, mode, inputs.n, inputs.m))
    exact = inputs.astype(EXTENDED)
    reference = _reference(model, exact, operator, order, modes[0])
    oracle = _oracle(model, exact, operator, order)
    along = None if operator is Operator.VALUE else _differences(model, exact, operator, order)
    doubt = ""
    if oracle is not None:
        doubt = mismatch(oracle, reference)
        if not doubt and (apart := relative_error(oracle, reference)) > DOUBT:
            doubt = f"The oracle and the reference engine differ by {apart:.1e} in extended precision."
    if not doubt and along is not None:
        apart = relative_error(project(operator, reference, tree.leaves(exact.tangent)), along)
        # Differences themselves are accurate to the size of the function's values, not of a small derivative.
        if apart > DOUBT and not _small(along, model, exact):
            doubt = f"The reference engine and differences of function values differ by {apart:.1e}."
    return Truth(
        source="reference" if oracle is None else "oracle",
        reference=reference,
        oracle=oracle,
        along=along,
        rounding=_rounding(model, inputs, operator, order, modes, reference),
        doubt=doubt,
    )


def _reference(model: Model, inputs: Inputs, operator: Operator, order: int, mode: Mode) -> Answer:
    from adbench.backends.reference import Tape

    backend = Tape()
    problem = pose(backend, model.function, inputs, operator)
    _, call = prepare(backend, problem, operator, mode, order)
    with np.errstate(all="ignore"):
        return collect(call(problem.active, problem.constants, problem.direction), backend.to_numpy)


def _oracle(model: Model, inputs: Inputs, operator: Operator, order: int) -> Answer | None:
    oracle = model.oracle.get(operator.value)
    if oracle is None:
        return None
    known = {"order": order} if operator is Operator.DERIVATIVE else {}
    with np.errstate(all="ignore"):
        return collect(oracle(*inputs.arguments, **known))


def _differences(model: Model, inputs: Inputs, operator: Operator, order: int) -> Answer:
    """Return the answer along the tangent by the central difference with four points.

    (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h, with error h^4 f^(5) / 30 (Abramowitz and Stegun, 25.3.6), at
    h = eps^(1/5), where it balances the rounding error. Second and higher orders are differences of the reference
    engine's derivative one order lower, which has itself been checked so.
    """
    tangent = [np.ones_like(leaf) for leaf in tree.leaves(inputs.tangent)]
    if operator is not Operator.DERIVATIVE:
        tangent = tree.leaves(inputs.tangent)
    largest = max((float(np.max(np.abs(leaf))) for leaf in tangent if leaf.size), default=0.0)
    h = np.finfo(EXTENDED).eps ** (EXTENDED(1) / 5) / (largest or 1.0)
    lower = {
        Operator.HVP: (Operator.GRADIENT, 1),
        Operator.HESSIAN: (Operator.GRADIENT, 1),
        Operator.DERIVATIVE: (Operator.DERIVATIVE, order - 1),
    }.get(operator, (Operator.VALUE, 0))

    def at(step: Any) -> list[Any]:
        moved = tree.leaves(inputs.arguments[inputs.active])
        moved = [leaf + step * v for leaf, v in zip(moved, tangent, strict=True)]
        arguments = list(inputs.arguments)
        arguments[inputs.active] = tree.unflatten(tree.flatten(arguments[inputs.active])[1], moved)
        if lower[1] == 0:
            with np.errstate(all="ignore"):
                return [np.asarray(model.function(namespace.numpy, *arguments))]
        return list(_reference(model, replace(inputs, arguments=tuple(arguments)), *lower, Mode.REVERSE).arrays)

    values = zip(at(h), at(-h), at(2 * h), at(-2 * h), strict=True)
    slopes = [(8 * (a - b) - (c - d)) / (12 * h) for a, b, c, d in values]
    if operator is Operator.VJP:
        slopes = [np.sum(slopes[0] * inputs.cotangent)]
    return Answer(("",) * len(slopes), tuple(np.asarray(slope) for slope in slopes))


def _small(along: Answer, model: Model, inputs: Inputs) -> bool:
    """Whether a directional derivative is so small beside the function's value that differences cannot resolve it."""
    value = np.asarray(model.function(namespace.numpy, *inputs.arguments))
    largest = max(float(np.max(np.abs(array))) for array in along.arrays)
    return largest < 1e-6 * float(np.max(np.abs(value)))


def _rounding(
    model: Model, inputs: Inputs, operator: Operator, order: int, modes: list[Mode], reference: Answer
) -> dict[str, float]:
    """Return for each dtype the largest relative error, array by array, of correct arithmetic as observed.

    One evaluation can be right by luck, so the engine is evaluated in every dtype, in two modes and at neighbouring
    points where that is cheap; the errors are scaled from one dtype to the other by their unit roundoffs.
    """
    affordable = [mode for mode in modes[1:2] if passes(operator, mode, inputs.n, inputs.m) <= FEW_PASSES]
    points = [(inputs, reference)]
    if inputs.n <= FEW_INPUTS:
        for moved in _neighbours(inputs):
            points.append((moved, _reference(model, moved.astype(EXTENDED), operator, order, modes[0])))
    in_eps = [1.0]
    for point, there in points:
        for dtype in DTYPES:
            for mode in [modes[0], *affordable]:
                answer = _reference(model, point.astype(dtype), operator, order, mode)
                if answer.is_finite:
                    in_eps.append(_largest_by_array(answer, there) / float(np.finfo(dtype).eps))
    return {dtype: max(in_eps) * float(np.finfo(dtype).eps) for dtype in DTYPES}


def _neighbours(inputs: Inputs) -> list[Inputs]:
    """Return inputs whose active argument is moved by a few thousandths, to numbers that every dtype represents."""

    def moved(step: int) -> Inputs:
        arguments = list(inputs.arguments)
        arguments[inputs.active] = tree.map(
            lambda leaf: (leaf * (1 + step / 1024)).astype(DTYPES[-1]).astype(leaf.dtype), arguments[inputs.active]
        )
        return replace(inputs, arguments=tuple(arguments))

    return [moved(step) for step in (-3, -2, -1, 1, 2, 3)]


def _largest_by_array(answer: Answer, reference: Answer) -> float:
    pairs = zip(answer.arrays, reference.arrays, strict=True)
    return max((relative_error(Answer(("",), (a,)), Answer(("",), (r,))) for a, r in pairs), default=0.0)


# ---- on disk, between the worker that establishes a truth and those that judge by it


def save(truth: Truth, path: Path) -> None:
    """Write a truth as an .npz file."""
    answers = {"reference": truth.reference, "oracle": truth.oracle, "along": truth.along}
    arrays = {f"{key}{i}": a for key, answer in answers.items() if answer for i, a in enumerate(answer.arrays)}
    paths = {f"{key}_paths": np.array(answer.paths, dtype=str) for key, answer in answers.items() if answer}
    facts = {
        "source": np.array(truth.source),
        "doubt": np.array(truth.doubt),
        "dtypes": np.array(list(truth.rounding), dtype=str),
        "rounding": np.array(list(truth.rounding.values())),
    }
    np.savez(path, allow_pickle=False, **facts, **arrays, **paths)


def load(path: Path) -> Truth:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:

        def answer(key: str) -> Answer | None:
            if f"{key}_paths" not in file:
                return None
            paths = tuple(str(p) for p in file[f"{key}_paths"])
            return Answer(paths, tuple(file[f"{key}{i}"] for i in range(len(paths))))

        reference = answer("reference")
        assert reference is not None
        return Truth(
            source=str(file["source"]),
            reference=reference,
            oracle=answer("oracle"),
            along=answer("along"),
            rounding={str(d): float(r) for d, r in zip(file["dtypes"], file["rounding"], strict=True)},
            doubt=str(file["doubt"]),
        )
