"""The progress bar of a run, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@dataclass(frozen=True)
class ProgressBar:
    """A bar that is on the screen."""

    display: Progress
    """What draws it."""

    task: TaskID
    """The bar in the display."""

    def advance(self) -> None:
        """Count one cell as done."""
        self.display.advance(self.task)

    def aside(self, show: Callable[[], None]) -> None:
        """Show something on standard output, with the bar out of the way meanwhile."""
        self.display.stop()
        show()
        self.display.start()

    def describe(self, activity: str) -> None:
        """Say what is running."""
        self.display.update(self.task, description=activity)


@contextmanager
def progress_bar(total: int, visible: bool = True) -> Iterator[ProgressBar]:
    """Show a bar of `total` cells on a terminal, which vanishes at the end."""
    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True)
    is_shown = visible and console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as display:
        yield ProgressBar(display, display.add_task("starting", total=total))
