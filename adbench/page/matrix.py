"""The correctness matrix: models and operators against backends, and what stands behind a cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from adbench.page import reproduce
from adbench.page.runs import PageRun
from adbench.reporting.growth import titled
from adbench.reporting.units import two_digits
from adbench.results.row import FAILURES, Outcome, Verdict

MOST_CELLS = 900
"""The matrix has at most so many cells; of more rows those with the worst answers are shown."""

MOST_ANSWERS = 6
"""So many answers of a cell are listed, the worst first."""

PICTURE = (1e-8, 1e4)
"""From where to where the picture of errors goes, in units of the bound."""


@dataclass(frozen=True)
class State:
    """How cells ended that look alike."""

    mark: str
    """The sign that stands before the word."""
    word: str
    """What is said of it."""
    style: str
    """What the style sheet calls it."""


STATES: Mapping[str, State] = {
    str(Verdict.WRONG): State("✗", "wrong", "wrong"),
    **{str(failure): State("!", failure.replace("_", " "), "failed") for failure in FAILURES},
    str(Verdict.UNRESOLVED): State("?", "unresolved", "unresolved"),
    str(Verdict.IMPRECISE): State("~", "imprecise", "imprecise"),
    str(Verdict.CORRECT): State("✓", "correct", "correct"),
    str(Verdict.NONE): State("·", "not judged", "absent"),
    str(Outcome.UNSUPPORTED): State("–", "unsupported", "absent"),
    str(Outcome.NOT_INSTALLED): State("–", "not installed", "absent"),
}
"""How a cell is shown by its verdict, or by its outcome where it has none, the worst first."""

SEVERITY = {name: position for position, name in enumerate(STATES)}

OTHER = State("?", "of another version", "unresolved")
"""How a cell is shown whose word a later version wrote."""


@dataclass(frozen=True)
class Attempt:
    """One answer behind a cell."""

    question: str
    """Its size and mode."""
    state: State
    """How it ended."""
    error: str
    """Its relative error."""
    ulp: str
    """Its largest error in units in the last place."""
    over_bound: str
    """Its largest error in units of the bound."""
    place: float
    """Where it stands in the picture of errors, from 0 to 1; nan where it has none."""


@dataclass(frozen=True)
class Entry:
    """A cell of the matrix, and what stands behind it."""

    title: str
    """What was asked of which backend, in words."""
    state: State
    """How the worst of its answers ended."""
    ulp: str
    """The worst error in units in the last place; "" where there is none."""
    sort: str
    """What it is sorted by."""
    facts: tuple[tuple[str, str], ...]
    """What is known of the worst answer, as pairs of a name and a value."""
    attempts: tuple[Attempt, ...]
    """Its answers, the worst first."""
    further: int
    """How many more there are."""
    command: str
    """The command that asks the worst of them again."""
    known_issue: str
    """Where a known issue is tracked; "" where none is declared."""
    bound_place: float
    """Where the bound stands in the picture of errors, from 0 to 1."""


@dataclass(frozen=True)
class MatrixRow:
    """A row of the matrix."""

    model: str
    """The model, with what of it is not customary."""
    operator: str
    """What was asked."""
    entries: tuple[Entry | None, ...]
    """A cell for each backend; None where it was not asked."""


@dataclass(frozen=True)
class Matrix:
    """The correctness matrix of a run."""

    backends: tuple[str, ...]
    """Its columns."""
    rows: tuple[MatrixRow, ...]
    """Its rows."""
    note: str
    """What is left out of it, in a sentence."""


def matrix(run: PageRun) -> Matrix:
    """Return the correctness matrix of a run."""
    frame = run.frame[run.frame["outcome"] != str(Outcome.NOT_INSTALLED)]
    frame = titled(frame.assign(state=_states(frame), asked=_operators(frame)))
    frame = frame.assign(severity=frame["state"].map(SEVERITY).fillna(SEVERITY["unresolved"]))
    backends = tuple(dict.fromkeys(frame["backend"]))
    names = list(dict.fromkeys(zip(frame["title"], frame["asked"], strict=True)))
    shown = _worst_rows(frame, names, MOST_CELLS // max(len(backends), 1))
    note = ""
    if len(shown) < len(names):
        note = (
            f"Thinned: {len(shown)} of {len(names):,} rows are shown, those with the worst answers "
            "first of all; all of them are in the results of the run."
        )
    cells = _entries(frame, shown, run)
    rows = tuple(
        MatrixRow(*name, tuple(cells.get((*name, backend)) for backend in backends))
        for name in names
        if name in shown
    )
    return Matrix(backends, rows, note)


def _states(frame: pd.DataFrame) -> pd.Series:
    """What names the state of each row: its verdict where it was answered, else its outcome."""
    return frame["verdict"].where(frame["outcome"] == str(Outcome.OK), frame["outcome"])


def _operators(frame: pd.DataFrame) -> pd.Series:
    """What was asked, with the order of a derivative."""
    ordered = frame["operator"] + " " + frame["order"].astype(str)
    return frame["operator"].where(frame["operator"] != "derivative", ordered)


def _worst_rows(
    frame: pd.DataFrame, names: Sequence[tuple[str, str]], most: int
) -> set[tuple[str, str]]:
    """The names of at most so many rows, those with the worst answers."""
    severity = frame.groupby(["title", "asked"], sort=False)["severity"].min().to_dict()
    by_severity = sorted(names, key=severity.__getitem__)
    return set(by_severity[: max(most, 1)])


def _entries(
    frame: pd.DataFrame, shown: set[tuple[str, str]], run: PageRun
) -> dict[tuple[str, str, str], Entry]:
    """The cells of the rows that are shown, by model, operator and backend."""
    is_shown = [name in shown for name in zip(frame["title"], frame["asked"], strict=True)]
    rows = frame[pd.Series(is_shown, index=frame.index, dtype=bool)]
    cell = ["title", "asked", "backend"]
    by_cell = rows.groupby(cell, sort=False)
    rows = rows.assign(
        answers=by_cell["state"].transform("size"),
        largest_ulp=by_cell["max_error_ulp"].transform("max"),
        excess=-rows["max_error_over_bound"],
    )
    worst_first = rows.sort_values(["severity", "excess"], kind="stable")
    records: dict[tuple[str, str, str], list[dict[Any, Any]]] = {}
    for record in worst_first.groupby(cell, sort=False).head(MOST_ANSWERS).to_dict("records"):
        name = (record["title"], record["asked"], record["backend"])
        records.setdefault(name, []).append(record)
    installed = reproduce.installed_models()
    return {name: _entry(of_cell, run, installed) for name, of_cell in records.items()}


def _entry(records: Sequence[Mapping[Any, Any]], run: PageRun, installed: frozenset[str]) -> Entry:
    """A cell, from the rows of its worst answers, the worst first."""
    worst = records[0]
    state = STATES.get(worst["state"], OTHER)
    ulp = worst["largest_ulp"]
    return Entry(
        title=f"{worst['title']}, {worst['asked']}, on {worst['backend']}",
        state=state,
        ulp=_ulp(ulp),
        sort=repr(-1e9 * SEVERITY.get(worst["state"], 0) + min(_or_zero(ulp), 1e8)),
        facts=tuple(_facts(worst)),
        attempts=tuple(map(_attempt, records)),
        further=worst["answers"] - len(records),
        command=reproduce.command(worst, run.files, installed),
        known_issue=run.known_issue(worst["model"], worst["backend"]),
        bound_place=_place(1.0),
    )


def _attempt(record: Mapping[Any, Any]) -> Attempt:
    mode = "" if record["mode"] == "none" else f", {record['mode']}"
    return Attempt(
        question=f"{record['size']}{mode}",
        state=STATES.get(record["state"], OTHER),
        error=_scientific(record["relative_error"]),
        ulp=_ulp(record["max_error_ulp"]),
        over_bound=_scientific(record["max_error_over_bound"]),
        place=_place(record["max_error_over_bound"]),
    )


def _facts(worst: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """What is known of an answer, without what is not."""
    returned, true = worst["worst_returned"], worst["worst_true"]
    error = abs(returned - true)
    bound = math.nan
    if worst["max_error_over_bound"] > 0:
        bound = error / worst["max_error_over_bound"]
    facts = {
        "size": f"{worst['size']}, {worst['dtype']}",
        "mode": "" if worst["mode"] == "none" else worst["mode"],
        "route": worst["route"],
        "worst entry": worst["worst_entry"],
        "returned": _exact(returned),
        "true": _exact(true),
        "error": _scientific(error),
        "bound": _scientific(bound),
        "error / bound": _scientific(worst["max_error_over_bound"]),
        "relative error": _scientific(worst["relative_error"]),
        "could have seen": _scientific(worst["resolution"]),
        "judged by": worst["truth"],
        "failed checks": worst["failed_checks"],
        "doubts": worst["flags"],
        "message": worst["message"],
    }
    return [(name, value) for name, value in facts.items() if value]


def _place(over_bound: float) -> float:
    """Where an error in units of its bound stands in the picture, from 0 to 1."""
    if math.isnan(over_bound):
        return math.nan
    low, high = (math.log10(end) for end in PICTURE)
    exponent = math.log10(max(over_bound, PICTURE[0]))
    return (min(exponent, high) - low) / (high - low)


def _ulp(ulp: float) -> str:
    if math.isnan(ulp):
        return ""
    if ulp >= 1000:
        return f"{ulp:.1e} ulp"
    return f"{two_digits(ulp)} ulp"


def _exact(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _scientific(value: float) -> str:
    if math.isnan(value):
        return ""
    return "0" if value == 0 else f"{value:.2e}"


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
