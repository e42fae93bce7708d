"""The truth of a question: its enclosure, certified, with the bounds of the dtypes; how it is made,
kept and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from adbench.cases.case import DTYPES
from adbench.cases.inputs import Inputs, call
from adbench.cases.model import Model
from adbench.cases.operators import Operator
from adbench.truth.answers import Answer, Array, collect, mismatch, relative_error
from adbench.truth.bound import bound
from adbench.truth.certificate import certify
from adbench.truth.enclosure import NEGLIGIBLE, UNDECIDED, enclose

CONTRADICTION = 1e-9
"""A model's analytic oracle, evaluated in extended precision, that is farther than this from the
enclosure is wrong."""


NOT_UNIQUE_ABOVE = 1e-9
"""An entry that is not known to this part of itself, at the highest precision, lies at a kink or a
pole."""


TINY = float(np.finfo(np.float64).tiny)
"""The smallest normal double; what is known to be below it is as good as 0."""


@dataclass(frozen=True)
class Truth:
    """What is known about the answer to a question.

    answer: the midpoints of the enclosure, as longdouble; radii: how far the exact entries may be
    from these (float64);
    bounds: for each dtype, array by array, how far from `answer` correct arithmetic may land
    (`bound.py`);
    oracle: the model's analytic answer in extended precision, if it has one;
    bits: the working precision of the enclosure; doubt: why nothing can be judged by it, or "";
    source: what it is.
    """

    answer: Answer
    radii: tuple[Array, ...]
    bounds: dict[str, tuple[Array, ...]] = field(default_factory=dict)
    oracle: Answer | None = None
    bits: int = 0
    doubt: str = ""
    source: str = "enclosure"

    @property
    def not_unique(self) -> int:
        """How many entries lie at a kink or a pole: their enclosures are wide, however high the
        precision."""
        count = 0
        for true, radius in zip(self.answer.arrays, self.radii, strict=True):
            sizes = np.where(np.isfinite(true), np.abs(true), 0)
            count += int(
                (
                    radius
                    > np.maximum(
                        NOT_UNIQUE_ABOVE * sizes, max(NEGLIGIBLE * np.max(sizes, initial=0.0), TINY)
                    )
                ).sum()
            )
        return count


def establish(
    model: Model, inputs: Inputs, operator: Operator, order: int, dtypes: Sequence[str] = DTYPES
) -> Truth:
    """Compute the truth of one question.

    inputs: float64, representable in all of `dtypes`, for which bounds are wanted; order: of a
    `derivative`. Raises CertificateError where the enclosure is contradicted by the function itself
    (`certificate.py`), and SpecError where the model's oracle raises.
    """
    oracle = _oracle(model, inputs, operator, order)
    try:
        enclosure = enclose(model, inputs, operator, order)
    except UNDECIDED as error:
        return Truth(
            Answer((), ()),
            (),
            oracle=oracle,
            doubt=f"The true answer could not be enclosed: {error}",
        )
    answer, radii = enclosure.rounded()
    doubt = certify(model, inputs, operator, order, enclosure)
    bounds = {
        dtype: bound(model, inputs, operator, order, dtype, answer, radii) for dtype in dtypes
    }
    if oracle is not None and not doubt:
        if unlike := mismatch(oracle, answer):
            doubt = f"The oracle of the model {model.name!r} is wrong. {unlike}"
        elif (apart := relative_error(oracle, answer)) > CONTRADICTION:
            doubt = (
                f"The oracle of the model {model.name!r} is wrong: it is {apart:.1e} from the "
                "certified enclosure."
            )
    return Truth(answer, radii, bounds, oracle, enclosure.bits, doubt)


def _oracle(model: Model, inputs: Inputs, operator: Operator, order: int) -> Answer | None:
    oracle = model.oracle.get(operator.value)
    if oracle is None:
        return None
    known = {"order": order} if operator is Operator.DERIVATIVE else {}
    what = f"The oracle of the model {model.name!r}"
    return collect(call(what, oracle, *inputs.astype(np.longdouble).arguments, **known))


# ---- on disk, between the worker that establishes a truth and those that judge by it


def save(truth: Truth, path: Path) -> None:
    """Write a truth as an .npz file."""
    arrays: dict[str, Any] = {
        "paths": np.array(truth.answer.paths, dtype=str),
        "dtypes": np.array(list(truth.bounds), dtype=str),
        "bits": np.array(truth.bits),
        "doubt": np.array(truth.doubt),
    }
    for i, array in enumerate(truth.answer.arrays):
        arrays |= {f"answer{i}": array, f"radius{i}": truth.radii[i]}
        arrays |= {f"bound_{dtype}{i}": bounds[i] for dtype, bounds in truth.bounds.items()}
    if truth.oracle is not None:
        arrays["oracle_paths"] = np.array(truth.oracle.paths, dtype=str)
        arrays |= {f"oracle{i}": array for i, array in enumerate(truth.oracle.arrays)}
    np.savez(path, allow_pickle=False, **arrays)


def load(path: Path) -> Truth:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:

        def answer(paths: str, key: str) -> Answer:
            known = tuple(str(p) for p in file[paths])
            return Answer(known, tuple(file[f"{key}{i}"] for i in range(len(known))))

        found = answer("paths", "answer")
        places = range(len(found.arrays))
        return Truth(
            answer=found,
            radii=tuple(file[f"radius{i}"] for i in places),
            bounds={str(d): tuple(file[f"bound_{d}{i}"] for i in places) for d in file["dtypes"]},
            oracle=answer("oracle_paths", "oracle") if "oracle_paths" in file else None,
            bits=int(file["bits"]),
            doubt=str(file["doubt"]),
        )
