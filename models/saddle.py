"""A saddle point by gradient descent that contains gradient ascent.

Formula: min over x, max over y of f(x, y) = |x|^2 - |y|^2, both in R^2: the outer descent goes
along the gradient of max f(x, y), which is the end of the inner ascent. Steps of length r along
gradients take x and y nearer to 0 by the factor 1 - 2 r.

Source: gradbench's `saddle`, after Siskind and Pearlmutter, Using programming language theory to
make automatic differentiation sound and efficient, 2008. Here both searches take a fixed number of
steps of one length.

Sizes: the number of steps of each search; gradbench starts at (1, 1).

Published cost ratio: none.
"""

from adbench.cases import Model

RATE = 0.125


def payoff(xp, x, y):
    """Return |x|^2 - |y|^2, of shape (), for x and y of shape (2,)."""
    return xp.sum(x**2) - xp.sum(y**2)


def saddle_point(xp, start, steps):
    """Return x and y after both searches from `start`, each of shape (2,)."""

    def best_answer(x):
        slope = xp.grad(lambda y: payoff(xp, x, y))
        return xp.fori_loop(0, steps, lambda _, y: y + RATE * slope(y), start)

    slope = xp.grad(lambda x: payoff(xp, x, best_answer(x)))
    x = xp.fori_loop(0, steps, lambda _, x: x - RATE * slope(x), start)
    return x, best_answer(x)


def jacobian(start, steps):
    """Return the Jacobian of (x, y) by the start, shape (4, 2)."""
    import numpy as np

    return (1 - 2 * RATE) ** steps * np.tile(np.eye(2, dtype=start.dtype), (2, 1))


def make(size, rng):
    """Draw a start uniform between 0.5 and 1.5, and give the number of steps."""
    return rng.uniform(0.5, 1.5, 2), size["steps"]


model = Model(
    name="saddle",
    function=saddle_point,
    make=make,
    sizes={f"steps={steps}": {"steps": steps} for steps in (3, 20, 50)},
    oracle={"jacobian": jacobian},
    group="gradbench",
    by_default=False,
    summary="gradient descent that contains gradient ascent, nested gradients in nested loops",
)
