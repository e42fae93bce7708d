"""What a sweep says of the lecture's claim, in sentences.

The claim: reverse mode is more efficient where a function has more inputs than outputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from adbench.reporting import crossover
from adbench.reporting.crossover import Estimate, Winner
from adbench.reporting.units import time, two_digits

MANY_TIMES = 16
"""Inputs outnumber outputs where there are at least this many times as many, and the reverse."""

MANY_OUTPUTS = 256
"""Forward mode is to win from this many outputs on; fewer passes are lost in what a call costs."""

FEW_EXCEPTIONS = 3
"""So many exceptions are named one by one."""

LEAST_SHARE = 0.5
"""A claim that holds in a smaller share of its cells did not hold."""


@dataclass(frozen=True)
class Claim:
    """What is claimed of some cells of a sweep, and how they turned out."""

    mode: Winner
    """The mode that is to win them."""

    where: str
    """Which cells these are, such as "n >= 16 m"."""

    cells: pd.DataFrame
    """The cells."""

    @property
    def exceptions(self) -> pd.DataFrame:
        """The cells that the mode did not win."""
        return self.cells[self.cells["winner"] != self.mode]

    @property
    def wins(self) -> int:
        """How many cells the mode won."""
        return len(self.cells) - len(self.exceptions)


def many_inputs(cells: pd.DataFrame) -> Claim:
    """Return the claim that reverse mode wins where inputs outnumber outputs."""
    outnumber = cells["n_inputs"] >= MANY_TIMES * cells["n_outputs"]
    return Claim(Winner.REVERSE, f"n >= {MANY_TIMES} m", cells[outnumber])


def many_outputs(cells: pd.DataFrame) -> Claim:
    """Return the claim that forward mode wins where outputs outnumber inputs, and are many."""
    outnumber = cells["n_outputs"] >= MANY_TIMES * cells["n_inputs"]
    is_many = cells["n_outputs"] >= MANY_OUTPUTS
    where = f"m >= {MANY_TIMES} n and m >= {MANY_OUTPUTS}"
    return Claim(Winner.FORWARD, where, cells[outnumber & is_many])


def sentences(frame: pd.DataFrame) -> list[str]:
    """Return what the sweeps of a run say, one text a backend.

    Where there are several sweeps each is named.
    """
    all_sweeps = [*crossover.sweeps(frame)]
    subjects = {
        (model, dtype, implementation) for (model, dtype, implementation, _), _ in all_sweeps
    }
    texts = []
    for (model, dtype, implementation, backend), cells in all_sweeps:
        prefix = f"{model} ({dtype}, {implementation}), " if len(subjects) > 1 else ""
        texts.append(f"{prefix}{backend}: {report(cells)}")
    return texts


def in_short(frame: pd.DataFrame) -> list[str]:
    """Return in a sentence each on which backends the claim and its converse held, if any.

    What several sweeps have shown of a backend is taken together.
    """
    sweeps: dict[str, list[pd.DataFrame]] = {}
    for (*_, backend), cells in crossover.sweeps(frame):
        sweeps.setdefault(backend, []).append(cells)
    texts = []
    for claim_of in (many_inputs, many_outputs):
        claims = [(backend, claim_of(pd.concat(parts))) for backend, parts in sweeps.items()]
        text = _in_short([(backend, claim) for backend, claim in claims if len(claim.cells)])
        if text:
            texts.append(text)
    return texts


def _in_short(claims: Sequence[tuple[str, Claim]]) -> str:
    """On which backends a mode won every cell that it is claimed to win, and where it did not."""
    if not claims:
        return ""
    _, claim = claims[0]
    held = [backend for backend, each in claims if not len(each.exceptions)]
    others = [
        f"{each.wins} of {len(each.cells)} cells on {backend}"
        for backend, each in claims
        if len(each.exceptions)
    ]
    name = str(claim.mode).capitalize()
    if not held:
        return f"{name} mode with {claim.where} won {', '.join(others)}."
    sentence = f"{name} mode won wherever {claim.where} on {', '.join(held)}"
    return f"{sentence}; {', '.join(others)}." if others else f"{sentence}."


def report(cells: pd.DataFrame) -> str:
    """Return what the sweep on one backend says: the claim, its converse, the boundary."""
    parts = [_answer(many_inputs(cells), cells), _converse(many_outputs(cells), cells)]
    parts += [_boundary(cells), _not_told(cells)]
    return " ".join(part for part in parts if part)


def _answer(claim: Claim, cells: pd.DataFrame) -> str:
    """Whether the lecture's claim held, from which size on, or why it did not."""
    total = len(claim.cells)
    if not total:
        return f"Nothing was measured at {claim.where}."
    if not len(claim.exceptions):
        return f"The claim held: reverse mode won all {total} cells with {_from_where(cells)}."
    score = f"{claim.wins} of {total} cells with {claim.where}"
    least_n = _held_from(claim)
    if least_n is not None:
        verdict = f"The claim held from n = {least_n} on: reverse mode won {score}"
    elif claim.wins >= LEAST_SHARE * total:
        verdict = f"The claim held in part: reverse mode won {score}"
    else:
        verdict = f"The claim did not hold: reverse mode won {score}"
    return f"{verdict}{_named(claim)}: {_cause(cells)}."


def _converse(claim: Claim, cells: pd.DataFrame) -> str:
    """Whether forward mode won where outputs outnumber inputs."""
    total = len(claim.cells)
    if not total:
        return ""
    if not len(claim.exceptions):
        return f"Forward mode won all {total} with {claim.where}."
    cause = ""
    if not len(many_inputs(cells).exceptions):  # otherwise it has been said
        cause = f": {_cause(cells)}"
    return f"Forward mode won {claim.wins} of {total} with {claim.where}{_named(claim)}{cause}."


def _from_where(cells: pd.DataFrame) -> str:
    """From which multiple of m on reverse mode won every cell, in words."""
    quotients = cells["n_inputs"] / cells["n_outputs"]
    lost = quotients[cells["winner"] != Winner.REVERSE]
    won_from = quotients[quotients > lost.max()].min() if len(lost) else quotients.min()
    where = f"n >= {MANY_TIMES} m"
    if won_from < MANY_TIMES:
        where += f" (and every cell with n >= {won_from:g} m)"
    return where


def _held_from(claim: Claim) -> int | None:
    """The smallest n from which reverse mode won every cell, if it won the most of them."""
    largest_lost = claim.exceptions["n_inputs"].max()
    beyond = claim.cells[claim.cells["n_inputs"] > largest_lost]
    if len(beyond) < LEAST_SHARE * len(claim.cells):
        return None
    return int(beyond["n_inputs"].min())


def _named(claim: Claim) -> str:
    """The exceptions one by one where they are few, in brackets."""
    exceptions = claim.exceptions
    if len(exceptions) > FEW_EXCEPTIONS:
        count = exceptions["winner"].value_counts()
        return f" ({', '.join(f'{number} {name}' for name, number in count.items())})"
    names = [
        f"n={cell['n_inputs']}, m={cell['n_outputs']}: {cell['winner']}, ratio "
        f"{two_digits(cell['ratio'])} [{two_digits(cell['low'])}, {two_digits(cell['high'])}]"
        for _, cell in exceptions.iterrows()
    ]
    return f" (not {'; '.join(names)})"


def _cause(cells: pd.DataFrame) -> str:
    """What a call costs before any pass and what a pass adds, in both modes."""
    forward, reverse = crossover.mode_costs(cells)
    return (
        f"a call costs {time(forward.overhead_s)} in forward and {time(reverse.overhead_s)} in "
        f"reverse mode before any pass, and a pass adds {time(forward.pass_s)} and "
        f"{time(reverse.pass_s)}"
    )


def _boundary(cells: pd.DataFrame) -> str:
    """Where the modes cross, and where the operation counts have them cross."""
    measured = crossover.measured_boundary(cells)
    predicted = crossover.predicted_boundary(cells)
    by_counts = ""
    if not math.isnan(predicted):
        by_counts = f"; by operation counts {boundary(Estimate(predicted))}"
    return f"The modes cross at {boundary(measured)}{by_counts}."


def boundary(estimate: Estimate) -> str:
    """Return a boundary in words, such as "n = 1.1 m [0.9, 1.3]"."""
    if estimate.value == 0:
        return "no n / m that was measured (reverse is ahead at all)"
    if estimate.value == math.inf:
        return "no n / m that was measured (forward is ahead at all)"
    interval = ""
    if not math.isnan(estimate.low):
        interval = f" [{two_digits(estimate.low)}, {two_digits(estimate.high)}]"
    return f"n = {two_digits(estimate.value)} m{interval}"


def _not_told(cells: pd.DataFrame) -> str:
    """How many cells were not told apart."""
    count = int((cells["winner"] == Winner.NOT_TOLD).sum())
    return f"Not told apart: {count} of {len(cells)} cells." if count else ""
