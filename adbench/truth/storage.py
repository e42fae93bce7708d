"""The file of a truth, from the process that establishes it to those that judge by it.

An .npz, read without executing anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from adbench.cases.answer import Answer
from adbench.truth.truth import Truth


def further_path(path: Path, number: int) -> Path:
    """Return where the truth at a further point lies, beside that at the first."""
    return path.with_suffix(f".{number}.npz")


def further_paths(path: Path) -> dict[int, Path]:
    """Return the files of truths at further points that lie beside one, by the points' numbers."""
    files = sorted(path.parent.glob(f"{path.stem}.*.npz"))
    return {int(file.suffixes[-2][1:]): file for file in files}


def save(truth: Truth, path: Path) -> None:
    """Write a truth as an .npz file."""
    arrays: dict[str, Any] = {
        "paths": np.array(truth.answer.paths, dtype=str),
        "dtypes": np.array(list(truth.bounds), dtype=str),
        "bits": np.array(truth.bits),
        "doubt": np.array(truth.doubt),
    }
    for i, array in enumerate(truth.answer.arrays):
        arrays[f"answer{i}"] = array
        arrays[f"radius{i}"] = truth.radii[i]
        for dtype, bounds in truth.bounds.items():
            arrays[f"bound_{dtype}{i}"] = bounds[i]
    if truth.oracle is not None:
        arrays["oracle_paths"] = np.array(truth.oracle.paths, dtype=str)
        for i, array in enumerate(truth.oracle.arrays):
            arrays[f"oracle{i}"] = array
    np.savez(path, allow_pickle=False, **arrays)


def load(path: Path) -> Truth:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        answer = _answer(file, "paths", "answer")
        count = len(answer.arrays)
        return Truth(
            answer=answer,
            radii=_numbered(file, "radius", count),
            bounds={
                str(dtype): _numbered(file, f"bound_{dtype}", count) for dtype in file["dtypes"]
            },
            oracle=_answer(file, "oracle_paths", "oracle") if "oracle_paths" in file else None,
            bits=int(file["bits"]),
            doubt=str(file["doubt"]),
        )


def _answer(file: Any, paths_key: str, prefix: str) -> Answer:
    paths = tuple(str(path) for path in file[paths_key])
    return Answer(paths, _numbered(file, prefix, len(paths)))


def _numbered(file: Any, prefix: str, count: int) -> tuple[Any, ...]:
    return tuple(file[f"{prefix}{i}"] for i in range(count))
