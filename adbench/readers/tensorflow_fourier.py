"""TensorFlow's raw operations of Fourier transforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adbench.readers.tensorflow_operation import Operation, ints


def _transform(name: str, count: int) -> Operation:
    """Return a transform of complex numbers along so many of the last axes."""

    def transform(xp: Any, x: Any) -> Any:
        return getattr(xp.fft, name)(x, axes=tuple(range(-count, 0)))

    return Operation(transform)


def _real_transform(name: str, count: int) -> Operation:
    """Return a transform from or to real numbers, whose lengths are an operand."""

    def transform(xp: Any, x: Any, lengths: Any) -> Any:
        return getattr(xp.fft, name)(x, s=ints(lengths), axes=tuple(range(-count, 0)))

    return Operation(transform, known=(1,))


OPERATIONS: Mapping[str, Operation] = {
    "FFT": _transform("fftn", 1),
    "FFT2D": _transform("fftn", 2),
    "FFT3D": _transform("fftn", 3),
    "IFFT": _transform("ifftn", 1),
    "IFFT2D": _transform("ifftn", 2),
    "IFFT3D": _transform("ifftn", 3),
    "IRFFT": _real_transform("irfftn", 1),
    "IRFFT2D": _real_transform("irfftn", 2),
    "IRFFT3D": _real_transform("irfftn", 3),
    "RFFT": _real_transform("rfftn", 1),
    "RFFT2D": _real_transform("rfftn", 2),
    "RFFT3D": _real_transform("rfftn", 3),
}
