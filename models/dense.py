"""One dense layer tanh(W x + b) from R^n to R^m.

A Jacobian of it takes next to no work: its sweep over n inputs and m outputs shows what the calls
themselves cost.
"""

from adbench.cases import Model


def layer(xp, x, W, b):
    """Return tanh(W x + b), shape (m,), for x of shape (n,)."""
    return xp.tanh(W @ x + b)


def jacobian(x, W, b):
    """Return the Jacobian diag(1 - tanh(W x + b)^2) W, shape (m, n)."""
    import numpy as np

    t = np.tanh(W @ x + b)
    return (1 - t * t)[:, None] * W


def make(size, rng):
    """Draw x and b standard normal, and W with variance 1 / n."""
    n, m = size["n"], size["m"]
    return rng.standard_normal(n), rng.standard_normal((m, n)) / n**0.5, rng.standard_normal(m)


GRID = (1, 16, 256)

model = Model(
    name="dense",
    function=layer,
    make=make,
    active=0,
    sizes={
        "n=4,m=3": {"n": 4, "m": 3},
        "n=64,m=16": {"n": 64, "m": 16},
    },
    sweep={f"n={n},m={m}": {"n": n, "m": m} for n in GRID for m in GRID},
    oracle={"jacobian": jacobian},
    group="the lecture",
    summary="dense layer tanh(W x + b) from R^n to R^m",
)
