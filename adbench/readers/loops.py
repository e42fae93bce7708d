"""Loops that end when the numbers in them say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adbench.backends.base import Unsupported
from adbench.readers.reading import Unreadable
from reference_ad.engine.elements import UndecidedError

LONGEST_LOOP = 10_000
"""How often a loop may go round."""

Carry = Any
"""What one round of a loop gives to the next one: a sequence of arrays."""


def run_while(
    condition: Callable[[Carry], Any], body: Callable[[Carry], Carry], carry: Carry
) -> Carry:
    """Return what is carried when `condition` is false of it, after `body` of what went before.

    condition: gives a truth value of shape (). How often the loop goes round is decided by the
    numbers at hand, so that around the point its derivative is that of so many rounds.

    Raises Unreadable after more than `LONGEST_LOOP` rounds, Unsupported where the arrays are traced
    and have no numbers, and UndecidedError where balls leave open whether it goes on.
    """
    for _ in range(LONGEST_LOOP):
        if not _is_true(condition(carry)):
            return carry
        carry = body(carry)
    raise Unreadable(
        f"A loop that ends when its values say so goes round more than {LONGEST_LOOP} times here: "
        "give a point at which it ends sooner."
    )


def _is_true(truth: Any) -> bool:
    try:
        return bool(truth)
    except UndecidedError:
        raise
    except Exception as error:  # whatever a framework raises for a truth value that it traces
        raise Unsupported(
            "The function has a loop that ends when its values say so, and values that are traced "
            "do not: use a backend that computes at once, or the framework of the function."
        ) from error
