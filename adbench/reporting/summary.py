"""How cells have ended, in a sentence; and what several of them are called together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from adbench.results.row import TRUTH_FAILED, Row

ORDER = ("correct", "imprecise", "wrong", "unresolved")
"""The verdicts in the order in which they are counted."""

Ending = tuple[str, str, str]
"""The outcome of a cell, its verdict and its truth, as the columns of a run have them."""


def summary(endings: Iterable[Ending]) -> str:
    """Return how many cells there are, how they were judged, and how the others ended.

    One sentence, and another where truths could not be computed that should have been.
    """
    endings = [*endings]
    outcomes = Counter(str(outcome) for outcome, _, _ in endings)
    verdicts = Counter(str(verdict) for outcome, verdict, _ in endings if outcome == "ok")
    judged = ", ".join(f"{verdicts[name]} {name}" for name in ORDER if name in verdicts)
    parts = [judged or "none answered"]
    unanswered = [(name, count) for name, count in outcomes.most_common() if name != "ok"]
    if unanswered:
        parts.append(", ".join(f"{count} {name}" for name, count in unanswered))
    cells = "1 cell" if len(endings) == 1 else f"{len(endings)} cells"
    sentence = f"{cells}: {'; '.join(parts)}."
    failed = sum(truth == TRUTH_FAILED for _, _, truth in endings)
    if failed:
        sentence += (
            f" The truth of {failed} could not be computed: the function raised, or its worker "
            "crashed or ran out of time or memory."
        )
    return sentence


def summary_of(rows: Iterable[Row]) -> str:
    """Return how the cells of rows have ended."""
    return summary((row.outcome, row.verdict, row.truth) for row in rows)


def first_of(questions: Sequence[str]) -> str:
    """Return the first of several questions, and how many more there are."""
    further = len(questions) - 1
    if not further:
        return questions[0]
    plural = "s" if further > 1 else ""
    return f"{questions[0]} and {further} more question{plural}"
