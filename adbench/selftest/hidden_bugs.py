"""Seeded bugs that one point, dtype, order, call or layout of memory hides.

They are mistakes of the kinds that people report: a branch that no test takes, a kernel of its own
for float32, memory taken for contiguous, a workspace that two calls share, ties, masks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.selftest.subject import bug

TORCH = ("torch",)

LINEAR_ABOVE = 40.0
"""Where exp(-x) has no part in 1 + exp(-x) any more."""


def matrix(rng: np.random.Generator) -> tuple[Any, ...]:
    """A matrix of three rows and four columns."""
    return (rng.standard_normal((3, 4)),)


def with_ties(rng: np.random.Generator) -> tuple[Any, ...]:
    """Rows whose largest entries are equal, two in the first and three in the second."""
    return (np.array([[0.5, 2.0, -1.0, 2.0], [1.5, 1.5, 0.25, 1.5]]),)


def scalar(rng: np.random.Generator) -> tuple[Any, ...]:
    """One number."""
    return (np.asarray(rng.uniform(0.5, 1.5)),)


def rows_and_weights(rng: np.random.Generator) -> tuple[Any, ...]:
    """Two rows, and a weight for each of their columns."""
    return rng.standard_normal((2, 4)), rng.uniform(0.5, 1.5, 4)


def labels(rng: np.random.Generator) -> tuple[Any, ...]:
    """A class for each of three rows, of four."""
    return (rng.integers(0, 4, 3),)


def kept(rng: np.random.Generator) -> tuple[Any, ...]:
    """Which entries of a matrix take part: in each row some do, and some do not."""
    chosen = rng.uniform(size=(3, 4)) < 0.5
    chosen[:, 0], chosen[:, 3] = True, False
    return (chosen,)


# ---- rules that remember


class SharedWorkspace:
    """The rule of sum(exp(x)) whose forward pass keeps its result where the next one writes."""

    def __init__(self) -> None:
        self.workspace: Any = None

    def forward(self, xp: Any, x: Any) -> Any:
        self.workspace = xp.exp(x)
        return xp.sum(self.workspace)

    def __call__(self, xp: Any, u: Any, x: Any) -> Any:
        return (u * self.workspace,)


class StaleLabels:
    """The rule of a cross-entropy that keeps its targets from the first call."""

    def __init__(self) -> None:
        self.targets: Any = None

    def __call__(self, xp: Any, u: Any, x: Any, labels: Any) -> Any:
        if self.targets is None:
            self.targets = _one_hot(xp, x, labels)
        return (u * (xp.special.softmax(x, axis=-1) - self.targets),)


# ---- functions and rules


def _one_hot(xp: Any, x: Any, labels: Any) -> Any:
    return xp.astype(labels[:, None] == xp.arange(x.shape[1]), x.dtype)


def _cross_entropy(xp: Any, x: Any, labels: Any) -> Any:
    picked = xp.sum(x * _one_hot(xp, x, labels))
    return xp.sum(xp.special.logsumexp(x, axis=-1)) - picked


def _beyond(xp: Any, u: Any, x: Any, slope: float) -> Any:
    """The rule of softplus, with a slope for large arguments."""
    return (u * xp.where(x > LINEAR_ABOVE, 0 * x + slope, xp.special.expit(x)),)


def _tanh_slope(xp: Any, x: Any) -> Any:
    return 1 - xp.tanh(x) ** 2


def _tanh_slope_of_fast_kernel(xp: Any, x: Any) -> Any:
    if x.dtype == xp.float32:
        return 1 - xp.abs(xp.tanh(x))
    return _tanh_slope(xp, x)


def _as_rows(xp: Any, u: Any) -> Any:
    """What a kernel sees that asks for neighbours in a row to be neighbours in memory."""
    return xp.in_memory(u) if u.stride(-1) == 1 else u


def _row_maxima(xp: Any, u: Any, x: Any) -> Any:
    """The cotangent of a row's largest entry, at every entry that is as large."""
    largest = x == xp.max(x, axis=1, keepdims=True)
    return u * xp.astype(largest, x.dtype)


def _sine_slope(xp: Any, x: Any) -> Any:
    """cos(x), whose derivative is right and constant."""
    return xp.stop_gradient(xp.cos(x)) - xp.stop_gradient(xp.sin(x)) * (x - xp.stop_gradient(x))


def _entropy(xp: Any, x: Any, kept: Any) -> Any:
    """The entropy of each row's softmax over the entries that are kept, summed."""
    scores = xp.where(kept, x, -xp.inf)
    weights = xp.special.softmax(scores, axis=-1)
    entropies = xp.special.logsumexp(scores, axis=-1) - xp.sum(
        weights * xp.where(kept, x, 0.0), axis=-1
    )
    return xp.sum(entropies)


def _entropy_rule(xp: Any, u: Any, x: Any, kept: Any, left_out: float) -> Any:
    """The rule of the entropy; left_out: what stands for a score that is left out."""
    weights = xp.special.softmax(xp.where(kept, x, -xp.inf), axis=-1)
    scores = xp.where(kept, x, left_out)
    mean = xp.sum(weights * scores, axis=-1, keepdims=True)
    return (-u * weights * (scores - mean),)


FREQUENCIES = np.array([1.0, 0.5, 2.0, -1.0, 0.25])
"""What each frequency of a power spectrum counts."""

ANGLES = 2 * np.pi * np.outer(np.arange(5), np.arange(5)) / 5


def _power(xp: Any, x: Any) -> Any:
    """A weighted sum of |discrete Fourier transform|^2."""
    real = xp.asarray(np.cos(ANGLES), dtype=x.dtype) @ x
    imaginary = xp.asarray(np.sin(ANGLES), dtype=x.dtype) @ x
    return xp.sum(xp.asarray(FREQUENCIES, dtype=x.dtype) * (real**2 + imaginary**2))


def _power_rule(xp: Any, u: Any, x: Any, sign: float) -> Any:
    """The rule of the power spectrum; sign: that of the exponent in the adjoint transform."""
    spectrum = xp.asarray(np.exp(-1j * ANGLES)) @ xp.astype(x, xp.complex128)
    back = xp.asarray(np.exp(sign * 1j * ANGLES)) @ (xp.asarray(FREQUENCIES) * spectrum)
    return (2 * u * xp.astype(xp.real(back), x.dtype),)


def five(rng: np.random.Generator) -> tuple[Any, ...]:
    """Five numbers."""
    return (rng.standard_normal(5),)


def _rms_norm(xp: Any, x: Any, w: Any) -> Any:
    return w * x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True))


def _rms_norm_rule(xp: Any, u: Any, x: Any, w: Any, *, normalized: bool) -> Any:
    """The rule of the normalisation; normalized: whether the weights' gradient has its rows so."""
    size = xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True))
    unit = x / size
    along = xp.mean(u * w * unit, axis=-1, keepdims=True)
    by_weights = u * unit if normalized else u * x
    return (u * w - unit * along) / size, xp.sum(by_weights, axis=0)


HIDDEN_BUGS = (
    bug(
        "a branch for large arguments",
        lambda xp, x: xp.sum(xp.special.softplus(x)),
        wrong=lambda xp, u, x: _beyond(xp, u, x, 0.0),
        right=lambda xp, u, x: _beyond(xp, u, x, 1.0),
    ),
    bug(
        "a kernel for float32 alone",
        lambda xp, x: xp.sum(xp.tanh(x)),
        wrong=lambda xp, u, x: (u * _tanh_slope_of_fast_kernel(xp, x),),
        right=lambda xp, u, x: (u * _tanh_slope(xp, x),),
        dtypes=("float64", "float32"),
    ),
    bug(
        "a saved input taken for contiguous",
        lambda xp, x: xp.sum(x * x * x),
        wrong=lambda xp, u, x: (3 * u * xp.in_memory(x) ** 2,),
        right=lambda xp, u, x: (3 * u * x * x,),
        point=matrix,
        frameworks=TORCH,
    ),
    bug(
        "a cotangent taken for contiguous",
        lambda xp, x: xp.tanh(x),
        wrong=lambda xp, u, x: (xp.in_memory(u) * _tanh_slope(xp, x),),
        right=lambda xp, u, x: (u * _tanh_slope(xp, x),),
        point=matrix,
        frameworks=TORCH,
    ),
    bug(
        "a cotangent of stride 0 over its rows",
        lambda xp, x: xp.tanh(x),
        wrong=lambda xp, u, x: (_as_rows(xp, u) * _tanh_slope(xp, x),),
        right=lambda xp, u, x: (u * _tanh_slope(xp, x),),
        point=matrix,
        frameworks=TORCH,
    ),
    bug(
        "a cotangent scaled in place",
        lambda xp, x: xp.tanh(x),
        wrong=lambda xp, u, x: (u.mul_(_tanh_slope(xp, x)),),
        right=lambda xp, u, x: (u * _tanh_slope(xp, x),),
        frameworks=TORCH,
    ),
    bug(
        "a workspace that the next call overwrites",
        lambda xp, x: xp.sum(xp.exp(x)),
        wrong=SharedWorkspace,
        right=lambda xp, u, x: (u * xp.exp(x),),
        stateful=True,
    ),
    bug(
        "labels kept from the first call",
        _cross_entropy,
        wrong=StaleLabels,
        right=lambda xp, u, x, labels: (
            u * (xp.special.softmax(x, axis=-1) - _one_hot(xp, x, labels)),
        ),
        point=matrix,
        constants=labels,
        stateful=True,
    ),
    bug(
        "every entry of a tie counted in full",
        lambda xp, x: xp.sum(xp.max(x, axis=1)),
        wrong=lambda xp, u, x: (_row_maxima(xp, u, x),),
        right=lambda xp, u, x: (
            _row_maxima(xp, u, x) / xp.sum(_row_maxima(xp, 0 * u + 1, x), axis=1, keepdims=True),
        ),
        point=with_ties,
    ),
    bug(
        "second order right and third wrong",
        lambda xp, x: xp.sin(x),
        wrong=lambda xp, u, x: (u * _sine_slope(xp, x),),
        right=lambda xp, u, x: (u * xp.cos(x),),
        point=scalar,
        order=3,
    ),
    bug(
        "0 times -inf behind a mask",
        _entropy,
        wrong=lambda xp, u, x, kept: _entropy_rule(xp, u, x, kept, -xp.inf),
        right=lambda xp, u, x, kept: _entropy_rule(xp, u, x, kept, 0.0),
        point=matrix,
        constants=kept,
    ),
    bug(
        "a complex conjugate forgotten",
        _power,
        wrong=lambda xp, u, x: _power_rule(xp, u, x, -1.0),
        right=lambda xp, u, x: _power_rule(xp, u, x, 1.0),
        point=five,
    ),
    bug(
        "an error orthogonal to ones",
        lambda xp, x: xp.sum(x * xp.roll(x, 1)),
        wrong=lambda xp, u, x: (2 * u * xp.roll(x, 1),),
        right=lambda xp, u, x: (u * (xp.roll(x, 1) + xp.roll(x, -1)),),
    ),
    bug(
        "the gradient of the second argument",
        _rms_norm,
        wrong=lambda xp, u, x, w: _rms_norm_rule(xp, u, x, w, normalized=False),
        right=lambda xp, u, x, w: _rms_norm_rule(xp, u, x, w, normalized=True),
        point=rows_and_weights,
    ),
)
