"""The tables of the atlas: words by backend, conventions, what is wrong, and every case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from adbench.atlas.bugs import BUGS, Bug
from adbench.atlas.claims import Word
from adbench.atlas.row import CornerRow
from adbench.cases.case import NATIVE
from adbench.reporting.table import Table
from adbench.reporting.units import counted

MARKS = {
    Word.WRONG: "✗",
    Word.OUTSIDE: "✗",
    Word.IMPRECISE: "~",
    Word.UNRESOLVED: "?",
}
"""What stands before an answer of a word, as in the tables of a run."""

ORDERS = {0: "value", 1: "first", 2: "second"}
"""How the orders of differentiation are called."""


def words(rows: Sequence[CornerRow]) -> Table:
    """How many answers of each backend have each word."""
    backends = list(dict.fromkeys(row.backend for row in rows))
    counts = Counter((_word_or_outcome(row), row.backend) for row in rows)
    known_words = [str(word) for word in Word]
    order = [*known_words, *sorted({word for word, _ in counts} - set(known_words))]
    present = [word for word in order if any(counts[word, backend] for backend in backends)]
    lines = [
        (word, *(str(counts[word, backend] or "") for backend in backends)) for word in present
    ]
    return Table(
        "What came back",
        "Answers at corners, by word: correct, imprecise and wrong where a function is "
        "differentiable, and at kinks which of the derivatives on its sides.",
        ("word", *backends),
        1,
        tuple(lines),
    )


def _word_or_outcome(row: CornerRow) -> str:
    return row.word or row.outcome


def conventions(rows: Sequence[CornerRow], *, all_corners: bool) -> Table:
    """Which backends follow which convention at which kink.

    all_corners: whether those are shown too at which all backends agree.
    """
    lines = []
    for corner, members in _by_corner([row for row in rows if row.convention]):
        followers: dict[str, list[CornerRow]] = {}
        for row in members:
            followers.setdefault(_convention(row), []).append(row)
        if len(followers) > 1 or all_corners:
            followed = "; ".join(f"{name}: {_names(rows)}" for name, rows in followers.items())
            lines.append((corner, members[0].right, followed))
    return Table(
        "Who follows which convention",
        "First derivatives at kinks; before the bar the derivative from the left.",
        ("corner", "right", "returned"),
        2,
        tuple(lines),
        prose=True,
    )


def _convention(row: CornerRow) -> str:
    """What was returned, and what that is called."""
    if row.convention == row.returned:
        return row.returned
    return f"{row.returned}, {row.convention}"


def wrong(rows: Sequence[CornerRow]) -> Table:
    """What no reading of the mathematics defends, corner by corner."""
    lines = []
    for corner, members in _by_corner(rows):
        for order, title in ORDERS.items():
            wrong_rows = [row for row in members if row.is_wrong and row.order == order]
            answers: dict[str, list[CornerRow]] = {}
            for row in wrong_rows:
                answers.setdefault(row.returned, []).append(row)
            for returned, givers in answers.items():
                lines.append((corner, f"{title} derivative" if order else title, returned, givers))
    return Table(
        "What is wrong",
        "",
        ("corner", "what", "right", "returned"),
        3,
        tuple(
            (corner, what, givers[0].right, f"{returned} by {_names(givers)}")
            for corner, what, returned, givers in lines
        ),
        prose=True,
    )


def cases(rows: Sequence[CornerRow]) -> Table:
    """Every corner, order, mode and dtype, with the answer of every backend."""
    backends = list(dict.fromkeys(row.backend for row in rows))
    answers = {(_key(row), row.backend): _cell(row) for row in rows}
    keys = list(dict.fromkeys(_key(row) for row in rows))
    return Table(
        "Every case",
        "What was returned, and its word.",
        ("corner", "right", "function", "what", "mode", "dtype", *backends),
        6,
        tuple((*key, *(answers.get((key, backend), "–") for backend in backends)) for key in keys),
        groups=2,
    )


def bugs(frameworks: Collection[str]) -> Table:
    """The defects of some frameworks that were found, with the code that shows them."""
    lines = [
        (f"{bug.framework} {bug.version}", f"{bug.summary} {_shown(bug)}")
        for bug in BUGS
        if bug.framework in frameworks
    ]
    return Table(
        "Defects of the frameworks",
        "Each with code of the framework alone that shows it.",
        ("framework", "defect"),
        1,
        tuple(lines),
        prose=True,
    )


def _shown(bug: Bug) -> str:
    return f"It prints {bug.returned} where {bug.right} is right: {' / '.join(bug.code)}"


def summary(rows: Sequence[CornerRow]) -> str:
    """Return in a sentence how much was asked, and what came of it."""
    wrong_rows = [row for row in rows if row.is_wrong]
    corners = counted(len({row.corner for row in rows}), "corner")
    backends = counted(len({row.backend for row in rows}), "backend")
    sentence = f"{counted(len(rows), 'answer')} at {corners} by {backends}: "
    if not wrong_rows:
        return f"{sentence}none is wrong."
    wrong_corners = counted(len({row.corner for row in wrong_rows}), "corner")
    return f"{sentence}{counted(len(wrong_rows), 'wrong answer')}, at {wrong_corners}."


def _key(row: CornerRow) -> tuple[str, ...]:
    function = "its own" if row.implementation == NATIVE else "formula"
    return row.corner, row.right, function, ORDERS[row.order], row.mode, row.dtype


def _cell(row: CornerRow) -> str:
    if not row.word:
        return row.outcome
    mark = "✗" if row.is_wrong else MARKS.get(Word(row.word), "")
    return f"{mark}{row.returned} {row.word}"


def _by_corner(rows: Iterable[CornerRow]) -> list[tuple[str, list[CornerRow]]]:
    members: dict[str, list[CornerRow]] = {}
    for row in rows:
        members.setdefault(row.corner, []).append(row)
    return list(members.items())


def _names(rows: Sequence[CornerRow]) -> str:
    """The backends of rows, each once; by the modes where it has answered otherwise in others."""
    modes: dict[str, list[str]] = {}
    for row in rows:
        own = " by its own function" if row.implementation == NATIVE else ""
        known = modes.setdefault(f"{row.backend}{own}", [])
        if row.mode not in known:
            known.append(row.mode)
    every_mode = {mode for known in modes.values() for mode in known}
    names = []
    for backend, known in modes.items():
        is_in_all = len(known) == len(every_mode) and len(every_mode) > 1
        names.append(backend if is_in_all else f"{backend} ({', '.join(known)})")
    return ", ".join(names)
