"""The energy that a pendulum has after some steps of the symplectic Euler method."""

import numpy as np

from adbench import Model


def energy(xp, start, steps):
    angle, speed = start[0], start[1]
    for _ in range(steps):
        speed = speed - 0.1 * xp.sin(angle)
        angle = angle + 0.1 * speed
    return 0.5 * speed * speed + 1.0 - xp.cos(angle)


def make(size, rng):
    return np.asarray([rng.uniform(0.5, 1.0), 0.0]), size["steps"]


model = Model(
    name="pendulum",
    function=energy,
    make=make,
    sizes={"steps=5": {"steps": 5}, "steps=50": {"steps": 50}},
)
