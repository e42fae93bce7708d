"""The report in Markdown, fit for a pull request or the summary of a job.

The answer stands first, then what changed and what did not go well; the long tables are folded. A
comment on GitHub has at most 65,536 characters, so that tables which do not fit are named instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adbench.reporting import render
from adbench.reporting.answer import Answer, Tone
from adbench.reporting.table import SWEEP_TITLE, Table
from adbench.reporting.tables import TROUBLES_TITLE
from adbench.results.escaping import for_markdown

LONGEST = 60_000
"""A report has at most about so many characters."""

SHOWN_AT_MOST = 20
"""A table of more rows is folded."""

SIGNS = {Tone.GOOD: "✓ ", Tone.BAD: "✗ ", Tone.OPEN: "? ", Tone.PLAIN: ""}
"""What stands before an answer."""


def report(
    answers: Iterable[Answer],
    summary: Sequence[str],
    tables: Sequence[Table],
    sweep_sentences: Sequence[str],
    environment: Mapping[str, Any],
    changes: Sequence[str] = (),
) -> str:
    """Return a report in Markdown.

    summary: the sentences behind the answers. sweep_sentences: what stands below the table of the
    sweep. changes: what changed since an earlier run, in sentences.
    """
    parts = ["# adbench report", _bullets(map(_answer, answers)), *map(for_markdown, summary)]
    if changes:
        parts += ["## What changed", _bullets(map(for_markdown, changes))]
    facts = Table("Environment", "", ("what", "value"), 2, tuple(render.rows_of(environment)))
    ending = folded(facts)
    room = LONGEST - sum(map(len, parts)) - len(ending)
    left_out = []
    for table in _troubles_first(tables):
        text = _with_sentences(table, sweep_sentences)
        if len(text) > room:
            left_out.append(table.title)
            continue
        room -= len(text)
        parts.append(text)
    if left_out:
        names = for_markdown("; ".join(left_out))
        parts.append(f"Left out for their length: {names}. The page and the results have them.")
    return "\n\n".join(filter(None, [*parts, ending])) + "\n"


def _troubles_first(tables: Sequence[Table]) -> list[Table]:
    """The tables with what did not go well before all others."""
    return sorted(tables, key=lambda table: table.title != TROUBLES_TITLE)


def _with_sentences(table: Table, sweep_sentences: Sequence[str]) -> str:
    """A table, folded unless it is short and about what did not go well."""
    if table.title == TROUBLES_TITLE and len(table.rows) <= SHOWN_AT_MOST:
        return render.to_markdown(table)
    if table.title == SWEEP_TITLE:
        return folded(table, _bullets(map(for_markdown, sweep_sentences)))
    return folded(table)


def folded(table: Table, ending: str = "") -> str:
    """Return a table in Markdown behind its title, which opens it.

    ending: what stands below the table, in Markdown.
    """
    rows = "1 row" if len(table.rows) == 1 else f"{len(table.rows)} rows"
    body = render.to_markdown(table).partition("\n\n")[2]
    content = "\n\n".join(filter(None, [body, ending]))
    title = f"{for_markdown(table.title)} ({rows})"
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _answer(answer: Answer) -> str:
    sentence = for_markdown(f"{SIGNS[answer.tone]}{answer.sentence}")
    return f"**{for_markdown(answer.question)}** {sentence}"


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
