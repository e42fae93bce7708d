"""The cost of k-means clustering, and the step of Newton's method that lowers it.

Formula: f(C) = sum_i min_j |c_j - p_i|^2. The nearest centroid is chosen by value, as
implementations by hand do, and the distance from it is differentiated: it is the least one nearby.
The Hessian is diagonal, so that its diagonal is the gradient of the sum of the gradient; the step
is gradient / diagonal, entry by entry.

Source: gradbench's `kmeans`, functions `cost` and `dir`, after Bottou and Bengio, Convergence
properties of the k-means algorithms, NIPS 1994.

Sizes: k centroids among n points of d coordinates; gradbench has k from 10 to 1000, n of 1000 and
10,000, d of 8 and 16.

Published cost ratio, step / cost, geometric mean over sizes (gradbench, nightly of 2026-03-14):
1.45 by hand in C++, 2.00 JAX, 10.2 PyTorch.
"""

from adbench.cases import Model


def cost(xp, centroids, points):
    """Return the sum of the squared distances to the nearest centroid, of shape ().

    centroids: shape (k, d); points: shape (n, d).
    """
    products = points @ centroids.T
    nearest = xp.argmin(xp.sum(centroids**2, axis=1) - 2.0 * products, axis=1)
    return xp.sum((points - xp.take(centroids, nearest, axis=0)) ** 2)


def newton_step(xp, centroids, points):
    """Return the gradient over the diagonal of the Hessian, shape (k, d)."""

    def gradient(centroids):
        return xp.grad(lambda centroids: cost(xp, centroids, points))(centroids)

    diagonal = xp.grad(lambda centroids: xp.sum(gradient(centroids)))(centroids)
    return gradient(centroids) / diagonal


def gradient(centroids, points):
    """Return 2 sum_i (c_j - p_i) over the points i that are nearest to c_j, shape (k, d)."""
    import numpy as np

    differences = centroids - points[:, None, :]
    nearest = np.argmin(np.sum(differences**2, axis=2), axis=1)
    is_nearest = nearest[:, None] == np.arange(len(centroids))
    return 2 * np.sum(is_nearest[:, :, None] * differences, axis=0)


def make(size, rng):
    """Draw points uniform in the unit cube; the last k of them are the centroids, as in gradbench.

    So every cluster has a point.
    """
    points = rng.uniform(size=(size["n"], size["d"]))
    return points[-size["k"] :], points


def size(k, n, d):
    """Return the size with k centroids and n points of d coordinates."""
    return {"k": k, "n": n, "d": d}


SIZES = {
    "k=3,n=12,d=2": size(3, 12, 2),
    "k=10,n=1000,d=8": size(10, 1000, 8),
    "k=100,n=1000,d=16": size(100, 1000, 16),
    "k=100,n=10000,d=16": size(100, 10000, 16),
}

model = Model(
    name="kmeans",
    function=cost,
    make=make,
    sizes=SIZES,
    oracle={"gradient": gradient},
    group="gradbench",
    by_default=False,
    summary="cost of k-means clustering; by the centroids",
)

step = Model(
    name="kmeans_step",
    function=newton_step,
    make=make,
    sizes=SIZES,
    group="gradbench",
    by_default=False,
    summary="step of Newton's method for k-means: gradient over diagonal of the Hessian, nested",
)
