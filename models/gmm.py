"""The log-posterior of a Gaussian mixture with a Wishart prior.

Formula: sum_i log sum_k exp(alpha_k + sum_j q_kj - |Q_k (x_i - mu_k)|^2 / 2) - N (D/2 log 2 pi +
log sum_k exp(alpha_k)), plus sum_k (m sum_j q_kj - gamma^2 / 2 |Q_k|^2) and a constant. Q_k is a
lower triangle, with exp(q_k) on its diagonal and l_k below it, column by column; Q_k' Q_k is the
precision of component k.

Source: gradbench's `gmm`, after Srajer, Kukelova and Fitzgibbon, A benchmark of selected
algorithmic differentiation tools on some problems in computer vision and machine learning,
Optimization Methods and Software 33, 2018 (ADBench). ADBench subtracts the prior that gradbench
adds.

Sizes: D dimensions, K components, N points; gradbench has D from 2 to 64, K from 5 to 100 and N of
1000.

Published cost ratio, gradient / value, geometric mean over sizes (gradbench, nightly of
2026-03-14): 2.41 by hand in C++, 3.03 JAX, 3.29 PyTorch.
"""

from adbench.cases import Model


def lower_triangles(xp, q, columns_below):
    """Return the matrices Q_k, shape (K, D, D).

    q: logarithms of their diagonals, shape (K, D); columns_below: what stands below these, column
    by column, shape (K, D (D - 1) / 2).
    """
    import numpy as np

    components, size = q.shape
    columns, rows = np.triu_indices(size, 1)
    below = xp.zeros((components, size, size), dtype=q.dtype)
    below = xp.set_at(below, (slice(None), rows, columns), columns_below)
    return below + xp.exp(q)[:, :, None] * xp.eye(size, dtype=q.dtype)


def log_likelihood(xp, params, x):
    """Return the logarithm of the density of the mixture at the points x, shape (N, D)."""
    from math import log, pi

    alpha, mu, q = params["alpha"], params["mu"], params["q"]
    count, size = x.shape
    Q = lower_triangles(xp, q, params["l"])
    projected_points = xp.reshape(x @ xp.reshape(Q, (-1, size)).T, (count, -1, size))
    projected_means = xp.sum(Q * mu[:, None, :], axis=-1)
    distances = xp.sum((projected_points - projected_means) ** 2, axis=-1)
    exponents = alpha + xp.sum(q, axis=-1) - 0.5 * distances
    normalisation = 0.5 * size * log(2.0 * pi) + xp.special.logsumexp(alpha)
    return xp.sum(xp.special.logsumexp(exponents, axis=-1)) - count * normalisation


def log_prior(xp, params, m, gamma):
    """Return the logarithm of the Wishart density of the precisions.

    m: degrees of freedom beyond D + 1, an integer; gamma: their precision, of shape ().
    """
    from math import lgamma, log, pi

    q = params["q"]
    components, size = q.shape
    freedom = size + m + 1
    log_gamma = size * (size - 1) / 4 * log(pi)
    log_gamma += sum(lgamma((freedom - j) / 2) for j in range(size))
    constant = components * (freedom * size * xp.log(gamma / 2**0.5) - log_gamma)
    squares = xp.sum(xp.exp(2.0 * q)) + xp.sum(params["l"] ** 2)
    return constant + m * xp.sum(q) - 0.5 * gamma**2 * squares


def log_posterior(xp, params, x, m, gamma):
    """Return the log-posterior, of shape ()."""
    return log_likelihood(xp, params, x) + log_prior(xp, params, m, gamma)


def make(size, rng):
    """Draw parameters and points as gradbench does: means uniform, all else standard normal."""
    D, K, N = size["D"], size["K"], size["N"]
    params = {
        "alpha": rng.standard_normal(K),
        "mu": rng.uniform(size=(K, D)),
        "q": rng.standard_normal((K, D)),
        "l": rng.standard_normal((K, D * (D - 1) // 2)),
    }
    return params, rng.standard_normal((N, D)), 0, 1.0


def size(D, K, N):
    """Return the size with D dimensions, K components and N points."""
    return {"D": D, "K": K, "N": N}


model = Model(
    name="gmm",
    function=log_posterior,
    make=make,
    sizes={
        "D=2,K=3,N=5": size(2, 3, 5),
        "D=10,K=5,N=100": size(10, 5, 100),
        "D=10,K=25,N=1000": size(10, 25, 1000),
        "D=32,K=50,N=1000": size(32, 50, 1000),
    },
    group="ADBench",
    by_default=False,
    summary="Gaussian mixture, log-posterior; by weights, means and factors of the precisions",
)
