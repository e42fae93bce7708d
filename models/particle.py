"""The miss of a charged particle that two charges deflect, with the force as a gradient.

Formula: charges at (10, 10 - w) and (10, 0) have the potential p(x) = 1 / |x - (10, 10 - w)| + 1 /
|x - (10, 0)|; a particle starts at (0, 8) with velocity (0.75, 0) and follows x'' = -grad p(x), by
Euler's method with steps of h, until it would cross the first axis. The straight line from there
meets the axis at x_0, and x_0^2 is returned: minimised by w it leads the particle to the origin.

Source: gradbench's `particle`, after Siskind and Pearlmutter, Using programming language theory to
make automatic differentiation sound and efficient, 2008. The minimiser is not part of this
function; its loop runs for a fixed number of steps, in which a particle that has arrived stays
where it is.

Sizes: the control w, the step h, and the number of steps, which must suffice; gradbench starts at w
= 0 and has h = 0.1.

Published cost ratio: none.
"""

from adbench.cases import Model


def potential(xp, position, w):
    """Return the potential of both charges at a position of shape (2,), of shape ()."""
    heights = xp.stack((10.0 - w, 0.0 * w))
    return xp.sum(1.0 / xp.sqrt((position[0] - 10.0) ** 2 + (position[1] - heights) ** 2))


def miss(xp, w, h, steps):
    """Return the square of where the particle meets the axis, of shape ()."""

    def euler(_, state):
        position, velocity = state
        force = -xp.grad(lambda position: potential(xp, position, w))(position)
        following = position + h * velocity
        is_above = following[1] > 0.0
        position = xp.where(is_above, following, position)
        return position, xp.where(is_above, velocity + h * force, velocity)

    start = xp.asarray([0.0, 8.0], dtype=w.dtype), xp.asarray([0.75, 0.0], dtype=w.dtype)
    position, velocity = xp.fori_loop(0, steps, euler, start)
    crossing = position - position[1] / velocity[1] * velocity
    return crossing[0] ** 2


def make(size, rng):
    """Give the control, the step and the number of steps."""
    return size["w"], size["h"], size["steps"]


model = Model(
    name="particle",
    function=miss,
    make=make,
    sizes={
        "w=0.25,h=1": {"w": 0.25, "h": 1.0, "steps": 40},
        "w=0,h=0.1": {"w": 0.0, "h": 0.1, "steps": 400},
    },
    orders=2,
    group="gradbench",
    by_default=False,
    summary="path of a charged particle, with the force as a nested gradient, in a loop",
)
