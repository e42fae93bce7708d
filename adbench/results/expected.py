"""Failures that are known: a file declares them with reason and link, and they fail no gate.

strict = true          # a declared failure that is none any more fails the gate, too

[[expected]]
model = "softplus"     # patterns as of a shell; what is left out is anything
operator = "vjp"
backend = "torch:*"
ending = "wrong"       # or imprecise, unresolved, raised, crashed, timed_out, out_of_memory
reason = "The backward forgets the threshold."
link = "https://example.org/issues/7"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from adbench.cases.model import SpecError
from adbench.results.files import reason_of
from adbench.results.row import Outcome, Row, Verdict

PATTERNS = ("model", "size", "dtype", "operator", "mode", "implementation", "backend")
"""The fields of a row that a declaration may have a pattern for."""

ENDINGS = (
    Verdict.WRONG,
    Verdict.IMPRECISE,
    Verdict.UNRESOLVED,
    Outcome.RAISED,
    Outcome.CRASHED,
    Outcome.TIMED_OUT,
    Outcome.OUT_OF_MEMORY,
)
"""How a cell may be declared to end."""

REQUIRED = ("ending", "reason", "link")
"""What every declaration must say."""

WEB = ("https://", "http://")
"""How the address begins that a link must be."""


@dataclass(frozen=True)
class Expectation:
    """One declaration: which cells end how, and why."""

    ending: str
    """How they end: a verdict or an outcome of `ENDINGS`."""
    reason: str
    """Why, in a sentence."""
    link: str
    """Where that is tracked."""
    line: int
    """The line of the file where it begins."""
    patterns: dict[str, str] = field(default_factory=dict)
    """The patterns that the fields of a row must match, by their names."""

    def is_about(self, row: Row) -> bool:
        """Whether a cell is one of those that it is about."""
        return all(
            fnmatchcase(str(getattr(row, name)), text) for name, text in self.patterns.items()
        )

    def is_met_by(self, row: Row) -> bool:
        """Whether a cell has ended as it says."""
        return self.is_about(row) and ending_of(row) == self.ending

    def describe(self) -> str:
        """Return which cells it is about, in a few words."""
        words = [f"{name} {text}" for name, text in self.patterns.items()]
        return ", ".join(words) or "every cell"


def ending_of(row: Row) -> str:
    """Return how a cell has ended: its verdict where it was judged, otherwise its outcome."""
    return str(row.outcome if row.outcome is not Outcome.OK else row.verdict)


@dataclass(frozen=True)
class Expected:
    """What became of declared failures."""

    rows: tuple[tuple[Row, Expectation], ...] = ()
    """The cells that failed as declared, each with its declaration."""
    vanished: tuple[Expectation, ...] = ()
    """Declarations whose cells were asked, and of which none failed as declared."""
    unasked: tuple[Expectation, ...] = ()
    """Declarations about cells that were not asked."""
    path: str = ""
    """The file that declares them."""
    is_strict: bool = False
    """Whether a failure that has vanished fails the gate."""

    @property
    def fails_gate(self) -> bool:
        """Whether what was declared is no longer so, where that is to fail the gate."""
        return self.is_strict and bool(self.vanished or self.unasked)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of them, a sentence each."""
        met: dict[int, list[Row]] = {}
        by_line: dict[int, Expectation] = {}
        for row, expectation in self.rows:
            met.setdefault(expectation.line, []).append(row)
            by_line[expectation.line] = expectation
        sentences = []
        for line, rows in met.items():
            expectation = by_line[line]
            sentences.append(
                f"Expected ({_place(self.path, expectation)}): {_cells(rows)} "
                f"{expectation.ending}. {_as_sentence(expectation.reason)} See {expectation.link}"
            )
        sentences += [
            f"No longer so ({_place(self.path, expectation)}): {expectation.describe()} was "
            f"declared {expectation.ending}, and is not; remove the declaration. See "
            f"{expectation.link}"
            for expectation in self.vanished
        ]
        sentences += [
            f"Not asked ({_place(self.path, expectation)}): no cell is about "
            f"{expectation.describe()}; correct the declaration, or remove it."
            for expectation in self.unasked
        ]
        return tuple(sentences)


@dataclass(frozen=True)
class Expectations:
    """The declarations of a file."""

    path: str = ""
    """The file."""
    entries: tuple[Expectation, ...] = ()
    """Its declarations, in their order; of several about a cell the first holds."""
    is_strict: bool = False
    """Whether a failure that has vanished fails the gate."""

    @classmethod
    def read(cls, path: Path) -> Expectations:
        """Read a file. Raises SpecError, in one sentence with the line, where it cannot be used."""
        try:
            text = path.read_text(encoding="utf-8")
            document = tomllib.loads(text)
        except OSError as error:
            raise SpecError(
                f"The expected failures in {path} cannot be read ({reason_of(error)})."
            ) from error
        except ValueError as error:  # of TOML and of UTF-8
            raise SpecError(f"{path} is no TOML: {str(error).rstrip('.')}.") from error
        unknown = sorted(set(document) - {"strict", "expected"})
        if unknown:
            raise SpecError(
                f"{path} has {unknown[0]!r}; give `strict = true` and tables [[expected]] alone."
            )
        strict, tables = document.get("strict", False), document.get("expected", [])
        if not isinstance(strict, bool):
            raise SpecError(f"{path} has strict = {strict!r}; give true or false.")
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise SpecError(f"{path} has an `expected` that is no table; write [[expected]].")
        lines = _lines_of_tables(text, len(tables))
        entries = [_entry(path, table, line) for table, line in zip(tables, lines, strict=True)]
        return cls(str(path), tuple(entries), strict)

    def meet(self, rows: Iterable[Row]) -> Expected:
        """Return which of these cells failed as declared, and which declarations do not hold."""
        rows = tuple(rows)
        met = [(row, entry) for row in rows if (entry := self._of(row)) is not None]
        used = {entry.line for _, entry in met}
        left = [entry for entry in self.entries if entry.line not in used]
        vanished = [entry for entry in left if any(map(entry.is_about, rows))]
        unasked = [entry for entry in left if entry not in vanished]
        return Expected(tuple(met), tuple(vanished), tuple(unasked), self.path, self.is_strict)

    def _of(self, row: Row) -> Expectation | None:
        return next((entry for entry in self.entries if entry.is_met_by(row)), None)


def without(rows: Iterable[Row], expected: Expected) -> tuple[Row, ...]:
    """Return the rows of the cells that did not fail as declared."""
    cells = {row.cell for row, _ in expected.rows}
    return tuple(row for row in rows if row.cell not in cells)


def _entry(path: Path, table: dict[str, Any], line: int) -> Expectation:
    place = f"The declaration in line {line} of {path}"
    for name, value in table.items():
        if name not in (*PATTERNS, *REQUIRED):
            known = ", ".join((*PATTERNS, *REQUIRED))
            raise SpecError(f"{place} has {name!r}, which is none of {known}.")
        if not isinstance(value, str) or not value.strip():
            raise SpecError(f"{place} has {name} = {value!r}; give a text.")
    for name in REQUIRED:
        if name not in table:
            raise SpecError(
                f"{place} has no {name}; say how the cells end, why, and where that is tracked."
            )
    if table["ending"] not in ENDINGS:
        endings = ", ".join(ENDINGS)
        raise SpecError(f"{place} has ending = {table['ending']!r}; give one of {endings}.")
    if not table["link"].startswith(WEB):
        raise SpecError(f"{place} has link = {table['link']!r}; give an address of the web.")
    patterns = {name: table[name] for name in PATTERNS if name in table}
    return Expectation(table["ending"], table["reason"], table["link"], line, patterns)


def _lines_of_tables(text: str, count: int) -> list[int]:
    """The lines in which the tables begin; where they are written in another way, their numbers."""
    lines = [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if line.split("#")[0].replace(" ", "").strip() == "[[expected]]"
    ]
    return lines if len(lines) == count else list(range(1, count + 1))


def _place(path: str, expectation: Expectation) -> str:
    return f"{path}:{expectation.line}"


def _cells(rows: Sequence[Row]) -> str:
    first = rows[0]
    words = [first.model, first.size, first.operator, first.mode, "on", first.backend]
    text = " ".join(word for word in words if word and word != "none")
    further = len(rows) - 1
    if not further:
        return f"{text} is"
    return f"{text} and {further} more cell{'s' if further > 1 else ''} are"


def _as_sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?")) else f"{text.rstrip()}."


NONE = Expected()
"""Nothing was declared."""
