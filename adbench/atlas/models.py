"""All corners, and the models that they are."""

from __future__ import annotations

from adbench.atlas.complex_corners import COMPLEX
from adbench.atlas.corner import Corner
from adbench.atlas.differentiable import DIFFERENTIABLE
from adbench.atlas.kinks import KINKS
from adbench.atlas.one_sided import ONE_SIDED

CORNERS: dict[str, Corner] = {
    corner.name: corner for corner in (*KINKS, *ONE_SIDED, *DIFFERENTIABLE, *COMPLEX)
}
"""The corners by name."""

MODELS = {name: corner.model() for name, corner in CORNERS.items()}
"""The models of the corners, as workers load them."""
