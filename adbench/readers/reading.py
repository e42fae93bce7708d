"""What a reader makes of a framework's function, and the operations whose meaning users register.

No framework is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from adbench.cases.messages import SentenceError

Operation = Callable[..., Any]
"""``operation(xp, *operands, **parameters)``: what an operation of a framework means."""


@dataclass(frozen=True)
class Reading:
    """A framework's function as a model's."""

    function: Callable[..., Any]
    """``function(xp, *arguments)`` returns an array, or a tree of arrays."""
    operations: tuple[str, ...]
    """The framework's operations that it is made of, each once, in order of first use."""


@dataclass(frozen=True)
class Deferred:
    """One of several results of an operation, which is computed where something takes it."""

    compute: Callable[[], Any]


def taken(results: MutableMapping[Any, Any], place: Any) -> Any:
    """Return a result, which is computed now and kept where it was deferred."""
    result = results[place]
    if isinstance(result, Deferred):
        result = results[place] = result.compute()
    return result


class Unreadable(SentenceError):
    """A function cannot be read.

    The message names the operation, the line of the user's code where it can be told, and what to
    do.
    """


_registered: dict[str, dict[str, Operation]] = {}
"""By framework and name, the operations whose meaning users gave."""


def register(framework: str, name: str, function: Operation) -> None:
    """Say what an operation of a framework means; every reader looks here first.

    framework: "torch", "jax" or "tensorflow".
    name: the operation as the framework calls it, "namespace::name" in PyTorch.
    function: ``function(xp, *operands, **parameters)``, written with the array namespace.
    """
    _registered.setdefault(framework, {})[name] = function


def registered(framework: str) -> Mapping[str, Operation]:
    """The operations of a framework that users registered, by name."""
    return MappingProxyType(_registered.setdefault(framework, {}))
