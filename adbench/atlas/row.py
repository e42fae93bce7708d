"""The record of the atlas: one row for each answer of a backend at a corner."""

from __future__ import annotations

from dataclasses import dataclass

from adbench.results.records import Records


@dataclass(frozen=True)
class CornerRow:
    """What one backend returned at one corner in one mode."""

    corner: str
    """The name of the corner."""

    backend: str
    """The backend's name, "framework:staging"."""

    implementation: str
    """"spec" for the corner's formula, "native" for the framework's own function for it."""

    dtype: str
    """The dtype that was asked for."""

    operator: str
    """What was asked: an `Operator`."""

    order: int
    """How often the function was differentiated: 0 for its value, 1 or 2."""

    mode: str
    """How the derivative was to be computed: a `Mode`."""

    outcome: str
    """How the cell ended: an `Outcome`."""

    word: str
    """What the answer is: a `Word` of the atlas; "" where there is none."""

    is_wrong: bool
    """Whether no reading of the mathematics defends the answer."""

    right: str
    """What would be right, in short."""

    returned: str
    """The numbers of the answer in a row, in short."""

    convention: str
    """What the answer is called among those that are right, or in place of them; "" for none."""

    source: str
    """Who has reported the corner, or where its claim is derived."""

    message: str
    """Why the cell ended as it did, or was judged as it was."""


CORNER_ROWS = Records(
    CornerRow, "corners.parquet", "corners.csv", "table of corners", "adbench atlas --out FOLDER"
)
"""How they are stored."""
