"""Layers of tanh between R^n and R^m.

The function of the sweep over n inputs and m outputs. Between its ends it has the same width at
every n and m, so that a pass through it is work, and does as much for one input as for many.
"""

from adbench.cases import Model


def network(xp, x, layers):
    """Return the output of the layers, shape (m,), for x of shape (n,)."""
    for W, b in layers:
        x = xp.tanh(W @ x + b)
    return x


def make(size, rng):
    """Draw x and biases standard normal, and weights with variance 1 / fan-in.

    There are `depth` layers of `width` outputs, and one of m outputs after them.
    """
    widths = (size["n"], *(size["width"],) * size["depth"], size["m"])
    layers = [
        (rng.standard_normal((fan_out, fan_in)) / fan_in**0.5, rng.standard_normal(fan_out))
        for fan_in, fan_out in zip(widths[:-1], widths[1:], strict=True)
    ]
    return rng.standard_normal(widths[0]), layers


WIDTH = 192
DEPTH = 2
GRID = (1, 4, 16, 64, 256, 1024, 4096)


def size(n, m):
    """Return the size with n inputs and m outputs."""
    return {"n": n, "m": m, "width": WIDTH, "depth": DEPTH}


model = Model(
    name="deep",
    function=network,
    make=make,
    active=0,
    sizes={"n=4,m=3": size(4, 3), "n=64,m=16": size(64, 16)},
    sweep={f"n={n},m={m}": size(n, m) for n in GRID for m in GRID},
    group="the lecture",
    summary="layers of tanh from R^n to R^m; the sweep of forward against reverse mode",
)
