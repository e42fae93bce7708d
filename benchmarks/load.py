"""What reading a large journal costs: processor time, memory, and the same with damaged lines.

    python benchmarks/load.py [--rows N] [--samples N]

A journal of N rows, each with its samples, is made of the rows of the example run and read by
`adbench.load` in a process of its own. The memory is the most that this process held, pandas and
pyarrow included.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click

EXAMPLE = Path(__file__).parent.parent / "reports" / "example" / "journal.jsonl"

MEASURE = """
import resource, sys, time, warnings
import adbench
warnings.simplefilter("ignore")
adbench.load
began = time.process_time()
table = adbench.load(sys.argv[1])
processor_s = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(table), processor_s, peak * (1 if sys.platform == "darwin" else 1024))
"""


@click.command(help=__doc__)
@click.option("--rows", default=100_000, show_default=True)
@click.option("--samples", default=16, show_default=True, help="Samples of each kind in a row.")
def main(rows: int, samples: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        for damaged_share in (0.0, 0.01):
            _write(path, rows, samples, damaged_share)
            size_mb = path.stat().st_size / 1e6
            done = subprocess.run(
                [sys.executable, "-c", MEASURE, str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
            count, processor_s, peak = done.stdout.split()
            print(
                f"{rows} lines ({size_mb:.0f} MB, {damaged_share:.0%} of them damaged): "
                f"{count} rows in {float(processor_s):.1f} s of processor time, "
                f"{int(peak) / 1e6:.0f} MB."
            )


def _write(path: Path, rows: int, samples: int, damaged_share: float) -> None:
    """Write a journal of rows like those of the example, a share of its lines cut in two."""
    example = [json.loads(line) for line in EXAMPLE.read_text().splitlines()]
    lines = []
    for values in example:
        for name in ("samples_s", "primal_samples_s", "reference_samples_s", "sample_rounds"):
            if values[name]:
                values[name] = list(itertools.islice(itertools.cycle(values[name]), samples))
        lines.append(json.dumps(values, separators=(",", ":")).encode())
    damaged_every = round(1 / damaged_share) if damaged_share else rows + 1
    with path.open("wb") as file:
        for number, line in zip(range(1, rows + 1), itertools.cycle(lines), strict=False):
            is_damaged = number % damaged_every == 0
            file.write((line[: len(line) // 2] if is_damaged else line) + b"\n")


if __name__ == "__main__":
    main()
