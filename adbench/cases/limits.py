"""The numbers that a run or a check can be given, from the command line as from Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from adbench.cases.model import SpecError
from adbench.cases.text import plain_text

LONGEST_VALUE = 60
"""How many characters of a value are shown that is refused."""


@dataclass(frozen=True)
class Limits:
    """Which numbers are taken."""

    expected: str
    """What is taken, in words."""

    low: float
    """The lowest number."""

    high: float
    """The highest number."""

    is_integer: bool = False
    """Whether integers alone are taken."""

    is_above_low: bool = False
    """Whether the lowest number itself is not taken."""

    is_below_high: bool = False
    """Whether the highest number itself is not taken."""

    def allow(self, value: Any) -> bool:
        """Whether a value is taken."""
        kind = Integral if self.is_integer else Real
        is_number = isinstance(value, kind) and not isinstance(value, bool)
        if not is_number:
            return False
        if not self.low <= value <= self.high:
            return False
        if self.is_above_low and value == self.low:
            return False
        return not (self.is_below_high and value == self.high)


LONGEST_TIMEOUT_S = 2_000_000
"""The longest time (s) that is waited for anything: 23 days, about what `poll` can wait."""

LIMITS = {
    "threads": Limits("an integer of at least 1, and at most 1024", 1, 1024, is_integer=True),
    "timeout": Limits(
        f"a number of seconds above 0, and of at most {LONGEST_TIMEOUT_S} (23 days)",
        0,
        LONGEST_TIMEOUT_S,
        is_above_low=True,
    ),
    "seed": Limits(
        f"an integer that is not negative, and at most {2**64 - 1}", 0, 2**64 - 1, is_integer=True
    ),
    "order": Limits("an integer of at least 1, and at most 100", 1, 100, is_integer=True),
    "resolution": Limits("a fraction above 0, and of at most 1", 0, 1, is_above_low=True),
    "budget_s": Limits(
        f"a number of seconds of at least 0, and at most {LONGEST_TIMEOUT_S} (23 days)",
        0,
        LONGEST_TIMEOUT_S,
    ),
    "accuracy": Limits(
        "a relative error of at least 0 and less than 1, such as 1e-6", 0, 1, is_below_high=True
    ),
    "precision": Limits("a fraction above 0, and of at most 1", 0, 1, is_above_low=True),
    "active": Limits("the position of an argument, from 0 on", 0, math.inf, is_integer=True),
}
"""What each setting takes, by the name that it has in Python."""


def check_number(call: str, name: str, value: Any) -> None:
    """Raise SpecError for a value that a setting does not take.

    call: what was called; name: of the parameter, a key of `LIMITS`.
    """
    limits = LIMITS[name]
    if not limits.allow(value):
        raise SpecError(f"{call} was given {name}={shown(value)}; give {limits.expected}.")


def shown(value: Any) -> str:
    """Return a value as it could be typed, cut where it is long."""
    return plain_text(repr(value), LONGEST_VALUE)
