"""A chain of ordinary differential equations, solved by Runge and Kutta's method.

Formula: y_0' = x_0 and y_i' = x_i y_(i-1) for i > 0, from y(0) = 0 to t = 2, in s steps of the
method of order 4. The exact answer is y_i(t) = x_0 x_1 ... x_i t^(i+1) / (i + 1)!.

Source: gradbench's `ode`, after `an_ode` of cmpad (Bradley Bell). Its derivative is that of the
last y by all x; with n > 4 s it is 0, as in most of gradbench's sizes, since a step carries an
influence over four equations at most.

Sizes: n equations and s steps; gradbench has n from 1000 to 100,000 and s from 1 to 100.

Published cost ratio: none.
"""

from adbench.cases import Model

END = 2.0


def last_solution(xp, x, steps):
    """Return the last y at t = 2, of shape (), for x of shape (n,)."""
    h = END / steps

    def slope(y):
        return x * xp.concat((xp.ones_like(x[:1]), y[:-1]))

    def step(_, y):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        return y + h / 6 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    return xp.fori_loop(0, steps, step, xp.zeros_like(x))[-1]


def make(size, rng):
    """Draw coefficients uniform between 0 and 1, as gradbench does."""
    return rng.uniform(size=size["n"]), size["s"]


model = Model(
    name="ode",
    function=last_solution,
    make=make,
    sizes={
        "n=4,s=2": {"n": 4, "s": 2},
        "n=8,s=10": {"n": 8, "s": 10},
        "n=16,s=100": {"n": 16, "s": 100},
        "n=1000,s=300": {"n": 1000, "s": 300},
    },
    group="gradbench",
    by_default=False,
    summary="chain of differential equations by Runge-Kutta, in a loop; by their coefficients",
)
