"""The extension `fft` of the array API standard: discrete Fourier transforms.

All are made of one transform along the last axis, of complex numbers, that divides by nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.core import Array
from ..engine.elements import OBJECT, numbers
from ..rules.elementwise import conj, real, sqrt
from ..rules.fourier import dft
from .creation import zeros
from .data_types import check_device
from .manipulation import concat, moveaxis, roll

OPPOSITE_NORMS = {"backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The norms, and which the transform in the other direction has that undoes them."""


def fft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The transform along an axis, of length n: cut off there, or filled with zeros.

    norm: "backward" divides by nothing, "forward" by n, "ortho" by the square root of n.
    """
    return _transform(x, n, axis, norm, inverse=False)


def ifft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """What undoes `fft` with the same norm."""
    return _transform(x, n, axis, norm, inverse=True)


def rfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The first n // 2 + 1 entries of the transform of real numbers: the others are conjugates."""
    lines = _lines(x, n, axis)
    length = lines.shape[-1]
    half = dft(lines, inverse=False)[..., : length // 2 + 1]
    return moveaxis(_scaled(half, length, norm, inverse=False), -1, axis)


def irfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """What undoes `rfft` with the same norm.

    n: the length of what comes out, by default the even one. The imaginary parts of the first
    entry, and of the last where n is even, have no part in it.
    """
    length = 2 * (x.shape[axis] - 1) if n is None else n
    half = _lines(x, length // 2 + 1, axis)
    weights = np.full(half.shape[-1], 2)
    weights[0] = 1
    if length % 2 == 0:
        weights[-1] = 1
    full = _resized(half * _in_dtype_of(weights, half), length)
    return moveaxis(_scaled(real(dft(full, inverse=True)), length, norm, inverse=True), -1, axis)


def hfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """The transform, which is real, of n numbers of which half are conjugates and left out."""
    return irfft(conj(x), n=n, axis=axis, norm=_opposite(norm))


def ihfft(x: Array, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Array:
    """What undoes `hfft` with the same norm."""
    return conj(rfft(x, n=n, axis=axis, norm=_opposite(norm)))


Axes = Sequence[int] | None
Lengths = Sequence[int] | None


def fftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Array:
    """`fft` along several axes, all where `axes` is None; s: the length along each."""
    for axis, n in _axes_and_lengths(x, s, axes):
        x = fft(x, n=n, axis=axis, norm=norm)
    return x


def ifftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Array:
    """What undoes `fftn` with the same norm."""
    for axis, n in _axes_and_lengths(x, s, axes):
        x = ifft(x, n=n, axis=axis, norm=norm)
    return x


def rfftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Array:
    """`rfft` along the last of several axes, and `fft` along the others."""
    *others, (last, length) = _axes_and_lengths(x, s, axes)
    x = rfft(x, n=length, axis=last, norm=norm)
    for axis, n in others:
        x = fft(x, n=n, axis=axis, norm=norm)
    return x


def irfftn(x: Array, /, *, s: Lengths = None, axes: Axes = None, norm: str = "backward") -> Array:
    """What undoes `rfftn` with the same norm; s: the lengths of what comes out."""
    *others, (last, length) = _axes_and_lengths(x, s, axes)
    for axis, n in others:
        x = ifft(x, n=n, axis=axis, norm=norm)
    return irfft(x, n=length, axis=last, norm=norm)


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Array:
    """The frequencies of the entries of `fft`, with samples at a distance d."""
    check_device(device)
    return _in_dtype(np.fft.fftfreq(n, d), dtype)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Array:
    """The frequencies of the entries of `rfft`, with samples at a distance d."""
    check_device(device)
    return _in_dtype(np.fft.rfftfreq(n, d), dtype)


def fftshift(x: Array, /, *, axes: int | Axes = None) -> Array:
    """The entries with that of frequency 0 in the middle."""
    chosen = _as_axes(x, axes)
    return roll(x, tuple(x.shape[axis] // 2 for axis in chosen), axis=chosen)


def ifftshift(x: Array, /, *, axes: int | Axes = None) -> Array:
    """What undoes `fftshift`."""
    chosen = _as_axes(x, axes)
    return roll(x, tuple(-(x.shape[axis] // 2) for axis in chosen), axis=chosen)


# --- pieces ---------------------------------------------------------------------------------------


def _transform(x: Array, n: int | None, axis: int, norm: str, *, inverse: bool) -> Array:
    lines = _lines(x, n, axis)
    ans = _scaled(dft(lines, inverse=inverse), lines.shape[-1], norm, inverse=inverse)
    return moveaxis(ans, -1, axis)


def _lines(x: Array, n: int | None, axis: int) -> Array:
    """x with an axis moved to the end, and of length n there."""
    lines = moveaxis(x, axis, -1)
    return _resized(lines, lines.shape[-1] if n is None else n)


def _resized(lines: Array, n: int) -> Array:
    """The first n entries along the last axis, or all of them and zeros."""
    length = lines.shape[-1]
    if n < 1:
        raise ValueError(f"A Fourier transform of length {n} was asked for: give 1 or more.")
    if n <= length:
        return lines[..., :n]
    missing = zeros((*lines.shape[:-1], n - length), dtype=lines.dtype)
    return concat([lines, missing], axis=-1)


def _scaled(x: Array, n: int, norm: str, *, inverse: bool) -> Array:
    """What a norm divides by."""
    if _opposite(norm) == norm:
        return x / (sqrt(numbers(n)) if x.dtype == OBJECT else math.sqrt(n))
    divides = norm == ("backward" if inverse else "forward")
    return x / n if divides else x


def _opposite(norm: str) -> str:
    if norm not in OPPOSITE_NORMS:
        raise ValueError(
            f"A Fourier transform was given norm={norm!r}: give one of {', '.join(OPPOSITE_NORMS)}."
        )
    return OPPOSITE_NORMS[norm]


def _in_dtype(frequencies: Any, dtype: Any) -> Any:
    """Numbers in the dtype asked for; balls are made of them by the namespace for these."""
    if dtype is None or dtype == OBJECT:
        return frequencies
    return frequencies.astype(dtype)


def _in_dtype_of(integers: Any, x: Array) -> Any:
    """Small integers as real numbers of the precision of x."""
    if x.dtype == OBJECT:
        return integers
    return integers.astype(np.finfo(x.dtype).dtype)


def _axes_and_lengths(x: Array, s: Lengths, axes: Axes) -> list[tuple[int, int | None]]:
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    lengths = [None] * len(axes) if s is None else list(s)
    return list(zip(axes, lengths, strict=True))


def _as_axes(x: Array, axes: int | Axes) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(x.ndim))
    return (axes,) if isinstance(axes, int) else tuple(axes)
