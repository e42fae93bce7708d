"""The loss of a layer that is a fixed point, with its implicit derivative by hand.

Formula: z = tanh(W z + x), found by 64 iterations from 0; the loss is mean((z - t)^2). W is so
small that an iteration takes z nearer by a factor of about 1/4, to 1e-38 in all. Implicitly, dz =
(I - D W)^-1 D (dW z + dx) with D = diag(1 - z^2).

Source: Bai, Kolter and Koltun, Deep equilibrium models, NeurIPS 2019, theorem 1.

Sizes: n numbers.

Published cost ratio: none.
"""

from adbench.cases import Model

ITERATIONS = 64


def loss(xp, params, targets):
    """Return the mean squared difference of the fixed point from `targets`, of shape ().

    params: "W" of shape (n, n) and "x" of shape (n,).
    """
    W, x = params["W"], params["x"]
    z = xp.fori_loop(0, ITERATIONS, lambda _, z: xp.tanh(W @ z + x), xp.zeros_like(x))
    return xp.mean((z - targets) ** 2)


def implicit_gradient(params, targets):
    """Return the gradient by the implicit function theorem.

    With w = (I - W' D)^-1 2 (z - t) / n, which is a fixed point as well, it is D w z' and D w.
    """
    import numpy as np

    W, x = params["W"], params["x"]
    z = np.zeros_like(x)
    for _ in range(2 * ITERATIONS):
        z = np.tanh(W @ z + x)
    slope = 1 - z * z
    by_z = 2 * (z - targets) / len(z)
    w = by_z
    for _ in range(2 * ITERATIONS):
        w = by_z + W.T @ (slope * w)
    return {"W": (slope * w)[:, None] * z, "x": slope * w}


def make(size, rng):
    """Draw W of norm about 1/4, and all else standard normal."""
    n = size["n"]
    params = {"W": rng.standard_normal((n, n)) / (8 * n**0.5), "x": rng.standard_normal(n)}
    return params, rng.standard_normal(n)


model = Model(
    name="fixed_point",
    function=loss,
    make=make,
    sizes={f"n={n}": {"n": n} for n in (2, 8, 64)},
    oracle={"gradient": implicit_gradient},
    group="scientific computing",
    by_default=False,
    summary="fixed point of a layer, by iterations, beside its implicit derivative",
)
