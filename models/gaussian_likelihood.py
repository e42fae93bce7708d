"""The log-likelihood of a Gaussian process, with its log-determinant.

Formula: -1/2 (y' K^-1 y + log det K + n log 2 pi) with K_ij = a^2 exp(-(x_i - x_j)^2 / (2 l^2)) +
s^2 (i = j), by the logarithms of length l, amplitude a and noise s.

Source: Rasmussen and Williams, Gaussian processes for machine learning, 2006, equation 2.30.

Sizes: n observations.

Published cost ratio: none.
"""

from adbench.cases import Model


def log_likelihood(xp, logarithms, x, y):
    """Return the log-likelihood, of shape ().

    logarithms: shape (3,), of length, amplitude and noise; x, y: shape (n,).
    """
    from math import log, pi

    length, amplitude, noise = xp.unstack(xp.exp(logarithms))
    n = x.shape[0]
    differences = (x[:, None] - x[None, :]) / length
    covariance = amplitude**2 * xp.exp(-0.5 * differences**2)
    covariance = covariance + noise**2 * xp.eye(n, dtype=x.dtype)
    fit = xp.sum(y * xp.linalg.solve(covariance, y[:, None])[:, 0])
    _, log_determinant = xp.linalg.slogdet(covariance)
    return -0.5 * (fit + log_determinant + n * log(2.0 * pi))


def make(size, rng):
    """Draw points on an interval of length n / 4, and a noisy sine."""
    import numpy as np

    n = size["n"]
    x = np.sort(rng.uniform(0.0, n / 4, n))
    logarithms = np.log(np.array([0.8, 1.2, 0.3])) + 0.1 * rng.standard_normal(3)
    return logarithms, x, np.sin(x) + 0.3 * rng.standard_normal(n)


model = Model(
    name="gaussian_likelihood",
    function=log_likelihood,
    make=make,
    sizes={f"n={n}": {"n": n} for n in (3, 20, 200)},
    group="scientific computing",
    by_default=False,
    summary="Gaussian process, log-likelihood with a log-determinant; by three parameters",
)
