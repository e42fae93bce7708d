"""Defects of frameworks that the atlas has found, each with the code that shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """A derivative that is wrong in a framework as it is installed."""

    framework: str
    """Whose it is."""

    version: str
    """In which version it was seen last."""

    summary: str
    """What is wrong, in a sentence."""

    right: str
    """What would be right, as it is printed."""

    returned: str
    """What is printed."""

    code: str
    """Lines of the framework's own code, the last of which prints."""


BUGS: tuple[Bug, ...] = ()
