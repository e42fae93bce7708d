"""Does a check call anything wrong that a framework has, and that is right?

    python benchmarks/foreign.py [--backend torch ...] [--seeds 30] [--only NAME] [--order 2]
        [--dtype float32]

Every entry of `benchmarks/foreign/` is a framework's own function beside an independent formula,
checked as `adbench check` does by default, at shapes and points drawn anew for every seed. Printed
are the cells that did not pass, and a table of all. The exit status is 1 where one is wrong or
failed, or where nothing of an entry was judged, unless the entry is a known defect.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402

import click  # noqa: E402
from foreign.checking import (  # noqa: E402
    COUNTS,
    FRAMEWORKS,
    KNOWN,
    PASSED,
    RED,
    UNSUPPORTED,
    check,
    entries,
)
from foreign.entry import Entry  # noqa: E402
from tabulate import tabulate  # noqa: E402


@click.command()
@click.option(
    "--backend",
    "backends",
    multiple=True,
    default=FRAMEWORKS,
    show_default=True,
    help="Whose functions, and by which backend.",
)
@click.option("--seeds", default=1, show_default=True, help="How many seeds.")
@click.option("--first-seed", default=0, show_default=True, help="The first of the seeds.")
@click.option("--only", default="", help="A part of the names of the entries.")
@click.option("--order", type=int, help="The highest order of derivatives. Default: a check's.")
@click.option("--dtype", default="", help="In which alone is computed. Default: a check's.")
@click.option("--notes", is_flag=True, help="Print the notes of the reports as well.")
def main(
    backends: tuple[str, ...],
    seeds: int,
    first_seed: int,
    only: str,
    order: int | None,
    dtype: str,
    notes: bool,
) -> None:
    """Check functions of the frameworks against independent formulas."""
    began = time.monotonic()
    table: list[list[object]] = []
    red = 0
    for backend in backends:
        chosen = [entry for entry in entries(backend.partition(":")[0]) if only in entry.name]
        counts: Counter[str] = Counter()
        for seed in range(first_seed, first_seed + seeds):
            for entry in chosen:
                counts += tally(entry, backend, seed, order, dtype, notes=notes)
        table.append([backend, len(chosen), seeds, *[counts[count] for count in COUNTS]])
        red += sum(counts[count] for count in RED)
    click.echo(tabulate(table, headers=("backend", "functions", "seeds", *COUNTS)))
    for backend in backends:
        known = [entry.name for entry in entries(backend.partition(":")[0]) if entry.defect]
        click.echo(f"known defects of {backend}: {', '.join(known)}")
    click.echo(f"{time.monotonic() - began:.0f} s")
    sys.exit(red > 0)


def tally(
    entry: Entry, backend: str, seed: int, order: int | None, dtype: str, *, notes: bool
) -> Counter[str]:
    """Check an entry and print what did not pass. Return how many cells there are of each kind."""
    judged, remarks = check(entry, backend, seed, order, dtype)
    counts: Counter[str] = Counter()
    for count, sentence in judged:
        is_known = bool(entry.defect) and count in RED
        counts[KNOWN if is_known else count] += 1
        if count not in (PASSED, UNSUPPORTED) and not is_known:
            click.echo(f"{backend} {entry.name} seed {seed}: {count}: {sentence}")
    if notes:
        for remark in remarks:
            click.echo(f"{backend} {entry.name} seed {seed}: note: {remark}")
    return counts


if __name__ == "__main__":
    main()
