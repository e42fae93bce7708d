"""How far two measurements of one unchanged cell lie apart, learned from all cells of two runs.

The samples of one run tell too little: between runs the memory is laid out anew and the machine is
in another state, so that intervals from within would call far too many cells changed (Mytkowicz et
al., Producing wrong data without doing anything obviously wrong, ASPLOS 2009). The scatter of the
cells of one backend about what they have in common tells it, as long as most of them changed
together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
from scipy.special import gammaln

Array = np.ndarray[Any, Any]

LEAST_SCATTER = 0.01
"""The scatter of the logarithm of a time's ratio is never taken for less, however alike the few
cells of a comparison happen to be."""

FEW_CELLS = 20
"""A backend with fewer cells takes its scatter from those of all backends."""

TAILS = (3.0, 5.0, 10.0, 30.0)
"""The degrees of freedom of Student's t distribution among which the noise's is chosen: the fewer
they are the more often it goes far astray."""

LARGE_SPREAD = 0.9
"""A cell with too few samples to tell its spread is given this quantile of the others'."""


@dataclass(frozen=True)
class Noise:
    """The noise of the logarithm of each cell's ratio: a scale times Student's t."""

    scales: Array
    """The scale of each cell, of shape (cells,)."""
    tail: float
    """The degrees of freedom."""

    def log_density(self, deviations: Array) -> Array:
        """Return the logarithm of the density at deviations of shape (cells, ...)."""
        scales = self.scales.reshape(-1, *[1] * (deviations.ndim - 1))
        squares = (deviations / scales) ** 2
        power = (self.tail + 1) / 2
        constant = gammaln(power) - gammaln(self.tail / 2) - 0.5 * np.log(np.pi * self.tail)
        return constant - power * np.log1p(squares / self.tail) - np.log(scales)


def estimate_noise(log_ratios: Array, spreads: Array, backends: Array) -> Noise:
    """Return the noise of cells from their scatter about the median of their backend.

    log_ratios: the logarithm of each cell's ratio; spreads: how widely its samples were spread,
    nan where that is not known; backends: its backend's name; all of shape (cells,). The scale of a
    cell is `sqrt(a**2 + b**2 * spread**2)`, with a and b of the greatest likelihood for each
    backend, and the tail that of the greatest likelihood for all.
    """
    deviations = np.empty_like(log_ratios)
    for members in members_of(backends).values():
        deviations[members] = log_ratios[members] - np.median(log_ratios[members])
    spreads = _completed(spreads)
    fits = [_fit(deviations, spreads, backends, tail) for tail in TAILS]
    return max(fits, key=lambda noise: float(noise.log_density(deviations).sum()))


def _completed(spreads: Array) -> Array:
    """Spreads with a large one in the place of those that are not known."""
    is_known = np.isfinite(spreads)
    if not is_known.any():
        return np.zeros_like(spreads)
    return np.where(is_known, spreads, np.quantile(spreads[is_known], LARGE_SPREAD))


def members_of(backends: Array) -> dict[str, Array]:
    """Return for each backend the positions of its cells, in order of appearance."""
    return {str(name): np.flatnonzero(backends == name) for name in dict.fromkeys(backends)}


def _fit(deviations: Array, spreads: Array, backends: Array, tail: float) -> Noise:
    """The noise of the greatest likelihood with a given tail."""
    scales = _scales(deviations, spreads, tail)
    for members in members_of(backends).values():
        if len(members) >= FEW_CELLS:
            scales[members] = _scales(deviations[members], spreads[members], tail)
    return Noise(scales, tail)


def _scales(deviations: Array, spreads: Array, tail: float) -> Array:
    """The scale of each cell, from a and b of the greatest likelihood."""

    def scales_of(logarithms: Array) -> Array:
        constant, slope = np.exp(logarithms)
        return np.sqrt(max(constant, LEAST_SCATTER) ** 2 + (slope * spreads) ** 2)

    def cost(logarithms: Array) -> float:
        noise = Noise(scales_of(logarithms), tail)
        return -float(noise.log_density(deviations).sum())

    typical = max(float(np.median(np.abs(deviations))), LEAST_SCATTER)
    start = np.log([typical, 1.0])
    bounds = [(np.log(LEAST_SCATTER), 1.0), (-5.0, 3.0)]
    fit = scipy.optimize.minimize(cost, start, method="Nelder-Mead", bounds=bounds)
    return scales_of(fit.x)
