"""What a reader gives, and what it says where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adbench.cases.messages import SentenceError


@dataclass(frozen=True)
class Reading:
    """A framework's function as a model's."""

    function: Callable[..., Any]
    """`function(xp, *arguments)`, which returns an array or a tree of arrays."""
    operations: tuple[str, ...]
    """The framework's operations that it is made of, each once, in order of first use."""


class Unreadable(SentenceError):
    """A function cannot be read; the message names the operation and says what to do."""


_MEANINGS: dict[str, dict[str, Callable[..., Any]]] = {}
"""What users' own operations mean, by framework and name."""


def register(framework: str, name: str, function: Callable[..., Any]) -> None:
    """Say what an operation of the user's own means.

    function: `function(xp, *operands, **parameters)`, written in the array namespace.
    """
    _MEANINGS.setdefault(framework, {})[name] = function


def meanings(framework: str) -> dict[str, Callable[..., Any]]:
    """Return the operations that were registered for a framework, by name."""
    return _MEANINGS.get(framework, {})
