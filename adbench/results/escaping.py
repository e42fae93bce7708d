"""What each output would take for its own syntax, escaped: one function an output.

All of them take any text and show what is hidden in it (`cases.text`), so that a text which came by
another way than a row does no harm either.

Markup of the terminal needs no function: what is printed is a `rich.text.Text`, which has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from adbench.cases.text import with_hidden_shown

if TYPE_CHECKING:
    import pandas as pd

BACKSLASH_THAT_ESCAPES = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")
"""A backslash that Markdown would take for the escape of what follows it."""

MARKDOWN = str.maketrans({"&": "&amp;", "<": "&lt;", "|": "\\|", "`": "\\`", "*": "\\*"})
"""What begins an entity, HTML, a column, code or emphasis."""

LONE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""An underscore that is not within a word, which Markdown may take for emphasis."""

FORMULA_SIGNS = ("=", "+", "-", "@", "'")
"""What a spreadsheet takes a cell for a formula by; and the mark that says it is none."""


def for_terminal(text: str) -> str:
    """Return a text in which nothing drives the terminal."""
    return with_hidden_shown(text)


def for_markdown(text: str) -> str:
    """Return a text as it is to be read in Markdown: no markup, no HTML, no column, no link."""
    text = BACKSLASH_THAT_ESCAPES.sub(r"\\\\", with_hidden_shown(text)).translate(MARKDOWN)
    text = LONE_UNDERSCORE.sub(r"\\_", text.replace("](", "]\\("))
    return f"\\{text}" if text.startswith(("#", ">")) else text


def for_html(text: str) -> str:
    """Return a text of characters that are seen; the template that it stands in escapes markup."""
    return with_hidden_shown(text)


def for_xml(text: str) -> str:
    """Return a text of characters that XML has; `ElementTree` escapes the others."""
    return with_hidden_shown(text)


def for_workflow_message(text: str) -> str:
    """Return the message of a command to GitHub's runner, in one line."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return with_hidden_shown(text)


def for_workflow_property(text: str) -> str:
    """Return a property of a command to GitHub's runner."""
    return for_workflow_message(text).replace(":", "%3A").replace(",", "%2C")


def for_spreadsheet(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet takes for formulas.

    An apostrophe stands before those that begin like one; `from_spreadsheet` takes it away.
    """
    return _with_texts(table, _marked_as_text)


def from_spreadsheet(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it was before `for_spreadsheet`."""
    return _with_texts(table, _without_mark)


def _marked_as_text(text: object) -> object:
    if isinstance(text, str) and text.startswith(FORMULA_SIGNS):
        return f"'{text}"
    return text


def _without_mark(text: object) -> object:
    if isinstance(text, str) and text.startswith("'"):
        return text[1:]
    return text


def _with_texts(table: pd.DataFrame, change: Callable[[object], object]) -> pd.DataFrame:
    """The table with every text in its columns of texts changed."""
    table = table.copy()
    for name in table.columns:
        column = table[name]
        if column.dtype.kind not in "biuf":
            table[name] = column.map(change, na_action="ignore").astype(column.dtype)
    return table
