"""With what probability a sample of an answer would have missed an error, and how small a one.

A *projection* of the error E of an answer, along Gaussian directions of mean 0 and variance 1, is
seen where it is more than twice its bound: then an answer that is wrong by E is out of its bound,
wherever correct arithmetic would have put it.

- A row of derivatives (a gradient, a VJP, an HVP): d'E is normal with the standard deviation |E|,
  whatever the error looks like, so P(|d'E| <= w) = erf(w / (sqrt(2) |E|)).
- A matrix of derivatives (a Jacobian, a Hessian): u'Ed, with |E| the Frobenius norm. Given d it is
  |Ed| Z with Z normal, and |Ed|^2 = sum s_i^2 Z_i^2 with the singular values s_i of E. By the
  inequality of weighted means it is at least |E|^2 prod Z_i^(2 s_i^2 / |E|^2), so by Lyapunov's
  inequality E|Ed|^-t <= |E|^-t E|Z|^-t for 0 < t < 1, and by Markov's

      P(|u'Ed| <= w) <= (w / |E|)^t M(t)^2,    M(t) = E|Z|^-t = 2^(-t/2) Gamma((1-t)/2) / sqrt(pi).

  The least over t is taken. Errors of rank 1, such as a single wrong entry, are the hardest to see.
- *Entries* that are drawn without replacement, `drawn` of `total`, miss k wrong ones with the
  hypergeometric probability C(total - k, drawn) / C(total, drawn).

Projections are drawn independently, so their probabilities multiply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import erf, exp, inf, lgamma, log, pi, sqrt

MISSED = 1e-2
"""The resolution of a sample is that of an error which it misses with this probability at most."""

EXPONENTS = tuple(k / 64 for k in range(1, 64))
"""The t that are tried."""

HALVINGS = 200
"""Steps of the bisection for the smallest error that is seen: far below a place of a double."""


def probability_missed(widths: Sequence[float], size: float, *, is_matrix: bool) -> float:
    """Return with what probability, at most, all projections miss an error.

    widths: twice the bound of each projection. size: the Euclidean norm of the error, above 0.
    is_matrix: whether each projection is contracted from both sides.
    """
    missed = _bilinear if is_matrix else _linear
    probability = 1.0
    for width in widths:
        probability *= missed(width / size)
    return probability


def smallest_error_seen(
    widths: Sequence[float], missed: float = MISSED, *, is_matrix: bool
) -> float:
    """Return the norm of the smallest error that is missed with a probability of `missed` at most.

    Arguments as of `probability_missed`. 0 where a projection has no width, infinite where there
    are none, or none that is finite.
    """
    widest = max((width for width in widths if width < inf), default=inf)
    if 0.0 in widths:
        return 0.0
    if widest == inf:
        return inf
    return _smallest(
        lambda size: probability_missed(widths, size, is_matrix=is_matrix) <= missed, widest
    )


def share_seen(total: int, drawn: int, missed: float = MISSED) -> float:
    """Return the smallest share of entries of which it is improbable that none was drawn.

    total: how many there are. drawn: how many of them were judged, without replacement. missed: the
    probability with which no wrong one is among them, at most, where that share is wrong. 1 where
    nothing was drawn.
    """
    if not drawn:
        return 1.0
    low, high = 0, total - drawn + 1  # so many are never missed
    while high - low > 1:
        middle = (low + high) // 2
        if probability_none_drawn(total, drawn, middle) <= missed:
            high = middle
        else:
            low = middle
    return high / total


def probability_none_drawn(total: int, drawn: int, wrong: int) -> float:
    """Return with what probability none of the wrong ones is drawn, without replacement."""
    if wrong + drawn > total:
        return 0.0
    return min(1.0, exp(_log_choices(total - wrong, drawn) - _log_choices(total, drawn)))


def _linear(width: float) -> float:
    return erf(width / sqrt(2))


def _bilinear(width: float) -> float:
    if width == 0:
        return 0.0
    return min(1.0, min(width**t * _moment(t) ** 2 for t in EXPONENTS))


def _moment(t: float) -> float:
    """The mean of |Z|^-t for a normal Z."""
    return exp(lgamma((1 - t) / 2) - t * log(2) / 2 - log(pi) / 2)


def _log_choices(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _smallest(is_seen: Callable[[float], bool], start: float) -> float:
    """The smallest size that is seen, by bisection of its logarithm from `start` upwards."""
    low, high = log(start) - 50, log(start) + 50
    while not is_seen(exp(high)):
        high += 50
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_seen(exp(middle)) else (middle, high)
    return exp(high)
