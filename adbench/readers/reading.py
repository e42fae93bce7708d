"""What a reader gives: a framework's function as a model's, or a sentence that says why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from adbench.cases.messages import SentenceError

Meaning = Callable[..., Any]
"""What an operation computes: a function of (xp, *operands, **parameters)."""


@dataclass(frozen=True)
class Reading:
    """A framework's function as a model's."""

    function: Callable[..., Any]
    """function(xp, *arguments) -> an array, or a tree of arrays."""

    operations: tuple[str, ...]
    """The framework's operations that it is made of, each once, in the order of first use."""


class Unreadable(SentenceError):
    """A function cannot be read; the message is a sentence that says where, why and what to do."""


_registered: dict[str, dict[str, Meaning]] = {}


def register(framework: str, name: str, function: Meaning) -> None:
    """Give the meaning of a user's own operation.

    framework: "torch", "jax" or "tensorflow". name: the operation's, as the framework has it.
    function: function(xp, *operands, **parameters), written against the namespace `xp`.
    """
    _registered.setdefault(framework, {})[name] = function


def registered(framework: str) -> Mapping[str, Meaning]:
    """Return the meanings that were registered for a framework, by the operations' names."""
    return MappingProxyType(_registered.setdefault(framework, {}))
