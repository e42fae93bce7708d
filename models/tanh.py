"""tanh written out with exp, as in the lecture, and differentiated again and again.

Up to order 8 in every mode, and to order 16 in Taylor mode.
"""

from adbench.cases import Model


def tanh(xp, x):
    """Return tanh(x) as (1 - y) / (1 + y) with y = exp(-2 x)."""
    y = xp.exp(-2.0 * x)
    return (1.0 - y) / (1.0 + y)


def derivative(x, *, order):
    """Return the derivative of tanh of the given order, a polynomial in t = tanh(x).

    d/dx p(t) = p'(t) (1 - t^2), starting from p(t) = t. The integer coefficients are exact.
    """
    import numpy as np

    coefficients = [0, 1]
    for _ in range(order):
        slope = [k * c for k, c in enumerate(coefficients)][1:] or [0]
        coefficients = [a - b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    t = np.tanh(x)
    value = np.zeros_like(t)
    for c in reversed(coefficients):
        value = value * t + c
    return value


def make(size, rng):
    """Give the point x at which to differentiate."""
    return (size["x"],)


model = Model(
    name="tanh",
    function=tanh,
    make=make,
    sizes={"x=0.5": {"x": 0.5}, "x=-1.25": {"x": -1.25}, "x=3": {"x": 3.0}},
    orders=16,
    oracle={"derivative": derivative},
    group="the lecture",
    summary="tanh written with exp as (1 - y) / (1 + y); derivatives of order 1 to 16",
)
