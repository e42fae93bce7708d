"""The table of derivatives, continued: the discrete Fourier transform."""

# mypy: disable-error-code="has-type"
# (the rule mentions the primitive that it belongs to)

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.declaring import linear
from ..engine.numpy_source import Memory, write_as
from ..engine.rounding import Rounding, rounds
from .batching import Application, batch


def _dft(x: Any, inverse: bool) -> Any:
    if inverse:
        return np.fft.ifft(x, norm="forward")
    return np.fft.fft(x)


# sum_j x_j exp(-2 pi i jk / n) along the last axis, or with +i where `inverse`; nothing is divided
# by n. The matrix is symmetric, so that the transform is its own transpose.
dft = linear("dft", _dft, lambda g, ans, x, inverse: dft(g, inverse=inverse))

batch(Application.on_stacks, dft)
write_as(dft, memory=Memory.NEW)
rounds(Rounding.TRANSFORM, dft)
