"""PyTorch's Fourier transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adbench.readers.reading import Operation

FORWARD_NORMS = ("backward", "ortho", "forward")
"""The norm of a transform forwards by PyTorch's number of what it is divided by."""

BACKWARD_NORMS = ("forward", "ortho", "backward")


def _complex_to_complex(
    xp: Any, x: Any, axes: Sequence[int], normalization: int, forward: bool
) -> Any:
    if forward:
        return xp.fft.fftn(x, axes=tuple(axes), norm=FORWARD_NORMS[normalization])
    return xp.fft.ifftn(x, axes=tuple(axes), norm=BACKWARD_NORMS[normalization])


def _real_to_complex(
    xp: Any, x: Any, axes: Sequence[int], normalization: int, onesided: bool
) -> Any:
    if onesided:
        return xp.fft.rfftn(x, axes=tuple(axes), norm=FORWARD_NORMS[normalization])
    return xp.fft.fftn(x + 0j, axes=tuple(axes), norm=FORWARD_NORMS[normalization])


def _complex_to_real(
    xp: Any, x: Any, axes: Sequence[int], normalization: int, last_length: int
) -> Any:
    lengths = [x.shape[axis] for axis in axes]
    lengths[-1] = last_length
    norm = BACKWARD_NORMS[normalization]
    return xp.fft.irfftn(x, s=tuple(lengths), axes=tuple(axes), norm=norm)


OPERATIONS: Mapping[str, Operation] = {
    "aten::_fft_c2c": _complex_to_complex,
    "aten::_fft_c2r": _complex_to_real,
    "aten::_fft_r2c": _real_to_complex,
}
