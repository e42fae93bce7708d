"""Predators and prey by Runge and Kutta's method, with the adjoint of the method by hand.

Formula: u' = a u - b u v, v' = d u v - c v, in steps of h by the method of order 4; the loss is the
mean squared difference of all states from observations. The adjoint goes back through the steps and
their four stages; lambda is the derivative by the state.

Source: Hager, Runge-Kutta methods in optimal control and the transformed adjoint system, Numerische
Mathematik 87, 2000; the equations are Lotka's and Volterra's.

Sizes: s steps.

Published cost ratio: none.
"""

from adbench.cases import Model


def slope(xp, rates, state):
    """Return (u', v') for rates (a, b, c, d), both of shape (2,)."""
    u, v = state[0], state[1]
    met = u * v
    return xp.stack((rates[0] * u - rates[1] * met, rates[3] * met - rates[2] * v))


def stages(xp, rates, state, h):
    """Return the states at which the slope is taken, and the four slopes."""
    k1 = slope(xp, rates, state)
    second = state + h / 2 * k1
    k2 = slope(xp, rates, second)
    third = state + h / 2 * k2
    k3 = slope(xp, rates, third)
    fourth = state + h * k3
    return (state, second, third, fourth), (k1, k2, k3, slope(xp, rates, fourth))


def following(xp, rates, state, h):
    """Return the state a step later."""
    _, (k1, k2, k3, k4) = stages(xp, rates, state, h)
    return state + h / 6 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def loss(xp, rates, start, observations, h):
    """Return the mean squared difference from the observations, of shape ().

    rates: shape (4,); start: shape (2,); observations: shape (s, 2), after each step.
    """

    def step(state, observation):
        state = following(xp, rates, state, h)
        return state, xp.sum((state - observation) ** 2)

    _, squares = xp.scan(step, start, observations)
    return xp.sum(squares) / (2 * observations.shape[0])


def slope_adjoint(rates, state, covector):
    """Return the covector times the derivatives of the slope by the state and by the rates."""
    import numpy as np

    (a, b, c, d), (u, v), (p, q) = rates, state, covector
    by_state = np.array([p * (a - b * v) + q * d * v, q * (d * u - c) - p * b * u])
    return by_state, np.array([p * u, -p * u * v, -q * v, q * u * v])


def adjoint(rates, start, observations, h):
    """Return the gradient by the rates, shape (4,), by the adjoint method."""
    import numpy as np

    states = [start]
    for _ in observations:
        states.append(following(np, rates, states[-1], h))
    by_rates, multiplier = np.zeros_like(rates), np.zeros_like(start)
    for state, later, observation in zip(
        states[-2::-1], states[:0:-1], observations[::-1], strict=True
    ):
        multiplier = multiplier + (later - observation) / len(observations)
        places, _ = stages(np, rates, state, h)
        by_stage, by_state = np.zeros_like(start), multiplier
        for place, weight, reach in zip(
            places[::-1], (h / 6, h / 3, h / 3, h / 6), (0 * h, h, h / 2, h / 2), strict=True
        ):
            by_stage, part = slope_adjoint(rates, place, weight * multiplier + reach * by_stage)
            by_state, by_rates = by_state + by_stage, by_rates + part
        multiplier = by_state
    return by_rates


def make(size, rng):
    """Draw rates and a start near the usual ones, and observations around 1."""
    import numpy as np

    rates = np.array([1.0, 0.5, 0.75, 0.25]) * rng.uniform(0.8, 1.2, 4)
    observations = 1.0 + rng.uniform(size=(size["s"], 2))
    return rates, rng.uniform(0.5, 2.0, 2), observations, 0.125


model = Model(
    name="lotka_volterra",
    function=loss,
    make=make,
    sizes={f"s={s}": {"s": s} for s in (3, 40, 400)},
    oracle={"gradient": adjoint},
    group="scientific computing",
    by_default=False,
    summary="predators and prey by Runge-Kutta, in a loop, beside its adjoint; by the rates",
)
