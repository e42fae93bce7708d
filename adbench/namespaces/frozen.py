"""What passes `stop_gradient` frozen, for those who move the arguments of a function.

A difference of values sees through a `stop_gradient`: the value that passes changes with the
arguments, and its derivative is 0. The function whose derivative is asked for has a constant there,
the value at the point itself, for derivatives of every order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adbench.namespaces.namespace import Namespace

Function = Callable[..., Any]


class NothingFrozen(Exception):
    """A value passes `stop_gradient` before those of the point itself are known."""


class Freezer:
    """A namespace, and functions written in it whose stopped values can be held."""

    xp: Namespace
    """The namespace; in functions that are not frozen its `stop_gradient` is that of the module."""

    def __init__(self, xp: Any) -> None:
        self.xp = Namespace(xp, xp.special, stop_gradient=self._stop_gradient)
        self._module_stop_gradient = xp.stop_gradient
        self._current: _Stops | None = None

    def frozen(self, function: Function, point: Sequence[Any]) -> Function:
        """Return a function of other arguments, with its stopped values as at `point`.

        function: one that takes what it needs from `self.xp`. point: its arguments, at which it is
        evaluated once more if it stops any gradient. The values are held in the order of the calls:
        ValueError where the function makes more of them elsewhere than at the point.
        """
        recorded: list[Any] | None = None

        def call(*arguments: Any) -> Any:
            nonlocal recorded
            if recorded is None:
                try:
                    return self._with_stops(_Unknown(), function, arguments)
                except NothingFrozen:
                    recording = _Recording(self._module_stop_gradient)
                    self._with_stops(recording, function, point)
                    recorded = recording.values
            return self._with_stops(_Playback(recorded), function, arguments)

        return call

    def _stop_gradient(self, x: Any) -> Any:
        if self._current is None:
            return self._module_stop_gradient(x)
        return self._current.passing(x)

    def _with_stops(self, stops: _Stops, function: Function, arguments: Sequence[Any]) -> Any:
        outer, self._current = self._current, stops
        try:
            return function(*arguments)
        finally:
            self._current = outer


def frozen_function(function: Function, xp: Any, point: Sequence[Any]) -> Function:
    """Return `function(xp, ...)` as a function of its arguments, frozen as `Freezer.frozen` does.

    point: the arguments at which values pass `stop_gradient`.
    """
    freezer = Freezer(xp)
    return freezer.frozen(lambda *arguments: function(freezer.xp, *arguments), point)


class _Stops:
    """What becomes of the values that pass `stop_gradient` in one call of a function."""

    def passing(self, x: Any) -> Any:
        """Return what comes out where x goes in."""
        raise NotImplementedError


class _Unknown(_Stops):
    """No value is known yet: a function that stops nothing needs none."""

    def passing(self, x: Any) -> Any:
        raise NothingFrozen


class _Recording(_Stops):
    """Values pass, and are kept."""

    def __init__(self, stop_gradient: Function) -> None:
        self.values: list[Any] = []
        self._stop_gradient = stop_gradient

    def passing(self, x: Any) -> Any:
        value = self._stop_gradient(x)
        self.values.append(value)
        return value


class _Playback(_Stops):
    """Recorded values come out, one after the other."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._remaining = iter(values)

    def passing(self, x: Any) -> Any:
        try:
            return next(self._remaining)
        except StopIteration:
            raise ValueError(
                "The function calls xp.stop_gradient more often at points nearby than at the "
                "point itself, so that its differences there say nothing about its derivative."
            ) from None
