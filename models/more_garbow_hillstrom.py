"""Six functions on which minimisers are tested: sums of squared residuals at their usual starts.

Formulas: with each function. Each residual is at most a polynomial, an arc tangent or a sine, so
that derivatives can be checked by hand, and valleys make their Hessians ill-conditioned.

Source: More, Garbow and Hillstrom, Testing unconstrained optimization software, ACM Transactions on
Mathematical Software 7, 1981, by whose numbers they are called.

Sizes: "start" is the start that the paper gives, "10 start" ten times that, as it proposes too; n
variables where their number is free.

Published cost ratio: none.
"""

from adbench.cases import Model


def rosenbrock(xp, x):
    """Return 21: 10 (x_2i - x_(2i-1)^2) and 1 - x_(2i-1), from (-1.2, 1, -1.2, 1, ...)."""
    odd, even = x[0::2], x[1::2]
    return xp.concat((10.0 * (even - odd**2), 1.0 - odd))


def helical_valley(xp, x):
    """Return 7: 10 (x_3 - 10 theta), 10 (sqrt(x_1^2 + x_2^2) - 1), x_3, from (-1, 0, 0).

    theta is the angle of (x_1, x_2) as a part of a turn.
    """
    half_turn = 0.5 * xp.astype(x[0] < 0.0, x.dtype)
    theta = xp.atan(x[1] / x[0]) / (2.0 * xp.pi) + half_turn
    radius = xp.sqrt(x[0] ** 2 + x[1] ** 2)
    return xp.stack((10.0 * (x[2] - 10.0 * theta), 10.0 * (radius - 1.0), x[2]))


def powell_singular(xp, x):
    """Return 13, whose Hessian is singular where it is least, from (3, -1, 0, 1).

    x_1 + 10 x_2, sqrt(5) (x_3 - x_4), (x_2 - 2 x_3)^2, sqrt(10) (x_1 - x_4)^2.
    """
    first, second = x[0] + 10.0 * x[1], 5.0**0.5 * (x[2] - x[3])
    return xp.stack((first, second, (x[1] - 2.0 * x[2]) ** 2, 10.0**0.5 * (x[0] - x[3]) ** 2))


def wood(xp, x):
    """Return 14, from (-3, -1, -3, -1).

    10 (x_2 - x_1^2), 1 - x_1, sqrt(90) (x_4 - x_3^2), 1 - x_3, sqrt(10) (x_2 + x_4 - 2), (x_2 -
    x_4) / sqrt(10).
    """
    valleys = (10.0 * (x[1] - x[0] ** 2), 1.0 - x[0], 90.0**0.5 * (x[3] - x[2] ** 2), 1.0 - x[2])
    return xp.stack((*valleys, 10.0**0.5 * (x[1] + x[3] - 2.0), (x[1] - x[3]) / 10.0**0.5))


def trigonometric(xp, x):
    """Return 26: n - sum_j cos(x_j) + i (1 - cos(x_i)) - sin(x_i), from (1/n, ..., 1/n)."""
    n = x.shape[0]
    places = xp.arange(1, n + 1, dtype=x.dtype)
    return n - xp.sum(xp.cos(x)) + places * (1.0 - xp.cos(x)) - xp.sin(x)


def broyden_tridiagonal(xp, x):
    """Return 30: (3 - 2 x_i) x_i - x_(i-1) - 2 x_(i+1) + 1, from (-1, ..., -1), 0 at the ends."""
    zero = xp.zeros_like(x[:1])
    before, after = xp.concat((zero, x[:-1])), xp.concat((x[1:], zero))
    return (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0


def sum_of_squares(residuals):
    """Return the function that sums the squares of residuals."""

    def error(xp, x):
        return xp.sum(residuals(xp, x) ** 2)

    return error


def make(size, rng):
    """Give the start."""
    import numpy as np

    return (np.array(size["start"]) * size["factor"],)


def problem(name, residuals, sizes, summary):
    """Return the model of a sum of squared residuals, with the starts in `sizes`."""
    return Model(
        name=name,
        function=sum_of_squares(residuals),
        make=make,
        sizes=sizes,
        group="Moré, Garbow and Hillstrom",
        by_default=False,
        summary=summary,
    )


def starts(*start):
    """Return the sizes of a function with a fixed number of variables."""
    return {
        "start": {"start": start, "factor": 1.0},
        "10 start": {"start": start, "factor": 10.0},
    }


def starts_of(numbers, start):
    """Return the sizes of a function with n variables, for `start(n)`."""
    return {f"n={n}": {"start": start(n), "factor": 1.0} for n in numbers}


rosenbrock_model = problem(
    "rosenbrock",
    rosenbrock,
    starts_of((2, 10, 1000), lambda n: (-1.2, 1.0) * (n // 2)),
    "extended Rosenbrock function, a curved valley",
)
helical_valley_model = problem(
    "helical_valley", helical_valley, starts(-1.0, 0.0, 0.0), "helical valley, with an arc tangent"
)
powell_singular_model = problem(
    "powell_singular",
    powell_singular,
    starts(3.0, -1.0, 0.0, 1.0),
    "Powell's function, singular where it is least",
)
wood_model = problem("wood", wood, starts(-3.0, -1.0, -3.0, -1.0), "Wood's function, two valleys")
trigonometric_model = problem(
    "trigonometric",
    trigonometric,
    starts_of((3, 10, 100), lambda n: (1.0 / n,) * n),
    "trigonometric function, every residual of all variables",
)
broyden_tridiagonal_model = problem(
    "broyden_tridiagonal",
    broyden_tridiagonal,
    starts_of((3, 10, 1000), lambda n: (-1.0,) * n),
    "Broyden's function, residuals of three neighbours",
)
