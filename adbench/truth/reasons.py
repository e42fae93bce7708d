"""Why a true answer is not known, in a sentence that says what was met, where, and what to do.

What the arithmetic behind the truth raises is told in its own words, which are not a user's.
"""

from __future__ import annotations

import re

from adbench.cases.messages import SentenceError, as_sentence, describe_exception, place_of
from adbench.cases.model import Model
from ball_arithmetic import EigenvaluesMeetError, SingularMatrixError, UndecidedError

MET: tuple[tuple[type[Exception], str], ...] = (
    (
        UndecidedError,
        "branches, sorts or indexes by numbers that are equal there, or too near to each other to "
        "tell: choose another point, or write xp.where in place of a branch",
    ),
    (
        SingularMatrixError,
        "solves with a matrix that is singular there, or too near to it to tell: choose another "
        "point",
    ),
    (
        EigenvaluesMeetError,
        "takes eigenvectors or singular vectors of a matrix with equal eigenvalues or singular "
        "values there, which are not unique: choose another point",
    ),
    (ZeroDivisionError, "divides by a number that is 0 there: choose another point"),
)
"""What a function does at a point where its answer is not known, and what to do."""

INNER_WORDS = re.compile(
    r"balls?\b|\barb\b|\bacb\b|traced|tracer|midpoint|enclos|undecided|has no attribute"
    r"|ElementArray|reference_ad",
    re.IGNORECASE,
)
"""Words of the engine and of its arithmetic, which say nothing to the author of a model."""


def why_unknown(model: Model, error: Exception) -> str:
    """Return in a sentence why no true answer of a model is known, from what was raised."""
    if isinstance(error, SentenceError):
        return as_sentence(f"No true answer is known: {error}")
    file = getattr(getattr(model.function, "__code__", None), "co_filename", "")
    place = place_of(error, file, file)
    return as_sentence(
        f"No true answer is known at this point: the function of the model {model.name!r}{place} "
        f"{_what_it_does(error)}"
    )


def _what_it_does(error: Exception) -> str:
    for kind, words in MET:
        if isinstance(error, kind):
            return words
    if INNER_WORDS.search(str(error)):
        return (
            "does something with an array that cannot be followed: write it in functions of xp, "
            "the Python array API standard"
        )
    return f"raised {describe_exception(error)}"
