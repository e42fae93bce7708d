"""The folders that results are written to: nothing that is there already is overwritten."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from adbench.cases.model import SpecError
from adbench.comparing.kept_plan import PLAN
from adbench.comparing.measure import LOGS
from adbench.results import frames
from adbench.results.files import reason_of, remove_unfinished
from adbench.results.journal import JOURNAL
from adbench.results.locks import lock_file
from adbench.step_sweep import rows as step_rows

ENVIRONMENT, REPORT, CHANGES = "environment.json", "report.md", "changes.md"

EXPECTED = "expected"
"""Where an environment has what is to be said of declared failures, in sentences."""

ISSUES = "known_issues"
"""Where it has the addresses at which issues are tracked, by model and backend."""

PAGE, FIGURES = "report.html", "figures"
"""The page of a run, and the folder of its figures as files."""

FILES_OF_A_RUN = (
    JOURNAL,
    PLAN,
    ENVIRONMENT,
    REPORT,
    PAGE,
    FIGURES,
    frames.PARQUET,
    frames.CSV,
    frames.SAMPLES_PARQUET,
    step_rows.PARQUET,
    step_rows.CSV,
    CHANGES,
    LOGS,
)
"""What a run writes to its folder."""


def make_run_folder(folder: Path | None = None) -> Path:
    """Make the folder of a run, with an empty journal that makes it this run's; return it.

    folder: where the run goes; reports/<date and time> where None. Raises SpecError for a folder
    that holds a run already or a file that the run would overwrite, and where it cannot be written
    to.
    """
    if folder is None:
        folder = make_default_folder()
    make_folder(folder)
    if (folder / JOURNAL).is_file():
        raise _already_holds_a_run(folder)
    refuse_to_overwrite(folder / name for name in FILES_OF_A_RUN)
    try:
        (folder / JOURNAL).open("xb").close()
    except FileExistsError as error:
        raise _already_holds_a_run(folder) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there, and raise SpecError where it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError) as error:
        raise _unwritable(folder, error) from error


def refuse_to_overwrite(paths: Iterable[Path]) -> None:
    """Raise SpecError where one of the paths is there already, be it a link that leads nowhere."""
    for path in paths:
        if _is_there(path):
            raise SpecError(
                f"{path} is there already and would be overwritten; choose another place, or "
                "remove it."
            )


@contextmanager
def hold_run_folder(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to the run in `folder` meanwhile.

    Raises SpecError where another process does so already.
    """
    try:
        journal = (folder / JOURNAL).open("ab")
    except OSError as error:
        raise SpecError(
            f"The run in {folder} cannot be written to ({reason_of(error)})."
        ) from error
    with journal:
        try:
            lock_file(journal)
        except BlockingIOError as error:
            raise SpecError(
                f"The run in {folder} is still going on in another process; wait for its end, "
                "or stop it."
            ) from error
        remove_unfinished(folder, FILES_OF_A_RUN)
        yield


def make_default_folder() -> Path:
    """Make and return the folder of a run that was told none: reports/<date and time>.

    Runs that begin in the same second get a number behind it.
    """
    folder = Path("reports") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    name, number = folder.name, 1
    make_folder(folder.parent)
    while True:
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            number += 1
            folder = folder.with_name(f"{name}-{number}")
        except OSError as error:
            raise _unwritable(folder, error) from error


def _is_there(path: Path) -> bool:
    """Whether there is a file, a folder or a link, be it one that leads nowhere."""
    with suppress(OSError, ValueError):
        return os.path.lexists(path)
    return False


def _already_holds_a_run(folder: Path) -> SpecError:
    return SpecError(
        f"{folder} already holds a run; choose another folder with --out, or go on with that run "
        f"by `adbench run --resume {folder}`."
    )


def _unwritable(folder: Path, error: Exception) -> SpecError:
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = "a file or a link is in its place"
    return SpecError(
        f"The folder {folder} cannot be made or written to ({reason}); choose another with --out."
    )
