"""The file of a question's truths, from the process that establishes them to those that judge.

It is MessagePack, read without executing anything; an array is its dtype, its shape and its bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.results.files import write_whole
from adbench.truth.sample import Sample
from adbench.truth.sides import Sides
from adbench.truth.truth import Truth


@dataclass(frozen=True)
class StoredArray:
    """An array as it stands in the file."""

    dtype: str
    """Its dtype with the order of bytes, as NumPy writes it, such as `<f8`."""
    shape: tuple[int, ...]
    """Its shape."""
    content: bytes
    """Its entries, in C order."""


@dataclass(frozen=True)
class StoredSides:
    """The derivatives on the sides of kinks as they stand in the file; see `Sides`."""

    left: tuple[StoredArray, ...]
    right: tuple[StoredArray, ...]
    doubt: str


@dataclass(frozen=True)
class StoredTruth:
    """A truth as it stands in the file; see `Truth`."""

    paths: tuple[str, ...]
    arrays: tuple[StoredArray, ...]
    radii: tuple[StoredArray, ...]
    bounds: dict[str, tuple[StoredArray, ...]]
    oracle_paths: tuple[str, ...] | None
    oracle_arrays: tuple[StoredArray, ...]
    bits: int
    doubt: str
    source: str
    sample: Sample | None = None
    sides: StoredSides | None = None


@dataclass(frozen=True)
class StoredTruths:
    """All that stands in the file."""

    first: StoredTruth
    """The truth at the point that is asked for."""
    further: dict[int, StoredTruth]
    """Those at further points, by the points' numbers."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(StoredTruths)


def save(path: Path, first: Truth, further: Mapping[int, Truth]) -> None:
    """Write the truths of a question, all or nothing: the file is there once it is whole.

    Raises OSError where it cannot be written, as where the temporary folder is full.
    """
    stored = {number: _stored(truth) for number, truth in further.items()}
    content = _ENCODER.encode(StoredTruths(_stored(first), stored))
    write_whole(path, lambda unfinished: unfinished.write_bytes(content), is_durable=False)


def load(path: Path) -> tuple[Truth, dict[int, Truth]]:
    """Read what `save` wrote: the first truth, and those at further points. Arrays are read-only.

    Raises msgspec.DecodeError where it is something else.
    """
    stored = _DECODER.decode(path.read_bytes())
    further = {number: _loaded(truth) for number, truth in stored.further.items()}
    return _loaded(stored.first), further


def _stored(truth: Truth) -> StoredTruth:
    return StoredTruth(
        paths=truth.answer.paths,
        arrays=_stored_arrays(truth.answer.arrays),
        radii=_stored_arrays(truth.radii),
        bounds={dtype: _stored_arrays(bounds) for dtype, bounds in truth.bounds.items()},
        oracle_paths=None if truth.oracle is None else truth.oracle.paths,
        oracle_arrays=() if truth.oracle is None else _stored_arrays(truth.oracle.arrays),
        bits=truth.bits,
        doubt=truth.doubt,
        source=truth.source,
        sample=truth.sample,
        sides=None if truth.sides is None else _stored_sides(truth.sides),
    )


def _stored_sides(sides: Sides) -> StoredSides:
    return StoredSides(_stored_arrays(sides.left), _stored_arrays(sides.right), sides.doubt)


def _loaded_sides(stored: StoredSides) -> Sides:
    return Sides(_loaded_arrays(stored.left), _loaded_arrays(stored.right), stored.doubt)


def _loaded(stored: StoredTruth) -> Truth:
    oracle = None
    if stored.oracle_paths is not None:
        oracle = Answer(stored.oracle_paths, _loaded_arrays(stored.oracle_arrays))
    return Truth(
        answer=Answer(stored.paths, _loaded_arrays(stored.arrays)),
        radii=_loaded_arrays(stored.radii),
        bounds={dtype: _loaded_arrays(bounds) for dtype, bounds in stored.bounds.items()},
        oracle=oracle,
        bits=stored.bits,
        doubt=stored.doubt,
        source=stored.source,
        sample=stored.sample,
        sides=None if stored.sides is None else _loaded_sides(stored.sides),
    )


def _stored_arrays(arrays: tuple[Array, ...]) -> tuple[StoredArray, ...]:
    plain_arrays = [np.asarray(array) for array in arrays]
    return tuple(
        StoredArray(array.dtype.str, array.shape, array.tobytes()) for array in plain_arrays
    )


def _loaded_arrays(stored: tuple[StoredArray, ...]) -> tuple[Array, ...]:
    return tuple(
        np.frombuffer(array.content, np.dtype(array.dtype)).reshape(array.shape) for array in stored
    )
