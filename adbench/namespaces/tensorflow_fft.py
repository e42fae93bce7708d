"""The extension `fft` of the array API standard on TensorFlow's transforms along the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from adbench.namespaces.tensorflow_functions import numpy_dtype

import tensorflow as tf  # isort: skip
import tensorflow.experimental.numpy as tnp  # isort: skip

OPPOSITE_NORMS = {"backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The norms, and which the transform in the other direction has that undoes them."""

Axes = Sequence[int] | None


def fft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return _transform(tf.signal.fft, x, n, axis, _divisor_forwards(norm, _length(x, n, axis)))


def ifft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return _transform(tf.signal.ifft, x, n, axis, _divisor_backwards(norm, _length(x, n, axis)))


def rfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    length = _length(x, n, axis)
    transformed = tf.signal.rfft(_resized(tnp.moveaxis(x, axis, -1), length), [length])
    return tnp.moveaxis(_divided(transformed, _divisor_forwards(norm, length)), -1, axis)


def irfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    length = 2 * (x.shape[axis] - 1) if n is None else n
    half = _resized(tnp.moveaxis(_as_complex(x), axis, -1), length // 2 + 1)
    transformed = tf.signal.irfft(half, [length])
    return tnp.moveaxis(_divided(transformed, _divisor_backwards(norm, length)), -1, axis)


def hfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return irfft(tf.math.conj(x), n=n, axis=axis, norm=OPPOSITE_NORMS[norm])


def ihfft(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return tf.math.conj(rfft(x, n=n, axis=axis, norm=OPPOSITE_NORMS[norm]))


def fftn(x: Any, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Any:
    for axis, n in _axes_and_lengths(x, s, axes):
        x = fft(x, n=n, axis=axis, norm=norm)
    return x


def ifftn(x: Any, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Any:
    for axis, n in _axes_and_lengths(x, s, axes):
        x = ifft(x, n=n, axis=axis, norm=norm)
    return x


def rfftn(x: Any, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Any:
    *others, (last, length) = _axes_and_lengths(x, s, axes)
    x = rfft(x, n=length, axis=last, norm=norm)
    for axis, n in others:
        x = fft(x, n=n, axis=axis, norm=norm)
    return x


def irfftn(x: Any, *, s: Axes = None, axes: Axes = None, norm: str = "backward") -> Any:
    *others, (last, length) = _axes_and_lengths(x, s, axes)
    for axis, n in others:
        x = ifft(x, n=n, axis=axis, norm=norm)
    return irfft(x, n=length, axis=last, norm=norm)


def fftfreq(n: int, *, d: float = 1.0, dtype: Any = None) -> Any:
    return tf.constant(np.fft.fftfreq(n, d), dtype or tf.float64)


def rfftfreq(n: int, *, d: float = 1.0, dtype: Any = None) -> Any:
    return tf.constant(np.fft.rfftfreq(n, d), dtype or tf.float64)


def fftshift(x: Any, *, axes: Any = None) -> Any:
    return tf.signal.fftshift(x, axes)


def ifftshift(x: Any, *, axes: Any = None) -> Any:
    return tf.signal.ifftshift(x, axes)


# ---- pieces


def _transform(function: Any, x: Any, n: int | None, axis: int, divisor: float) -> Any:
    lines = _resized(tnp.moveaxis(_as_complex(x), axis, -1), _length(x, n, axis))
    return tnp.moveaxis(_divided(function(lines), divisor), -1, axis)


def _length(x: Any, n: int | None, axis: int) -> int:
    return int(x.shape[axis]) if n is None else n


def _divisor_forwards(norm: str, n: int) -> float:
    """What a transform that divides by nothing is to be divided by."""
    return {"backward": 1.0, "ortho": float(np.sqrt(n)), "forward": float(n)}[norm]


def _divisor_backwards(norm: str, n: int) -> float:
    """What a transform that divides by n is to be divided by still."""
    return {"backward": 1.0, "ortho": 1 / float(np.sqrt(n)), "forward": 1 / n}[norm]


def _divided(x: Any, divisor: float) -> Any:
    return x if divisor == 1 else x / tf.constant(divisor, x.dtype)


def _as_complex(x: Any) -> Any:
    if x.dtype.is_complex:
        return x
    return tf.cast(x, np.result_type(numpy_dtype(x.dtype), np.complex64))


def _resized(lines: Any, n: int) -> Any:
    """The first n entries along the last axis, or all of them and zeros."""
    length = int(lines.shape[-1])
    if n <= length:
        return lines[..., :n]
    return tf.pad(lines, [[0, 0]] * (lines.ndim - 1) + [[0, n - length]])


def _axes_and_lengths(x: Any, s: Axes, axes: Axes) -> list[tuple[int, int | None]]:
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    lengths = [None] * len(axes) if s is None else list(s)
    return list(zip(axes, lengths, strict=True))


namespace = SimpleNamespace(
    fft=fft,
    fftfreq=fftfreq,
    fftn=fftn,
    fftshift=fftshift,
    hfft=hfft,
    ifft=ifft,
    ifftn=ifftn,
    ifftshift=ifftshift,
    ihfft=ihfft,
    irfft=irfft,
    irfftn=irfftn,
    rfft=rfft,
    rfftfreq=rfftfreq,
    rfftn=rfftn,
)
"""`xp.fft`."""
