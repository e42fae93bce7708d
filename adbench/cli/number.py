"""The numbers of the command line."""

from __future__ import annotations

from typing import Any

import click

from adbench.cases.limits import LIMITS, shown


class Number(click.ParamType):  # type: ignore[type-arg]  # generic in new versions alone
    """A number within the limits of a setting."""

    def __init__(self, setting: str) -> None:
        """setting: its key in `LIMITS`."""
        self._limits = LIMITS[setting]
        self.name = "integer" if self._limits.is_integer else "number"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> int | float:
        """Return the number that a text is. Fails, in one sentence, where it is none of those."""
        number = self._parsed(value)
        if not self._limits.allow(number):
            self.fail(
                f"{shown(value)} was given; give {self._limits.expected}.", parameter, context
            )
        return number

    def _parsed(self, value: Any) -> int | float:
        """The number that a text is; nan where it is none, which no setting takes."""
        try:
            return int(value) if self._limits.is_integer else float(value)
        except (ValueError, TypeError, OverflowError):
            return float("nan")
