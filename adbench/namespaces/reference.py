"""The namespace of our own engine: its `reference_ad.numpy`, and what that does not bring."""

from __future__ import annotations

import numpy as np

import reference_ad
from adbench.namespaces import numpy as plain
from adbench.namespaces.namespace import Namespace
from reference_ad.engine.core import UnlistedPrimitive

_step = UnlistedPrimitive("nextafter", lambda x1, x2: np.nextafter(x1, x2) - x1)

# What the engine does not bring: the step to the next number, which counts as a constant.
namespace = Namespace(
    reference_ad.numpy,
    reference_ad.numpy.special,
    checkpoint=reference_ad.checkpoint,
    finfo=plain.numpy.finfo,
    fori_loop=reference_ad.numpy.fori_loop,
    grad=reference_ad.numpy.grad,
    nextafter=lambda x1, x2: x1 + _step(x1, x2),
    scan=reference_ad.numpy.scan,
)
