"""The folders that results are written to."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from adbench.cases.model import SpecError
from adbench.results import frames


def default_run_folder() -> Path:
    """Return where a run goes that was told no folder: reports/<date and time>."""
    return Path("reports") / datetime.now().strftime("%Y-%m-%d-%H%M%S")


def make_run_folder(folder: Path) -> None:
    """Make the folder of a run.

    A folder that holds a run already is refused: nothing measured is overwritten.
    """
    if (folder / frames.JOURNAL).exists():
        raise SpecError(
            f"{folder} already holds a run; choose another folder with --out, or remove it."
        )
    make_folder(folder)


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there, and raise SpecError where it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SpecError(
            f"The folder {folder} cannot be made or written to ({error.strerror}); choose another "
            "with --out."
        ) from error
