"""The logarithm of a sum of exponentials, shifted by its largest argument.

Formula: a + log sum_i exp(x_i - a) with a = max_i x_i. Any a gives the same value, so it is a
constant where x is differentiated.

Source: gradbench's `lse`, which asks for the primitive operations and no ready-made function.

Sizes: n numbers; gradbench has n from 2,500 to 1,280,000.

Published cost ratio, gradient / value, geometric mean over sizes (gradbench, nightly of
2026-03-14): 1.12 by hand in C++, 1.17 JAX, 5.48 PyTorch.
"""

from adbench.cases import Model


def logsumexp(xp, x):
    """Return log sum_i exp(x_i), of shape (), for x of shape (n,)."""
    largest = xp.stop_gradient(xp.max(x))
    return largest + xp.log(xp.sum(xp.exp(x - largest)))


def gradient(x):
    """Return the gradient, which is softmax(x), shape (n,)."""
    import numpy as np

    terms = np.exp(x - np.max(x))
    return terms / np.sum(terms)


def make(size, rng):
    """Draw n numbers, uniform between 0 and 1 as gradbench does."""
    return (rng.uniform(size=size["n"]),)


model = Model(
    name="lse",
    function=logsumexp,
    make=make,
    sizes={f"n={n}": {"n": n} for n in (8, 2_500, 40_000, 640_000)},
    oracle={"gradient": gradient},
    group="gradbench",
    by_default=False,
    summary="log of a sum of exponentials, with its largest argument taken out",
)
