"""Text that others wrote, as it may stand in a name, a row or a sentence: one line, all visible.

A message, a file's name or a model's may hold whatever it likes: control characters that drive a
terminal, marks that reverse the reading direction, bytes that are no Unicode, megabytes. Everything
of that kind passes here before it enters a row or a plan, so that nothing behind need think of it.
What an output takes for its own syntax is escaped where it is written, in `results.escaping`.
"""

from __future__ import annotations

import hashlib
import re

LONGEST_TEXT = 2000
"""How many characters of a message are kept."""

LONGEST_NAME = 100
"""How many characters a name may have."""

DIGITS_OF_HASH = 8
"""How many hexadecimal digits tell a changed name from others that look like it."""

HIDDEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls, ESC and NUL among them
    "\u00ad\u200b\u2060-\u2064\ufeff"  # nothing is seen of them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the reading direction
    "\u2028\u2029"  # they end a line
    "\ud800-\udfff"  # bytes that are no Unicode, as Python reads them from file names
    "\ufff9-\ufffb\ufffe\uffff"  # annotations, and what is no character
    "\U000e0000-\U000e007f"  # tags
    "]"
)
"""Characters that are not seen, or that do something else than being seen."""


def with_hidden_shown(text: str) -> str:
    r"""Return a text with every hidden character as Python writes it, such as `\x1b`."""
    if text.isprintable():
        return text
    return HIDDEN.sub(_as_python_writes_it, text)


def plain_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a message in one line of visible characters, cut to `longest`.

    What is plain comes back as it is.
    """
    if len(text) <= longest and text.isprintable():
        return text
    beginning = " ".join(text[:longest].split())
    line = with_hidden_shown(beginning)
    if len(text) <= longest and len(line) <= longest:
        return line
    return f"{line[: longest - 4].rstrip()} ..."


def plain_name(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name in visible characters, of at most `longest`.

    What is plain comes back as it is. A name that is changed ends in "#" and a hash of what it was:
    two names that differ do so afterwards too.
    """
    if len(name) <= longest and name.isprintable():
        return name
    visible = with_hidden_shown(name[: longest + 1])
    if visible == name:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS_OF_HASH]
    return f"{visible[: longest - DIGITS_OF_HASH - 1]}#{digest}"


def _as_python_writes_it(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
