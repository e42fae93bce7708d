"""What is shown of two runs compared: on the screen, in Markdown, and in short."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from enum import StrEnum

import pandas as pd
from rich.console import Console

from adbench.changes.changes import Changes, TimeChange
from adbench.changes.recorded_run import UNDISTURBED
from adbench.changes.verdicts import AnswerChange
from adbench.reporting import render
from adbench.reporting.pull_request import folded
from adbench.reporting.tables import Table, question, time
from adbench.results.escaping import for_markdown

SHOWN_AT_MOST = 20
"""How many rows of a table are shown where not all are."""

TIMES_NOTE = (
    f"Times of one call: the {UNDISTURBED:g} quantile of the samples. measured: their ratio, "
    "without the machine's own change. ratio: what it is taken for, with its 90 % interval, from "
    "the cell and from what its backend has in common."
)
"""What the columns of a table of times mean."""

QUESTION_COLUMNS = ("model", "size", "operator", "mode", "backend")
"""The columns that name a cell in a table."""


def show(changes: Changes, screen: Console, is_short: bool = False) -> None:
    """Print what changed. is_short: whether long tables are cut."""
    for table in tables(changes):
        cut_table = _cut(table) if is_short else table
        render.to_screen(cut_table, screen)
    screen.print()
    for sentence in sentences(changes):
        render.say(screen, sentence)


def text(changes: Changes, width: int = 120) -> str:
    """Return what `show` prints, as plain text of a width in characters."""
    sink = io.StringIO()
    show(changes, Console(file=sink, width=width, color_system=None))
    return sink.getvalue()


def to_markdown(changes: Changes) -> str:
    """Return a comment for a pull request, with its long tables folded."""
    headline, *further_sentences = sentences(changes)
    parts = ["## adbench: two runs compared", f"**{for_markdown(headline)}**"]
    parts.append("\n".join(f"- {for_markdown(sentence)}" for sentence in further_sentences))
    for table in tables(changes):
        if len(table.rows) <= SHOWN_AT_MOST:
            parts.append("#" + render.to_markdown(table))
        else:
            parts.append(folded(table))
    times = all_times(changes)
    if times is not None:
        parts.append(folded(times))
    return "\n\n".join(part for part in parts if part) + "\n"


def tables(changes: Changes) -> list[Table]:
    """Return what changed as tables, the answers first."""
    all_tables = (
        _answers_table(changes),
        _time_table(changes, TimeChange.SLOWER),
        _time_table(changes, TimeChange.FASTER),
    )
    return [table for table in all_tables if table is not None]


def all_times(changes: Changes) -> Table | None:
    """Return the times of all cells that both runs timed; None where there is none."""
    return _times_table("All cells", changes.cells)


def _answers_table(changes: Changes) -> Table | None:
    """The cells whose answers are judged or end otherwise, the worst changes first."""
    rows = []
    for change in AnswerChange:
        if change is AnswerChange.NONE:
            continue
        for _, cell in changes.cells_that(change).iterrows():
            rows.append((str(change), *_question(cell), _answers(cell)))
    if not rows:
        return None
    columns = ("what", *QUESTION_COLUMNS, "before and after")
    return Table("Changed answers", "", columns, len(columns), tuple(rows), prose=True)


def _answers(cell: pd.Series) -> str:
    """How a cell was judged or ended in either run, and why in the second."""
    answers = f"{_answer(cell, 'before')} before, {_answer(cell, 'after')} after"
    if not cell["message"]:
        return answers
    return f"{answers}: {' '.join(cell['message'].split())}"


def _answer(cell: pd.Series, side: str) -> str:
    """The verdict of a cell that was answered, or how else it ended."""
    if cell[f"outcome_{side}"] == "ok":
        return str(cell[f"verdict_{side}"]) or "not judged"
    return str(cell[f"outcome_{side}"])


def _time_table(changes: Changes, change: TimeChange) -> Table | None:
    """The cells whose time changed in one way, those that changed most first."""
    cells = changes.cells[changes.cells["time_change"] == str(change)]
    by_ratio = cells.sort_values("ratio", ascending=change is TimeChange.FASTER, kind="stable")
    return _times_table(str(change).capitalize(), by_ratio)


def _times_table(title: str, cells: pd.DataFrame) -> Table | None:
    """The times of cells and what is thought of them."""
    timed = cells[cells["time_change"] != str(TimeChange.NOT_TIMED)]
    if timed.empty:
        return None
    rows = tuple(
        (
            *_question(cell),
            time(cell["before_s"]),
            time(cell["after_s"]),
            _number(cell["measured_ratio"]),
            _ratio(cell),
            str(cell["time_change"]),
        )
        for _, cell in timed.iterrows()
    )
    columns = (*QUESTION_COLUMNS, "before", "after", "measured", "ratio", "")
    return Table(title, TIMES_NOTE, columns, len(QUESTION_COLUMNS), rows)


def _question(cell: pd.Series) -> tuple[str, ...]:
    """The cells of `QUESTION_COLUMNS`."""
    return (*question(cell), str(cell["backend"]))


def _ratio(cell: pd.Series) -> str:
    """What a ratio is taken for, with its interval."""
    if math.isnan(cell["ratio"]):
        return "–"
    return (
        f"{_number(cell['ratio'])} ({_number(cell['ratio_low'])} to {_number(cell['ratio_high'])})"
    )


def _number(ratio: float) -> str:
    """A ratio with two digits behind the point, or two digits that mean something."""
    if 0.1 <= ratio < 10:
        return f"{ratio:.2f}"
    return f"{ratio:.2g}" if ratio < 1 else f"{ratio:.0f}"


def _cut(table: Table) -> Table:
    """The table with its first rows alone, and how many are left out in its title."""
    left_out = len(table.rows) - SHOWN_AT_MOST
    if left_out <= 0:
        return table
    title = f"{table.title} (the first {SHOWN_AT_MOST} of {len(table.rows)})"
    return replace(table, title=title, rows=table.rows[:SHOWN_AT_MOST])


# ---- sentences


def sentences(changes: Changes) -> list[str]:
    """Return what is to be said: the headline first, then conditions, machine and backends."""
    all_sentences = [headline(changes)]
    all_sentences += changes.conditions.obstacles
    all_sentences += changes.conditions.remarks
    all_sentences += _missing_cells(changes)
    if changes.common:
        all_sentences.append(_machine_sentence(changes.machine_ratio))
        all_sentences += _backend_sentences(changes)
        all_sentences += _sureness(changes)
    return all_sentences


def headline(changes: Changes) -> str:
    """Return what came of it in one sentence: the answers, then the times."""
    answers = _tally(changes.cells["answer_change"], AnswerChange) or "no verdict changed"
    times = _tally(changes.cells["time_change"], TimeChange)
    cells = _count(len(changes.cells), "cell")
    verb = "is" if len(changes.cells) == 1 else "are"
    if not times:
        return f"{cells} {verb} in both runs: {answers}; none was timed in both."
    return f"{cells} {verb} in both runs: {answers}; {times}{_meaning_of_equal(changes)}."


def _tally(column: pd.Series, kinds: type[StrEnum]) -> str:
    """How many cells there are of each kind, but for those with none, whose name is empty."""
    counts = column.value_counts()
    return ", ".join(f"{counts[str(kind)]} {kind}" for kind in kinds if kind and kind in counts)


def _meaning_of_equal(changes: Changes) -> str:
    if not (changes.cells["time_change"] == str(TimeChange.EQUAL)).any():
        return ""
    return f" (equal: the whole interval differs by less than {_fraction(changes.resolution)})"


def _missing_cells(changes: Changes) -> list[str]:
    """Which cells one of the runs has alone."""
    missing = [(changes.only_before, "before"), (changes.only_after, "after")]
    all_sentences = []
    for cells, side in missing:
        if cells.empty:
            continue
        verb = "is" if len(cells) == 1 else "are"
        owners = cells["model"] + " on " + cells["backend"]
        counts = owners.value_counts(sort=False)
        parts = [f"{count} of {owner}" for owner, count in counts.items()]
        if len(parts) > SHOWN_AT_MOST:
            further = len(parts) - SHOWN_AT_MOST
            parts = [*parts[:SHOWN_AT_MOST], f"{further} further models and backends"]
        all_sentences.append(
            f"{_count(len(cells), 'cell')} {verb} in the run {side} alone: {', '.join(parts)}."
        )
    return all_sentences


def _machine_sentence(ratio: float) -> str:
    """What was taken for the machine's own change."""
    if math.isnan(ratio):
        return (
            "How much faster or slower the machine itself was is not known from one backend "
            "without a reference loop, and stands in every ratio."
        )
    return (
        f"The machine was {_change(math.log(ratio))} in the run after, by what most backends, and "
        "the reference loop where it was timed, have in common; this is taken off."
    )


def _backend_sentences(changes: Changes) -> list[str]:
    """What the cells of each backend have in common, in a sentence each."""
    all_sentences = []
    for backend, change in changes.common.items():
        kinds = changes.cells.loc[changes.cells["backend"] == backend, "time_change"]
        number = _count(int((kinds != str(TimeChange.NOT_TIMED)).sum()), "cell")
        low, high = change.interval
        all_sentences.append(
            f"{backend}: {_change(change.middle)} over {number} ({_signed_percent(low)} to "
            f"{_signed_percent(high)} in common): {_tally(kinds, TimeChange)}."
        )
    return all_sentences


def _sureness(changes: Changes) -> list[str]:
    """How many of the changes are expected to be none."""
    is_changed = changes.cells["time_change"].isin([str(TimeChange.SLOWER), str(TimeChange.FASTER)])
    cells = changes.cells[is_changed]
    if cells.empty:
        return []
    expected = cells["false_sign_rate"].mean()
    return [
        f"Of the cells called faster or slower {_fraction(expected)} are expected to be neither or "
        "the opposite (the mean local false sign rate; Stephens, Biostatistics 18, 2017)."
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _change(log_ratio: float) -> str:
    """A change of a time in words."""
    percent = 100 * math.expm1(log_ratio)
    if abs(percent) < 0.5:
        return "as fast as before"
    return f"{abs(percent):.0f} % {'slower' if percent > 0 else 'faster'}"


def _fraction(fraction: float) -> str:
    if fraction < 1e-4:
        return "less than 0.01 %"
    return f"{100 * fraction:.2g} %"


def _signed_percent(log_ratio: float) -> str:
    return f"{100 * math.expm1(log_ratio):+.0f} %"
