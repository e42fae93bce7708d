"""`adbench store`: the results of a big run as Parquet, partitioned by model."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="store")
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN")
@click.argument("url", metavar="URL")
def command(folder: Path, url: str) -> None:
    """Write the results of a run as Parquet files, one folder a model.

    RUN is a folder that `adbench run --out` or `adbench merge` wrote. URL is a path, or an address
    of fsspec such as s3://bucket/run, where nothing may be yet. `adbench.load(URL)` and
    `pandas.read_parquet(URL)` read it. Samples stay in the journal of the run.

    Exit status: 0 if it is written, 2 if there is no run or the store cannot be written.
    """
    from adbench.cases.model import SpecError
    from adbench.changes.recorded_run import read_environment
    from adbench.results.dataset import write_dataset
    from adbench.results.journal import JOURNAL
    from adbench.results.stored import Damage, NoStoredResultsError

    damage = Damage(folder / JOURNAL)
    try:
        cells, models = write_dataset(folder / JOURNAL, url, read_environment(folder), damage)
    except NoStoredResultsError as error:
        raise SpecError(
            f"There is no run in {folder}; give the folder that `adbench run --out` wrote."
        ) from error
    if damage.count:
        click.echo(f"adbench: {damage.sentence()}", err=True)
    click.echo(f"Stored {cells} cells of {models} models at {url}.")
