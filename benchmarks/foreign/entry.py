"""An entry of the tables: a framework's function, a formula for it, and a recipe of its arguments.

Shapes are strings with a letter for each axis. A small letter stands for a length of 2 to 4, a
capital one for 1 to 3, both drawn anew for every seed; a digit stands for itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench import Model

Generator = np.random.Generator
Lengths = Mapping[str, int]
Function = Callable[..., Any]


@dataclass(frozen=True)
class Draw:
    """How one argument is drawn."""

    shape: str
    """A letter or digit for each axis."""

    numbers: Callable[[Generator, tuple[int, ...], Lengths], Any]
    """`numbers(rng, shape, lengths)` gives the array."""

    active: bool = True
    """Whether the function is differentiated with respect to it."""

    def __call__(self, rng: Generator, lengths: Lengths) -> Any:
        shape = tuple(length_of(letter, lengths) for letter in self.shape)
        return self.numbers(rng, shape, lengths)


@dataclass(frozen=True)
class Entry:
    """A framework's function beside its formula."""

    name: str
    """What the tables call it."""

    native: Function
    """`native(*arguments)` on the framework's arrays."""

    specification: Function
    """`specification(xp, *arguments)`, the independent formula."""

    draws: tuple[Draw, ...]
    """How the arguments are drawn: the active ones first."""

    defect: str = ""
    """The evidence, where the function is known to be wrong or cannot be judged; "" elsewhere."""

    def model(self, framework: str, seed: int) -> Model:
        """Return the entry as a model, with the shapes of a seed."""
        count = sum(draw.active for draw in self.draws)
        lengths = self._lengths(seed)

        def make(size: Lengths, rng: Generator) -> tuple[Any, ...]:
            arrays = [draw(rng, size) for draw in self.draws]
            return (_packed(arrays[:count]), *arrays[count:])

        def specification(xp: Any, active: Any, *constants: Any) -> Any:
            return self.specification(xp, *_unpacked(active, count), *constants)

        def native(active: Any, *constants: Any) -> Any:
            return self.native(*_unpacked(active, count), *constants)

        return Model(
            name=f"{framework} {self.name}",
            function=specification,
            make=make,
            sizes={" ".join(f"{key}={n}" for key, n in lengths.items()): lengths},
            native={framework: native},
        )

    def _lengths(self, seed: int) -> dict[str, int]:
        """The lengths that the letters of the shapes stand for."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        letters = sorted({letter for draw in self.draws for letter in draw.shape})
        return {
            letter: int(rng.integers(1, 4) if letter.isupper() else rng.integers(2, 5))
            for letter in letters
            if letter.isalpha()
        }


def entry(
    name: str, native: Function, specification: Function, *draws: Draw, defect: str = ""
) -> Entry:
    """Return an entry; active draws are moved before constant ones only if written so.

    Raises ValueError where a constant stands before an active argument.
    """
    flags = [draw.active for draw in draws]
    if flags != sorted(flags, reverse=True):
        raise ValueError(f"{name}: write the active arguments before the constant ones.")
    return Entry(name, native, specification, draws, defect)


def length_of(letter: str, lengths: Lengths) -> int:
    """Return the length that a letter or digit of a shape stands for."""
    return int(letter) if letter.isdigit() else lengths[letter]


def _packed(arrays: list[Any]) -> Any:
    """Several active arguments as one tuple; one as it is."""
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


def _unpacked(active: Any, count: int) -> tuple[Any, ...]:
    return (active,) if count == 1 else tuple(active)


# ---- how arguments are drawn


def normal(shape: str, scale: float = 1.0) -> Draw:
    """Normal numbers of this standard deviation."""
    return Draw(shape, lambda rng, shape, lengths: scale * rng.standard_normal(shape))


def uniform(shape: str, low: float, high: float) -> Draw:
    """Uniform numbers."""
    return Draw(shape, lambda rng, shape, lengths: rng.uniform(low, high, shape))


def positive(shape: str) -> Draw:
    """Numbers between 0.3 and 2.5."""
    return uniform(shape, 0.3, 2.5)


def probabilities(shape: str) -> Draw:
    """Positive numbers whose sum over the last axis is 1."""

    def numbers(rng: Generator, shape: tuple[int, ...], lengths: Lengths) -> Any:
        weights = rng.uniform(0.2, 1.0, shape)
        return weights / weights.sum(axis=-1, keepdims=True)

    return Draw(shape, numbers)


def matrix(shape: str) -> Draw:
    """Square matrices that are far from singular, of either sign of the determinant."""

    def numbers(rng: Generator, shape: tuple[int, ...], lengths: Lengths) -> Any:
        scale = rng.choice([-2.0, 2.0], shape[:-1])[..., None]
        return rng.uniform(-0.5, 0.5, shape) + scale * np.eye(shape[-1])

    return Draw(shape, numbers)


def definite(shape: str) -> Draw:
    """Symmetric matrices that are positive definite, with eigenvalues apart."""

    def numbers(rng: Generator, shape: tuple[int, ...], lengths: Lengths) -> Any:
        off_diagonal = rng.uniform(-0.4, 0.4, shape)
        diagonal = np.arange(shape[-1]) + rng.uniform(2.0, 2.5)
        return (off_diagonal + off_diagonal.mT) / 2 + np.eye(shape[-1]) * diagonal

    return Draw(shape, numbers)


def fixed(draw: Draw) -> Draw:
    """The same numbers as a constant."""
    return replace(draw, active=False)


def labels(shape: str, classes: str) -> Draw:
    """Integers from 0 up to the length of the axis `classes`."""
    return Draw(
        shape,
        lambda rng, shape, lengths: rng.integers(0, length_of(classes, lengths), shape),
        active=False,
    )


def permutation(shape: str) -> Draw:
    """The integers from 0 up to the length of the axis, each once."""
    return Draw(shape, lambda rng, shape, lengths: rng.permutation(shape[0]), active=False)


def signs(shape: str) -> Draw:
    """Constants -1 and 1."""
    return Draw(shape, lambda rng, shape, lengths: rng.choice([-1.0, 1.0], shape), active=False)


def mask(shape: str) -> Draw:
    """Booleans, of which the first along the last axis is true."""

    def numbers(rng: Generator, shape: tuple[int, ...], lengths: Lengths) -> Any:
        chosen = rng.uniform(size=shape) < 0.6
        chosen[..., 0] = True
        return chosen

    return Draw(shape, numbers, active=False)
