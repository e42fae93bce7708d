"""`adbench merge`: the shards of a run, joined to one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from adbench.cli.detail import Detail, detail_options
from adbench.cli.report import report_one


@click.command(name="merge")
@click.argument(
    "folders", type=click.Path(path_type=Path), metavar="DIR [DIR ...]", nargs=-1, required=True
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the whole run. Default: reports/<date and time>.",
)
@click.option("--partial", is_flag=True, help="Join the shards that there are; say which lack.")
@detail_options
def command(folders: Sequence[Path], out: Path | None, partial: bool, detail: Detail) -> None:
    """Join the shards that `adbench run --shard` wrote, and show the run that they make.

    DIR is the folder of a shard. Shards of unlike plans, or of other versions of adbench or of a
    framework, are refused. The column `host` tells where each cell was measured. The folder that
    comes of it is that of a run, for `adbench report`, `compare` and `explain`.

    Exit status: 0 if there is a report, whatever it says; 2 if the shards do not belong together, 3
    if a file could not be written.
    """
    from adbench.comparing.merge import merge

    folder = merge(folders, out, is_partial=partial)
    report_one(folder, has_figure_files=False, baseline=None, detail=detail)
