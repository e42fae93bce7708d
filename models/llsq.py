"""The least-squares error of a polynomial that stands for the sign function.

Formula: y(x) = 1/2 sum_i (s_i - x_0 - x_1 t_i - x_2 t_i^2 - ...)^2, with t_i equally spaced from -1
to 1 and s_i = sign(t_i).

Source: gradbench's `llsq`, after `llsq_obj` of cmpad (Bradley Bell).

Sizes: n points and m coefficients; gradbench has n from 16 to 16,392 and m = 128.

Published cost ratio, gradient / value, geometric mean over sizes (gradbench, nightly of
2026-03-14): 2.05 by hand in C++, 1.13 JAX.
"""

from adbench.cases import Model


def error(xp, x, t, s):
    """Return half the sum of the squared residuals, of shape (), for x of shape (m,).

    t, s: shape (n,).
    """
    factors = xp.broadcast_to(t[:, None], (t.shape[0], x.shape[0] - 1))
    powers = xp.cumulative_prod(factors, axis=1, include_initial=True)
    return 0.5 * xp.sum((s - powers @ x) ** 2)


def gradient(x, t, s):
    """Return the gradient -V' (s - V x), shape (m,), with the matrix V of powers."""
    import numpy as np

    powers = np.vander(t, x.size, increasing=True)
    return -powers.T @ (s - powers @ x)


def make(size, rng):
    """Draw coefficients uniform between 0 and 1, and give the points and their signs."""
    import numpy as np

    t = np.linspace(-1.0, 1.0, size["n"])
    return rng.uniform(size=size["m"]), t, np.sign(t)


model = Model(
    name="llsq",
    function=error,
    make=make,
    sizes={
        "n=8,m=4": {"n": 8, "m": 4},
        "n=64,m=128": {"n": 64, "m": 128},
        "n=1024,m=128": {"n": 1024, "m": 128},
        "n=16392,m=128": {"n": 16392, "m": 128},
    },
    oracle={"gradient": gradient},
    group="gradbench",
    by_default=False,
    summary="least squares of a polynomial; by its coefficients",
)
