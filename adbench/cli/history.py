"""`adbench history`: runs kept over time, the steps of their cost ratios, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cases.model import SpecError
from adbench.cli.compare import percentage, read_run_aloud

if TYPE_CHECKING:
    from adbench.history.records import RunRecord
    from adbench.history.store import Addition
    from adbench.history.trends import Trends


@click.command(name="history")
@click.argument("folders", type=click.Path(path_type=Path), metavar="[DIR ...]", nargs=-1)
@click.option(
    "--store",
    "store_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("reports") / "history.jsonl",
    show_default=True,
    help="The file that runs are added to.",
)
@click.option(
    "--host",
    default="",
    metavar="NAME",
    help="What the machine of the added runs is called, where its own name is another each time.",
)
@click.option(
    "--since",
    default="",
    metavar="RUN",
    help="Say what changed since this run. Default: the one before the latest on its machine.",
)
@click.option(
    "--smallest",
    callback=percentage,
    default="10%",
    show_default=True,
    help="A cost ratio that steps by less is not told.",
)
@click.option(
    "--page",
    "page_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page of trends to this file, over an earlier one of that name.",
)
def command(
    folders: Sequence[Path],
    store_file: Path,
    host: str,
    since: str,
    smallest: float,
    page_file: Path | None,
) -> None:
    """Keep runs in a store, and say what changed over time.

    DIR is a folder that `adbench run --out` wrote; without any the store is shown as it is. A run
    that is in the store already is not added again. Cost ratios are followed over the runs of one
    machine, and one that steps to another level is told.

    Exit status: 0 if there is a history, whatever it says; 2 if a run or the store cannot be read.
    """
    from rich.console import Console

    from adbench.history import report
    from adbench.history.store import read_store
    from adbench.history.trends import place_of, trends

    added = _add(folders, store_file, host)
    store = read_store(store_file)
    if not store.runs:
        raise SpecError(
            f"There is no run in {store_file}; give the folder of one that `adbench run --out` "
            "wrote."
        )
    place = place_of(store, since)
    history = trends(store, place, smallest)
    report.show(history, added, place, Console())
    if page_file is not None:
        _write_page(history, place, page_file)
        click.echo(f"The page is {page_file}.")


def _add(folders: Sequence[Path], store_file: Path, host: str) -> list[tuple[RunRecord, Addition]]:
    """Add runs to the store, and return what became of each."""
    from adbench.history.records import record_of
    from adbench.history.store import add_runs

    if not folders:
        return []
    records = [record_of(read_run_aloud(folder), host) for folder in folders]
    return list(zip(records, add_runs(store_file, records), strict=True))


def _write_page(history: Trends, place: int | None, path: Path) -> None:
    """Write the page to a file, and raise SpecError where that cannot be done."""
    from adbench.comparing.page import missing_modules
    from adbench.results.files import reason_of, write_text

    obstacle = missing_modules()
    if obstacle:
        raise SpecError(obstacle)
    from adbench.history.page import history_page

    try:
        write_text(path, history_page(history, place))
    except OSError as error:
        raise SpecError(f"{path} cannot be written to ({reason_of(error)}).") from error
