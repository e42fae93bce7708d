"""The numbers of the command line."""

from __future__ import annotations

import secrets
import shlex
import sys
from collections.abc import Sequence
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


class Seed(Number):
    """A seed, or "random" for one that is drawn, and said with the command that repeats it."""

    def __init__(self) -> None:
        """Allow what a seed may be."""
        super().__init__("seed")

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> int | float:
        """Return the seed that a text is, drawn anew where it is "random"."""
        if value != "random":
            return super().convert(value, parameter, context)
        seed = secrets.randbelow(2**31)
        again = [*sys.argv[1:]]
        for place, word in enumerate(again):
            again[place] = word.replace("random", str(seed)) if _names_seed(again, place) else word
        command = shlex.join(["adbench", *again])
        click.echo(f"adbench: the seed is {seed}; `{command}` repeats this.", err=True)
        return seed


def _names_seed(words: Sequence[str], place: int) -> bool:
    """Whether a word of a command line is the value of --seed."""
    is_value = place > 0 and words[place - 1] == "--seed" and words[place] == "random"
    return is_value or words[place] == "--seed=random"
