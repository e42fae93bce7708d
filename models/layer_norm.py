"""Layer normalisation.

Formula: scale (x - mean(x)) / sqrt(var(x) + epsilon) + shift along the last axis, epsilon = 1e-5.

Source: Ba, Kiros and Hinton, Layer normalization, arXiv:1607.06450, 2016.

Sizes: b rows of f numbers.

Published cost ratio: none.
"""

from adbench.cases import Model

EPSILON = 1e-5


def normalised(xp, params):
    """Return the normalised rows, shape (b, f).

    params: "x" of shape (b, f), "scale" and "shift" of shape (f,).
    """
    x = params["x"]
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    variance = xp.mean(centred**2, axis=-1, keepdims=True)
    return params["scale"] * centred / xp.sqrt(variance + EPSILON) + params["shift"]


def make(size, rng):
    """Draw everything standard normal."""
    b, f = size["b"], size["f"]
    params = {
        "x": rng.standard_normal((b, f)),
        "scale": rng.standard_normal(f),
        "shift": rng.standard_normal(f),
    }
    return (params,)


model = Model(
    name="layer_norm",
    function=normalised,
    make=make,
    sizes={
        "b=2,f=3": {"b": 2, "f": 3},
        "b=16,f=64": {"b": 16, "f": 64},
        "b=256,f=512": {"b": 256, "f": 512},
    },
    group="neural networks",
    by_default=False,
    summary="layer normalisation; by its inputs, scale and shift",
)
