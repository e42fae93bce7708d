"""What is found out about one cell when it is computed again: records that leave a worker."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True)
class ArrayEvidence:
    """One array of an answer beside the true one."""

    title: str
    """What it is called, such as `params[0]`."""
    entries: int
    """How many entries it has."""
    beyond: int
    """How many of them err by more than their bound."""
    is_dead: bool
    """Whether all of it came back as zero, and the truth is not."""
    worst: str
    """The entry that errs most in units of its bound; "" where there is none."""
    returned: float
    """What came back there."""
    true: float
    """What is true there."""
    bound: float
    """How far correct arithmetic may land from that."""


@dataclass(frozen=True)
class LadderStep:
    """A difference quotient."""

    step: float
    """The step h."""
    quotient: float
    """(g(h) - g(-h)) / 2h."""


@dataclass(frozen=True)
class PrimitiveEvidence:
    """What each primitive of the program does by itself on the backend."""

    checked: int = 0
    """How many were asked for their derivative."""
    deviating: str = ""
    """The first one that is wrong, in a sentence; "" where none is."""
    unseen: tuple[str, ...] = ()
    """The names of those that the backend could not be asked."""


@dataclass(frozen=True)
class Script:
    """A program of plain framework code that shows an answer."""

    text: str = ""
    """The program; "" where none is written."""
    reason: str = ""
    """Why none is, in a sentence."""


@dataclass(frozen=True)
class CellEvidence:
    """What a cell gives when it is computed again, at the point of the run."""

    point: str = ""
    """The arguments, as they could be typed."""
    failure: str = ""
    """What the backend raised, in a sentence; "" where it answered."""
    doubt: str = ""
    """Why nothing can be judged, in a sentence, or ""."""
    relative_error: float = nan
    """||answer - truth|| / ||truth||."""
    pattern: str = ""
    """Which entries are off and by which simple pattern, in a sentence, or ""."""
    arrays: tuple[ArrayEvidence, ...] = ()
    """The arrays of the answer."""
    ladder_entry: str = ""
    """The entry that the differences are for."""
    ladder: tuple[LadderStep, ...] = ()
    """Difference quotients of the function itself, from the largest step down."""
    primitives: PrimitiveEvidence | None = None
    """What the primitives do; None where the backend does not let one see them."""
    definition: str = ""
    """Where a hand-written function is defined, such as `mine.py, line 12`; "" for others."""
    script: Script = Script()
    """A program that shows it."""
